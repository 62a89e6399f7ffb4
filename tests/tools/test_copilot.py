"""Whole conversations with a Copilot language server that runs as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Kind, Outcome, Piece, Reach, Span, State
from orchestra_lsp.tools import copilot
from orchestra_lsp.tools.contract import NothingToSay, SignedOut, SignInStep, SignsIn, ToolError
from orchestra_lsp.tools.copilot import Copilot
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.tools.wire.lsp_child import Garbage, Parser
from orchestra_lsp.tools.wire.mirror import Mirror
from orchestra_lsp.trust.mask import Vault, mask
from tests.support.copilot import fake_server
from tests.tools.kit import prompt, settings_of, text_of, tool

FAKE = Path(fake_server.__file__)
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
PLACE = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 7}}


class Fake:
    """A tool whose server is the fake one, and what that one was told."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.log = folder / "log.jsonl"
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        command = [sys.executable, str(FAKE), "--stdio", "--log", str(self.log), *arguments]
        made = tool(Shared(), "copilot", command=command)
        assert isinstance(made, Copilot)
        self.tool = made
        self.vault = Vault()

    async def ask(self, kind: Kind = Kind.COMPLETE, seconds: float = 10.0, **changes: Any) -> Piece:
        asked = mask(prompt(kind, **changes), self.vault)
        async with aclosing(self.tool.ask(asked, time.monotonic() + seconds)) as pieces:
            (piece,) = [piece async for piece in pieces]
        return piece

    def heard(self, method: str = "") -> list[Any]:
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()] if self.log.exists() else []
        return [one.get("params") for one in lines if one.get("method") == method] if method else lines

    async def pid(self) -> int:
        return (await self.tool.server(time.monotonic() + 10)).child.process.pid

    async def steps(self) -> list[SignInStep]:
        async with aclosing(self.tool.sign_in(time.monotonic() + 10)) as steps:
            return [step async for step in steps]


@asynccontextmanager
async def fake(folder: Path, **options: str) -> AsyncIterator[Fake]:
    made = Fake(folder, **options)
    try:
        yield made
    finally:
        await made.tool.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, f"left running: {left}"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_completion_says_what_it_replaces_in_bytes_of_the_asked_text(tmp_path: Path) -> None:
    async with fake(tmp_path, say="a + b") as it:
        piece = await it.ask(prefix="x = '😀é'\ny = ", suffix="\nz\n")
        assert piece.text == "y = a + b"
        assert piece.span == Span(len("x = '😀é'\n".encode()), len("x = '😀é'\ny = ".encode()))
        assert (piece.finish, bool(piece.receipt), piece.usage) == ("stop", True, None)
    assert it.heard("shutdown")
    assert it.heard()[-1]["method"] == "exit"


async def test_it_introduces_itself_and_answers_what_it_is_asked(tmp_path: Path) -> None:
    async with fake(tmp_path, say="x") as it:
        await it.ask()
    answers = {str(one["id"]): one for one in it.heard() if "method" not in one}
    assert sum("error" in one for one in answers.values()) == 1, "what it does not know is refused, and nothing else"
    assert [one["result"] for one in answers.values() if isinstance(one.get("result"), list)] == [[{}, {"telemetryLevel": "off"}]]
    assert it.heard("workspace/didChangeConfiguration") == [{"settings": {"telemetry": {"telemetryLevel": "off"}}}]


async def test_a_next_edit_lies_where_the_server_says(tmp_path: Path) -> None:
    async with fake(tmp_path, edit=json.dumps({"text": "sum", "range": PLACE})) as it:
        piece = await it.ask(Kind.NEXT_EDIT)
    assert (piece.text, piece.span, piece.finish) == ("sum", Span(4, 7), "stop")


async def test_only_masked_text_and_no_file_address_leaves(tmp_path: Path) -> None:
    async with fake(tmp_path, say="x") as it:
        await it.ask(prefix=f'key = "{SECRET}"\n', uri="file:///home/someone/code/sums.py")
    said = it.log.read_text(encoding="utf-8")
    assert SECRET not in said
    assert "someone" not in said
    assert "file:" not in said
    (opened,) = it.heard("textDocument/didOpen")
    assert opened["textDocument"]["uri"].startswith("orchestra:/")
    assert opened["textDocument"]["uri"].endswith("/sums.py")


