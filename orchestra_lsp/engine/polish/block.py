"""Ends a completion with the block it stands in, and unasked with its first part: at a blank line or the next compound statement."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine import shape
from orchestra_lsp.engine.polish.chain import Draft


def polish(draft: Draft) -> Draft | None:
    """The rest stays in the cache, where it is offered behind what was accepted."""
    # Whole lines: what is being judged here does not grow any more.
    end = shape.end_of(draft.text + "\n", shape.room_at(draft.buffer, draft.span.start), draft.by_hand)
    return replace(draft, text=draft.text[: end.at].rstrip()) if end else draft
