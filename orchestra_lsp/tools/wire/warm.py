"""One agent that is kept running between requests, because starting it takes seconds; it ends when nobody has used it for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.acp import Connection

log = logging.getLogger("orchestra")

#: An agent takes 100 to 300 MB, so an unused one is not kept for long.
IDLE_SECONDS = 300.0


class Warm:
    """Starts the agent when it is first needed and again when it has gone. It belongs to one event loop."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], tool: str, idle: float = IDLE_SECONDS) -> None:
        """`connect` starts the agent and greets it, within its own time limit."""
        self._connect = connect
        self._tool = tool
        self._idle = idle
        self._connection: Connection | None = None
        self._starting: asyncio.Task[Connection] | None = None
        self._older: list[Connection] = []  # still busy with requests that were there before they were replaced
        self._users = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def use(self, until: float) -> AsyncIterator[Connection]:
        """The agent, ready to be asked; several may use it at a time. Raises ToolError."""
        self._users += 1
        self._keep()
        try:
            yield await self._ready(until)
        finally:
            self._users -= 1
            if not self._users:
                self._timer = asyncio.get_running_loop().call_later(self._idle, self._let_go)

    async def close(self) -> None:
        """End it; twice is harmless."""
        self._keep()
        if self._starting:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        self._let_go()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _ready(self, until: float) -> Connection:
        if self._connection and self._connection.usable:
            return self._connection
        begun = time.monotonic()
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
        try:
            async with asyncio.timeout(max(0.0, until - begun)):
                # Who cannot wait leaves it starting: the next request will find it ready.
                return await asyncio.shield(self._starting)
        except TimeoutError:
            raise trouble.slow(self._tool, "the agent", "start", until - begun) from None

    async def _start(self) -> Connection:
        if self._connection:
            self._older = [one for one in (*self._older, self._connection) if one.peer.error is None]
            self._connection = None
        self._connection = await self._connect()
        return self._connection

    def _started(self, task: asyncio.Task[Connection]) -> None:
        self._starting = None
        if not task.cancelled() and (error := task.exception()):
            log.log(logging.DEBUG if isinstance(error, ToolError) else logging.ERROR, "%s: did not start: %s", self._tool, error)
        if not self._users:
            self._keep()
            self._timer = asyncio.get_running_loop().call_later(self._idle, self._let_go)

    def _keep(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _let_go(self) -> None:
        """End every agent, in the background."""
        self._timer = None
        going = [*self._older, *([self._connection] if self._connection else [])]
        self._older, self._connection = [], None
        for one in going:
            task = asyncio.create_task(one.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
