"""Keeps only the first line of a completion that was asked to stay on its line."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft


def polish(draft: Draft) -> Draft | None:
    if draft.multiline:
        return draft
    lines = draft.text.split("\n")
    # An answer that starts with a line break wants to go on below: on this line it has nothing to say.
    return replace(draft, text=lines[0]) if lines[0].strip() else None
