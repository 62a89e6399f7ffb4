"""Lines that are indented with tabs in a file of blanks, or with blanks in a file of tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestra_lsp.model import Span
from orchestra_lsp.review.plain import TextHit, everything

_TABS = re.compile(rb"^\t+(?=[^\s])", re.MULTILINE)
_BLANKS = re.compile(rb"^ {4,}(?=[^\s*])", re.MULTILINE)  # fewer align; an asterisk goes on with a comment
_CLEAR = 10  # times as many lines of the other kind: below that the file has no way of its own
_FEWEST = 10

reach = everything


def find(data: bytes, _window: Span) -> Iterator[TextHit]:
    """The first line of the rarer kind, where the others are clearly of one kind: one finding a file."""
    if b"\n\t" not in data and not data.startswith(b"\t"):
        return
    tabs, blanks = len(_TABS.findall(data)), len(_BLANKS.findall(data))
    few, many = sorted((tabs, blanks))
    if not few or many < max(_FEWEST, few * _CLEAR):
        return
    regex, word = (_TABS, "tabs") if tabs == few else (_BLANKS, "blanks")
    found = regex.search(data)
    if found:
        yield TextHit(Span(found.start(), found.end()), {"COUNT": str(few), "WORD": word})
