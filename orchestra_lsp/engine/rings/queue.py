"""Who is asked next when a tool has all the calls it can take: typing before what was asked for before the background.

No tool that we know takes several asks in one call while somebody waits (the makers' batch endpoints answer within a day), so
background asks of one kind are batched in time: they go one behind the other, and find the tool's caches warm.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from orchestra_lsp.model import Kind


class Priority(IntEnum):
    """Smaller goes first."""

    TYPING = 0
    ASKED = 1
    BACKGROUND = 2


@dataclass(slots=True, eq=False)
class Waiter:
    """One request in the line, for any of some tools."""

    priority: Priority
    kind: Kind
    tools: tuple[str, ...]
    place: int
    turn: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Queue:
    """Hands out slots; belongs to one event loop. `limit_of` says how many a tool has just now."""

    def __init__(self, limit_of: Callable[[str], int]) -> None:
        self._limit_of = limit_of
        self._in_flight: dict[str, int] = {}
        self._line: list[Waiter] = []
        self._arrived = 0
        self._batch: Kind | None = None  # background work of one kind goes out together

    def in_flight(self, tool: str) -> int:
        return self._in_flight.get(tool, 0)

    def waiting(self) -> int:
        return len(self._line)

    def take(self, tool: str, priority: Priority, kind: Kind) -> bool:
        """A slot at once, if one is free and nobody more important waits for it."""
        if self.in_flight(tool) >= self._share(tool, priority):
            return False
        if any(tool in one.tools and one.priority <= priority for one in self._line):
            return False
        self._occupy(tool, priority, kind)
        return True

    async def wait(self, tools: Sequence[str], priority: Priority, kind: Kind, deadline: float) -> str:
        """Stand in line until one of the tools has a free slot, which is then taken; empty when the deadline passes first."""
        self._arrived += 1
        waiter = Waiter(priority, kind, tuple(tools), self._arrived)
        self._line.append(waiter)
        try:
            await asyncio.wait([waiter.turn], timeout=max(0.0, deadline - time.monotonic()))
        except asyncio.CancelledError:
            if waiter.turn.done():
                self.give_back(waiter.turn.result())
            raise
        finally:
            if waiter in self._line:
                self._line.remove(waiter)
        return waiter.turn.result() if waiter.turn.done() else ""

    def give_back(self, tool: str) -> None:
        """A call has ended: the next in line for this tool gets its slot."""
        self._in_flight[tool] = max(0, self.in_flight(tool) - 1)
        for waiter in sorted(self._line, key=self._rank):
            if tool in waiter.tools and self.in_flight(tool) < self._share(tool, waiter.priority):
                self._line.remove(waiter)
                self._occupy(tool, waiter.priority, waiter.kind)
                waiter.turn.set_result(tool)

    def _occupy(self, tool: str, priority: Priority, kind: Kind) -> None:
        self._in_flight[tool] = self.in_flight(tool) + 1
        if priority is Priority.BACKGROUND:
            self._batch = kind

    def _rank(self, waiter: Waiter) -> tuple[int, bool, int]:
        other = waiter.priority is Priority.BACKGROUND and waiter.kind is not self._batch
        return (waiter.priority, other, waiter.place)

    def _share(self, tool: str, priority: Priority) -> int:
        """The background leaves one slot free, so that a key press never waits for it; where there is but one, they share."""
        limit = self._limit_of(tool)
        return max(1, limit - 1) if priority is Priority.BACKGROUND else limit
