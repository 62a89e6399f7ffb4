"""`orchestra try`: the real server, played by an editor of our own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from orchestra_lsp.cli.editor import Editor, ServerFailed
from orchestra_lsp.cli.places import Place, places
from orchestra_lsp.cli.rehearse import Offer
from orchestra_lsp.cli.stage import family, tally
from orchestra_lsp.model import Span
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.syntax.parse import read_buffer
from tests.cli.terminal import SHOP, Terminal
from tests.commands.support import opened, write

KEYS = {"line", "typed", "really", "offered", "verdict", "tool", "confidence", "reason", "ms"}


def test_it_shows_all_that_an_editor_would(terminal: Terminal) -> None:
    seen = terminal.json("try", str(SHOP / "service" / "orders.py"), "--format", "json")[0]
    assert (seen["language"], seen["complexity"], seen["functions"]) == ("python", "complex", 8)
    assert {one["code"] for one in seen["diagnostics"]} >= {"mutable-default-argument", "comparison-to-none"}
    assert any(one["fixes"] for one in seen["diagnostics"])
    assert not any(fix.startswith("Ignore ") for one in seen["diagnostics"] for fix in one["fixes"])
    assert seen["hover"]
    assert len(seen["lenses"]) == 8
    assert {"Explain this code", "Write tests"} <= {one["title"] for one in seen["actions"]}
    completions = seen["completions"]
    assert len(completions) == 8
    assert all(set(one) == KEYS for one in completions)
    offered = [one for one in completions if one["offered"]]
    assert offered
    assert {one["tool"] for one in offered} == {"local"}
    assert all(one["reason"] for one in completions)


def test_a_folder_shows_several_languages(terminal: Terminal) -> None:
    seen = terminal.json("try", str(SHOP), "--format", "json")
    assert len({one["language"] for one in seen}) == len(seen) == 6


def test_it_leaves_the_files_alone(terminal: Terminal) -> None:
    code = "def add(first, second):\n    return first + second\n"
    write(terminal.folder, {"sums.py": code})
    text = terminal.out("try", "sums.py")
    assert "sums.py" in text
    assert "python" in text
    assert (terminal.folder / "sums.py").read_text(encoding="utf-8") == code
    assert os.listdir(terminal.folder) == ["sums.py"]


ODD = {
    "empty.py": b"",
    "notes.txt": b"just words\n",
    "latin.py": b"name = 'caf\xe9'\nprint(name)\n",
    "crlf.go": b"package main\r\n\r\nfunc main() {\r\n\tprintln(1)\r\n}\r\n",
    "astral.js": "const face = '\U0001f600'; if (face == null) { alert(face) }\n".encode(),
    "wide.py": b"x = [" + b"1, " * 30_000 + b"]\n",
}


def test_odd_files_are_shown_like_others(terminal: Terminal) -> None:
    for name, content in ODD.items():
        (terminal.folder / name).write_bytes(content)
    text = terminal.out("try", *ODD)
    assert [name for name in ODD if name not in text] == []


def test_a_file_that_cannot_be_opened_is_told(terminal: Terminal) -> None:
    (terminal.folder / "binary.py").write_bytes(b"\0\0")
    assert "binary.py is binary." in terminal.err("try", "binary.py", code=2)
    assert "There is no file or folder" in terminal.err("try", "nowhere.py", code=2)
    (terminal.folder / "empty").mkdir()
    assert "There is no source file to try." in terminal.err("try", "empty", code=2)


# --- cursor positions ---


def test_places_lie_in_code_at_the_borders_of_tokens() -> None:
    buffer = read_buffer(SHOP / "service" / "orders.py")
    found = places(buffer, facts_of(buffer), 8)
    assert len(found) == 8
    lines = buffer.data.decode().splitlines()
    for place in found:
        assert place.typed + place.really == lines[place.line].rstrip()
        assert place.typed.strip()
        assert place.really.strip()
        assert not place.typed.strip().startswith(("#", '"""'))


def test_a_file_without_code_has_no_places() -> None:
    for text in ("", "# only\n# words\n", '"""One\nlong\nstring"""\n'):
        buffer = opened(text)
        assert places(buffer, facts_of(buffer), 8) == []


@pytest.mark.parametrize(
    ("offered", "really", "verdict"),
    [
        ("", "total", "nothing"),
        ("total", "total", "as written"),
        ("order.", "order.total", "as written so far"),
        ("total\nreturn", "total", "goes on"),
        ("sum", "total", "other"),
    ],
)
def test_an_offer_is_held_against_what_stands_there(offered: str, really: str, verdict: str) -> None:
    assert Offer(Place(0, Span(0, 0), "x = ", really), offered, "local", 0.5, "", 1.0).verdict == verdict


