"""A language server as our child: JSON-RPC with a Content-Length before each message, over its standard input and output."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.process import Launch, Process, start

log = logging.getLogger("orchestra")

#: Longest message that is taken, and longest block of headers before one.
MAX_MESSAGE_BYTES = 32_000_000
MAX_HEADER_BYTES = 4096
#: How long it may take to answer `shutdown`, and to end by itself after `exit`.
SHUTDOWN_SECONDS = 1.5
EXIT_SECONDS = 1.0
METHOD_NOT_FOUND, CANCELLED = -32601, -32800

Json = dict[str, Any]


class Garbage(ValueError):
    """What came is no message; says why."""


class Unanswerable(Exception):
    """We do not know the method that the server asks for."""


@dataclass(eq=False)
class Refused(ToolError):
    """The server answered a request with an error; `code` and `said` are its own."""

    code: int = 0
    said: str = ""


class Parser:
    """Messages from bytes that may be cut anywhere."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._length: int | None = None

    def feed(self, chunk: bytes) -> Iterator[Json]:
        """The messages that are complete by now. Raises Garbage; nothing can be read after that."""
        self._waiting += chunk
        while True:
            if self._length is None and not self._header():
                return
            length = self._length or 0
            if len(self._waiting) < length:
                return
            body = bytes(self._waiting[:length])
            del self._waiting[:length]
            self._length = None
            yield _message(body)

    def _header(self) -> bool:
        """Whether the length of the next message is known now."""
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            if len(self._waiting) > MAX_HEADER_BYTES:
                raise Garbage("it writes something else than messages")
            return False
        lines = bytes(self._waiting[:end]).decode("ascii", "replace").split("\r\n")
        del self._waiting[: end + 4]
        value = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("content-length:")), "")
        if not value.isascii() or not value.isdigit() or int(value) > MAX_MESSAGE_BYTES:
            raise Garbage("a message has no length, or one that is too large")
        self._length = int(value)
        return True


class LspChild:
    """One run of the server. `answer(method, params)` serves its requests (or raises Unanswerable), `hear` takes its notifications."""

    def __init__(self, process: Process, answer: Callable[[str, Any], Any], hear: Callable[[str, Any], None]) -> None:
        self.process = process
        self._answer = answer
        self._hear = hear
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._broken: ToolError | None = None
        self._reading = asyncio.ensure_future(self._read())
        self._watching = asyncio.ensure_future(self._watch())

    @property
    def broken(self) -> ToolError | None:
        """Why it can no longer be asked; None while it can."""
        return self._broken

    async def request(self, method: str, params: Json | None) -> Any:
        """The result. Cancelling it cancels it at the server. Raises ToolError, Refused among them."""
        if self._broken:
            raise self._broken
        number = next(self._numbers)
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._send({"id": number, "method": method, "params": params})
            return await answered
        except asyncio.CancelledError:
            if not self._broken:
                self._send({"method": "$/cancelRequest", "params": {"id": number}})
            raise
        finally:
            self._waiting.pop(number, None)

    def notify(self, method: str, params: Json | None) -> None:
        """Raises ToolError when it does not read."""
        if self._broken:
            raise self._broken
        self._send({"method": method, "params": params})

    async def close(self, in_order: bool = True) -> None:
        """Ask it to end, unless it is not to be waited for, and end it; calling it twice is harmless."""
        launch = self.process.launch
        try:
            if in_order and not self._broken:
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await self.request("shutdown", None)
                self.notify("exit", None)
        except (ToolError, TimeoutError) as error:
            log.debug("%s did not shut down in order: %s", launch.tool, error)
            in_order = False
        self._break(trouble.stopped(launch.tool, launch.what))
        await self.process.end(EXIT_SECONDS if in_order else 0.0)
        for task in (self._reading, self._watching):
            task.cancel()
        await asyncio.gather(self._reading, self._watching, return_exceptions=True)

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode("utf-8", "replace")
        self.process.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _read(self) -> None:
        """Until it ends or says something that is no message; then everybody who waits is told."""
        launch, parser = self.process.launch, Parser()
        try:
            while chunk := await self.process.read():
                for message in parser.feed(chunk):
                    self._take(message)
        except Garbage as error:
            self._break(trouble.foreign(launch.tool, launch.what, str(error)))
        except ToolError as error:  # it does not read our answers
            self._break(error)
        else:
            await self.process.end(EXIT_SECONDS)
            self._break(trouble.ended(launch.tool, launch.what, self.process.code, self.process.complaint()))
        await self.process.end()

    async def _watch(self) -> None:
        """What is started by a script can outlive it and keep its pipes open."""
        await self.process.wait()
        await self.process.end()

    def _break(self, error: ToolError) -> None:
        self._broken = self._broken or error
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._broken)

    def _take(self, message: Json) -> None:
        method, number = message.get("method"), message.get("id")
        if not isinstance(method, str):
            self._answered(number, message)
        elif number is None:
            self._hear(method, message.get("params"))
        else:
            self._serve(method, number, message.get("params"))

    def _serve(self, method: str, number: object, params: Any) -> None:
        try:
            self._send({"id": number, "result": self._answer(method, params)})
        except Unanswerable:
            self._send({"id": number, "error": {"code": METHOD_NOT_FOUND, "message": f"{method} is not supported"}})

    def _answered(self, number: object, message: Json) -> None:
        waiting = self._waiting.get(number) if isinstance(number, int) else None
        if waiting is None or waiting.done():
            return  # cancelled meanwhile
        if isinstance(error := message.get("error"), dict):
            waiting.set_exception(self._refused(error))
        else:
            waiting.set_result(message.get("result"))

    def _refused(self, error: Json) -> Refused:
        code = error["code"] if isinstance(error.get("code"), int) else 0
        launch = self.process.launch
        said = trouble.masked(str(error.get("message") or ""), launch.secrets)
        return Refused(launch.tool, f"{launch.what} answered with error {code}", "try again; if it stays, update it", code=code, said=said)


async def open_child(launch: Launch, answer: Callable[[str, Any], Any], hear: Callable[[str, Any], None]) -> LspChild:
    """Start the server; the conversation is the caller's. Raises ToolError."""
    return LspChild(await start(launch), answer, hear)


def _message(body: bytes) -> Json:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Garbage("a message is not JSON") from None
    if not isinstance(found, dict):
        raise Garbage("a message is not an object")
    return found
