"""Drops an answer that is too short to be worth reading."""

from __future__ import annotations

from orchestra_lsp.engine.polish.chain import Draft

MIN_CHARACTERS = 2


def polish(draft: Draft) -> Draft | None:
    least = 1 if draft.by_hand else MIN_CHARACTERS
    return draft if len("".join(draft.text.split())) >= least else None