def offered(verdict: str, reason: str = "it is 43% sure") -> Offer:
    texts = {"as written": "total", "as written so far": "tot", "goes on": "total\n", "other": "sum", "nothing": ""}
    return Offer(Place(0, Span(0, 0), "x = ", "total"), texts[verdict], "local", 0.5, reason, 1.0)


def test_offers_are_counted_by_what_they_are_worth() -> None:
    offers = [offered(verdict) for verdict in ("as written", "as written so far", "as written so far", "other", "nothing")]
    assert tally(offers) == "at 4 of 5 places: 1 as written, 2 as written so far, 1 something else"
    assert tally([offered("nothing")]) == "at 0 of 1 places"


def test_equal_reasons_with_other_figures_are_one() -> None:
    reasons = ["no other tool may complete here; the embedded engine is 43% sure", "the embedded engine is sure enough (61%), so"]
    assert [family(offered("other", reason)) for reason in reasons] == [
        "no other tool may complete here",
        "the embedded engine is sure enough, so",
    ]


def test_the_index_is_waited_for(terminal: Terminal) -> None:
    write(terminal.folder, {f"page_{number}.py": "total = add(first, second)\n" * 50 for number in range(60)})
    assert terminal.json("try", "page_1.py", "--format", "json")[0]["learned"] == "learned 60 files"


# --- servers that misbehave ---


def server(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", "import sys, time\n" + code)


async def test_a_server_that_dies_is_shown_with_its_last_words() -> None:
    with pytest.raises(ServerFailed, match="the server ended") as raised:
        async with Editor((), server("sys.stderr.write('no such module\\n'); sys.exit(3)")):
            pass
    assert "| no such module" in str(raised.value)


async def test_a_server_that_talks_nonsense_is_shown() -> None:
    with pytest.raises(ServerFailed, match="the server ended"):
        async with Editor((), server("sys.stdout.write('hello\\n\\nhello\\n'); sys.stdout.flush(); sys.stdin.read()")):
            pass


async def test_a_server_that_cannot_be_started_is_told() -> None:
    with pytest.raises(OSError, match="no-such-server"):
        async with Editor((), ("no-such-server",)):
            pass


ANSWERS = """
import json
def read():
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        length = int(line.split(b':')[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else sys.exit(1)
def send(message):
    body = json.dumps({'jsonrpc': '2.0', **message}).encode()
    sys.stdout.buffer.write(b'Content-Length: %d\\r\\n\\r\\n%s' % (len(body), body)); sys.stdout.buffer.flush()
first = read(); send({'id': first['id'], 'result': {}})
"""


async def test_waits_are_bounded() -> None:
    start = time.monotonic()
    with pytest.raises(ServerFailed, match=r"textDocument/hover was not answered within 0 s|no diagnostics came within 0 s"):
        async with Editor((), server(ANSWERS + "sys.stderr.write('thinking\\n'); time.sleep(60)")) as editor:
            await editor.wait_for_diagnostics("file:///a.py", 1, timeout_s=0.3)
    assert time.monotonic() - start < 15


async def test_an_error_is_told_and_questions_of_the_server_are_answered() -> None:
    code = ANSWERS + (
        "read(); send({'id': 'q', 'method': 'workspace/configuration', 'params': {'items': [{}, {}]}}); answer = read()\n"
        "asked = read()\n"
        "asked, answer = (asked, answer) if 'method' in asked else (answer, asked)\n"
        "send({'id': asked['id'], 'error': {'code': -32803, 'message': json.dumps(answer['result'])}})\n"
        "sys.stdin.read()"
    )
    with pytest.raises(ServerFailed, match=r"\[null, null\] \(-32803\)"):
        async with Editor((), server(code)) as editor:
            await editor.request("textDocument/hover", {})


def test_no_process_is_left_behind(terminal: Terminal, tmp_path: Path) -> None:
    import psutil

    write(terminal.folder, {"a.py": "a = 1\n"})
    terminal.out("try", "a.py")
    until = time.monotonic() + 5
    while time.monotonic() < until and (left := _servers_in(psutil, str(terminal.home))):
        time.sleep(0.1)
    assert not left


def _servers_in(psutil: object, home: str) -> list[int]:
    found = []
    for process in psutil.process_iter():  # type: ignore[attr-defined]
        try:
            if process.environ().get("ORCHESTRA_CONFIG", "").startswith(home):
                found.append(process.pid)
        except (psutil.AccessDenied, psutil.NoSuchProcess):  # type: ignore[attr-defined]
            continue
    return found