async def test_documents_are_kept_in_step_by_small_changes(tmp_path: Path) -> None:
    texts = ["a = '😀'\r\nb", "a = '😁é'\r\nb", "a = '😁é'\nb\n", "", "\r\n", "a", "a"]
    async with fake(tmp_path, say="x") as it:
        for text in texts:
            await it.ask(prefix=text, suffix="", seconds=5)
            server = await it.tool.server(time.monotonic() + 5)
            uri = it.heard("textDocument/didOpen")[0]["textDocument"]["uri"]
            assert (await server.child.request("testing/getDocument", {"uri": uri}))["text"] == text
        await it.ask(prefix="other", suffix="", uri="file:///code/deep/sums.py")
    assert len(it.heard("textDocument/didOpen")) == 2, "two files of one name are two documents"
    assert len(it.heard("textDocument/didChange")) == len(texts) - 2, "a text that has not changed is not told again"
    assert len(it.heard("textDocument/didFocus")) == 2
    assert it.heard("textDocument/didChange")[0]["contentChanges"][0]["text"] == "😁é"


async def test_what_became_of_an_offer_reaches_the_server(tmp_path: Path) -> None:
    async with fake(tmp_path, say="a + b", edit=json.dumps({"text": "sum", "range": PLACE})) as it:
        offer, edit = await it.ask(), await it.ask(Kind.NEXT_EDIT)
        for receipt in (offer.receipt, edit.receipt):
            await it.tool.hear(receipt, Outcome.SHOWN)
            await it.tool.hear(receipt, Outcome.ACCEPTED)
        await it.tool.hear(offer.receipt, Outcome.PARTLY_ACCEPTED, 3)
        await it.tool.hear(edit.receipt, Outcome.DISMISSED)
        await it.tool.hear("nobody's", Outcome.SHOWN)
    ((shown,), (partly,), (looked,)) = (
        it.heard("textDocument/didShowCompletion"),
        it.heard("textDocument/didPartiallyAcceptCompletion"),
        it.heard("textDocument/didShowInlineEdit"),
    )
    assert shown["item"]["insertText"] == "    return a + b"
    assert (partly["acceptedLength"], partly["item"]) == (3, shown["item"])
    assert looked["item"]["command"]["arguments"] == [edit.receipt]
    commands = [(one["command"].rpartition(".")[2], one["arguments"]) for one in it.heard("workspace/executeCommand")]
    assert commands == [
        ("didAcceptCompletionItem", [offer.receipt]),
        ("didAcceptNextEditSuggestionItem", [edit.receipt]),
        ("didRejectNextEditSuggestionItem", [edit.receipt]),
    ]


async def test_no_offer_is_told_apart_from_a_fault(tmp_path: Path) -> None:
    async with fake(tmp_path) as it:
        for kind in (Kind.COMPLETE, Kind.NEXT_EDIT):
            with pytest.raises(NothingToSay):
                await it.ask(kind)


async def test_who_is_signed_out_hears_what_to_do_and_can_sign_in(tmp_path: Path) -> None:
    async with fake(tmp_path, account="out", say="x") as it:
        assert isinstance(it.tool, SignsIn)
        with pytest.raises(SignedOut, match="orchestra sign-in it") as caught:
            await it.ask()
        assert not caught.value.retryable
        health = await it.tool.check()
        assert (health.state, "sign-in" in health.remedy) == (State.SIGNED_OUT, True)
        (step,) = await it.steps()
        assert (step.url, step.code) == ("https://github.com/login/device", "ABCD-1234")
        assert text_of([await it.ask()]).endswith("x")
        assert (await it.tool.check()).state is State.READY
        assert await it.steps() == [], "signed in already"
        await it.tool.sign_out()
        with pytest.raises(SignedOut):
            await it.ask()


