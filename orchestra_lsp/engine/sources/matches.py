"""Places in other open files where the very text before the cursor stands: what follows it there is likely wanted here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from orchestra_lsp.engine.sources.piece import Piece, View, lines_of
from orchestra_lsp.model import Kind
from orchestra_lsp.syntax.text import decode, line_at

FILES: Final = 12
BYTES: Final = 200_000  # of one file
BEFORE, AFTER = 3, 12  # lines shown around a match
#: Tokens of the text before the cursor that are looked for, the longest first, and what such a match is worth.
LENGTHS: Final = ((14, 0.98), (9, 0.95), (6, 0.9), (4, 0.75))
_TOKEN = re.compile(rb"\w+|[^\w\s]")


class Matches:
    """One piece for each file at most."""

    name: Final = "matches"
    budget_s: Final = 0.02

    def find(self, view: View) -> Sequence[Piece]:
        ask = view.ask
        if ask.kind not in (Kind.COMPLETE, Kind.NEXT_EDIT):
            return ()
        before = _TOKEN.findall(ask.buffer.data[max(0, ask.span.start - 400) : ask.span.start])
        patterns = [(_pattern(before[-length:]), value) for length, value in LENGTHS if length <= len(before)]
        found = []
        for other in islice(view.others(), FILES):
            data = other.data[:BYTES]
            for pattern, value in patterns:
                if match := pattern.search(data):
                    line = line_at(other, match.end())
                    found.append(Piece(other.path, other.uri, lines_of(other, line - BEFORE, line + AFTER), value))
                    break
        return found


def _pattern(tokens: Sequence[bytes]) -> re.Pattern[bytes]:
    r"""The tokens with any white space between them, the first one not cut out of a longer word."""
    first = rb"(?<![\w])" if decode(tokens[0])[:1].isalnum() else b""
    return re.compile(first + rb"\s{0,40}".join(map(re.escape, tokens)))
