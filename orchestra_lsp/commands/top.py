"""One look at what is going on: tools, health, queue, calls under way, times, errors, and today's cost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestra_lsp.commands.parts.recorded import recorded
from orchestra_lsp.commands.registry import Arguments, Command, Context, WrongUse
from orchestra_lsp.commands.result import Result, Table

if TYPE_CHECKING:
    from orchestra_lsp.commands.parts.figures import Figures

COLUMNS = ("tool", "state", "in flight", "calls", "errors", "p50 ms", "p95 ms", "cost today", "found")
_LIVE = "SELECT process, status FROM live WHERE at_us >= ? ORDER BY at_us DESC"
NOBODY = "no server is active: one appears here within seconds of its first request"


async def run(context: Context, _arguments: Arguments) -> Result:
    return await asyncio.to_thread(frame, context)


def frame(context: Context) -> Table:
    """Not for an event loop. Raises WrongUse when nothing is on record."""
    import sqlite3

    from orchestra_lsp.commands.parts.figures import figures
    from orchestra_lsp.engine.ledger import midnight
    from orchestra_lsp.engine.live import FRESH_S, watch

    try:
        with recorded(context) as store:
            watch(store.path)
            today = figures(store.read, midnight())
            rows = store.read(_LIVE, (time.time_ns() // 1000 - int(FRESH_S * 1e6),))
    except (sqlite3.Error, OSError) as error:
        raise WrongUse(f"The store cannot be read: {error}. See `orchestra doctor`.") from error
    return _table(context, today, [json.loads(status) for _, status in rows])


def _table(context: Context, today: Figures, live: list[Mapping[str, Any]]) -> Table:
    from orchestra_lsp.commands.parts.figures import ms
    from orchestra_lsp.engine.cost import money

    limit = context.loaded.settings.route.budget_usd
    told: dict[str, Mapping[str, Any]] = {}
    for status in reversed(live):
        told.update(status.get("tools", {}))
    flying = {name: sum(int(one.get("tools", {}).get(name, {}).get("inFlight", 0)) for one in live) for name in told}
    names = sorted({*told, *(name for name, one in today.tools.items() if name and one.calls), *context.loaded.settings.tools})
    rows, value = [], []
    for name in names:
        one, tally = told.get(name, {}), today.tools.get(name)
        state = str(one.get("state", "unknown"))
        cost = tally.cost if tally else 0.0
        p50, p95 = (tally.percentile(0.5), tally.percentile(0.95)) if tally else (None, None)
        counts = (flying.get(name, 0), tally.calls if tally else 0, tally.failed if tally else 0)
        unknown = f" + {tally.unknown} unknown" if tally and tally.unknown else ""
        rows.append((name, state, *map(str, counts), ms(p50), ms(p95), money(cost) + unknown, str(one.get("reason", ""))))
        value.append(
            {
                "tool": name,
                "state": state,
                "inFlight": counts[0],
                "calls": counts[1],
                "errors": counts[2],
                "p50Ms": p50,
                "p95Ms": p95,
                "costUsd": cost,
                "unknownCost": tally.unknown if tally else 0,
                "reason": one.get("reason", ""),
            }
        )
    waiting, failed = sum(int(status.get("waiting", 0)) for status in live), sum(one.failed for one in today.tools.values())
    unknown = f" + {today.unknown} unknown" if today.unknown else ""
    spent = money(today.cost) + (f" of {money(limit)}" if limit is not None else "") + unknown
    title = f"{len(live)} active · {waiting} waiting · {sum(flying.values())} in flight · today {today.answered} requests, {spent}"
    counts = (sum(flying.values()), today.calls, failed)
    rows.append(
        ("total", f"{waiting} waiting", *map(str, counts), "", "", spent, f"{today.answered} requests, {today.hits} without a call")
    )
    whole = {"servers": len(live), "waiting": waiting, "requestsToday": today.answered, "costToday": today.cost, "budget": limit}
    return Table(title, COLUMNS, tuple(rows), {**whole, "unknownCost": today.unknown, "tools": value}, () if live else (NOBODY,))


COMMAND = Command(
    name="top",
    title="Watch the tools at work",
    summary="Watch tools, health, queue, times, errors and today's cost; --once for one look.",
    phrases=(
        "top",
        "watch the tools live",
        "live view",
        "monitor the tools",
        "what is in flight",
        "what is going on right now",
        "dashboard in the terminal",
    ),
    run=run,
)
