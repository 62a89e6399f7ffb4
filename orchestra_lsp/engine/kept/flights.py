"""Requests under way: the same one is run once for all who ask it, and one that was asked a few keys ago may still fit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orchestra_lsp.engine.kept.keys import fingerprint, surroundings
from orchestra_lsp.model import Ask, Kind, Suggestion

#: Most bytes typed since an ask that is still worth waiting for, and how long.
TYPED_SINCE = 24
WAIT_S = 0.2

Task = asyncio.Future[Suggestion | None]


@dataclass(slots=True, eq=False)
class _Flight:
    """`earlier`: the flight it hopes for, and keeps alive, instead of calling a tool itself; None when it does call."""

    key: bytes
    ask: Ask
    where: bytes
    task: Task
    waiting: int = 0
    earlier: _Flight | None = None
    held: bool = False  # it has not called anybody yet, and need not when somebody types on


class Flights:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._flights: dict[bytes, _Flight] = {}

    async def share(self, ask: Ask, work: Callable[[], Awaitable[Suggestion | None]], joined: Callable[[], None]) -> Suggestion | None:
        """Run `work` once for all who ask the same now; it is cancelled when the last of them has gone. `joined` tells of a second.

        A request of a few keys ago that still fits is kept alive from the first moment on, because the one who asked it is about to
        give it up for this one.
        """
        key = fingerprint(ask)
        flight = self._flights.get(key)
        if flight is None:
            earlier = self._along(ask)
            flight = self._flights[key] = _Flight(key, ask, surroundings(ask), asyncio.ensure_future(work()), earlier=earlier)
            if earlier:
                earlier.waiting += 1
            begun = flight
            flight.task.add_done_callback(lambda _: self._landed(begun))
        else:
            joined()
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            self._leave(flight)

    async def earlier(self, ask: Ask) -> bool:
        """Within the work of `ask`: wait at most WAIT_S for the request that it hopes for; whether that one ended."""
        flight = self._flights.get(fingerprint(ask))
        if flight is None or flight.earlier is None:
            return False
        try:
            # What it ended with is in the cache; its faults belong to those who asked it.
            ended, _ = await asyncio.wait({flight.earlier.task}, timeout=WAIT_S)
            return bool(ended)
        finally:
            self._let_go(flight)

    @contextmanager
    def held(self, ask: Ask) -> Iterator[None]:
        """Within the work of `ask`: while this lasts nobody hopes for it, because it has not called a tool yet."""
        flight = self._flights.get(fingerprint(ask))
        if flight:
            flight.held = True
        try:
            yield
        finally:
            if flight:
                flight.held = False

    def _along(self, ask: Ask) -> _Flight | None:
        """The newest request under way that asks a tool and whose answer may go on behind what was typed since."""
        if ask.kind is not Kind.COMPLETE or not self._flights:
            return None
        here, where, data = ask.span.start, surroundings(ask), ask.buffer.data
        for flight in reversed(self._flights.values()):
            was = flight.ask.span.start
            near = flight.where == where and 0 < here - was <= TYPED_SINCE
            if near and flight.earlier is None and not flight.held and flight.ask.buffer.data[:was] == data[:was]:
                return flight
        return None

    def _leave(self, flight: _Flight) -> None:
        flight.waiting -= 1
        if not flight.waiting and not flight.task.done():
            self._landed(flight)
            flight.task.cancel()

    def _let_go(self, flight: _Flight) -> None:
        if earlier := flight.earlier:
            flight.earlier = None
            self._leave(earlier)

    def _landed(self, flight: _Flight) -> None:
        self._let_go(flight)
        # A newer flight may have taken the key after this one was abandoned.
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
