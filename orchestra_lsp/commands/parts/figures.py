"""What is on record, as figures: calls, tools, acceptance, times, reuse and cost, over all processes that share the store."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MOST_ROWS: Final = 200_000
LEAST_SHOWN: Final = 30  # suggestions that a tool must have shown for its acceptance to say something
TAKEN: Final = ("accepted", "partly accepted", "kept", "improved")

_CALLS: Final = """
SELECT tool, kind, outcome, latency_ms, cost_usd FROM tool_call WHERE at_us >= ? ORDER BY at_us DESC LIMIT ?
"""
_DECISIONS: Final = """
SELECT decision.tool, decision.kind, decision.latency_ms, decision.cached,
       group_concat(outcome.outcome, '|')
FROM decision LEFT JOIN outcome ON outcome.decision_id = decision.id
WHERE decision.at_us >= ? GROUP BY decision.id ORDER BY decision.at_us DESC LIMIT ?
"""
_REUSE: Final = "SELECT level, sum(hits) FROM reuse WHERE day >= ? GROUP BY level ORDER BY level"
_REUSED_KINDS: Final = "SELECT kind, sum(hits) FROM reuse WHERE day >= ? GROUP BY kind"

Read = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]


@dataclass(slots=True)
class Tally:
    """Figures of one tool. `shown` counts suggestions that a person saw, `taken` those that were accepted, in whole or part."""

    tool: str
    used: int = 0
    rejected: int = 0
    compared: int = 0
    failed: int = 0
    lost: int = 0  # told to stop, because another tool was faster
    shown: int = 0
    taken: int = 0
    cost: float = 0.0
    unknown: int = 0  # calls whose cost is not known
    latencies: list[float] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return self.used + self.rejected + self.compared + self.failed + self.lost

    @property
    def acceptance(self) -> float | None:
        return self.taken / self.shown if self.shown else None

    def percentile(self, share: float) -> float | None:
        return percentile(self.latencies, share)


@dataclass(frozen=True, slots=True)
class Saving:
    """What the same work would have cost by one tool alone. `against` empty: that cannot be said, and `how` says why."""

    against: str
    dollars: float = 0.0
    share: float = 0.0
    how: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """`requests`: answered ones, reuse included; `times`: ms of answered requests by kind, without those from memory."""

    tools: Mapping[str, Tally]
    requests: Mapping[str, int]
    times: Mapping[str, Sequence[float]]
    reused: Mapping[str, int]
    saving: Saving

    @property
    def answered(self) -> int:
        return sum(self.requests.values())

    @property
    def hits(self) -> int:
        return sum(self.reused.values())

    @property
    def cost(self) -> float:
        return sum(one.cost for one in self.tools.values())

    @property
    def unknown(self) -> int:
        return sum(one.unknown for one in self.tools.values())

    @property
    def calls(self) -> int:
        return sum(one.calls for one in self.tools.values())


def figures(read: Read, since_us: int) -> Figures:
    """Everything since a moment (microseconds since the epoch). Raises sqlite3.Error."""
    tallies: dict[str, Tally] = {}
    paid: dict[tuple[str, str], list[float]] = defaultdict(list)
    spent: dict[str, float] = defaultdict(float)
    for tool, kind, outcome, latency, cost in read(_CALLS, (since_us, MOST_ROWS)):
        tally = tallies.setdefault(tool, Tally(tool))
        _count(tally, outcome, latency, cost)
        if cost is not None:
            paid[tool, kind].append(cost)
            spent[kind] += cost
    requests: dict[str, int] = defaultdict(int)
    times: dict[str, list[float]] = defaultdict(list)
    for tool, kind, latency, cached, outcomes in read(_DECISIONS, (since_us, MOST_ROWS)):
        requests[kind] += 1
        if not cached:
            times[kind].append(latency)
        said = set((outcomes or "").split("|"))
        tally = tallies.setdefault(tool, Tally(tool))
        tally.shown += bool(said - {""})
        tally.taken += bool(said & set(TAKEN))
    day = time.strftime("%Y-%m-%d", time.gmtime(since_us / 1e6))
    reused = {str(level): int(hits) for level, hits in read(_REUSE, (day,))}
    for kind, hits in read(_REUSED_KINDS, (day,)):
        requests[kind] += int(hits)
    return Figures(tallies, requests, times, reused, saving(tallies, paid, spent, requests))


def saving(
    tallies: Mapping[str, Tally], paid: Mapping[tuple[str, str], Sequence[float]], spent: Mapping[str, float], requests: Mapping[str, int]
) -> Saving:
    """Every answered request at what the best single tool's calls of that kind cost on average, against what was really paid."""
    billed = {tool for (tool, _), costs in paid.items() if sum(costs) > 0}
    if not billed:
        return Saving("", how="no call to a tool with a known price is on record")
    proven = {tool: share for tool in billed if tallies[tool].shown >= LEAST_SHOWN and (share := tallies[tool].acceptance) is not None}
    if proven:
        best = max(proven, key=lambda tool: proven[tool])
        why = f"{best} has the highest acceptance ({proven[best]:.0%}) of the tools with a known price"
    else:
        best = max(billed, key=lambda tool: tallies[tool].cost / max(1, tallies[tool].calls))
        why = f"{best} is the dearest tool by call; none with a known price has shown {LEAST_SHOWN} suggestions yet"
    known = {kind: sum(costs) / len(costs) for (tool, kind), costs in paid.items() if tool == best}
    alone = sum(requests.get(kind, 0) * mean for kind, mean in known.items())
    really = sum(spent.get(kind, 0.0) for kind in known)
    left_out = sorted(kind for kind in requests if kind not in known and requests[kind])
    how = f"each request at the average price of {best}'s own calls of that kind; {why}"
    how += f"; left out, because {best} was never asked for them: {', '.join(left_out)}" if left_out else ""
    return Saving(best, alone - really, (alone - really) / alone if alone else 0.0, how)


def percentile(values: Sequence[float], share: float) -> float | None:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _count(tally: Tally, outcome: str, latency: float, cost: float | None) -> None:
    if outcome == "failed":
        tally.failed += 1
        return
    tally.cost += cost or 0.0
    tally.unknown += cost is None
    if outcome == "lost":
        tally.lost += 1
        return
    tally.latencies.append(latency)
    match outcome:
        case "used":
            tally.used += 1
        case "rejected":
            tally.rejected += 1
        case _:
            tally.compared += 1
