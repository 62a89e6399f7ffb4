"""HTTP/1.1 straight over the event loop, for streams of words: httpx's own transport costs more CPU than all else of a request.

Used where no proxy stands between; what it raises and returns is httpx's, so that nothing above can tell the difference.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any

import httpx

from orchestra_lsp.tools.wire.framing import Body, Head, Malformed, head_of

PAUSE_BYTES = 1_000_000  # so much unread is enough: the other side waits
LONGEST_HEAD = 100_000
EYEBALLS_S = 0.25  # before the next address of a name is tried beside the first (RFC 8305)
#: asyncio tells several failed addresses as one error without its number.
NUMBERED = re.compile(r"\[Errno (\d+)\]")

Json = dict[str, Any]
Origin = tuple[str, str, int]  # scheme, host, port


class Transport:
    """The connections of one client; belongs to one event loop."""

    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits, headers: Mapping[str, str]) -> None:
        self._context = context
        self._headers = {"accept": "*/*", "connection": "keep-alive", **headers}
        context.set_alpn_protocols(["http/1.1"])
        self._idle: dict[Origin, list[Line]] = {}
        self._most_idle = limits.max_keepalive_connections or 0
        self._idle_s = limits.keepalive_expiry or 0.0
        self._slots = asyncio.Semaphore(limits.max_connections or 1)

    async def aclose(self) -> None:
        idle, self._idle = self._idle, {}
        for lines in idle.values():
            for line in lines:
                line.abort()
        await asyncio.sleep(0)  # the loop closes an aborted socket in its next turn

    def build_request(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None, timeout: httpx.Timeout, extensions: Json
    ) -> httpx.Request:
        """As `httpx.AsyncClient` does, without what only its cookies, redirects and proxies need."""
        more = {**extensions, "timeout": timeout.as_dict()}
        return httpx.Request(method, _parsed(url), headers={**self._headers, **headers}, content=content, extensions=more)

    async def send(self, request: httpx.Request, *, stream: bool) -> httpx.Response:
        """The answer with its body still to be read. `stream` is there to be called like `httpx.AsyncClient`."""
        assert stream
        return await self._answered(request)

    def give_back(self, line: Line, again: bool) -> None:
        """An answer has been read, or is not wanted any more. `again`: the connection can be used for another request."""
        self._slots.release()
        if not again or not line.usable or sum(map(len, self._idle.values())) >= self._most_idle:
            line.abort()
            return
        line.idle_since = time.monotonic()
        self._idle.setdefault(line.origin, []).append(line)

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        """Raises what httpx's own transport raises: ConnectError, ConnectTimeout, ReadError, the two ProtocolErrors."""
        said = _written(request)
        await self._slots.acquire()
        line: Line | None = None
        try:
            line = self._waiting(_origin(request)) or await self._connected(request)
            line.write(said)
            head = await line.head()
        except BaseException:
            if line:
                line.abort()
            self._slots.release()
            raise
        stream = Stream(self, line, Body(head, request.method))
        return httpx.Response(head.status, headers=head.headers, stream=stream, extensions={"http_version": b"HTTP/1.1"})

    def _waiting(self, origin: Origin) -> Line | None:
        """A connection that can be used again, the one used last first; those that have ended or are too old go."""
        lines, oldest = self._idle.get(origin, []), time.monotonic() - self._idle_s
        while lines:
            line = lines.pop()
            if line.usable and line.idle_since >= oldest:
                return line
            line.abort()
        return None

    async def _connected(self, request: httpx.Request) -> Line:
        loop, url, trace = asyncio.get_running_loop(), request.url, request.extensions.get("trace")
        line = Line(_origin(request))
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                if trace:
                    await trace("connection.connect_tcp.started", {})
                host, port = url.raw_host.decode("ascii"), line.origin[2]
                await loop.create_connection(lambda: line, host, port, happy_eyeballs_delay=EYEBALLS_S)
                if trace:
                    await trace("connection.connect_tcp.complete", {"return_value": line})
                if url.scheme == "https":
                    await line.encrypt(self._context, url.host)
        except TimeoutError as error:
            line.abort()
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            line.abort()
            raise httpx.ConnectError("no connection") from _numbered(error)
        except BaseException:
            line.abort()
            raise
        return line


