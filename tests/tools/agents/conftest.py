"""Agents as processes of their own; after every test none of them, no zombie, no task and no temporary folder may be left."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestra_lsp.model import Kind, Piece
from orchestra_lsp.tools.contract import Agent
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.trust import workcopy
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask
from orchestra_lsp.trust.workcopy import MaskedFolder
from tests.tools.kit import prompt, tool

SUPPORT = Path(__file__).parents[2] / "support" / "agents"
WIRE = Path(__file__).parents[3] / "fixtures" / "wire"
SOURCE = "def add(a, b):\n    return a - b\n"
QUESTION = prompt(Kind.EXPLAIN, selection="x\n")


class Bench:
    """Makes agents, and remembers what they wrote down."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "agent.log"
        self.tools: list[Agent] = []

    def fake(self, behaviour: str, kind: str = "acp", log: Path | None = None, **settings: Any) -> Agent:
        """`fake_agent.py` with a behaviour, driven by an adapter."""
        command = [sys.executable, str(SUPPORT / "fake_agent.py"), behaviour, str(log or self.log)]
        return self.make(kind, command=command, **settings)

    def replay(self, recording: str, kind: str, protocol: str, **settings: Any) -> Agent:
        """A recording, driven by an adapter."""
        command = [sys.executable, str(SUPPORT / "replay.py"), str(WIRE / recording)]
        return self.make(kind, command=command, protocol=protocol, **settings)

    def make(self, kind: str, **settings: Any) -> Agent:
        made = tool(Shared(), kind, **settings)
        assert isinstance(made, Agent)
        self.tools.append(made)
        return made

    def noted(self, log: Path | None = None) -> list[dict[str, Any]]:
        """What the fake agent was sent and saw."""
        return [json.loads(line) for line in (log or self.log).read_text("utf-8").splitlines()]

    def sent(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every message of this method."""
        return [one["params"] for one in self.noted() if one.get("method") == method]

    def pids(self) -> list[int]:
        return [one["pid"] for one in self.noted() if "pid" in one]


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("HOME", str(tmp_path / "person"))  # nobody's own sign-in is looked at
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    bench = Bench(tmp_path)
    yield bench
    for one in bench.tools:
        await one.close()
        await one.close()
    await _nothing_left(before, temporary)


@pytest.fixture
def folder(tmp_path: Path) -> MaskedFolder:
    """A copy with one file."""
    made = workcopy.probe_folder(tmp_path)
    (made.path / "a.py").write_text(SOURCE, encoding="utf-8")
    return made


async def asked(agent: Agent, question: Any = QUESTION, seconds: float = 20.0) -> list[Piece]:
    async with aclosing(agent.ask(mask(question, Vault()), time.monotonic() + seconds)) as pieces:
        return [piece async for piece in pieces]


async def changed(agent: Agent, folder: MaskedFolder, seconds: float = 20.0) -> list[Piece]:
    async with aclosing(agent.change(task(), folder, time.monotonic() + seconds)) as pieces:
        return [piece async for piece in pieces]


def task() -> MaskedPrompt:
    return mask(prompt(Kind.CHANGE, prefix="", suffix="", snippets=(), instruction="Fix the bug."), Vault())


async def _nothing_left(before: set[int], temporary: Path) -> None:
    until = time.monotonic() + 5
    while True:
        children = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        folders = [one.name for one in temporary.iterdir()]
        if not children and not tasks and not folders:
            return
        assert time.monotonic() < until, f"left: processes {children}, tasks {tasks}, folders {folders}"
        await asyncio.sleep(0.05)