async def test_signing_in_without_a_network_says_so(tmp_path: Path) -> None:
    async with fake(tmp_path, account="out", fault="no-network") as it:
        with pytest.raises(ToolError, match="GitHub could not be reached") as caught:
            await it.steps()
        assert "ENOTFOUND" not in str(caught.value)


async def test_an_account_without_a_plan_is_not_a_missing_sign_in(tmp_path: Path) -> None:
    async with fake(tmp_path, account="none") as it:
        health = await it.tool.check()
    assert (health.state, "no access" in health.reason) == (State.DOWN, True)


async def test_a_used_up_quota_is_told_with_its_end(tmp_path: Path) -> None:
    async with fake(tmp_path, fault="quota", say="x") as it:
        health = await it.tool.check()
        assert health.state is State.DOWN
        assert "used up" in health.reason
        assert "2026-12-01" in health.reason
        with pytest.raises(ToolError, match="limit reached") as caught:
            await it.ask()
        assert not isinstance(caught.value, NothingToSay)


async def test_it_is_started_anew_after_a_crash_and_not_at_once(tmp_path: Path) -> None:
    async with fake(tmp_path, fault="crash", say="x") as it:
        pid = await it.pid()
        with pytest.raises(ToolError, match="ended with code 1"):
            await it.ask()
        assert not alive(pid)
        with pytest.raises(ToolError, match="not running") as caught:
            await it.ask()
        assert 0 < (caught.value.retry_after or 0) <= copilot.FIRST_PAUSE_SECONDS
        await asyncio.sleep(copilot.FIRST_PAUSE_SECONDS)
        assert await it.pid() != pid
        with pytest.raises(ToolError, match="ended"):
            await it.ask()
        with pytest.raises(ToolError, match="not running") as caught:
            await it.ask()
        assert (caught.value.retry_after or 0) > copilot.FIRST_PAUSE_SECONDS


async def test_a_server_behind_a_script_goes_with_the_script(tmp_path: Path) -> None:
    """As npm installs it: what is started first is not what answers."""
    script = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
    made = tool(Shared(), "copilot", command=[sys.executable, "-c", script, str(FAKE), "--say", "x"])
    assert isinstance(made, Copilot)
    child = (await made.server(time.monotonic() + 10)).child
    (real,) = psutil.Process(child.process.pid).children()
    os.kill(child.process.pid, signal.SIGKILL)
    await asyncio.wait_for(child.process.wait(), 5)
    with pytest.raises(ToolError, match="ended"):
        async with aclosing(made.ask(mask(prompt(), Vault()), time.monotonic() + 5)) as pieces:
            await anext(pieces)
    assert not psutil.wait_procs([real], timeout=5)[1]
    await made.close()


async def test_a_server_that_hangs_is_left_at_the_deadline_and_ended_by_force(tmp_path: Path) -> None:
    async with fake(tmp_path, fault="hang", say="x") as it:
        pid = await it.pid()
        start = time.monotonic()
        with pytest.raises(ToolError, match="did not answer within"):
            await it.ask(seconds=0.3)
        assert time.monotonic() - start < 2
        await it.tool.close()
        assert not alive(pid)
        assert it.heard("$/cancelRequest") == [], "it reads nothing any more"


async def test_cancelling_is_told_to_the_server(tmp_path: Path) -> None:
    async with fake(tmp_path, say="x") as it:
        await it.tool.start()
        for _ in range(3):
            task = asyncio.ensure_future(it.ask())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert text_of([await it.ask()]).endswith("x")
        numbers = [one["id"] for one in it.heard() if one.get("method") == "textDocument/inlineCompletion"]
        assert {one["id"] for one in it.heard("$/cancelRequest")} <= set(numbers)
        assert len(it.heard("$/cancelRequest")) == len(numbers) - 1


@pytest.mark.parametrize(("fault", "says"), [("crash-at-start", "certificate store"), ("garbage", "cannot be understood")])
async def test_a_start_that_fails_says_why(tmp_path: Path, fault: str, says: str) -> None:
    async with fake(tmp_path, fault=fault) as it:
        with pytest.raises(ToolError, match=says) as caught:
            await it.tool.start()
        assert caught.value.remedy
        assert (await it.tool.check()).state is State.DOWN


