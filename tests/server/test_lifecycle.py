"""The life of a connection, sentence by sentence of the specification, and how it ends when the client does not keep to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestra_lsp.server.lifecycle import Phase, exit_code, is_heeded, refusal
from tests.support.lsp.client import Client, recorded_params
from tests.support.lsp.wire import ROOT

TINY = (sys.executable, "-m", "tests.support.lsp.tiny_app")
STAGES = {"importing": {"ORCHESTRA_TINY": "slow-import", "ORCHESTRA_TINY_S": "20"}, "running": {}}
SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


def begin(stage: str, ended_by_test: bool = False, **params: object) -> Client:
    """A client whose server is being imported, or has taken over."""
    client = Client(TINY, STAGES[stage], ended_by_test)
    client.initialize(**params)  # type: ignore[arg-type]
    if stage == "running":
        client.request("test/echo")
    return client


def test_before_initialize_requests_are_refused_and_notifications_dropped() -> None:
    with Client(TINY) as client:
        client.notify("initialized", {}, on_purpose=True)
        for method in ("shutdown", "textDocument/hover", "$/unknown"):
            assert client.error(method, {})["code"] == -32002
        client.initialize()
        assert client.request("test/events") == []


def test_before_initialize_malformed_messages_are_answered() -> None:
    with Client(TINY) as client:
        client.wire.send_garbage(b"nonsense\r\nContent-Length: 2\r\n\r\n[]")
        client.wire.wait_until(lambda: len(client.heard()) == 2, 5, "two errors")
        assert [message["error"]["code"] for message in client.heard()] == [-32700, -32600]
        client.initialize()


def test_initialize_without_an_object_is_refused_and_may_be_sent_again() -> None:
    with Client(TINY) as client:
        assert client.error("initialize", [1])["code"] == -32602
        assert client.error("initialize")["code"] == -32602
        client.initialize()


@pytest.mark.parametrize("stage", STAGES)
def test_a_second_initialize_is_refused(stage: str) -> None:
    with begin(stage) as client:
        assert client.error("initialize", recorded_params("vscode"))["code"] == -32600


@pytest.mark.parametrize("stage", STAGES)
def test_after_shutdown_only_exit_is_left(stage: str) -> None:
    with begin(stage) as client:
        assert client.request("shutdown") is None
        for method in ("test/echo", "shutdown", "initialize"):
            assert client.error(method, {})["code"] == -32600
        client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///a"}}, on_purpose=True)
        client.notify("exit")
        assert client.wire.wait() == 0
        assert client.wire.stderr() == ""


@pytest.mark.parametrize("stage", STAGES)
def test_exit_without_shutdown_ends_with_one(stage: str) -> None:
    with begin(stage) as client:
        client.notify("exit")
        assert client.wire.wait() == 1


def test_what_runs_when_the_connection_ends_is_cancelled_and_answered() -> None:
    with begin("running") as client:
        running = [client.ask("test/slow"), client.ask("test/slow")]
        client.request("test/echo")
        client.notify("exit")
        assert client.wire.wait(3) == 1
        assert [client.answer(id)["error"]["code"] for id in running] == [-32800] * 2
        assert client.wire.stderr() == ""


def test_exit_before_initialize_ends_with_one() -> None:
    with Client(TINY) as client:
        client.notify("exit")
        assert client.wire.wait() == 1


@pytest.mark.parametrize("shut_down", [False, True])
@pytest.mark.parametrize("stage", STAGES)
def test_the_end_of_the_input_ends_the_server(stage: str, shut_down: bool) -> None:
    with begin(stage, ended_by_test=True) as client:
        client.ask("test/slow")
        if shut_down:
            client.request("shutdown")
        client.wire.end_input()
        assert client.wire.wait(3) == (0 if shut_down else 1)
        assert client.wire.stderr() == ""


def test_the_end_of_the_input_before_initialize_ends_the_server() -> None:
    with Client(TINY) as client:
        client.wire.end_input()
        assert client.wire.wait(3) == 1
        assert client.wire.stderr() == ""


@pytest.mark.parametrize("stage", STAGES)
def test_the_server_ends_with_the_process_of_its_client(stage: str) -> None:
    with subprocess.Popen(SLEEPER) as editor, begin(stage, ended_by_test=True, processId=editor.pid) as client:
        assert client.wire.process.poll() is None
        editor.kill()
        editor.wait()
        assert client.wire.wait(5) == 1
        assert client.wire.stderr() == ""


def test_killing_the_editor_that_started_it_ends_the_server(tmp_path: Path) -> None:
    """The server's input stays open: somebody else still holds the other end of the pipe."""
    told = tmp_path / "pid"
    program = f"""
import json, os, subprocess, sys, time
sys.path.insert(0, {str(ROOT)!r})
from tests.support.lsp.client import Client
client = Client([sys.executable, "-m", "tests.support.lsp.tiny_app"])
client.initialize()
client.request("test/echo")
pipe = client.wire.process.stdin
keeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], stdin=pipe, stdout=pipe)
with open({str(told)!r} + ".new", "w") as file:
    file.write(f"{{client.wire.process.pid}} {{keeper.pid}}")
os.rename({str(told)!r} + ".new", {str(told)!r})
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as editor:
        wait_until(told.exists, 20)
        server, keeper = map(int, told.read_text().split())
        editor.kill()
        editor.wait()
    try:
        wait_until(lambda: not alive(server), 6)
    finally:
        os.kill(keeper, signal.SIGTERM)


@pytest.mark.parametrize("number", [2**22 + 12345, 2**40])
def test_a_process_that_does_not_live_at_the_beginning_is_ignored(number: int) -> None:
    with Client(TINY) as client:
        message = recorded_params("vscode") | {"processId": number, "rootUri": None, "rootPath": None, "workspaceFolders": None}
        id = client.ask("initialize", message, on_purpose=True)
        assert "result" in client.answer(id)
        time.sleep(1.5)
        assert client.request("test/echo", [1]) == [1]
        assert client.shut_down() == 0


@pytest.mark.parametrize("stage", STAGES)
def test_a_client_that_closes_its_end_is_left_quietly(stage: str) -> None:
    with begin(stage, ended_by_test=True) as client:
        client.wire.stop_reading()
        close_output(client)
        for _ in range(50):
            if client.wire.process.poll() is not None:
                break
            send_quietly(client)
            time.sleep(0.1)
        assert client.wire.process.wait(5) == 1
        assert client.wire.stderr() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is ended without being asked")
def test_a_terminated_server_closes_what_it_has_open(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    with Client(TINY, {"ORCHESTRA_TINY_CLOSED": str(closed)}, ended_by_test=True) as client:
        client.initialize()
        client.request("test/echo")
        client.wire.process.send_signal(signal.SIGTERM)
        assert client.wire.wait(5) == 128 + signal.SIGTERM
        assert closed.read_text() == "closed"
        assert client.wire.stderr() == ""


def test_a_stuck_handler_does_not_keep_the_process_alive() -> None:
    with begin("running", ended_by_test=True) as client:
        client.ask("test/block", {"seconds": 60})
        time.sleep(0.3)
        client.wire.end_input()
        assert client.wire.wait(8) == 1


def test_a_library_that_ends_the_process_is_told() -> None:
    with begin("running", ended_by_test=True) as client:
        client.ask("test/leave")
        assert "the server has ended by SystemExit" in client.wait_for("window/logMessage")["message"]
        assert client.wire.wait(3) == 1


def test_a_busy_worker_does_not_delay_the_end() -> None:
    with begin("running") as client:
        worker = client.ask("test/worker", {"seconds": 60})
        began = time.monotonic()
        client.request("shutdown")
        assert client.answer(worker)["error"]["code"] == -32800
        client.notify("exit")
        assert client.wire.wait(3) == 0
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("phase", "method", "code"),
    [
        (Phase.FRESH, "initialize", None),
        (Phase.FRESH, "shutdown", -32002),
        (Phase.READY, "initialize", -32600),
        (Phase.READY, "shutdown", None),
        (Phase.READY, "anything", None),
        (Phase.SHUTDOWN, "shutdown", -32600),
        (Phase.SHUTDOWN, "anything", -32600),
    ],
)
def test_rules_for_requests(phase: Phase, method: str, code: int | None) -> None:
    refused = refusal(phase, method)
    assert (refused and refused[0]) == code


def test_rules_for_notifications_and_the_end() -> None:
    heeded = {(phase, method) for phase in Phase for method in ("exit", "initialized") if is_heeded(phase, method)}
    assert heeded == {(Phase.FRESH, "exit"), (Phase.READY, "exit"), (Phase.SHUTDOWN, "exit"), (Phase.READY, "initialized")}
    assert [exit_code(phase) for phase in (Phase.FRESH, Phase.READY, Phase.SHUTDOWN)] == [1, 1, 0]


def alive(process: int) -> bool:
    import psutil

    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


def wait_until(fulfilled: object, seconds: float) -> None:
    assert callable(fulfilled)
    deadline = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def close_output(client: Client) -> None:
    """Close the reading end of the server's output, which takes effect when the client's reading thread has read once more."""
    stream = client.wire.process.stdout
    assert stream is not None
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)


def send_quietly(client: Client) -> None:
    """Something that is answered at once in every stage."""
    try:
        client.ask("initialize", on_purpose=True)
    except BrokenPipeError:
        return  # it has ended: that is what is waited for
