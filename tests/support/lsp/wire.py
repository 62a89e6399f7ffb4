"""A client's end of a language server's pipes: framing, a thread that reads, and a record of everything said in both directions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[3]
SERVER = (sys.executable, "-m", "orchestra_lsp.server.door")


@dataclass(frozen=True)
class Said:
    """One message: who said it, when (`time.monotonic()` seconds), and whether the test broke a rule on purpose."""

    sender: str  # "client" or "server"
    message: Any
    at: float
    on_purpose: bool = False


class Wire:
    """A server process and its streams. `said` grows as messages come and go; `changed` is notified each time."""

    def __init__(self, command: Sequence[str] = SERVER, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> None:
        self.said: list[Said] = []
        self.changed = threading.Condition()
        self.on_message: Callable[[Json], None] = lambda message: None
        self.closed = False  # the server has closed its output
        self.started = time.monotonic()
        self._reading = threading.Event()
        self._reading.set()
        self._writing = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="orchestra-test-")
        self._stderr = Path(self._folder.name) / "stderr"
        self._complaints = ""
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env={**os.environ, **(env or {})}, cwd=cwd
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, message: Any, on_purpose: bool = False) -> None:
        """Say something; raises BrokenPipeError when the server is gone."""
        with self.changed:
            self.said.append(Said("client", message, time.monotonic(), on_purpose))
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send_garbage(self, data: bytes) -> None:
        """Bytes that are no message; on purpose."""
        with self.changed:
            self.said.append(Said("client", None, time.monotonic(), True))
        self.send_bytes(data)

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        with self._writing:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def stop_reading(self) -> None:
        """Leave what the server says in the pipe, as a client does that hangs."""
        self._reading.clear()

    def go_on_reading(self) -> None:
        self._reading.set()

    def wait_until(self, fulfilled: Callable[[], Any], seconds: float, what: str) -> Any:
        """The first true value of `fulfilled`, asked again after each message. Raises AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (value := fulfilled()):
                left = deadline - time.monotonic()
                if left <= 0 or (self.closed and not fulfilled()):
                    ended = f"the server ended with {self.process.poll()}" if self.closed else f"{seconds} s have passed"
                    raise AssertionError(f"{what}: {ended}\n{self.stderr()}")
                self.changed.wait(left)
        return value

    def wait(self, seconds: float = 10) -> int:
        """The exit code of the server."""
        code = self.process.wait(seconds)
        self._reading.set()
        self._reader.join(seconds)
        return code

    def stderr(self) -> str:
        """What the server has written there so far, also after the end."""
        if self._stderr.exists():
            self._complaints = self._stderr.read_text(encoding="utf-8", errors="replace")
        return self._complaints

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def destroy(self) -> None:
        """End the process whatever it is doing, and give back everything."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdin, self.process.stdout):
            close_quietly(stream)
        self.stderr()
        self._folder.cleanup()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while (body := self._read_body(self.process.stdout)) is not None:
            message = json.loads(body)
            with self.changed:
                self.said.append(Said("server", message, time.monotonic()))
                self.changed.notify_all()
            self.on_message(message)
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _read_body(self, stream: IO[bytes]) -> bytes | None:
        length = 0
        self._reading.wait()
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return stream.read(length) if length else None


def close_quietly(stream: IO[bytes] | None) -> None:
    try:
        if stream is not None:
            stream.close()
    except BrokenPipeError:
        return  # what was still unsent has no reader any more
