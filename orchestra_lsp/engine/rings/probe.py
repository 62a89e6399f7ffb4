"""Asks tools that are out how they are, in the background, so that no request has to be the first to find out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from orchestra_lsp.engine.chart import Chart
from orchestra_lsp.engine.rings import breaker
from orchestra_lsp.model import Health, State

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # between two probes of a tool that stays out


class Prober:
    """At most one task, and none while all tools are well. Belongs to one event loop."""

    def __init__(self, charts: Mapping[str, Chart], check: Callable[[str], Awaitable[Health]]) -> None:
        self._charts = charts
        self._check = check
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._answered: dict[str, float] = {}  # the open time after which a tool was found well: the next request tries it
        self._again: dict[str, tuple[float, float]] = {}  # when a tool that stays out is probed next, and the pause before that

    def look(self) -> None:
        """A call has ended: begin to watch if a tool is out."""
        if not self._closed and (self._task is None or self._task.done()) and self._due() is not None:
            self._task = asyncio.ensure_future(self._watch())

    async def close(self) -> None:
        """Calling it twice is harmless."""
        self._closed = True
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _watch(self) -> None:
        while (at := self._due()) is not None:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            now = time.monotonic()
            await asyncio.gather(*(self._ask(chart) for chart in self._out() if self._at(chart, now) <= now))

    async def _ask(self, chart: Chart) -> None:
        until, pause = chart.breaker.open_until, self._again.get(chart.name, (0.0, FIRST_PAUSE_S / 2))[1]
        health = await self._check(chart.name)
        if health.state in (State.READY, State.DEGRADED):
            self._answered[chart.name] = until
            self._again.pop(chart.name, None)
        else:
            now, pause = time.monotonic(), min(LONGEST_PAUSE_S, pause * 2)
            chart.still_out(now)
            self._again[chart.name] = (now + pause, pause)

    def _due(self) -> float | None:
        """When the next probe is due, in seconds of the monotonic clock; None: nobody is to be probed."""
        now = time.monotonic()
        return min((self._at(chart, now) for chart in self._out()), default=None)

    def _out(self) -> list[Chart]:
        return [
            chart
            for name, chart in self._charts.items()
            if chart.breaker.open_until > 0 and self._answered.get(name) != chart.breaker.open_until
        ]

    def _at(self, chart: Chart, now: float) -> float:
        """Not before its open time is over, so that a tool that asked to be left alone is."""
        until = chart.breaker.open_until if breaker.is_open(chart.breaker, now) else now
        return max(until, self._again.get(chart.name, (0.0, 0.0))[0])
