"""What the person changed lately, elsewhere: the next edit often goes on from there."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestra_lsp.engine.sources.piece import LINES_AFTER, LINES_BEFORE, Piece, View, lines_of
from orchestra_lsp.model import Ask, Buffer
from orchestra_lsp.syntax.difference import difference
from orchestra_lsp.syntax.text import line_at

FILES_KEPT = 16
PLACES_KEPT = 12
CLOSE = 3  # lines between two edits that are one
AROUND = 2  # lines shown around an edit
MOST_LINES = 20
AGE_S = 900.0


@dataclass(frozen=True, slots=True)
class _Place:
    uri: str
    path: str
    first: int
    last: int
    text: str
    at: float  # seconds of time.monotonic()


class RecentEdits:
    """Told of every ask by `note`, on the event loop; asked by `find`, in a thread."""

    name: Final = "recent edits"
    budget_s: Final = 0.02

    def __init__(self) -> None:
        self._last: OrderedDict[str, Buffer] = OrderedDict()
        self._places: tuple[_Place, ...] = ()  # newest first; replaced as a whole, so that a thread may read it

    def note(self, ask: Ask) -> None:
        """Work in proportion to the edit: a buffer that is the same as last time costs nothing."""
        for buffer in (ask.buffer, *ask.neighbours[:FILES_KEPT]):
            before = self._last.get(buffer.uri)
            if before is None or before.data is not buffer.data:
                self._last[buffer.uri] = buffer
                if before is not None and before.data != buffer.data:
                    self._add(_place(before, buffer))
        while len(self._last) > FILES_KEPT + 1:
            self._last.popitem(last=False)

    def find(self, view: View) -> Sequence[Piece]:
        here, now = view.ask, time.monotonic()
        line = line_at(here.buffer, here.span.start)
        found = []
        for rank, place in enumerate(self._places):
            near = place.uri == here.buffer.uri and line - LINES_BEFORE <= place.last and place.first <= line + LINES_AFTER
            if not near and now - place.at < AGE_S and place.text.strip() and view.allowed(place.path or place.uri):
                found.append(Piece(place.path, place.uri, place.text, 0.8 * 0.85**rank))
        return found

    def _add(self, new: _Place) -> None:
        others = tuple(place for place in self._places if not _touches(place, new))
        self._places = (new, *others)[:PLACES_KEPT]


def _place(before: Buffer, after: Buffer) -> _Place:
    edit = difference(before.data, after.data)
    start = edit.span.start
    end = start + len(edit.text.encode("utf-8", "replace"))
    first, last = line_at(after, start) - AROUND, line_at(after, min(end, len(after.data))) + AROUND
    last = min(last, max(0, first) + MOST_LINES)
    return _Place(after.uri, after.path, max(0, first), last, lines_of(after, first, last), time.monotonic())


def _touches(one: _Place, other: _Place) -> bool:
    return one.uri == other.uri and one.first - CLOSE <= other.last and other.first - CLOSE <= one.last
