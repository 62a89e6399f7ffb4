"""Edits that were made for an older text, put where they belong in the newer one; never where somebody has typed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.text import common_prefix


def reanchored(edits: Sequence[Edit], old: bytes, new: bytes) -> tuple[Edit, ...] | None:
    """The same edits for `new`; None when the text of one of them was touched, so that nothing a person wrote is overwritten."""
    if old == new:
        return tuple(edits)
    same_start = common_prefix(old, new)
    same_end = common_end(old[same_start:], new[same_start:])
    moved: list[Edit] = []
    for edit in edits:
        span = _moved(edit.span, old, new, same_start, same_end)
        if span is None:
            return None
        moved.append(Edit(span, edit.text))
    return tuple(moved)


def _moved(span: Span, old: bytes, new: bytes, same_start: int, same_end: int) -> Span | None:
    shift = len(new) - len(old)
    if span.end <= same_start:
        return span
    if span.start >= len(old) - same_end:
        return Span(span.start + shift, span.end + shift)
    # Several places changed, the edit's own among them or between them: its text decides, where it cannot be mistaken.
    text = old[span.start : span.end]
    if text.strip() and old.count(text) == new.count(text) == 1:
        start = new.index(text)
        return Span(start, start + len(text))
    return None


def common_end(one: bytes, other: bytes) -> int:
    """Length of the longest common ending."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
