"""What became of the findings of a project, and how many a review found at its last commits, for `orchestra review --stats`."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

from orchestra_lsp.commands.parts.recorded import recorded
from orchestra_lsp.commands.registry import Arguments, Context, WrongUse
from orchestra_lsp.commands.result import Table
from orchestra_lsp.review.tally import ENOUGH, QUERY, project_key, tallies

COLUMNS: Final = ("rule", "shown", "fixed", "suppressed", "ignored", "")
LAST: Final = 10
TRENDS: Final = (
    "SELECT revision, at_us, files, lines, errors, warnings, infos, hints FROM review_trend WHERE project = ? ORDER BY at_us DESC LIMIT ?"
)
_NAMES: Final = ("revision", "at", "files", "lines", "errors", "warnings", "infos", "hints")


def tallied(context: Context, _arguments: Arguments) -> Table:
    """Raises WrongUse when nothing can be read."""
    project = project_key(context.roots[0] if context.roots else ".")
    try:
        with recorded(context) as store:
            found = tallies(store.read(QUERY, (project,)))
            trends = store.read(TRENDS, (project, LAST))
    except sqlite3.Error as error:
        raise WrongUse(f"The store cannot be read: {error}.") from error
    order = sorted(found, key=lambda rule: (-found[rule].shown, rule))
    rows = tuple(
        (rule, *map(str, (one.shown, one.fixed, one.suppressed, one.ignored)), "only hints" if one.demoted else "")
        for rule in order
        for one in (found[rule],)
    )
    rules = [
        {"rule": rule, "shown": one.shown, "fixed": one.fixed, "suppressed": one.suppressed, "ignored": one.ignored, "demoted": one.demoted}
        for rule in order
        for one in (found[rule],)
    ]
    kept = [dict(zip(_NAMES, trend, strict=True)) for trend in trends]
    notes = [f"A rule only hints when more than 80 % of at least {ENOUGH} findings were ignored or suppressed; an error stays one."]
    notes += [
        f"{revision[:10]} {time.strftime('%Y-%m-%d', time.gmtime(at / 1e6))}: {errors} errors, {warnings} warnings, {infos} infos,"
        f" {hints} hints in {lines} lines"
        for revision, at, _, lines, errors, warnings, infos, hints in trends
    ]
    title = "What became of findings here" if rows else "No finding has been shown here yet"
    return Table(title, COLUMNS, rows, {"rules": rules, "reviews": kept}, tuple(notes))
