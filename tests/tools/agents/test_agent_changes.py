"""Agents that are let loose on a copy: what they may do there, what they see, and how they end."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from orchestra_lsp.model import Kind
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import process
from orchestra_lsp.tools.wire.aside import put_aside
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.workcopy import Copier, MaskedFolder, Workspace
from tests.tools.agents.conftest import SOURCE, Bench, changed, task
from tests.tools.kit import text_of

FIXED = SOURCE.replace("a - b", "a + b")
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"


def log_in(folder: MaskedFolder) -> Path:
    """The only place where a confined agent can write it down."""
    return folder.home / "agent.log"


@pytest.mark.parametrize("behaviour", ["ask", "write"])
async def test_it_changes_the_copy_whether_it_asks_or_not(bench: Bench, folder: MaskedFolder, behaviour: str) -> None:
    pieces = await changed(bench.fake(behaviour, log=log_in(folder)), folder)
    assert (folder.path / "a.py").read_text("utf-8") == FIXED
    assert text_of(pieces) == "I edit.\n\nDone."
    assert pieces[-1].finish == "stop"


async def test_permission_is_given_for_once_and_by_kind(bench: Bench, folder: MaskedFolder) -> None:
    await changed(bench.fake("ask", log=log_in(folder)), folder)
    answers = [one["result"]["outcome"] for one in bench.noted(log_in(folder)) if "result" in one]
    assert answers == [{"outcome": "selected", "optionId": "reject_once"}], "the option of the kind allow_once, whatever its name"


async def test_more_than_files_of_the_copy_is_refused_in_every_form(bench: Bench, folder: MaskedFolder) -> None:
    assert text_of(await changed(bench.fake("escalate", log=log_in(folder)), folder)) == "given: []"


async def test_it_has_a_home_of_its_own_and_works_in_the_copy(bench: Bench, folder: MaskedFolder) -> None:
    await changed(bench.fake("ask", log=log_in(folder)), folder)
    seen = bench.noted(log_in(folder))[0]["environment"]
    assert seen["HOME"] == str(folder.home)
    assert Path(seen["TMPDIR"]).is_relative_to(folder.home)
    session = next(one["params"] for one in bench.noted(log_in(folder)) if one.get("method") == "session/new")
    assert session["cwd"] == str(folder.path)


async def test_each_change_has_a_process_of_its_own_that_ends_with_it(bench: Bench, folder: MaskedFolder) -> None:
    agent = bench.fake("ask", log=log_in(folder))
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    for _ in range(2):
        await changed(agent, folder)
        assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    assert len([one for one in bench.noted(log_in(folder)) if "pid" in one]) == 2


@pytest.mark.parametrize("behaviour", ["hang", "stubborn", "children"])
async def test_nothing_of_it_runs_any_more_once_the_change_is_left(bench: Bench, folder: MaskedFolder, behaviour: str) -> None:
    agent = bench.fake(behaviour, log=log_in(folder))
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    begun = time.monotonic()
    async with aclosing(agent.change(task(), folder, time.monotonic() + 60)) as pieces:
        while not (await anext(pieces)).text:
            pass
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    assert time.monotonic() - begun < 10


async def test_cancelling_the_caller_ends_it_too(bench: Bench, folder: MaskedFolder) -> None:
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    working = asyncio.create_task(changed(bench.fake("hang", log=log_in(folder)), folder))
    while not log_in(folder).exists() or not any(one.get("method") == "session/prompt" for one in bench.noted(log_in(folder))):
        await asyncio.sleep(0.02)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before


@pytest.mark.parametrize(
    ("behaviour", "problem"), [("hang", "did not finish within"), ("die", "ended with code 3"), ("flood", "more than")]
)
async def test_a_change_that_fails_is_told(bench: Bench, folder: MaskedFolder, behaviour: str, problem: str) -> None:
    with pytest.raises(ToolError, match=problem):
        await changed(bench.fake(behaviour, log=log_in(folder)), folder, seconds=3)


async def test_a_planted_secret_never_reaches_it_and_the_disk_stays_as_it_is(bench: Bench, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    source = f'TOKEN = "{SECRET}"\n{SOURCE}'
    (project / "a.py").write_text(source, encoding="utf-8")
    (project / ".env").write_text(f"KEY={SECRET}\n", encoding="utf-8")
    copy = Copier(Vault()).copy(Workspace((str(project),)), parent=tmp_path)
    agent = bench.fake("write", log=log_in(copy.folder))
    await changed(agent, copy.folder)
    noted = log_in(copy.folder).read_text("utf-8")
    assert "def add" in noted
    assert SECRET not in noted
    assert ".env" not in noted
    assert "a + b" in (copy.folder.path / "a.py").read_text("utf-8")
    assert (project / "a.py").read_text("utf-8") == source


async def test_settings_for_agents_that_come_with_a_project_are_put_aside_meanwhile(bench: Bench, folder: MaskedFolder) -> None:
    """They can hold commands that an agent runs by itself."""
    for place in (".factory/hooks.json", ".claude/commands/go.md", ".mcp.json"):
        (folder.path / place).parent.mkdir(parents=True, exist_ok=True)
        (folder.path / place).write_text("{}", encoding="utf-8")
    before = sorted(str(one) for one in folder.path.rglob("*"))
    await changed(bench.fake("ask", log=log_in(folder)), folder)
    seen = next(one["around"] for one in bench.noted(log_in(folder)) if "around" in one)
    assert seen == [str(folder.path / "a.py")]
    assert sorted(str(one) for one in folder.path.rglob("*")) == before
    assert sorted(one.name for one in folder.path.parent.iterdir()) == ["home", "temporary", "workspace"]


def test_what_an_agent_wrote_in_their_place_stays(folder: MaskedFolder) -> None:
    own = folder.path / ".claude" / "settings.json"
    other = folder.path / ".claude" / "other.md"
    own.parent.mkdir()
    own.write_text("old", encoding="utf-8")
    other.write_text("old", encoding="utf-8")
    with put_aside(folder):
        assert not own.parent.exists()
        own.parent.mkdir()
        own.write_text("new", encoding="utf-8")
    assert (own.read_text("utf-8"), other.read_text("utf-8")) == ("new", "old")


async def test_an_agent_that_roams_is_only_let_loose_where_the_system_keeps_it(
    bench: Bench, folder: MaskedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = bench.replay("droid/stream-json.edit.jsonl", "droid", "headless")

    async def unable(launch: process.Launch) -> tuple[str, ...]:
        return launch.argv

    monkeypatch.setattr(process, "_confined", unable)
    with pytest.raises(ToolError, match="does not stay in the copy"):
        await changed(agent, folder)


def test_changing_can_be_all_that_it_is_for(bench: Bench) -> None:
    assert bench.fake("answer", kinds=["change"]).abilities.kinds == {Kind.CHANGE}
    with pytest.raises(ToolError, match="leave nothing for it to do"):
        bench.fake("answer", kinds=["complete"])
