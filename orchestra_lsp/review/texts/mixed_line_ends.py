"""Lines that end unlike the others of the same file."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra_lsp.model import Span
from orchestra_lsp.review.plain import TextHit, everything

reach = everything


def find(data: bytes, _window: Span) -> Iterator[TextHit]:
    """The first line that is of the rarer kind: one finding a file, since one command mends them all."""
    windows = data.count(b"\r\n")
    unix = data.count(b"\n") - windows
    if not windows or not unix:
        return
    rare = b"\r\n" if windows < unix else b"\n"
    end = _first(data, rare)
    start = data.rfind(b"\n", 0, end) + 1
    yield TextHit(Span(start, end), {"RARE": "CRLF" if rare == b"\r\n" else "LF", "COUNT": str(min(windows, unix))})


def _first(data: bytes, rare: bytes) -> int:
    at = data.find(rare)
    while rare == b"\n" and at > 0 and data[at - 1 : at] == b"\r":
        at = data.find(rare, at + 1)
    return at
