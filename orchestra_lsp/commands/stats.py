"""Show what was asked and what came of it: calls, tools, acceptance, times, reuse, cost, and what was saved."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from orchestra_lsp.commands.parts.recorded import recorded
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Result, Table

if TYPE_CHECKING:
    from orchestra_lsp.commands.parts.figures import Figures

DAYS, MOST_DAYS = 7, 180
COLUMNS = ("tool", "calls", "failed", "refused", "shown", "taken", "p50 ms", "p95 ms", "p99 ms", "cost")
SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


async def run(context: Context, arguments: Arguments) -> Result:
    return await asyncio.to_thread(_shown, context, days_of(arguments))


def days_of(arguments: Arguments) -> int:
    """Raises WrongUse."""
    said = arguments.text("days", str(DAYS))
    if not said.isdecimal() or not 1 <= int(said) <= MOST_DAYS:
        raise WrongUse(f"stats: days is a number from 1 to {MOST_DAYS}, not {said!r}.")
    return int(said)


def _shown(context: Context, days: int) -> Table:
    import sqlite3

    from orchestra_lsp.commands.parts.figures import figures

    try:
        with recorded(context) as store:
            found = figures(store.read, time.time_ns() // 1000 - days * 86_400_000_000)
    except sqlite3.Error as error:
        raise WrongUse(f"The store cannot be read: {error}. See `orchestra doctor`.") from error
    return _table(found, days)


def _table(found: Figures, days: int) -> Table:
    from orchestra_lsp.commands.parts.figures import ms
    from orchestra_lsp.engine.cost import money

    rows = tuple(
        (
            one.tool or "none",
            *map(str, (one.calls, one.failed, one.rejected, one.shown)),
            "" if one.acceptance is None else f"{one.acceptance:.0%}",
            *(ms(one.percentile(share)) for _, share in SHARES),
            money(one.cost) + (f" + {one.unknown} unknown" if one.unknown else ""),
        )
        for one in sorted(found.tools.values(), key=lambda one: (-one.calls, -one.shown, one.tool))
    )
    unknown = f" + {found.unknown} unknown" if found.unknown else ""
    title = f"{days} day{'s' if days > 1 else ''}: {found.answered} requests, {found.calls} calls, {money(found.cost)}{unknown}"
    return Table(title, COLUMNS, rows, _value(found, days), tuple(_notes(found)))


def _notes(found: Figures) -> list[str]:
    from orchestra_lsp.commands.parts.figures import ms, percentile
    from orchestra_lsp.engine.cost import money

    notes = [
        f"{kind}: {found.requests[kind]} requests, "
        + ", ".join(f"{name} {ms(percentile(found.times.get(kind, ()), share)) or 'unknown'}" for name, share in SHARES)
        + " ms"
        for kind in sorted(found.requests)
    ]
    levels = ", ".join(f"{level} {hits}" for level, hits in found.reused.items())
    notes.append(f"answered without a call: {found.hits} ({_share(found)})" + (f": {levels}" if levels else ""))
    if found.saving.against:
        notes.append(f"saved {money(found.saving.dollars)} ({found.saving.share:.0%}) against always using {found.saving.against}")
    notes.append(("how that is computed: " if found.saving.against else "what was saved is not known: ") + found.saving.how)
    return notes


def _share(found: Figures) -> str:
    return f"{found.hits / found.answered:.0%}" if found.answered else "0%"


def _value(found: Figures, days: int) -> object:
    from orchestra_lsp.commands.parts.figures import percentile

    return {
        "days": days,
        "requests": {"total": found.answered, "byKind": dict(found.requests)},
        "calls": found.calls,
        "latencyMs": {kind: {name: percentile(times, share) for name, share in SHARES} for kind, times in found.times.items()},
        "tools": [
            {
                "tool": one.tool,
                "calls": one.calls,
                "used": one.used,
                "rejected": one.rejected,
                "compared": one.compared,
                "failed": one.failed,
                "lost": one.lost,
                "shown": one.shown,
                "accepted": one.taken,
                "acceptance": one.acceptance,
                **{f"{name}Ms": one.percentile(share) for name, share in SHARES},
                "costUsd": one.cost,
                "unknownCost": one.unknown,
            }
            for one in found.tools.values()
        ],
        "cache": {"hits": found.hits, "share": found.hits / found.answered if found.answered else 0.0, "levels": dict(found.reused)},
        "cost": {"usd": found.cost, "unknownCalls": found.unknown},
        "saved": {
            "usd": found.saving.dollars,
            "share": found.saving.share,
            "against": found.saving.against or None,
            "how": found.saving.how,
        },
    }


COMMAND = Command(
    name="stats",
    title="Show usage and cost",
    summary="Show calls, acceptance, times, reuse, cost and savings of the last days.",
    phrases=(
        "stats",
        "usage statistics",
        "usage figures",
        "how much did i spend",
        "how much money did it cost",
        "what did it cost this week",
        "how much have i saved",
        "acceptance rate",
        "cost report",
    ),
    run=run,
    parameters=(Parameter("days", Takes.TEXT, f"How many days back, {DAYS} unless you say."),),
)
