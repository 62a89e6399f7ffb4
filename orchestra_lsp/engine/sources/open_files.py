"""The stretches of other open files that share most names with the lines around the cursor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Final

from orchestra_lsp.engine.sources.piece import Piece, View, jaccard, lines_of, words
from orchestra_lsp.model import Buffer
from orchestra_lsp.syntax.text import decode

LINES, STEP = 24, 12  # of a stretch
FILES = 12
FILE_BYTES = 400_000
LEAST = 0.06  # below it, names are shared by chance
FILES_KEPT = 24

Windows = tuple[tuple[int, frozenset[str]], ...]  # first line and names


class OpenFiles:
    """Keeps the names of each file's stretches for as long as its text stays the same."""

    name: Final = "open files"
    budget_s: Final = 0.04

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[bytes, Windows]] = OrderedDict()

    def find(self, view: View) -> Sequence[Piece]:
        found = [piece for buffer in islice(view.others(), FILES) if (piece := self._best(buffer, view))]
        return sorted(found, key=lambda piece: -piece.value)

    def _best(self, buffer: Buffer, view: View) -> Piece | None:
        if len(buffer.data) > FILE_BYTES:
            return None
        scored = ((jaccard(view.near, names), -first) for first, names in self._windows(buffer))
        value, first = max(scored, default=(0.0, 0))
        if value < LEAST:
            return None
        return Piece(buffer.path, buffer.uri, lines_of(buffer, -first, -first + LINES - 1), min(1.0, 2 * value))

    def _windows(self, buffer: Buffer) -> Windows:
        known = self._known.get(buffer.uri)
        if known is None or known[0] is not buffer.data:
            self._known[buffer.uri] = known = (buffer.data, tuple(_windows(buffer)))
        self._known.move_to_end(buffer.uri)
        while len(self._known) > FILES_KEPT:
            self._known.popitem(last=False)
        return known[1]


def _windows(buffer: Buffer) -> list[tuple[int, frozenset[str]]]:
    """Overlapping stretches, made of blocks so that each line is read once."""
    starts = buffer.line_starts
    edges = [*starts[::STEP], len(buffer.data)]
    blocks = [words(decode(buffer.data[start:end])) for start, end in pairwise(edges)]
    per = LINES // STEP
    return [(number * STEP, frozenset().union(*blocks[number : number + per])) for number in range(max(1, len(blocks) - per + 1))]
