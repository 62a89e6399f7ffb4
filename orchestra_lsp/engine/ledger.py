"""What this person's calls cost today, over all processes that share the store; and the record of every single call."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from orchestra_lsp.engine.cost import Budget
from orchestra_lsp.model import Kind, Usage
from orchestra_lsp.store.records import CallRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.tools.wire.trouble import masked

log = logging.getLogger("orchestra")

UNKNOWN: Final = Usage()
REFRESH_S: Final = 5.0  # how old the figures of other processes may be
_OTHERS: Final = """
SELECT coalesce(sum(cost_usd), 0.0), coalesce(sum(cost_usd IS NULL AND outcome <> 'failed'), 0)
FROM tool_call WHERE at_us >= ? AND process <> ?
"""

#: What became of a call: its answer was shown, refused by the judge, one of several, there was none, or another tool was faster.
#: One that was told to stop may be billed for what it had read and written, and nobody says how much: its cost is unknown.
USED, REJECTED, COMPARED, FAILED, LOST = "used", "rejected", "compared", "failed", "lost"


@dataclass(frozen=True, slots=True)
class Took:
    """What one call took, and why it failed."""

    latency_ms: float
    usage: Usage
    problem: str = ""


class Ledger:
    """Belongs to one event loop; what other processes spent is read from the store in a thread, at most every few seconds."""

    def __init__(self, store: Store | None) -> None:
        self.process = uuid.uuid4().hex
        self._store = store
        self._day = midnight()
        self._own, self._own_unknown = 0.0, 0
        self._others, self._others_unknown = 0.0, 0
        self._read_at = float("-inf")
        self._held = 0.0

    def note(self, ask_id: str, kind: Kind, tool: str, outcome: str, latency_ms: float, usage: Usage = UNKNOWN) -> None:
        """One call that has ended. Its cost counts at once; one of unknown cost is counted as such, a failed one is taken to be free."""
        self._turn_over()
        if usage.cost is not None:
            self._own += usage.cost
        elif outcome != FAILED:
            self._own_unknown += 1
        self._write(ask_id, kind, tool, outcome, Took(latency_ms, usage))

    def failed(self, ask_id: str, kind: Kind, tool: str, latency_ms: float, problem: str) -> None:
        """One call that came to nothing, taken to be free; `problem` is what a person would be told."""
        self._turn_over()
        self._write(ask_id, kind, tool, FAILED, Took(latency_ms, Usage(), masked(problem)))

    def _write(self, ask_id: str, kind: Kind, tool: str, outcome: str, took: Took) -> None:
        if self._store is None:
            return
        self._store.put(
            CallRecord(
                ask_id=ask_id,
                process=self.process,
                at_us=time.time_ns() // 1000,
                kind=kind.value,
                tool=tool,
                outcome=outcome,
                latency_ms=took.latency_ms,
                input_tokens=took.usage.input_tokens,
                output_tokens=took.usage.output_tokens,
                cost_usd=took.usage.cost,
                problem=took.problem,
            )
        )

    def budget(self, limit: float | None) -> Budget:
        """Today's budget as far as it is known here; calls under way count with what was set aside for them."""
        self._turn_over()
        return Budget(limit, self._own + self._others, self._own_unknown + self._others_unknown).holding(self._held)

    @contextmanager
    def holding(self, dollars: float) -> Iterator[None]:
        """Set money aside while calls are under way, so that several at once cannot spend the same rest."""
        self._held += dollars
        try:
            yield
        finally:
            self._held = max(0.0, self._held - dollars)

    async def refresh(self) -> None:
        """Read what other processes have spent, unless that is known well enough."""
        if self._store is None or time.monotonic() - self._read_at < REFRESH_S:
            return
        self._read_at = time.monotonic()
        self._turn_over()
        try:
            rows = await asyncio.to_thread(self._store.read, _OTHERS, (self._day, self.process))
        except sqlite3.Error as error:
            log.warning("cost: what other editors spent today cannot be read: %s", error)
            return
        self._others, self._others_unknown = float(rows[0][0]), int(rows[0][1])

    def _turn_over(self) -> None:
        """A new day begins with nothing spent. A clock that is set back begins the earlier day anew, from what is on record."""
        today = midnight()
        if today != self._day:
            self._day = today
            self._own, self._own_unknown = 0.0, 0
            self._others, self._others_unknown = 0.0, 0
            self._read_at = float("-inf")


def midnight(now: float | None = None) -> int:
    """The beginning of this person's day, in microseconds since the epoch."""
    day = time.localtime(now)
    return int(time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1))) * 1_000_000
