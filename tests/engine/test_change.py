"""A change of several files by an agent: it arrives whole, the person's disk stays as it is, and no secret is ever seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.change import ChangeAsk
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.model import Buffer, Kind
from orchestra_lsp.trust.confine import confinement
from tests.engine.changing import agent, changed, copies, files, seen, snapshot
from tests.trust.copying import CONFIG, OTHER, SECRET, document, git, write

SHOP = {
    "config.py": CONFIG,
    "shop.py": "def pay(amount):\n    return amount + 0\n",
    "win.txt": b"one\r\ntwo\r\nthree",
    "old.py": "OLD = 1\n" * 5,
    "gone.txt": "gone\n",
    ".env": f"PASSWORD={OTHER}\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = write(tmp_path.resolve() / "work", SHOP)
    git(made, "init", "-q")
    git(made, "add", "-A", "-f")
    git(made, "commit", "-q", "-m", "with every secret")
    return made


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = copies()
    yield
    assert copies() == before


WORK = (
    ["replace", "shop.py", "amount + 0", "amount"],
    ["replace", "config.py", "limit = 3", "limit = 4"],
    ["replace", "win.txt", "two\r\n", "2\n"],
    ["move", "old.py", "src/new.py"],
    ["delete", "gone.txt"],
    ["write", "tests/test_shop.py", "def test_pay():\n    assert True\n"],
)


def test_a_change_of_several_files_arrives_and_the_disk_is_untouched(root: Path) -> None:
    before = snapshot(root)
    heard: list[str] = []
    result = changed(root, {"fake": agent(*WORK, spy=[str(root / "config.py"), str(root / ".env"), str(root)])}, said=heard.append)
    assert files(result, root) == {
        "shop.py": "def pay(amount):\n    return amount\n",
        "config.py": CONFIG.replace("3\n", "4\n"),
        "win.txt": "one\r\n2\r\nthree",
        "src/new.py": "OLD = 1\n" * 5,
        "gone.txt": None,
        "tests/test_shop.py": "def test_pay():\n    assert True\n",
    }
    assert snapshot(root) == before
    assert (result.rejected, result.conflicts) == ((), ())
    assert result.said.endswith("I am done.")
    assert "I am done." in heard[-1]
    assert (result.tool, result.usage.input_tokens) == ("fake", 100)
    assert result.confined == str(confinement())


def test_no_secret_is_seen_by_the_agent(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its files, its git, the folders above, the original path, a link, or the environment."""
    monkeypatch.setenv("SOMEBODYS_TOKEN", OTHER)
    monkeypatch.chdir(root)
    heard: list[str] = []
    spied = [str(root / "config.py"), str(root / ".env"), str(root / ".git" / "HEAD"), str(root), str(Path.home() / ".bashrc")]
    changed(root, {"fake": agent(spy=spied)}, said=heard.append)
    got = seen("".join(heard))
    assert b"ORCSEC_github_pat_" in got
    assert b"workspace@localhost" in got
    assert b"anna@example.org" not in got
    assert b"SOMEBODYS_TOKEN" not in got
    # Without a way to confine it, the original path is open to it: `doctor` and the result say so.
    if confinement().by:
        assert SECRET.encode() not in got
        assert OTHER.encode() not in got
    else:
        assert "not confined" in str(confinement())


def test_a_rejected_file_does_not_take_the_others_with_it(root: Path) -> None:
    steps = (
        ["write", "shop.py", "x = 'ORCSEC_github_pat_ABCDE'\n"],
        ["replace", "config.py", "limit = 3", "limit = 4"],
        ["write", ".env", "A=1\n"],
    )
    result = changed(root, {"fake": agent(*steps)})
    assert set(files(result, root)) == {"config.py"}
    assert {one.path for one in result.rejected} == {"shop.py", ".env"}


# --- the person goes on working ---


def test_edits_of_the_person_elsewhere_in_the_file_are_kept(root: Path) -> None:
    shop = root / "shop.py"
    versions = [document(shop, SHOP["shop.py"], 1), document(shop, "import os\n\n" + str(SHOP["shop.py"]), 2)]

    def opened() -> tuple[Buffer, ...]:
        return (versions.pop(0) if len(versions) > 1 else versions[0],)

    result = changed(root, {"fake": agent(WORK[0])}, opened=opened)
    assert files(result, root) == {"shop.py": "import os\n\ndef pay(amount):\n    return amount\n"}
    assert result.files[0].before is versions[0]


@pytest.mark.parametrize(
    ("meanwhile", "steps"),
    [
        ({"shop.py": "def pay(amount):\n    return amount * 2\n"}, WORK[:1]),
        ({"gone.txt": "still needed\n"}, WORK[4:5]),
        ({"tests/test_shop.py": "mine\n"}, WORK[5:]),
        ({"src/new.py": "mine\n"}, WORK[3:4]),
    ],
    ids=["edited", "deleted", "created", "renamed"],
)
def test_a_conflict_is_shown_and_nothing_is_overwritten(root: Path, meanwhile: dict[str, str], steps: tuple[list[Any], ...]) -> None:
    def said(text: str) -> None:
        if "ready" in text:
            write(root, meanwhile)

    result = changed(root, {"fake": agent(["say", "ready"], ["wait", 0.5], *steps, WORK[1])}, said=said)
    assert set(files(result, root)) == {"config.py"}
    assert len(result.conflicts) == 1
    for name, text in meanwhile.items():
        assert (root / name).read_text() == text


