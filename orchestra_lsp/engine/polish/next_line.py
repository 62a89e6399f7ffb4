"""Drops an answer that would only write the next line a second time, or the line above."""

from __future__ import annotations

from orchestra_lsp.engine.polish.chain import Draft, left, line_above, lines_below

#: A line of fewer letters and digits, a bracket or `else`, may well stand twice.
_MIN_LETTERS = 5


def polish(draft: Draft) -> Draft | None:
    first, *more = draft.text.split("\n")
    line = (left(draft) + first).strip()
    below = [one.strip() for one in lines_below(draft)]
    written = [line, *[one.strip() for one in more if one.strip()]]
    if below[: len(written)] == written:
        return None
    letters = sum(character.isalnum() for character in line)
    if not left(draft).strip() and letters >= _MIN_LETTERS and line == line_above(draft).strip():
        return None
    return draft
