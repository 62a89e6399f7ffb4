"""The adapters against the real Claude Code (headless and by its ACP adapter), Copilot CLI (both ways) and Factory droid (both ways).

The model is a script on loopback, so no account is needed: one answers a question, one makes an edit and then tries to write outside the
copy. Install them first: `python tests/peers/install.py claude claude-agent-acp copilot droid`.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestra_lsp.model import Kind, Piece, State
from orchestra_lsp.tools.contract import Agent, SignedOut, ToolError
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.trust.mask import Vault, mask
from orchestra_lsp.trust.workcopy import Copier, WorkCopy, Workspace
from tests.peers.install import cache, program
from tests.support.agents.stub_model import Step, Stub, stub_model
from tests.tools.kit import prompt, text_of, tool

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
SOURCE = f'TOKEN = "{SECRET}"\n\n\ndef add(a, b):\n    return a - b\n'
ANSWER = "```python\nreturn a + b\n```"


@dataclass(frozen=True)
class Peer:
    """One program, one way of driving it, and the names of its tools."""

    adapter: str
    protocol: str
    program: str

    def __str__(self) -> str:
        return f"{self.adapter}-{self.protocol}"


PEERS = [
    Peer("claude_code", "acp", "claude-agent-acp"),
    Peer("claude_code", "headless", "claude"),
    Peer("copilot_cli", "acp", "copilot"),
    Peer("copilot_cli", "headless", "copilot"),
    Peer("droid", "acp", "droid"),
    Peer("droid", "headless", "droid"),
]
each_peer = pytest.mark.parametrize("peer", PEERS, ids=str)


def steps(peer: Peer, file: str, outside: str) -> list[Step]:
    """Edit the file, then write outside the copy."""
    if peer.adapter == "claude_code":
        edit = {"file_path": file, "old_string": "a - b", "new_string": "a + b"}
        return [Step("Read", {"file_path": file}), Step("Edit", edit), Step("Write", {"file_path": outside, "content": "x"})]
    old_new = {"old_str": "a - b", "new_str": "a + b"}
    if peer.adapter == "droid":
        return [Step("Edit", {"file_path": file, **old_new}), Step("Create", {"file_path": outside, "content": "x"})]
    return [Step("edit", {"path": file, **old_new}), Step("create", {"path": outside, "file_text": "x"})]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home in which nobody is signed in, and the installed programs on the PATH."""
    home = tmp_path / "person"
    home.mkdir()
    for name in [one for one in os.environ if one.startswith(("ANTHROPIC_", "CLAUDE", "COPILOT_", "FACTORY_", "GH_", "GITHUB_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ORCHESTRA_PEERS", str(cache()))
    monkeypatch.setenv("HOME", str(home))
    # Claude Code refuses some of its modes to root, unless it is told that it is in a sandbox.
    monkeypatch.setenv("IS_SANDBOX", "1")
    programs = [found.parent for one in {peer.program for peer in PEERS} if (found := program(one))]
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, programs), os.environ["PATH"]]))
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    yield home
    left = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
    assert not left, f"still there: {left}"


@pytest.fixture
def stub() -> Iterator[Stub]:
    with stub_model() as stub:
        yield stub


def made(peer: Peer, **settings: Any) -> Agent:
    assert program(peer.program), f"install it first: python tests/peers/install.py {peer.program}"
    agent = tool(Shared(), peer.adapter, protocol=peer.protocol, **settings)
    assert isinstance(agent, Agent)
    return agent


