"""Shows a long completion as far as its first parts go; the rest stays in the cache and is offered behind them."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.brackets import open_and_close
from orchestra_lsp.engine.polish.chain import Draft

#: Lines that a person reads before accepting, and the fewest that are worth showing alone.
MOST, LEAST = 24, 4


def polish(draft: Draft) -> Draft | None:
    """Cut at the last blank line in reach behind which nothing is left open; an answer without such a place is shown whole."""
    lines = draft.text.split("\n")
    if len(lines) <= MOST:
        return draft
    for end in range(MOST, LEAST - 1, -1):
        part = "\n".join(lines[:end]).rstrip()
        if not lines[end].strip() and part and _is_closed(part):
            return replace(draft, text=part)
    return draft


def _is_closed(text: str) -> bool:
    quotes = text.count('"""') + text.count("'''") + text.count("`")
    return not open_and_close(text)[0] and quotes % 2 == 0
