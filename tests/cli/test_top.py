"""`orchestra top` on a real terminal: drawn anew until a person ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from orchestra_lsp.store.records import CallRecord
from orchestra_lsp.store.store import Store
from tests.cli.terminal import ORCHESTRA, Terminal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


def until(leader: int, wanted: bytes, seconds: float = 20.0) -> bytes:
    """What is drawn until `wanted` is there."""
    shown, end = b"", time.monotonic() + seconds
    while wanted not in shown and time.monotonic() < end:
        shown += os.read(leader, 65536)
    assert wanted in shown
    return shown


def test_the_live_view_shows_new_calls_and_ends_with_an_interrupt(terminal: Terminal) -> None:
    import pty

    store = Store(terminal.home / "store.sqlite3")
    leader, follower = pty.openpty()
    environment = terminal.environment({"TERM": "xterm-256color", "LINES": "24"})
    process = subprocess.Popen([*ORCHESTRA, "top"], stdin=follower, stdout=follower, stderr=follower, cwd=terminal.folder, env=environment)
    os.close(follower)
    try:
        until(leader, b"Ctrl-C ends it")
        store.put(CallRecord("a", "p", time.time_ns() // 1000, "edit", "newcomer", "used", 12.0, 1, 1, 0.5))
        until(leader, b"newcomer")
        process.send_signal(signal.SIGINT)
        until(leader, b"\x1b[?1049l")  # the screen that was there before is back
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        os.close(leader)
        store.close()
