"""Takes away the part of the line before the cursor when an answer repeats it."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft, left

#: Shorter starts of a line can stand twice in good code, for instance `f(f(x))`.
_MIN_ECHO = 5


def polish(draft: Draft) -> Draft | None:
    typed = left(draft).strip()
    text = draft.text.lstrip("\n")
    body = text.lstrip(" \t")
    if len(typed) < _MIN_ECHO or not body.startswith(typed):
        return draft
    rest = body[len(typed) :]
    if typed[-1].isalnum() and rest[:1].isalnum():
        return draft
    if left(draft)[-1:].isspace():
        rest = rest.lstrip(" \t")
    return replace(draft, text=rest)
