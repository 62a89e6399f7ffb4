"""A small editor of our own: starts the server and speaks JSON-RPC with it over its standard input and output.

It shares no code with the server, so that what works here works in an editor too. Every wait is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from orchestra_lsp import __version__

SERVER: Final = (sys.executable, "-m", "orchestra_lsp.server.door")
ANSWER_S: Final = 10.0  # for one answer
START_S: Final = 20.0  # for the first one: a cold disk may have to be read
END_S: Final = 2.0
LINE_BYTES: Final = 1 << 20  # longest line of standard error
STDERR_LINES: Final = 40  # kept to be shown should the server die

Json = dict[str, Any]

#: What a usual editor of today can do.
CAPABILITIES: Final[Json] = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"workspaceFolders": True, "configuration": False, "applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True, "codeDescriptionSupport": True, "dataSupport": True, "relatedInformation": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeLens": {},
        "inlineCompletion": {},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
            "isPreferredSupport": True,
            "disabledSupport": True,
        },
    },
}


class ServerFailed(Exception):
    """The server died, did not answer in time, or answered with an error: what happened, with what it wrote to standard error."""


class Editor:
    """One conversation. Use as `async with Editor(roots) as editor`."""

    def __init__(self, roots: Sequence[str], server: Sequence[str] = SERVER) -> None:
        self.diagnostics: dict[str, tuple[int | None, list[Json]]] = {}
        self.notified: list[Json] = []
        self._roots = roots
        self._command = server
        self._next = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Condition()
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._tasks: list[asyncio.Task[None]] = []
        self._died = ""

    async def __aenter__(self) -> Editor:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE_BYTES)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._read_stderr())]
        try:
            folders = [{"uri": Path(root).as_uri(), "name": os.path.basename(root)} for root in self._roots]
            about = {"name": "orchestra try", "version": __version__}
            params = {"processId": os.getpid(), "clientInfo": about, "capabilities": CAPABILITIES, "workspaceFolders": folders}
            params["rootUri"] = folders[0]["uri"] if folders else None
            self.server = await self.request("initialize", params, START_S)
            self.notify("initialized", {})
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if kind is None:
            with contextlib.suppress(ServerFailed):  # it is told to end either way
                await self.request("shutdown", None, END_S)
        await self._end()

    async def request(self, method: str, params: object, timeout_s: float = ANSWER_S) -> Any:
        """The result. Raises ServerFailed."""
        self._next += 1
        number = self._next
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            return await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            raise self._failed(f"{method} was not answered within {timeout_s:.0f} s") from None
        finally:
            self._waiting.pop(number, None)

    def notify(self, method: str, params: Json) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def wait_for_diagnostics(self, uri: str, version: int, timeout_s: float = START_S) -> list[Json]:
        """Those of this version or a later one. Raises ServerFailed when they do not come."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: self._died or self._fresh(uri, version)), timeout_s)
            except TimeoutError:
                raise self._failed(f"no diagnostics came within {timeout_s:.0f} s") from None
        if self._died:
            raise self._failed(self._died)
        return self.diagnostics[uri][1]

    def _fresh(self, uri: str, version: int) -> bool:
        known = self.diagnostics.get(uri)
        return known is not None and (known[0] is None or known[0] >= version)

    # --- the wire ---

    def _send(self, message: Json) -> None:
        if self._died:
            raise self._failed(self._died)
        body = json.dumps(message).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _read(self) -> None:
        assert self._process.stdout
        problem = ""
        try:
            while message := await _message(self._process.stdout):
                await self._take(message)
        except (asyncio.IncompleteReadError, ValueError, ConnectionError) as error:
            problem = f" ({error})"
        await self._lose(f"the server ended in the middle of the conversation{problem}")

    async def _take(self, message: Json) -> None:
        if "method" not in message:
            self._settle(message)
        elif "id" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": _reply(message)})
        else:
            async with self._changed:
                if message["method"] == "textDocument/publishDiagnostics":
                    params = message["params"]
                    self.diagnostics[params["uri"]] = params.get("version"), params["diagnostics"]
                self.notified.append(message)
                self._changed.notify_all()

    def _settle(self, message: Json) -> None:
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return  # it was given up before
        if error := message.get("error"):
            answer.set_exception(ServerFailed(f"{error['message']} ({error['code']})"))
        else:
            answer.set_result(message.get("result"))

    async def _read_stderr(self) -> None:
        assert self._process.stderr
        while line := await self._process.stderr.readline():
            self._stderr.append(line.decode("utf-8", "replace").rstrip())

    async def _lose(self, why: str) -> None:
        async with self._changed:
            self._died = why
            self._changed.notify_all()
        with contextlib.suppress(TimeoutError):  # its last words, if there are any more
            await asyncio.wait_for(asyncio.shield(self._tasks[1]), 1.0)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._failed(why))

    def _failed(self, why: str) -> ServerFailed:
        return ServerFailed("\n".join([why, *(f"  | {line}" for line in self._stderr)]))

    async def _end(self) -> None:
        """Exit, and if that does not help, an end by force."""
        if self._process.returncode is None and not self._died:
            self.notify("exit", {})
        if self._process.stdin:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _message(stream: asyncio.StreamReader) -> Json | None:
    """The next one; None at the end of the stream. Raises ValueError for what is none."""
    length = None
    while (line := await stream.readline()) not in (b"\r\n", b"\n"):
        if not line:
            return None
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length is None:
        raise ValueError("a message came without its length")
    message = json.loads(await stream.readexactly(length))
    if isinstance(message, dict):
        return message
    raise ValueError("a message was not an object")


def _reply(request: Json) -> object:
    """What an editor answers to the server's own requests."""
    match request["method"]:
        case "workspace/configuration":
            return [None for _ in request["params"]["items"]]
        case "workspace/applyEdit":
            return {"applied": False, "failureReason": "orchestra try changes nothing"}
    return None
