"""A server that says exactly what a test wants, byte for byte, over a real socket: for faults that no well-meant server has."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Canned:
    """A running server and what it has seen."""

    url: str
    heads: list[str] = field(default_factory=list)  # request line and headers, in lower case but for the request line
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    async def all_closed(self, seconds: float = 2.0) -> bool:
        """Whether the clients let go of all connections within that time."""
        for _ in range(int(seconds / 0.01)):
            if not self.open:
                return True
            await asyncio.sleep(0.01)
        return False


def answer(body: bytes, status: str = "200 OK", media: str = "application/json", **headers: str) -> bytes:
    """A whole answer; `retry_after="3"` becomes a header of that name."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {media}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def stream(*events: Mapping[str, Any] | str) -> bytes:
    """A whole answer of server-sent events; a string stands for its data as it is."""
    data = "".join(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events)
    return answer(data.encode(), media="text/event-stream")


@asynccontextmanager
async def canned(*answers: bytes | Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Canned]:
    """Serve `answers` in turn, the last one for ever. A script is given the connection after the request was read."""
    left = list(answers)
    seen = Canned("")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        seen.open += 1
        try:
            while await _request(reader, seen):
                now = left.pop(0) if len(left) > 1 else left[0]
                if isinstance(now, bytes):
                    writer.write(now)
                    await writer.drain()
                else:
                    await now(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client hung up, which is what some tests are about
        finally:
            seen.open -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    seen.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield seen
    finally:
        server.close()


async def _request(reader: asyncio.StreamReader, seen: Canned) -> bool:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return False
    first, _, rest = head.partition("\r\n")
    seen.heads.append(f"{first}\r\n{rest.lower()}")
    length = next((int(line.split(":")[1]) for line in rest.lower().split("\r\n") if line.startswith("content-length:")), 0)
    seen.bodies.append(await reader.readexactly(length))
    return True