@pytest.fixture
async def agent(peer: Peer, home: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Agent]:
    """The program, told to ask the stub."""
    settings: dict[str, Any] = {}
    if peer.adapter == "claude_code":
        monkeypatch.setenv("ANTHROPIC_BASE_URL", stub.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy-dummy")
    elif peer.adapter == "copilot_cli":
        for name, value in {
            "OFFLINE": "true",
            "MODEL": "gpt-4.1",
            "PROVIDER_TYPE": "openai",
            "PROVIDER_BASE_URL": f"{stub.url}/v1",
        }.items():
            monkeypatch.setenv(f"COPILOT_{name}", value)
    else:
        monkeypatch.setenv("FACTORY_API_KEY", "fk-dummy")
        own = {"model": "stub", "displayName": "Stub", "baseUrl": f"{stub.url}/v1", "apiKey": "x", "maxOutputTokens": 1024}
        (home / ".factory").mkdir()
        models = {"customModels": [own | {"provider": "generic-chat-completion-api"}]}
        (home / ".factory" / "settings.json").write_text(json.dumps(models), encoding="utf-8")
        settings["model"] = "custom:stub"
    agent = made(peer, **settings)
    yield agent
    await agent.close()


@pytest.fixture
def copy(tmp_path: Path) -> WorkCopy:
    """A copy of a project with a secret in its one file."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text(SOURCE, encoding="utf-8")
    return Copier(Vault()).copy(Workspace((str(project),)), parent=tmp_path)


async def asked(agent: Agent, kind: Kind = Kind.EDIT, **changes: Any) -> list[Piece]:
    question = mask(prompt(kind, **{"selection": "return a - b\n", **changes}), Vault())
    async with aclosing(agent.ask(question, time.monotonic() + 120)) as pieces:
        return [piece async for piece in pieces]


async def changed(agent: Agent, copy: WorkCopy, instruction: str = "Fix the bug.") -> list[Piece]:
    asked = mask(prompt(Kind.CHANGE, prefix="", suffix="", snippets=(), instruction=instruction), Vault())
    async with aclosing(agent.change(asked, copy.folder, time.monotonic() + 120)) as pieces:
        return [piece async for piece in pieces]


@each_peer
async def test_a_question_is_answered_without_tools(peer: Peer, agent: Agent, stub: Stub) -> None:
    stub.text = ANSWER
    pieces = await asked(agent)
    assert text_of(pieces) == "return a + b\n"
    assert pieces[-1].finish == "stop"
    assert stub.said("Rewrite the selected text")
    if str(peer) != "droid-acp":  # it heeds no limit of its tools over ACP, which is why questions do not go that way by themselves
        assert stub.tools() == set()


@each_peer
async def test_a_file_that_the_code_mentions_is_not_read(peer: Peer, agent: Agent, stub: Stub, tmp_path: Path) -> None:
    """Some programs take a word with "@" before it for a file to send along."""
    planted = tmp_path / "planted.txt"
    planted.write_text("PLANTED-TEXT\n", encoding="utf-8")
    stub.text = ANSWER
    mention = f'x = 1  # see @{planted} and @"{planted}"\n@{planted}\n@../planted.txt\n'
    await asked(agent, Kind.EXPLAIN, selection=mention, instruction=f"look at @{planted}")
    assert stub.said(str(planted))
    assert not stub.said("PLANTED-TEXT")


@each_peer
async def test_a_question_changes_nothing(peer: Peer, agent: Agent, stub: Stub, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(SOURCE, encoding="utf-8")
    stub.steps = steps(peer, str(file), str(tmp_path / "outside.txt"))
    stub.text = ANSWER
    with suppress(ToolError):  # a turn that was refused a tool may end without a word
        await asked(agent)
    assert stub.requests
    assert file.read_text("utf-8") == SOURCE
    assert not (tmp_path / "outside.txt").exists()


@each_peer
async def test_a_change_arrives_in_the_copy_alone(peer: Peer, agent: Agent, stub: Stub, copy: WorkCopy, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    stub.steps = steps(peer, str(copy.folder.path / "a.py"), str(outside))
    began = time.monotonic()
    pieces = await changed(agent, copy)
    print(f"\n{peer}: a change in {time.monotonic() - began:.1f} s, {pieces[-1].usage}")
    assert "return a + b" in (copy.folder.path / "a.py").read_text("utf-8")
    assert (tmp_path / "project" / "a.py").read_text("utf-8") == SOURCE
    assert not outside.exists()
    assert pieces[-1].finish == "stop"
    assert not stub.said(SECRET)
    assert not {"Bash", "bash", "WebFetch", "web_fetch"} & stub.tools()


@each_peer
async def test_a_change_reads_no_file_that_the_words_mention(peer: Peer, agent: Agent, stub: Stub, copy: WorkCopy, tmp_path: Path) -> None:
    await changed(agent, copy, f"Fix the bug, see @{tmp_path / 'project' / 'a.py'}")
    assert stub.requests
    assert not stub.said(SECRET)


@each_peer
async def test_leaving_it_in_the_middle_ends_it(peer: Peer, agent: Agent, stub: Stub, copy: WorkCopy) -> None:
    stub.hold.clear()
    working = asyncio.create_task(changed(agent, copy))
    while not stub.busy.is_set():
        assert not working.done(), await working
        await asyncio.sleep(0.05)
    began = time.monotonic()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert time.monotonic() - began < 10
    await agent.close()
    ours = str(copy.folder.path)
    left = [one.pid for one in psutil.process_iter(["cwd", "status"]) if one.info["cwd"] == ours]
    assert not [one for one in left if psutil.pid_exists(one) and psutil.Process(one).status() != psutil.STATUS_ZOMBIE]


@each_peer
async def test_who_is_not_signed_in_is_told(peer: Peer, home: Path) -> None:
    agent = made(peer)
    try:
        with pytest.raises(SignedOut) as caught:
            await asked(agent)
        assert caught.value.remedy
        if peer.protocol == "acp":
            assert (await agent.check()).state is State.SIGNED_OUT
    finally:
        await agent.close()


@each_peer
async def test_the_check_finds_it_well(peer: Peer, agent: Agent) -> None:
    health = await agent.check()
    assert health.state is State.READY, health
    assert not health.remedy


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.protocol == "acp"], ids=str)
async def test_a_warm_agent_answers_many(peer: Peer, agent: Agent, stub: Stub) -> None:
    stub.text = ANSWER
    began = time.monotonic()
    await agent.start()
    cold = time.monotonic() - began
    await asked(agent)
    began = time.monotonic()
    answers = await asyncio.gather(*(asked(agent) for _ in range(3)))
    print(f"\n{peer}: started in {cold:.1f} s, three answers at once in {time.monotonic() - began:.1f} s")
    assert [text_of(one) for one in answers] == ["return a + b\n"] * 3


async def test_a_change_gets_claudes_sign_in_without_what_renews_it(home: Path, copy: WorkCopy) -> None:
    credentials = home / ".claude" / ".credentials.json"
    credentials.parent.mkdir()
    tokens = {"claudeAiOauth": {"accessToken": "short-lived", "refreshToken": "long-lived", "expiresAt": 4102444800000}}
    credentials.write_text(json.dumps(tokens), encoding="utf-8")
    agent = made(PEERS[1])
    agent.settle(copy.folder.home)  # type: ignore[attr-defined]
    copied = copy.folder.home / ".claude" / ".credentials.json"
    assert json.loads(copied.read_text("utf-8")) == {"claudeAiOauth": {"accessToken": "short-lived", "expiresAt": 4102444800000}}
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600


@each_peer
async def test_hooks_that_come_with_a_project_do_not_run(peer: Peer, agent: Agent, stub: Stub, copy: WorkCopy) -> None:
    """Nor does a mode of the project's own that would ask nobody."""
    folder = copy.folder.path
    command = f"touch {folder / 'hooked'}"
    hooks = {name: [{"hooks": [{"type": "command", "command": command}]}] for name in ("SessionStart", "UserPromptSubmit", "Stop")}
    settings = json.dumps({"permissions": {"defaultMode": "bypassPermissions", "allow": ["Bash"]}, "hooks": hooks})
    github = {name: [{"type": "command", "bash": command}] for name in ("sessionStart", "userPromptSubmitted", "sessionEnd")}
    for place, text in {
        ".claude/settings.json": settings,
        ".factory/settings.json": settings,
        ".factory/hooks.json": json.dumps({"hooks": hooks}),
        ".github/hooks/own.json": json.dumps({"version": 1, "hooks": github}),
        ".mcp.json": json.dumps({"mcpServers": {"own": {"command": "touch", "args": [str(folder / "hooked")]}}}),
        ".factory/mcp.json": json.dumps({"mcpServers": {"own": {"type": "stdio", "command": "touch", "args": [str(folder / "hooked")]}}}),
    }.items():
        (folder / place).parent.mkdir(exist_ok=True, parents=True)
        (folder / place).write_text(text, encoding="utf-8")
    await changed(agent, copy)
    assert stub.requests
    assert not (folder / "hooked").exists()
