"""Lines that a merge left where two sides could not be joined."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestra_lsp.model import Span
from orchestra_lsp.review.plain import TextHit, everything

#: One conflict. A line of equal signs alone is a heading's underline in many texts, so it counts only between the other two.
_CONFLICT = re.compile(rb"^<{7} [^\r\n]*$.*?^>{7} [^\r\n]*$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(rb"^(?:[<>|]{7} [^\r\n]*|={7}(?=\r?$))", re.MULTILINE)

reach = everything


def find(data: bytes, window: Span) -> Iterator[TextHit]:
    """Each marker of each conflict that is whole."""
    if b"<<<<<<< " not in data or b">>>>>>> " not in data:
        return
    for conflict in _CONFLICT.finditer(data, window.start, window.end):
        for marker in _MARKER.finditer(data, *conflict.span()):
            yield TextHit(Span(*marker.span()), {})