async def test_a_slow_start_goes_on_after_the_deadline_of_whoever_waits(tmp_path: Path) -> None:
    async with fake(tmp_path, fault="slow-start", say="x") as it:
        with pytest.raises(NothingToSay, match="still starting"):
            await it.ask(seconds=0.2)
        assert text_of([await it.ask()]).endswith("x")
        assert len(it.heard("initialize")) == 1


async def test_closing_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    async with fake(tmp_path, fault="hang-at-start") as it:
        start = time.monotonic()
        with pytest.raises(ToolError):
            await it.ask(seconds=0.5)
        await it.tool.close()
        await it.tool.close()
        assert time.monotonic() - start < 5


async def test_the_text_of_a_secret_file_is_not_sent(tmp_path: Path) -> None:
    async with fake(tmp_path) as it:
        with pytest.raises(ToolError) as caught:
            await it.ask(path=".env", uri="file:///code/.env")
        assert not caught.value.retryable
        assert not it.log.exists()


async def test_a_missing_program_is_told_with_how_to_get_it(shared: Shared) -> None:
    with pytest.raises(ToolError, match="npm install -g @github/copilot-language-server"):
        tool(shared, "copilot", command=["no-such-copilot-server"])


async def test_it_is_limited_to_the_kinds_that_are_set(tmp_path: Path, shared: Shared) -> None:
    only = tool(shared, "copilot", command=[sys.executable, str(FAKE)], kinds=["next_edit"])
    assert only.abilities.kinds == {Kind.NEXT_EDIT}
    assert only.abilities.reach is Reach.OUTSIDE
    assert settings_of({"it": {"kind": "copilot"}}).tools["it"].command == []
    with pytest.raises(ToolError, match="nothing for it to do"):
        tool(shared, "copilot", command=[sys.executable], kinds=["review"])


# --- the wire ---


MESSAGES = [{"id": 1, "result": "é😀"}, {"method": "m", "params": {"a": ["\r\n\r\n"]}}, {}]


@given(st.lists(st.integers(1, 40), max_size=30))
def test_messages_may_be_cut_anywhere(sizes: list[int]) -> None:
    bodies = [json.dumps(one, ensure_ascii=False).encode() for one in MESSAGES]
    whole = b"".join(b"Content-Length: %d\r\nX: y\r\n\r\n%s" % (len(body), body) for body in bodies)
    parser, found, rest = Parser(), [], whole
    for size in [*sizes, len(whole)]:
        found += parser.feed(rest[:size])
        rest = rest[size:]
    assert found == MESSAGES


@pytest.mark.parametrize(
    "sent",
    [
        b"hello " * 1000,
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"X: 1\r\n\r\n",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 3\r\n\r\n\xff\xff\xff",
    ],
)
def test_garbage_is_told(sent: bytes) -> None:
    with pytest.raises(Garbage):
        list(Parser().feed(sent))


@settings(max_examples=200)
@given(st.lists(st.text(alphabet="ab😀é\r\n", max_size=12), min_size=1, max_size=6))
def test_the_other_side_always_has_the_same_text(texts: list[str]) -> None:
    mirror, server = Mirror("x"), fake_server.Server(argparse.Namespace(account="in"))
    for version, text in enumerate(texts):
        buffer, told = mirror.show("file", "a.py", "python", text)
        for method, params in told:
            if handle := server.method(method):
                handle(params)
        assert server.documents[buffer.uri]["text"] == text
        assert server.documents[buffer.uri]["version"] == buffer.version <= version + 1


def test_documents_are_closed_when_there_are_many() -> None:
    mirror, opened = Mirror("x"), 0
    for number in range(40):
        _, told = mirror.show(f"file{number}", "a.py", "python", "a")
        opened += sum(method.endswith("didOpen") for method, _ in told) - sum(method.endswith("didClose") for method, _ in told)
    assert opened == 16
