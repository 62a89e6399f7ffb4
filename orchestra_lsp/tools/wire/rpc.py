"""JSON-RPC 2.0 with a program, one message on each line of its standard input and output."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.answer import json_object
from orchestra_lsp.tools.wire.ndjson import Parser
from orchestra_lsp.tools.wire.process import GRACE_SECONDS, MAX_LINE_BYTES, Process
from orchestra_lsp.tools.wire.sse import TooLong

log = logging.getLogger("orchestra")

Json = dict[str, Any]

METHOD_NOT_FOUND = -32601
#: Programs print a greeting or a warning where they should not; more than this is another protocol.
MOST_STRAY_LINES = 200


class RpcError(Exception):
    """The other side answered a request with an error. `message` and `data` are its own words."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Handler(Protocol):
    """What we do with what the other side asks of us and tells us. Neither may raise anything but RpcError."""

    def asked(self, method: str, params: Json) -> Json:
        """The result of a request. Raises RpcError."""
        ...

    def heard(self, method: str, params: Json) -> None:
        """A notification."""
        ...


class Peer:
    """One running program. `ended` is called once, when it has gone away or was given up; `error` then says why."""

    def __init__(self, process: Process, handler: Handler, ended: Callable[[ToolError], None]) -> None:
        self.process = process
        self.error: ToolError | None = None
        self._handler = handler
        self._ended = ended
        self._open: dict[int, asyncio.Future[Json]] = {}
        self._last = 0
        self._stray = 0
        self._reading = asyncio.create_task(self._read())

    def call(self, method: str, params: Mapping[str, Any]) -> asyncio.Future[Json]:
        """Send a request; what comes of it is its result, an RpcError or a ToolError. Raises ToolError when it cannot be sent."""
        if self.error:
            raise self.error
        self._last += 1
        found: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._open[self._last] = found
        number = self._last
        found.add_done_callback(lambda _: self._open.pop(number, None))
        self._send({"id": number, "method": method, "params": params})
        return found

    async def request(self, method: str, params: Mapping[str, Any], until: float) -> Json:
        """The result of a request that has to come before `until` (`time.monotonic()`). Raises RpcError, ToolError."""
        begun = time.monotonic()
        found = self.call(method, params)
        number = self._last
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - begun):
                return await found
        except TimeoutError:
            self.notify("$/cancel_request", {"requestId": number})
            what, doing = self.process.launch.what, f"answer {method}"
            raise trouble.slow(self.process.launch.tool, what, doing, until - begun) from None

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell it something, if it is still there."""
        if not self.error:
            self._send({"method": method, "params": params})

    async def close(self, grace: float = GRACE_SECONDS) -> None:
        """End the program and everything that waits for it."""
        self._give_up(trouble.stopped(self.process.launch.tool, self.process.launch.what))
        await self.process.end(grace)
        self._reading.cancel()
        await asyncio.wait([self._reading])

    def _send(self, message: Mapping[str, Any]) -> None:
        # Escaped as ASCII, so that half a surrogate pair in a buffer cannot make the line unreadable.
        self.process.write(json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode() + b"\n")

    async def _read(self) -> None:
        launch = self.process.launch
        parser = Parser(MAX_LINE_BYTES)
        try:
            while chunk := await self.process.read():
                for line in parser.feed(chunk):
                    self._take(line.data)
            await asyncio.wait([asyncio.create_task(self.process.wait())], timeout=GRACE_SECONDS)
            error = trouble.ended(launch.tool, launch.what, self.process.code, self.process.complaint())
        except TooLong:
            error = trouble.too_much(launch.tool, launch.what, MAX_LINE_BYTES)
        except ToolError as told:
            error = told
        self._give_up(error)
        await self.process.end()

    def _give_up(self, error: ToolError) -> None:
        if self.error:
            return
        self.error = error
        for waiting in list(self._open.values()):
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # marked as seen: not everybody who asked still waits
        self._ended(error)

    def _take(self, line: str) -> None:
        try:
            message = json_object(line)
        except ValueError:
            self._strayed()
            return
        method, number = message.get("method"), message.get("id")
        params = message.get("params")
        if isinstance(method, str):
            self._asked(method, params if isinstance(params, dict) else {}, message)
        elif isinstance(number, int) and (waiting := self._open.get(number)) and not waiting.done():
            _settle(waiting, message)
        else:
            log.debug("%s: an answer that nobody waits for", self.process.launch.tool)

    def _asked(self, method: str, params: Json, message: Json) -> None:
        if "id" not in message:
            self._handler.heard(method, params)
            return
        try:
            outcome: Json = {"result": self._handler.asked(method, params)}
        except RpcError as error:
            outcome = {"error": {"code": error.code, "message": error.message}}
        self._send({"id": message["id"], **outcome})

    def _strayed(self) -> None:
        """What it printed is not repeated: it can be anything."""
        self._stray += 1
        log.debug("%s: a line that is no message", self.process.launch.tool)
        if self._stray > MOST_STRAY_LINES:
            launch = self.process.launch
            raise trouble.foreign(launch.tool, launch.what, "it does not send messages of JSON-RPC")


def _settle(waiting: asyncio.Future[Json], message: Json) -> None:
    error, result = message.get("error"), message.get("result")
    if error is None:
        waiting.set_result(result if isinstance(result, dict) else {})
        return
    told = error if isinstance(error, dict) else {}
    code, said = told.get("code"), told.get("message")
    waiting.set_exception(RpcError(code if isinstance(code, int) else 0, said if isinstance(said, str) else "", told.get("data")))
