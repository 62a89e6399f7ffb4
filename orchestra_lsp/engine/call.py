"""Ask the chosen tools under one deadline and keep watch over them: who is out, who is slow, who has calls under way."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random

from orchestra_lsp.engine.outgoing import Attempt, Called, Outgoing, Terms, Tools
from orchestra_lsp.engine.race import LATE_S, Errand, Office, Race, pace_of
from orchestra_lsp.engine.rings import breaker
from orchestra_lsp.engine.rings.probe import Prober
from orchestra_lsp.engine.rings.queue import Priority
from orchestra_lsp.engine.rings.trend import WARN
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.model import Candidate, Health, Kind, State
from orchestra_lsp.tools.contract import SignedOut

__all__ = ["LATE_S", "Attempt", "Called", "Caller", "Outgoing", "Priority", "Terms", "Tools"]

Check = Callable[[str], Awaitable[Health]]


class Caller:
    """All calls of one process to tools outside of it. Belongs to one event loop."""

    def __init__(self, check: Check | None = None, random: Random | None = None) -> None:
        """`check`: asks a tool by its name how it is; while a tool is out, it is asked now and then."""
        self._office = Office(random or Random())
        self._prober = Prober(self._office.charts, check) if check else None

    async def run(
        self, order: Sequence[Candidate], tools: Tools, outgoing: Outgoing, deadline: float, terms: Terms | None = None
    ) -> Called:
        """The first whole answer, from the tools of `order`; None in it when no tool gave one before `deadline`.

        `deadline` is in seconds of `time.monotonic()`. Never raises for what a tool did.
        """
        names = tuple(one.tool for one in order)
        called = await Race(Errand(names, tools, outgoing, deadline, terms or Terms()), self._office).run()
        if self._prober:
            self._prober.look()
        return called

    def vitals(self, kind: Kind = Kind.COMPLETE) -> Mapping[str, Vitals]:
        """Every tool that was ever called, by name; the times are those of requests like `kind`."""
        now, pace = time.monotonic(), pace_of(kind)
        return {name: chart.vitals(pace, now) for name, chart in self._office.charts.items()}

    def waiting(self) -> int:
        """Requests that stand in line because every tool they may use is busy."""
        return self._office.queue.waiting()

    def heard_at(self, tool: str) -> float:
        """When its last call ended, in seconds of `time.monotonic()`; 0 before the first."""
        chart = self._office.charts.get(tool)
        return chart.heard_at if chart else 0.0

    def health(self, tool: str) -> Health | None:
        """How a tool is by its calls; None before the first."""
        chart = self._office.charts.get(tool)
        if chart is None:
            return None
        now, error = time.monotonic(), chart.error
        if isinstance(error, SignedOut):
            return Health(State.SIGNED_OUT, error.problem, error.remedy)
        if breaker.is_open(chart.breaker, now):
            return Health(State.DOWN, error.problem if error else "failed", error.remedy if error else "")
        if breaker.half_open(chart.breaker, now):
            return Health(
                State.DEGRADED, f"was out ({error.problem if error else 'failed'}) and is tried again", error.remedy if error else ""
            )
        if chart.trend(pace_of(Kind.COMPLETE), now) >= WARN:
            return Health(State.DEGRADED, "is getting slower or fails more often, so the others are asked first")
        return Health(State.READY)

    def forget(self) -> None:
        """The tools were built anew: what was known of the old ones may not hold."""
        self._office.charts.clear()

    async def close(self) -> None:
        """End what goes on in the background; calling it twice is harmless."""
        if self._prober:
            await self._prober.close()
        for straggler in list(self._office.stragglers):
            straggler.cancel()
