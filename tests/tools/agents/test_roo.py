"""Roo Code's command line and the socket of its extension, each played by a process of its own. No real one is left to try."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.model import Kind, State, Usage
from orchestra_lsp.tools.contract import Agent, SignedOut, ToolError
from orchestra_lsp.tools.wire.roo_socket import Frames
from orchestra_lsp.trust.workcopy import MaskedFolder
from tests.tools.agents.conftest import Bench, asked, changed
from tests.tools.kit import prompt, text_of

SUPPORT = Path(__file__).parents[2] / "support" / "roo"
EDIT = prompt(Kind.EDIT, selection="b = 2\n")
needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="the extension's socket is a named pipe there")


def cli(bench: Bench, behaviour: str, log: Path | None = None, **settings: Any) -> Agent:
    return bench.make("roo", command=[sys.executable, str(SUPPORT / "fake_cli.py"), behaviour, str(log or bench.log)], **settings)


@contextmanager
def extension(bench: Bench, behaviour: str) -> Iterator[Agent]:
    """In a folder of its own, because the path of a socket must be short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "s"
        command = [sys.executable, str(SUPPORT / "fake_extension.py"), str(path), behaviour, str(bench.log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "listening\n"
            try:
                yield bench.make("roo", url=f"unix:{path}")
            finally:
                process.kill()


def commands(bench: Bench) -> list[dict[str, Any]]:
    return [one["data"] for one in bench.noted()]


# --- the command line ---


async def test_a_question_is_asked_in_the_mode_that_changes_nothing(bench: Bench) -> None:
    pieces = await asked(cli(bench, "answer", model="m1"))
    assert text_of(pieces) == "```python\nb = 3\n```"
    assert pieces[-1].usage == Usage(900, 40, 0.0123)
    (run,) = bench.noted()
    arguments = run["arguments"]
    assert arguments[:3] == ["--print", "--output-format", "stream-json"]
    assert arguments[arguments.index("--mode") + 1] == "ask"
    assert arguments[arguments.index("--model") + 1] == "m1"
    assert not Path(run["cwd"]).exists(), "its empty folder goes with it"


async def test_an_edit_is_taken_out_of_the_answer(bench: Bench) -> None:
    assert text_of(await asked(cli(bench, "answer"), EDIT)) == "b = 3\n"


async def test_a_change_happens_in_the_copy_or_not_at_all(bench: Bench, folder: MaskedFolder) -> None:
    """Not where nothing can keep it in the copy: it goes where it likes."""
    log = folder.path / "log"
    try:
        await changed(cli(bench, "edit", log), folder)
        problem = ""
    except ToolError as error:
        problem = error.problem
    assert not problem or "does not stay in the copy" in problem
    assert ("return a - b" if problem else "return a + b") in (folder.path / "a.py").read_text(encoding="utf-8")
    if not problem:
        (run,) = bench.noted(log)
        assert run["cwd"] == str(folder.path)
        assert run["arguments"][run["arguments"].index("--mode") + 1] == "code"


@pytest.mark.parametrize(("behaviour", "says"), [("fail", "Overloaded"), ("cut", "out of memory")])
async def test_what_goes_wrong_is_told(bench: Bench, behaviour: str, says: str) -> None:
    with pytest.raises(ToolError, match=says) as caught:
        await asked(cli(bench, behaviour))
    assert caught.value.remedy


async def test_a_missing_key_is_a_missing_sign_in(bench: Bench) -> None:
    with pytest.raises(SignedOut, match="key"):
        await asked(cli(bench, "no-key"))


async def test_lines_that_are_none_are_left_out(bench: Bench) -> None:
    assert text_of(await asked(cli(bench, "garbage"))) == "```python\nb = 3\n```"


async def test_one_that_hangs_is_ended_at_the_deadline(bench: Bench) -> None:
    with pytest.raises(ToolError, match="did not finish within"):
        await asked(cli(bench, "hang"), seconds=1.0)


async def test_the_check_says_that_nobody_has_tried_it_and_that_it_ended(bench: Bench) -> None:
    health = await cli(bench, "answer").check()
    assert health.state is State.READY
    assert "not been tried" in health.reason
    assert "May 2026" in health.reason


async def test_without_program_and_socket_the_successors_are_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    health = await bench.make("roo").check()
    assert health.state is State.DOWN
    assert "Zoo Code" in health.remedy
    with pytest.raises(ToolError, match="not that of a socket"):
        bench.make("roo", url="http://127.0.0.1:1/")


# --- the socket ---


@needs_unix
async def test_the_extension_is_asked_and_other_tasks_are_not_listened_to(bench: Bench) -> None:
    with extension(bench, "answer") as roo:
        pieces = await asked(roo)
        assert text_of(pieces) == "b = 3"
        assert pieces[-1].usage == Usage(700, 30, 0.02)
        (started,) = commands(bench)
        assert started["commandName"] == "StartNewTask"
        assert started["data"]["configuration"] == {"mode": "ask"}
        assert (await roo.check()).state is State.READY


@needs_unix
@pytest.mark.parametrize(
    ("behaviour", "says"),
    [("asks", "waits for your answer in its own window"), ("aborts", "stopped"), ("closes", "ended"), ("hang", "did not answer within")],
)
async def test_a_task_that_comes_to_nothing_is_told_and_cancelled(bench: Bench, behaviour: str, says: str) -> None:
    with extension(bench, behaviour) as roo:
        with pytest.raises(ToolError, match=says) as caught:
            await asked(roo, seconds=1.0)
        assert caught.value.remedy
        (await roo.check())  # by now it has read what came before
        if behaviour != "closes":
            assert [one["commandName"] for one in commands(bench)] == ["StartNewTask", "CancelTask"]


@needs_unix
async def test_what_is_no_message_is_left_out(bench: Bench) -> None:
    with extension(bench, "garbage") as roo:
        assert text_of(await asked(roo)) == "b = 3"


@needs_unix
async def test_one_that_does_not_greet_is_down(bench: Bench) -> None:
    with extension(bench, "mute") as roo, pytest.raises(ToolError, match="did not answer within"):
        await asked(roo, seconds=0.5)


@needs_unix
async def test_nobody_at_the_socket_is_told_with_what_to_start(bench: Bench, tmp_path: Path) -> None:
    health = await bench.make("roo", url=f"unix:{tmp_path}/none").check()
    assert health.state is State.DOWN
    assert "ROO_CODE_IPC_SOCKET_PATH" in health.remedy


@needs_unix
async def test_the_extension_is_never_let_loose_on_the_persons_own_files(bench: Bench, folder: MaskedFolder) -> None:
    with extension(bench, "answer") as roo, pytest.raises(ToolError, match="your own files"):
        await changed(roo, folder)
    assert not bench.log.exists()


MESSAGES = [{"a": "\f\u00e9"}, {}, {"b": [1]}]


@given(st.lists(st.integers(1, 30), max_size=20))
def test_messages_may_be_cut_anywhere(sizes: list[int]) -> None:
    rest = b"".join(json.dumps({"type": "message", "data": one}).encode() + b"\f" for one in MESSAGES)
    frames, found = Frames(), []
    for size in [*sizes, len(rest)]:
        found += frames.feed(rest[:size])
        rest = rest[size:]
    assert found == MESSAGES