class Line(asyncio.Protocol):
    """One connection. What has come and was not read yet is in `waiting`."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.idle_since = 0.0
        self.waiting = bytearray()
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._waker: asyncio.Future[None] | None = None

    @property
    def usable(self) -> bool:
        """Still open, with nothing said that nobody asked for."""
        return self._transport is not None and not self._ended and not self.waiting and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        assert self._transport
        self._transport.write(data)

    def rest(self) -> None:
        """Read nothing until more is asked for: the system gathers meanwhile what comes."""
        if self._transport and not self._paused and not self._ended:
            self._paused = True
            self._transport.pause_reading()

    async def more(self) -> bool:
        """Wait for more bytes; False when the other side has ended. Raises httpx.ReadError."""
        if not self._ended:
            if self._paused and self._transport:
                self._paused = False
                self._transport.resume_reading()
            self._waker = asyncio.get_running_loop().create_future()
            before = len(self.waiting)
            try:
                await self._waker
            finally:
                self._waker = None
            if len(self.waiting) > before:
                return True
        if self._error:
            raise httpx.ReadError("the connection broke") from self._error
        return False

    async def head(self) -> Head:
        """The head of the answer, after those that only say that it is coming. Raises httpx.RemoteProtocolError."""
        while True:
            end = self.waiting.find(b"\r\n\r\n")
            if end >= 0:
                said = bytes(self.waiting[:end])
                del self.waiting[: end + 4]
                try:
                    found = head_of(said)
                except Malformed as error:
                    raise httpx.RemoteProtocolError(str(error)) from None
                if found.status >= 200:
                    return found
            elif len(self.waiting) > LONGEST_HEAD or not self.waiting.startswith(b"HTTP/"[: len(self.waiting)]):
                raise httpx.RemoteProtocolError("no head of an answer")
            elif not await self.more():
                ended = "not a whole head" if self.waiting else "disconnected without an answer"
                raise httpx.RemoteProtocolError(ended)

    async def encrypt(self, context: ssl.SSLContext, name: str) -> None:
        """Raises OSError, ssl.SSLError among them."""
        assert self._transport
        transport = await asyncio.get_running_loop().start_tls(self._transport, self, context, server_hostname=name)
        if transport is None:
            raise ConnectionResetError("closed during the handshake")
        self._transport = transport

    def abort(self) -> None:
        """Close at once: a model is to stop. Calling it twice is harmless."""
        if self._transport:
            self._transport.abort()

    # --- what a watcher of the connection asks ---

    def get_extra_info(self, _name: str) -> Any:
        """The address of the other side, the one thing that is known here."""
        return self._transport.get_extra_info("peername") if self._transport else None

    async def aclose(self) -> None:
        self.abort()

    # --- what the event loop tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        if len(self.waiting) > PAUSE_BYTES:
            self.rest()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._waker and not self._waker.done():
            self._waker.set_result(None)


class Stream(httpx.AsyncByteStream):
    """The body of one answer: at each step all that has come since the last one."""

    def __init__(self, transport: Transport, line: Line, body: Body) -> None:
        self._transport = transport
        self._line: Line | None = line
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = self._body
        while self._line and not body.done:
            line = self._line
            try:
                found = body.take(line.waiting)
                if not found and not body.done and not await line.more():
                    body.ended()
            except Malformed as error:
                raise httpx.RemoteProtocolError(str(error)) from None
            if found:
                yield found

    def rest(self) -> None:
        """Nothing will be taken for a while."""
        if self._line:
            self._line.rest()

    async def aclose(self) -> None:
        if line := self._line:
            self._line = None
            self._transport.give_back(line, self._body.done and self._body.lasting)


@lru_cache(64)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def _origin(request: httpx.Request) -> Origin:
    url = request.url
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _written(request: httpx.Request) -> bytes:
    """The request as it goes over the line. Raises httpx.LocalProtocolError for what would be read as something else."""
    target = request.url.raw_path
    rows = [b"%s: %s" % pair for pair in request.headers.raw]
    if any(odd in row for row in (target, *rows) for odd in (b"\r", b"\n", b"\0")) or b" " in target:
        raise httpx.LocalProtocolError("the address or a header holds a line break")
    return b"%s %s HTTP/1.1\r\n%s\r\n\r\n%s" % (request.method.encode("ascii"), target, b"\r\n".join(rows), request.content)


def _numbered(error: OSError) -> OSError:
    """With its number, where only the text has it."""
    found = NUMBERED.search(str(error)) if error.errno is None and not isinstance(error, ssl.SSLError) else None
    return OSError(int(found[1]), "no address of the name answers") if found else error