def test_a_conflict_in_an_open_document(root: Path) -> None:
    shop = root / "shop.py"
    versions = [document(shop, SHOP["shop.py"], 1), document(shop, "def pay(amount):\n    return amount * 2\n", 2)]
    result = changed(root, {"fake": agent(WORK[0])}, opened=lambda: (versions.pop(0) if len(versions) > 1 else versions[0],))
    assert result.files == ()
    assert [one.path for one in result.conflicts] == ["shop.py"]


def test_the_same_change_by_the_person_is_no_conflict(root: Path) -> None:
    def said(text: str) -> None:
        if "ready" in text:
            write(root, {"tests/test_shop.py": WORK[5][2]})
            (root / "gone.txt").unlink()

    result = changed(root, {"fake": agent(["say", "ready"], ["wait", 0.5], *WORK[4:])}, said=said)
    assert (result.files, result.conflicts) == ((), ())


def test_unsaved_text_is_what_the_agent_works_on(root: Path) -> None:
    opened = (document(root / "shop.py", f"KEY = '{OTHER}'\nunsaved = 1\n"),)
    result = changed(root, {"fake": agent(["replace", "shop.py", "unsaved = 1", "unsaved = 2"])}, opened=lambda: opened)
    assert files(result, root) == {"shop.py": f"KEY = '{OTHER}'\nunsaved = 2\n"}
    assert result.files[0].before is opened[0]


# --- what goes wrong ---


def refused(root: Path, tools: dict[str, dict[str, Any]], **more: Any) -> str:
    with pytest.raises(Unanswered) as caught:
        changed(root, tools, **more)
    return str(caught.value)


def test_an_agent_that_dies_or_hangs_leaves_nothing(root: Path) -> None:
    before = snapshot(root)
    assert "fake:" in refused(root, {"fake": agent(WORK[0], ["die"])})
    assert "time" in refused(root, {"fake": agent(WORK[0], ["wait", 60])}, seconds=4)
    assert snapshot(root) == before


def test_another_agent_begins_afresh(root: Path) -> None:
    tools = {"first": agent(WORK[0], ["die"]), "second": agent(WORK[1])}
    result = changed(root, tools, route={"prefer": {"change": ["first", "second"]}})
    assert result.tool == "second"
    assert set(files(result, root)) == {"config.py"}


def test_policy_is_kept(root: Path) -> None:
    tools = {"fake": agent(WORK[0])}
    assert "privacy.offline" in refused(root, tools, privacy={"offline": True})
    assert "secrets" in refused(root, tools, privacy={"secrets": "stay"})
    assert "no tool 'other'" in refused(root, tools, tool="other")
    assert "coding agent" in refused(root, {})
    assert "never_send" in refused(root, tools, privacy={"never_send": ["**"]})


def test_what_it_is_about_must_be_there(root: Path, tmp_path: Path) -> None:
    tools = {"fake": agent(WORK[0])}
    assert "environment file" in refused(root, tools, paths=(str(root / ".env"),))
    assert "outside of the workspace" in refused(root, tools, paths=(str(tmp_path),))
    heard: list[str] = []
    changed(root, {"fake": agent(spy=())}, paths=(str(root / "shop.py"), str(root)), said=heard.append)
    assert b"It is about: shop.py, ." in seen("".join(heard))


def test_one_agent_can_be_named(root: Path) -> None:
    tools = {"one": agent(WORK[0]), "two": agent(WORK[1])}
    assert changed(root, tools, tool="two").tool == "two"


def test_cancelling_ends_the_agent_and_removes_the_copy(root: Path) -> None:
    async def scenario(when: float) -> None:
        made = Orchestra(Settings.model_validate({"tools": {"fake": agent(["say", "ready"], ["wait", 60])}}))
        working = asyncio.Event()
        try:
            assert made.can(Kind.CHANGE)
            ask = ChangeAsk("1", "do it", (str(root),), time.monotonic() + 60)
            task = asyncio.ensure_future(made.change(ask, lambda text: working.set() if "ready" in text else None))
            await (asyncio.wait_for(working.wait(), 30) if when else asyncio.sleep(0))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        finally:
            await made.close()

    for when in (1.0, 0.0):
        asyncio.run(scenario(when))
    assert not copies()


def test_it_is_among_the_decisions(root: Path) -> None:
    async def scenario() -> None:
        made = Orchestra(Settings.model_validate({"tools": {"fake": agent(WORK[0])}}))
        try:
            await made.change(ChangeAsk("7", "do it", (str(root),), time.monotonic() + 60), lambda _: None)
            told = made.decisions.find("7")
            assert told
            assert (told.kind, told.tool) == (Kind.CHANGE, "fake")
        finally:
            await made.close()

    asyncio.run(scenario())
