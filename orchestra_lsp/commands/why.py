"""Say why the last requests went to the tools they went to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Result, Table

if TYPE_CHECKING:
    from orchestra_lsp.engine.decisions import Decision

SHOWN = 10
COLUMNS = ("asked for", "language", "tool", "ms", "why")
EMPTY = "Nothing is on record yet; it begins with the first suggestion in your editor."
RECORDED = ("when", "asked for", "language", "tool", "ms", "became", "why")

_LAST = """
SELECT decision.id, decision.at_us, kind, language, tool, latency_ms,
       (SELECT outcome FROM outcome WHERE decision_id = decision.id ORDER BY outcome.at_us DESC LIMIT 1),
       reason, complexity
FROM decision ORDER BY decision.at_us DESC LIMIT ?
"""


async def run(context: Context, arguments: Arguments) -> Result:
    """In an editor the decisions of this server; in a terminal, where nothing was decided yet, those on record."""
    decisions = context.orchestra().decisions
    if wanted := arguments.text("id"):
        found = decisions.find(wanted)
        if found is None:
            raise WrongUse("That suggestion is no longer remembered; the last 200 are.")
        return _table("Why this suggestion", [found])
    if last := decisions.last(SHOWN):
        return _table("The last requests", list(reversed(last)))
    return await asyncio.to_thread(_recorded, context)


def _table(title: str, decisions: Sequence[Decision]) -> Table:
    rows = tuple((one.kind.value, one.language, one.tool or "none", f"{one.latency_ms:.0f}", _because(one)) for one in decisions)
    return Table(title, COLUMNS, rows, [_value(one) for one in decisions])


def _because(decision: Decision) -> str:
    """The reason, what went wrong on the way, and who was not asked."""
    failed = [f"tool failed after {ms:.0f} ms: {error}" for tool, ms, error in decision.attempts if error]
    left_out = [f"not {one.tool}: {one.reason}" for one in decision.left_out]
    return "; ".join(part for part in (decision.reason, decision.dropped, *failed, *left_out) if part)


def _value(decision: Decision) -> object:
    return {
        "id": decision.id,
        "kind": decision.kind.value,
        "language": decision.language,
        "complexity": decision.complexity.value if decision.complexity else None,
        "tool": decision.tool,
        "reason": decision.reason,
        "latencyMs": round(decision.latency_ms, 2),
        "order": [{"tool": one.tool, "reason": one.reason, "propensity": one.propensity} for one in decision.order],
        "leftOut": [{"tool": one.tool, "reason": one.reason} for one in decision.left_out],
        "attempts": [{"tool": tool, "ms": round(ms, 2), "error": error} for tool, ms, error in decision.attempts],
        "dropped": decision.dropped,
    }


def _recorded(context: Context) -> Table:
    from orchestra_lsp.store.store import default_path, open_store

    title = "Requests on record"
    path = default_path()
    if not context.loaded.settings.server.store:
        return Table(title, RECORDED, (), [], ("server.store is off, so nothing is recorded.",))
    if not path.exists():
        return Table(title, RECORDED, (), [], (EMPTY,))
    store, problem = open_store(path)
    if store is None:
        return Table(title, RECORDED, (), [], (problem,), ok=False)
    try:
        found = store.read(_LAST, (SHOWN,))
    finally:
        store.close()
    names = ("id", "atUs", "kind", "language", "tool", "latencyMs", "outcome", "reason", "complexity")
    value = [dict(zip(names, row, strict=True)) for row in found]
    rows = tuple((_when(row[1]), *map(str, row[2:5]), f"{row[5]:.0f}", row[6] or "", row[7]) for row in found)
    return Table(title, RECORDED, rows, value, tuple(note for note in (problem, "" if found else EMPTY) if note))


def _when(at_us: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_us / 1e6))


COMMAND = Command(
    name="why",
    title="Why this suggestion?",
    summary="Show the last requests: which tool was picked, why, and how long it took.",
    phrases=(
        "why",
        "why was that slow",
        "why did that take so long",
        "what was slow",
        "reason for the last choice",
        "why this tool",
        "why that suggestion",
        "why did you pick tool",
        "why did you choose tool",
        "which tool answered the last request",
        "which tool did you use last",
        "what did you ask last",
        "explain the last choice",
        "explain the last decision",
        "show the last requests",
        "what happened with the last completion",
        "how long did the last suggestion take",
    ),
    run=run,
    parameters=(Parameter("id", Takes.TEXT, "One suggestion, as its accept command names it."),),
)
