"""What real agents said, played back by a small process to the adapter of each; Cursor's is written from its documentation.

See `fixtures/wire/README.md` for what was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from orchestra_lsp.model import State, Usage
from orchestra_lsp.tools.contract import SignedOut, ToolError
from orchestra_lsp.trust.workcopy import MaskedFolder
from tests.tools.agents.conftest import SOURCE, Bench, asked, changed
from tests.tools.kit import text_of

FIXED = SOURCE.replace("a - b", "a + b")


@dataclass(frozen=True)
class Take:
    """A recording, and what the adapter makes of it."""

    recording: str
    adapter: str
    protocol: str
    usage: Usage | None = None
    after: str = FIXED
    text: str = "Done."


CHANGES = [
    Take("claude/acp.edit-allowed.jsonl", "claude_code", "acp", Usage(450, 15, 0.00195, 150, 0)),
    Take("claude/acp.edit-cancelled.jsonl", "claude_code", "acp", after=SOURCE),
    Take("claude/stream-json.plan-mode.jsonl", "claude_code", "headless", Usage(450, 15, 0.00195, 150, 0), after=SOURCE),
    Take("copilot/acp.edit-allowed.jsonl", "copilot_cli", "acp", Usage(20, 4, None, 0, 0)),
    Take("copilot/acp.edit-cancelled.jsonl", "copilot_cli", "acp", after=SOURCE),
    Take("copilot/cli.json.write-denied.jsonl", "copilot_cli", "headless", after=SOURCE),
    Take("droid/acp.edit-allowed.jsonl", "droid", "acp"),
    Take("droid/acp.edit-cancelled.jsonl", "droid", "acp", after=SOURCE),
    Take("cursor/acp.edit-unasked.jsonl", "cursor", "acp"),
]
ANSWERS = [
    Take("claude/stream-json.accept-edits.jsonl", "claude_code", "headless", Usage(450, 15, 0.00195, 150, 0)),
    Take("copilot/cli.json.write-denied.jsonl", "copilot_cli", "headless"),
    Take("droid/json.result.jsonl", "droid", "headless", Usage(10, 2, None, 0, 0)),
    Take("droid/stream-json.read-only.jsonl", "droid", "headless", Usage(10, 2, None, 0, 0)),
    Take("droid/stream-json.edit.jsonl", "droid", "headless", Usage(20, 4, None, 0, 0)),
    Take("cursor/stream-json.ask.jsonl", "cursor", "headless"),
]
SIGNED_OUT = [
    ("claude/acp.not-signed-in.jsonl", "claude_code", "acp"),
    ("claude/stream-json.not-signed-in.jsonl", "claude_code", "headless"),
    ("copilot/acp.not-signed-in.jsonl", "copilot_cli", "acp"),
    ("copilot/cli.json.not-signed-in.jsonl", "copilot_cli", "headless"),
    ("droid/acp.not-signed-in.jsonl", "droid", "acp"),
    ("droid/json.not-signed-in.jsonl", "droid", "headless"),
    ("droid/stream-json.not-signed-in.jsonl", "droid", "headless"),
    ("cursor/stream-json.not-signed-in.jsonl", "cursor", "headless"),
]


@pytest.mark.parametrize("take", CHANGES, ids=lambda take: take.recording)
async def test_a_change_as_it_was(bench: Bench, folder: MaskedFolder, take: Take) -> None:
    pieces = await changed(bench.replay(take.recording, take.adapter, take.protocol), folder)
    assert text_of(pieces).strip().endswith(take.text if take.after == FIXED else text_of(pieces).strip())
    assert pieces[-1].finish == "stop"
    assert (folder.path / "a.py").read_text("utf-8") == take.after
    if take.usage:
        assert pieces[-1].usage == take.usage


@pytest.mark.parametrize("take", ANSWERS, ids=lambda take: take.recording)
async def test_an_answer_as_it_was(bench: Bench, take: Take) -> None:
    pieces = await asked(bench.replay(take.recording, take.adapter, take.protocol))
    assert text_of(pieces) == take.text
    assert pieces[-1].finish == "stop"
    assert pieces[-1].usage == take.usage


@pytest.mark.parametrize(("recording", "adapter", "protocol"), SIGNED_OUT)
async def test_who_is_not_signed_in_is_told_the_one_thing_to_do(bench: Bench, recording: str, adapter: str, protocol: str) -> None:
    agent = bench.replay(recording, adapter, protocol)
    with pytest.raises(SignedOut) as caught:
        await asked(agent)
    assert caught.value.problem.endswith("is not signed in")
    assert "key" in caught.value.remedy
    assert not caught.value.retryable


async def test_claude_that_cannot_open_a_session_says_why(bench: Bench) -> None:
    with pytest.raises(ToolError, match="Claude Code process exited with code 1"):
        await asked(bench.replay("claude/acp.session-new-fails.jsonl", "claude_code", "acp"))


@pytest.mark.parametrize("adapter", ["copilot_cli", "droid"])
async def test_the_check_sees_that_nobody_is_signed_in(bench: Bench, adapter: str) -> None:
    recording = f"{adapter.removesuffix('_cli')}/acp.not-signed-in.jsonl"
    health = await bench.replay(recording, adapter, "acp").check()
    assert health.state is State.SIGNED_OUT
    assert health.remedy


async def test_cursor_says_that_nobody_has_tried_it(bench: Bench) -> None:
    health = await bench.fake("answer", kind="cursor", protocol="acp").check()
    assert health.state is State.READY
    assert "has not been tried with the real one" in health.reason


async def test_cursor_is_not_asked_without_the_mode_that_only_answers(bench: Bench, folder: MaskedFolder) -> None:
    agent = bench.replay("claude/acp.edit-allowed.jsonl", "cursor", "acp")
    with pytest.raises(ToolError, match="none of the modes ask, plan"):
        await asked(agent)


@pytest.mark.parametrize("adapter", ["claude_code", "copilot_cli", "cursor", "droid"])
async def test_what_is_not_installed_is_told_with_how_to_install_it(
    bench: Bench, adapter: str, folder: MaskedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder.home))
    agent = bench.make(adapter)
    health = await agent.check()
    assert health.state is State.DOWN
    assert "is not on the PATH" in health.reason
    assert "install" in health.remedy
    with pytest.raises(ToolError, match="is not on the PATH"):
        await changed(agent, folder)


@pytest.mark.parametrize("version", ["0.0.1", "9.9.9"])
async def test_a_version_that_is_too_old_is_told(bench: Bench, folder: MaskedFolder, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder.home / "droid"
    program.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder.home}:/bin:/usr/bin")
    health = await bench.make("droid").check()
    assert health.state is (State.DEGRADED if version == "0.0.1" else State.READY)
    assert ("0.215.0" in health.reason) is (version == "0.0.1")
