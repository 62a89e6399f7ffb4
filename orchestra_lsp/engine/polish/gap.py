"""Takes away the blanks at the start of an answer when the line before the cursor ends with one already."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft, left


def polish(draft: Draft) -> Draft | None:
    """On an empty line blanks are indentation, which has a filter of its own."""
    here = left(draft)
    if not here.strip() or not here[-1:].isspace():
        return draft
    text = draft.text.lstrip(" \t")
    return replace(draft, text=text) if text.strip() else None
