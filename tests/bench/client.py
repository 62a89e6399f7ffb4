"""A raw client for measuring language servers: a thread reads and stamps each message the moment it has arrived."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any

import psutil

Json = dict[str, Any]

CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True},
        "completion": {"completionItem": {"snippetSupport": False}},
        "inlineCompletion": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}},
    },
}


class Client:
    """One server process. `request` and `wait_for` are bounded in time and raise TimeoutError."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"ORCHESTRA_CONFIG": str(folder / "none.toml"), "ORCHESTRA_STORE": str(folder / "store.sqlite3")}
        self.folder = folder
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=environment
        )
        self._arrived: Queue[tuple[float, Json]] = Queue()
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.request("shutdown", None, 5)
            self.notify("exit", None)
            self.process.wait(5)
        except (TimeoutError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(5)

    def initialize(self, capabilities: Json = CAPABILITIES) -> float:
        """Seconds from the start of the process to the answer."""
        uri = self.folder.as_uri()
        params = {
            "processId": os.getpid(),
            "rootUri": uri,
            "workspaceFolders": [{"uri": uri, "name": "bench"}],
            "capabilities": capabilities,
        }
        at, _ = self._request("initialize", params, 20)
        self.notify("initialized", {})
        return at - self.started

    def open(self, path: Path, language: str = "python") -> None:
        text = path.read_text(encoding="utf-8")
        self.notify("textDocument/didOpen", {"textDocument": {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}})

    def change(self, path: Path, version: int, start: tuple[int, int], end: tuple[int, int], text: str) -> float:
        """Send one edit; gives the moment it was sent."""
        bounds = {"start": {"line": start[0], "character": start[1]}, "end": {"line": end[0], "character": end[1]}}
        document = {"uri": path.as_uri(), "version": version}
        sent = time.perf_counter()
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": bounds, "text": text}]})
        return sent

    def request(self, method: str, params: Any, timeout: float = 20) -> tuple[float, Any]:
        """Seconds it took, and the result."""
        sent = time.perf_counter()
        at, message = self._request(method, params, timeout)
        return at - sent, message.get("result")

    def wait_for(self, wanted: Callable[[Json], bool], timeout: float = 20) -> float:
        """The moment the first message arrived that `wanted` accepts; requests of the server are answered on the way."""
        until = time.perf_counter() + timeout
        while True:
            at, message = self._take(until)
            if wanted(message):
                return at

    def rss_mb(self) -> float:
        """Resident memory of the server and its children."""
        process = psutil.Process(self.process.pid)
        return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 1e6

    def cpu_s(self) -> float:
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params}))

    def _request(self, method: str, params: Any, timeout: float) -> tuple[float, Json]:
        self._next += 1
        number = self._next
        self._send({"jsonrpc": "2.0", "id": number, "method": method} | ({} if params is None else {"params": params}))
        until = time.perf_counter() + timeout
        while True:
            at, message = self._take(until)
            if message.get("id") == number and "method" not in message:
                return at, message

    def _take(self, until: float) -> tuple[float, Json]:
        while True:
            try:
                at, message = self._arrived.get(timeout=max(0.001, until - time.perf_counter()))
            except Empty:
                raise TimeoutError("the server did not answer") from None
            if "method" not in message or "id" not in message:
                return at, message
            items = (message.get("params") or {}).get("items")
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": [None] * len(items) if items else None})

    def _send(self, message: Json) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while header := stream.readline():
            length = 0
            while header.strip():
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
                header = stream.readline()
            body = stream.read(length)
            at = time.perf_counter()
            self._arrived.put((at, json.loads(body)))
