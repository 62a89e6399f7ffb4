"""The front door: what it imports, what it answers before the server is there, and what it hands over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestra_lsp import __version__
from tests.support.lsp.client import Client, place, recorded_clients
from tests.support.lsp.wire import ROOT, SERVER

TINY = (sys.executable, "-m", "tests.support.lsp.tiny_app")
SLOW = {"ORCHESTRA_TINY": "slow-import", "ORCHESTRA_TINY_S": "1.5"}
HEAVY = {
    "argparse",
    "asyncio",
    "attrs",
    "cattrs",
    "dataclasses",
    "inspect",
    "logging",
    "lsprotocol",
    "pygls",
    "queue",
    "threading",
    "typing",
}


def test_the_door_imports_nothing_heavy() -> None:
    loaded = "import sys, orchestra_lsp.server.door; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    clean = subprocess.run([sys.executable, "-S", "-c", loaded], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert not HEAVY & set(clean.stdout.split())


def test_initialize_is_answered_while_the_server_is_being_imported() -> None:
    with Client(TINY, SLOW) as client:
        client.initialize()
        answered = time.monotonic() - client.wire.started
        client.request("test/echo", {})
        assert answered < 1.5 < time.monotonic() - client.wire.started


def test_what_came_during_the_import_is_handled_in_order() -> None:
    with Client(TINY, SLOW) as client:
        client.initialize()
        uri = client.open(Path("/a.txt").absolute(), "one")
        ids = []
        for text in ("two", "three", "four"):
            client.change(uri, text)
            ids.append(client.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place(0, 0)}))
        labels = [client.answer(id)["result"]["items"][0]["label"] for id in ids]
        assert labels == ["two", "three", "four"]
        assert len([message for message in client.heard() if "capabilities" in (message.get("result") or {})]) == 1


def test_a_request_saved_during_the_import_can_be_cancelled() -> None:
    with Client(TINY, SLOW) as client:
        client.initialize()
        cancelled, kept = client.ask("test/slow"), client.ask("test/echo", {"kept": True})
        client.cancel(cancelled)
        assert client.answer(cancelled, 1.0)["error"]["code"] == -32800
        assert client.answer(kept)["result"] == {"kept": True}
        assert client.request("test/events") == []


def test_shutdown_and_exit_work_during_the_import() -> None:
    with Client(TINY, {**SLOW, "ORCHESTRA_TINY_S": "20"}) as client:
        client.initialize()
        waiting = client.ask("test/echo")
        assert client.request("shutdown", seconds=2) is None
        assert client.answer(waiting, 1)["error"]["code"] == -32800
        assert client.error("test/echo")["code"] == -32600
        client.notify("exit")
        assert client.wire.wait(2) == 0


def test_exit_alone_works_during_the_import() -> None:
    with Client(TINY, {**SLOW, "ORCHESTRA_TINY_S": "20"}) as client:
        client.initialize()
        client.notify("exit")
        assert client.wire.wait(2) == 1


def test_an_import_finished_after_shutdown_changes_nothing() -> None:
    with Client(TINY, SLOW) as client:
        client.initialize()
        client.request("shutdown", seconds=1)
        time.sleep(2.5)
        assert client.error("test/echo")["code"] == -32600
        client.notify("exit")
        assert client.wire.wait(2) == 0


def test_malformed_messages_during_the_import_are_answered() -> None:
    with Client(TINY, SLOW) as client:
        client.initialize()
        client.wire.send_garbage(b"Content-Length: 3\r\n\r\n{,}")
        client.wire.wait_until(lambda: [m for m in client.heard() if m.get("error", {}).get("code") == -32700], 1.0, "no parse error")
        assert client.error("initialize", {"capabilities": {}, "processId": None, "rootUri": None})["code"] == -32600


def test_a_failed_import_tells_the_editor_and_answers_every_request() -> None:
    with Client(TINY, {"ORCHESTRA_TINY": "broken-import"}, ended_by_test=True) as client:
        client.initialize()
        waiting = [
            client.ask("test/echo"),
            client.ask("textDocument/hover", {"textDocument": {"uri": "file:///a"}, "position": place(0, 0)}),
        ]
        shown = client.wait_for("window/showMessage")
        assert shown["type"] == 1
        assert "cannot start: ModuleNotFoundError: No module named 'a_package_that_is_not_there'" in shown["message"]
        assert "pip install" in shown["message"]
        assert [client.answer(id)["error"]["code"] for id in waiting] == [-32603, -32603]
        assert client.wire.wait() == 1
        assert "a_package_that_is_not_there" in client.wire.stderr()
        assert len(client.wire.stderr().splitlines()) == 1


@pytest.mark.parametrize("editor", recorded_clients())
def test_every_recorded_editor_gets_a_conversation(editor: str, tmp_path: Path) -> None:
    with Client(TINY) as client:
        result = client.initialize(editor, root=tmp_path)
        assert result["serverInfo"] == {"name": "orchestra-lsp", "version": __version__}
        uri = client.open(tmp_path / "a.py", "héllo 😀")
        assert client.diagnostics(uri)[0]["message"] == "7 characters"
        assert client.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": place(0, 0)})["contents"]["value"] == "7"
        assert client.request("test/askBack") == [None]
        client.close(uri)


def test_what_is_printed_by_accident_does_not_reach_the_client() -> None:
    program = "import os, sys; from orchestra_lsp.server.stream import claim_stdio; s = claim_stdio(); print('stray'); os.write(1, b'raw');"
    program += "s.write(b'protocol'); os.system('cat'); print(s.read())"
    got = subprocess.run([sys.executable, "-u", "-c", program], cwd=ROOT, input=b"for us", capture_output=True, timeout=30, check=True)
    assert got.stdout == b"protocol"
    assert got.stderr.split() == [b"stray", b"rawNone"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--version"], 0, f"orchestra-lsp {__version__}"),
        (["--help"], 0, "orchestra try FILE"),
        (["--port", "1"], 2, "there is no argument --port"),
        (["--stdio"], 1, ""),
        (["--stdio", "--clientProcessId=1"], 1, ""),
    ],
)
def test_arguments(arguments: list[str], code: int, words: str) -> None:
    got = subprocess.run([*SERVER, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert got.returncode == code
    assert words in got.stdout + got.stderr


def test_a_workspace_with_modules_of_our_names_is_not_run(tmp_path: Path) -> None:
    """Whoever works on pydantic itself, or has a `queue.py`, starts the server there."""
    for name in ("pydantic", "numpy", "lsprotocol"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the workspace was run')")
    for name in ("json", "queue", "logging"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('the workspace was run')")
    with Client(cwd=tmp_path) as client:
        client.initialize("vscode", root=tmp_path)
        client.open(tmp_path / "queue.py", "import json\n")
        client.wait_for("orchestra/status", lambda status: "learned 6 files" in str(status))


def test_no_standard_input_at_all_is_told() -> None:
    if os.name == "nt":
        pytest.skip("a process without standard input cannot be made this way on Windows")
    got = subprocess.run(
        f"exec {sys.executable} -m orchestra_lsp.server.door <&-", shell=True, cwd=ROOT, capture_output=True, timeout=30, check=False
    )
    assert got.returncode == 1
    assert got.stderr == b"orchestra-lsp: standard input and output are needed: Bad file descriptor\n"


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are a matter of POSIX")
def test_a_person_who_starts_it_is_told_what_it_is_and_may_interrupt_it() -> None:
    import pty

    controller, terminal = pty.openpty()
    with subprocess.Popen(
        SERVER, cwd=ROOT, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as server:
        assert server.stderr is not None
        assert b"orchestra try FILE" in server.stderr.readline()
        time.sleep(0.3)
        server.send_signal(signal.SIGINT)
        assert server.wait(5) == 130
        assert server.stderr.read() == b""
    os.close(controller)
    os.close(terminal)
