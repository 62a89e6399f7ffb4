"""What tools are told of other files: by import, likeness, edits, sight and git; bounded, on time, and never of a private file."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.context import Context, packed, tokens
from orchestra_lsp.engine.sources.changed_files import ChangedFiles
from orchestra_lsp.engine.sources.imports import Imports
from orchestra_lsp.engine.sources.open_files import OpenFiles
from orchestra_lsp.engine.sources.piece import Piece, Source, View
from orchestra_lsp.engine.sources.recent_edits import RecentEdits
from orchestra_lsp.engine.sources.visible import Visible
from orchestra_lsp.model import Ask, Buffer, Kind, Prompt, Span
from orchestra_lsp.syntax.parse import open_buffer
from tests.engine.placing import ask


def buffer(path: str, text: str, language: str = "python") -> Buffer:
    return open_buffer(f"file://{path}", path, 1, language, text)


def found(source: Source, asked: Ask, private: str = "") -> list[Piece]:
    return list(source.find(View(asked, lambda path: not private or private not in path)))


# --- imports ---

FILES = {
    "python": (
        {"shop/prices.py": 'def total(items, tax):\n    """Sum with tax."""\n    return sum(items) * tax\n\n\ndef unused():\n    pass\n'},
        "from shop.prices import total\n\nprint(total(|\n",
        "main.py",
    ),
    "typescript": (
        {"src/prices.ts": "export function total(items: number[]): number {\n  return 1;\n}\nexport function unused() {}\n"},
        'import { total } from "./prices";\nconsole.log(total(|\n',
        "src/main.ts",
    ),
    "go": (
        {"prices/prices.go": "package prices\n\nfunc total(items []int) int {\n\treturn 1\n}\n\nfunc unused() {}\n"},
        'package main\n\nimport "example.com/shop/prices"\n\nfunc main() {\n\ttotal(|\n}\n',
        "main.go",
    ),
    "rust": (
        {"src/prices.rs": "pub fn total(items: &[u32]) -> u32 {\n    1\n}\npub fn unused() {}\n"},
        "use crate::prices::total;\n\nfn main() {\n    total(|\n}\n",
        "src/main.rs",
    ),
    "java": (
        {"src/main/java/shop/Prices.java": "package shop;\nclass Prices {\n    int total(int[] items) { return 1; }\n}\n"},
        "import shop.Prices;\nclass Main {\n    void run(Prices p) { p.total(|); }\n}\n",
        "src/main/java/Main.java",
    ),
    "c": (
        {"include/prices.h": "int total(int *items) {\n  return 1;\n}\nint unused(void) {\n  return 2;\n}\n"},
        '#include "prices.h"\nint main(void) {\n  return total(|);\n}\n',
        "main.c",
    ),
}


@pytest.mark.parametrize("language", FILES)
def test_the_definition_that_an_import_points_to(tmp_path: Path, language: str) -> None:
    files, text, name = FILES[language]
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    asked = replace(ask(text, f"file://{tmp_path / name}", language=language), roots=(str(tmp_path),))
    pieces = [piece for piece in found(Imports(), asked) if "total" in piece.text]
    assert pieces
    assert all(piece.steady for piece in pieces)
    assert not [
        piece for piece in pieces if piece.text.startswith(("def unused", "pub fn unused", "func unused", "export function unused"))
    ]


def test_an_open_buffer_knows_better_than_the_disk_and_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "b.py"
    path.write_text("def total(old):\n    pass\n")
    source = Imports()
    asked = replace(ask("from b import total\ntotal(|\n", f"file://{tmp_path}/a.py", language="python"), roots=(str(tmp_path),))
    assert "old" in found(source, asked)[0].text
    opened = replace(asked, neighbours=(buffer(str(path), "def total(open_one):\n    pass\n"),))
    assert "open_one" in found(source, opened)[0].text
    path.write_text("def total(newer_one):\n    pass\n")
    assert "newer_one" in found(source, asked)[0].text


def test_an_import_that_leads_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (tmp_path / "outside.py").write_text("def total(secret):\n    pass\n")
    (root / "linked.py").symlink_to(tmp_path / "outside.py")
    for module in ("..outside", "linked"):
        asked = replace(ask(f"from {module} import total\ntotal(|\n", f"file://{root}/a.py", language="python"), roots=(str(root),))
        assert found(Imports(), asked) == []


# --- open files, edits, sight, git ---

LIKE = "def close_account(bank, owner):\n    bank.journal.record('close', owner)\n"
UNLIKE = "import math\n" * 60


def test_the_like_stretch_of_an_open_file_in_whole_lines() -> None:
    other = buffer("/w/b.py", UNLIKE + LIKE + UNLIKE)
    asked = replace(ask("def open_account(bank, owner):\n    bank.journal.|\n", "file:///w/a.py"), neighbours=(other,))
    (piece,) = found(OpenFiles(), asked)
    assert LIKE in piece.text
    assert piece.text.startswith("import math\n")
    assert piece.text.endswith("\n")
    assert piece.text.count("\n") <= 24
    assert found(OpenFiles(), asked, private="b.py") == []
    assert found(OpenFiles(), replace(asked, neighbours=(buffer("/w/c.py", UNLIKE),))) == []


def test_what_was_edited_lately_elsewhere() -> None:
    source = RecentEdits()
    lines = [f"value_{number} = {number}\n" for number in range(200)]
    here = ask("".join(lines[:150]) + "|" + "".join(lines[150:]), "file:///w/a.py")
    other = buffer("/w/b.py", "".join(lines))
    source.note(replace(here, neighbours=(other,)))
    edited = buffer("/w/b.py", "".join([*lines[:20], "renamed = 20\n", *lines[21:]]))
    again = replace(here, neighbours=(edited,))
    source.note(again)
    source.note(again)
    (piece,) = found(source, again)
    assert piece.text == "".join([*lines[18:20], "renamed = 20\n", *lines[21:23]])
    assert found(source, again, private="b.py") == []
    # At the cursor everybody sees it anyway.
    near = ask("".join(lines[:150]) + "n = 1|\n" + "".join(lines[150:]), "file:///w/a.py")
    source.note(near)
    assert [piece.uri for piece in found(source, near)] == ["file:///w/b.py"]


def test_what_is_on_the_screen() -> None:
    other = buffer("/w/b.py", "".join(f"line {number}\n" for number in range(100)))
    start = other.data.index(b"line 50")
    asked = replace(ask("x|"), neighbours=(other,), visible=((other.uri, Span(start, start + 30)), ("file:///gone", Span(0, 5))))
    (piece,) = found(Visible(), asked)
    assert piece.text.startswith("line 50\nline 51\n")
    assert found(Visible(), asked, private="b.py") == []


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, timeout=30)


def test_what_differs_from_the_last_commit(tmp_path: Path) -> None:
    for name in ("b.py", "c.py", ".env"):
        (tmp_path / name).write_text(f"one = 1\ntwo = 2\nname = '{name}'\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    for name in ("b.py", "c.py", ".env"):
        (tmp_path / name).write_text(f"one = 1\nTWO = 22\nname = '{name}'\n")
    asked = replace(ask("TWO|", f"file://{tmp_path}/a.py"), roots=(str(tmp_path),), neighbours=(buffer(str(tmp_path / "c.py"), "open"),))
    (piece,) = found(ChangedFiles(), asked, private=".env")
    assert piece.path == str(tmp_path / "b.py")
    assert piece.text == "one = 1\nTWO = 22\nname = 'b.py'\n"
    assert found(ChangedFiles(), replace(asked, roots=(str(tmp_path / "nowhere"),))) == []


# --- all together ---


class Slow:
    name = "slow"
    budget_s = 0.05

    def find(self, view: View) -> Sequence[Piece]:
        time.sleep(0.4)
        return [Piece("/w/slow.py", "", "slow", 1.0)]


class Broken:
    name = "broken"
    budget_s = 0.05

    def find(self, view: View) -> Sequence[Piece]:
        raise RuntimeError("it broke")


class Quick:
    name = "quick"
    budget_s = 1.0

    def __init__(self, *pieces: Piece) -> None:
        self.pieces = pieces
        self.asked = 0

    def find(self, view: View) -> Sequence[Piece]:
        self.asked += 1
        return self.pieces


async def gathered(context: Context, asked: Ask, **more: object) -> Prompt:
    try:
        return await context.gather(asked, True, **more)
    finally:
        context.close()


async def test_a_slow_or_broken_source_is_left_out_and_the_time_is_measured() -> None:
    took: dict[str, float] = {}
    context = Context(took.__setitem__, [Slow(), Broken(), Quick(Piece("/w/b.py", "", "useful\n", 0.5))])
    start = time.perf_counter()
    prompt = await context.gather(ask("x|"), True)
    assert time.perf_counter() - start < 0.35
    assert [one.text for one in prompt.snippets] == ["useful\n"]
    assert {"context.broken", "context.quick"} <= took.keys()
    # The slow one is still at it: it is not asked again, and does not hold up the others.
    assert [one.text for one in (await context.gather(ask("y|"), True)).snippets] == ["useful\n"]
    await asyncio.sleep(0.5)
    assert took["context.slow"] >= 300
    context.close()


async def test_what_was_prepared_during_the_pause_is_taken() -> None:
    source = Quick(Piece("/w/b.py", "", "useful\n", 0.5))
    context, asked = Context(sources=[source]), ask("x|")
    context.prepare(asked)
    context.prepare(asked)
    await asyncio.sleep(0.05)
    await context.gather(asked, True)
    assert source.asked == 1
    await context.gather(replace(asked, buffer=ask("xy|").buffer, span=Span(2, 2)), True)
    assert source.asked == 2
    context.close()


async def test_no_source_can_make_a_private_file_known() -> None:
    pieces = [Piece(path, "", f"from {path}\n", 0.5) for path in ("/w/.env", "/home/me/.ssh/config", "/w/own.py", "/w/secret/own.py")]
    prompt = await gathered(Context(sources=[Quick(*pieces)]), ask("x|"), never_send=["secret"])
    assert [one.text for one in prompt.snippets] == ["from /w/own.py\n"]


async def test_the_prompt_fits_every_window_that_it_fits_without_other_files() -> None:
    pieces = [Piece(f"/w/{number}.py", "", f"line {number}\n" * 200, 0.5) for number in range(30)]
    asked = ask("x = 1\n" * 1500 + "|", kind=Kind.EDIT)
    bare = tokens(await gathered(Context(sources=[]), asked))
    for windows in ([bare + 1000, 100_000], [bare, 100_000], [bare - 1, bare + 3000], [100]):
        prompt = await gathered(Context(sources=[Quick(*pieces)]), asked, windows=windows)
        fitting = [window for window in windows if window >= bare]
        assert tokens(prompt) <= min(fitting, default=bare + 4000)
    assert len((await gathered(Context(sources=[Quick(*pieces)]), asked, windows=[100_000])).snippets) > 3


piece = st.builds(
    Piece,
    st.sampled_from(["/w/a.py", "/w/b.py"]),
    st.just(""),
    st.text(alphabet="ab\n", min_size=1, max_size=400),
    st.floats(0, 1),
    st.booleans(),
)


@given(st.lists(piece, max_size=12), st.integers(0, 300))
def test_packing_keeps_its_room_and_repeats_nothing(pieces: list[Piece], room: int) -> None:
    snippets = packed(pieces, room, ("/w",))
    assert sum(len(one.text) // 4 for one in snippets) <= room
    assert len({(one.path, one.text) for one in snippets}) == len(snippets)
    assert all(one.path in ("a.py", "b.py") for one in snippets)


def test_the_most_helpful_for_its_length_comes_in_first_and_stands_last() -> None:
    short, long = Piece("/w/a.py", "", "short\n", 0.5), Piece("/w/b.py", "", "long\n" * 200, 0.6)
    assert [one.path for one in packed([long, short], 30)] == ["a.py"]
    assert [one.path for one in packed([long, short], 1000)] == ["a.py", "b.py"]


async def test_two_asks_at_once_run_no_source_twice_and_lose_nothing_of_the_others() -> None:
    first, second = Quick(Piece("/w/b.py", "", "one\n", 0.5)), Quick(Piece("/w/c.py", "", "two\n", 0.4))
    second.name = "second"
    context = Context(sources=[Slow(), first, second])
    prompts = await asyncio.gather(*(context.gather(ask(f"{text}|"), True) for text in "xy"))
    await asyncio.sleep(0.5)
    context.close()
    assert first.asked + second.asked >= 2
    assert {one.text for one in prompts[0].snippets} | {one.text for one in prompts[1].snippets} == {"one\n", "two\n"}
