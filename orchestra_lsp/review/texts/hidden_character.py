"""Characters that cannot be seen and change how code reads: bidirectional controls and marks of no width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from orchestra_lsp.model import Span
from orchestra_lsp.review.plain import TextHit, lines

#: Bidirectional embeddings, overrides and isolates (CVE-2021-42574), and spaces and joiners without width that belong to no word.
_CODES = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF)
_HIDDEN = re.compile(b"|".join(chr(code).encode() for code in _CODES))
_MARK = "\ufeff".encode()  # at the very start it only says that the file is UTF-8

reach = lines


def find(data: bytes, window: Span) -> Iterator[TextHit]:
    """Each such character, by its Unicode name."""
    if data.isascii():
        return
    start = len(_MARK) if window.start == 0 and data.startswith(_MARK) else window.start
    for found in _HIDDEN.finditer(data, start, window.end):
        yield TextHit(Span(*found.span()), {"NAME": unicodedata.name(found.group().decode()).lower()})
