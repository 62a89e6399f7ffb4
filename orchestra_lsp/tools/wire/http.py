"""One call over HTTP: a pooled connection, one deadline, a cap on size, and every fault as a ToolError."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import client, faults
from orchestra_lsp.tools.wire.limit import Limit

if TYPE_CHECKING:
    import httpx

    from orchestra_lsp.tools.wire.endpoint import Endpoint

CONNECT_SECONDS = 3.0
#: A stream spends some 300 bytes on a token; this is beyond any answer a person asked for.
MAX_BYTES = 8_000_000
#: Idle connections that turn out to be closed by the other side are replaced this often.
STALE_TRIES = 3
#: Who waited so long for a piece has taken all that had come before.
WAITED_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Without a body it is a GET. `deadline` is in seconds of `time.monotonic()`."""

    endpoint: Endpoint
    path: str
    deadline: float
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    @property
    def allowed(self) -> float:
        """Seconds it had from the start."""
        return self.deadline - self.begun


class Reply:
    """An answer whose head has come and whose body is read piece by piece."""

    def __init__(self, call: Call, response: httpx.Response, limit: Limit) -> None:
        self.call = call
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.patience: float | None = None  # longest wait for the next piece in seconds; None: the deadline alone
        self.waited = 0.0  # seconds until the last piece came
        # Nothing to decode is the rule, as no other encoding is asked for; then httpx's decoding layers cost more than our own.
        encoded = "content-encoding" in response.headers
        self._rest: Callable[[], None] | None = getattr(response.stream, "rest", None)
        self._pieces = response.aiter_bytes() if encoded else aiter(response.stream)  # type: ignore[arg-type]
        self._limit = limit
        self._size = 0

    async def chunk(self) -> bytes:
        """The next piece of the body, empty at its end. Raises ToolError."""
        call = self.call
        asked = time.monotonic()
        until = call.deadline if self.patience is None else min(call.deadline, asked + self.patience)
        try:
            chunk = await self._limit.wait(anext(self._pieces), until)
        except StopAsyncIteration:
            return b""
        except TimeoutError:
            raise faults.timed_out(call.endpoint, call.allowed, begun=call.left > 0) from None
        except faults.transport_errors() as error:
            raise faults.broken_off(call.endpoint, error) from None
        self.waited = time.monotonic() - asked
        self._size += len(chunk)
        if self._size > MAX_BYTES:
            raise faults.too_long(call.endpoint, MAX_BYTES)
        return chunk

    @property
    def drained(self) -> bool:
        """Whether all that has come was taken. httpx gives it part by part, so there only a wait for the last one tells."""
        return self._rest is not None or self.waited > WAITED_SECONDS

    async def rest(self, seconds: float) -> None:
        """Wait while more comes; where the connection is ours, without a turn of the loop for each word."""
        if self._rest:
            self._rest()
        await asyncio.sleep(seconds)

    async def read(self, limit: int = MAX_BYTES) -> bytes:
        """The whole body, or its first `limit` bytes. Raises ToolError."""
        found = bytearray()
        while len(found) < limit and (chunk := await self.chunk()):
            found += chunk
        return bytes(found[:limit])


class Http:
    """The connections of one process; it belongs to one event loop. Nothing is imported or opened before the first call."""

    def __init__(self) -> None:
        self._clients: dict[tuple[bool, bool], client.Pool] = {}
        self._making = asyncio.Lock()

    async def warm(self, endpoint: Endpoint) -> None:
        """Get ready to call `endpoint` without calling it. Raises ToolError."""
        await self._client(endpoint)

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[Reply]:
        """Send a request; leaving the block early closes the socket, which is how a model is told to stop. Raises ToolError."""
        limit = Limit()
        try:
            response = await self._send(call, limit)
            try:
                yield Reply(call, response, limit)
            finally:
                await response.aclose()
        finally:
            limit.close()

    async def close(self) -> None:
        """Close all connections; calling it twice is harmless, and a later call opens new ones."""
        clients, self._clients = self._clients, {}
        for one in clients.values():
            await one.aclose()

    async def _send(self, call: Call, limit: Limit) -> httpx.Response:
        endpoint = call.endpoint
        if call.left <= 0:
            raise faults.timed_out(endpoint, max(0.0, call.allowed))
        try:
            pool = await limit.wait(self._client(endpoint), call.deadline)
            return await limit.wait(_fresh(pool, call), call.deadline)
        except TimeoutError:
            raise faults.timed_out(endpoint, call.allowed) from None
        except faults.transport_errors() as error:
            raise faults.unreachable(endpoint, error) from None

    async def _client(self, endpoint: Endpoint) -> client.Pool:
        route = (endpoint.direct, endpoint.secure)
        if known := self._clients.get(route):
            return known
        async with self._making:
            if route not in self._clients:
                try:
                    self._clients[route] = await asyncio.to_thread(client.make, *route)
                except client.Unusable as error:
                    raise ToolError(endpoint.tool, str(error), "correct it and restart the editor", retryable=False) from None
            return self._clients[route]


async def _fresh(pool: client.Pool, call: Call) -> httpx.Response:
    """Send, and once more if an idle connection of the pool had been closed by the other side before it could answer."""
    import httpx

    for attempt in range(STALE_TRIES):
        watch = _Watch(call.endpoint)
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        request = pool.build_request(
            "POST" if call.body is not None else "GET",
            call.endpoint.at(call.path),
            headers=dict(call.headers),
            content=call.body,
            timeout=timeout,
            extensions={"trace": watch},
        )
        try:
            return await pool.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if watch.connected or attempt == STALE_TRIES - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


class _Watch:
    """Follows one request: whether it opened a connection of its own, and that plain text cannot leave this machine.

    The proof of a loopback address is read off its name. Should the system resolve that name to another machine, the new
    connection is closed before anything was sent.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.connected = False
        self._endpoint = endpoint

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True
        elif event == "connection.connect_tcp.complete" and self._endpoint.direct:
            stream = info["return_value"]
            if not ip_address(stream.get_extra_info("server_addr")[0].partition("%")[0]).is_loopback:
                await stream.aclose()
                raise faults.elsewhere(self._endpoint)
