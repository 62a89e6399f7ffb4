"""The one stretch in which two texts differ."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.text import common_prefix, decode, floor


def difference(old: bytes, new: bytes, anchor: int | None = None) -> Edit:
    r"""The shortest edit that makes `new` of `old`; it begins at the byte `anchor` where that is just as short.

    Neither a character nor a line end of \r\n is ever cut in two. Both texts are UTF-8.
    """
    shortest = _from(old, new, common_prefix(old, new))
    if anchor is None or shortest.span.start <= anchor:
        return shortest
    anchored = _from(old, new, anchor)
    return anchored if _size(anchored) <= _size(shortest) else shortest


def _from(old: bytes, new: bytes, start: int) -> Edit:
    """The edit that begins at `start`, or a little before it, without what both texts end with."""
    while start and (_cuts(old, start) or _cuts(new, start)):
        start -= 1
    tail = common_prefix(old[start:][::-1], new[start:][::-1])
    while tail and (_cuts(old, len(old) - tail) or _cuts(new, len(new) - tail)):
        tail -= 1
    return Edit(Span(start, len(old) - tail), decode(new[start : len(new) - tail]))


def _cuts(data: bytes, offset: int) -> bool:
    return floor(data, offset) != offset or data[max(0, offset - 1) : offset + 1] == b"\r\n"


def _size(edit: Edit) -> int:
    return edit.span.end - edit.span.start + len(edit.text.encode("utf-8", "replace"))
