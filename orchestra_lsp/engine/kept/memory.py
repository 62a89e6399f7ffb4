"""Answers in memory as a prefix tree: what surrounds the place, then the text above the line, then the beginning of the line.

An answer is found at the cursor it was made for and at every place that typing along it leads to, over several lines too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestra_lsp.engine.kept.keys import above, line_start, surroundings
from orchestra_lsp.model import Answer, Ask, Kind, Usage
from orchestra_lsp.syntax.text import decode, encode

MEMORY_BYTES = 8_000_000
ENTRY_BYTES = 1_500  # of an entry beside its text, all its containers counted: tracemalloc on CPython 3.11 says 1,200
FREE = Usage(0, 0, 0.0)  # what a kept answer uses: its call is paid
LINES_BACK = 40  # lines of an answer that may have been typed or accepted already
PLACE_MOST = 32  # answers that begin on one line


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """One answer before it is polished. `whole` is its line up to the cursor and then its text, `head` bytes the first part."""

    id: str
    where: bytes
    above: bytes
    whole: bytes
    head: int
    answer: Answer  # without its text
    reason: str
    exact: bool  # only at the very cursor

    @property
    def size(self) -> int:
        return len(self.whole) + len(self.reason) + ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class Hit:
    """A kept answer and what of it is left at a cursor."""

    id: str
    answer: Answer
    reason: str
    similar: bool = False  # of another request that is alike


Lines = dict[bytes, list[Kept]]


class Memory:
    """Least recently used first out, within `limit` bytes. Belongs to the event loop."""

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self._limit = limit
        self._places: dict[bytes, Lines] = {}
        self._longest: dict[bytes, int] = {}  # of the answers of a place, in bytes: further back nothing can fit
        self._order: OrderedDict[Kept, None] = OrderedDict()
        self.size = 0  # bytes

    def __len__(self) -> int:
        return len(self._order)

    def find(self, ask: Ask) -> Iterator[Hit]:
        """What fits here, the newest answer of the nearest line first."""
        where = surroundings(ask)
        lines = self._places.get(where)
        if lines is None:
            return
        data, at = ask.buffer.data, ask.span.start
        start = line_start(data, at)
        for back in range(LINES_BACK):
            typed = data[start:at]
            for kept in reversed(tuple(lines.get(above(data, start), ()))):
                if _fits(kept, typed, back):
                    if kept in self._order:  # the caller may have forgotten some meanwhile
                        self._order.move_to_end(kept)
                    yield Hit(kept.id, replace(kept.answer, text=decode(kept.whole[len(typed) :]), cached=True), kept.reason)
            if start == 0 or at - start > self._longest.get(where, 0):
                return
            start = line_start(data, start - 1)

    def put(self, ask: Ask, answer: Answer, suggestion_id: str, reason: str) -> None:
        """Keep `answer` (its text as it would be inserted at the cursor, before it is polished)."""
        data, at = ask.buffer.data, ask.span.start
        start = line_start(data, at)
        text = answer.text.replace("\r\n", "\n")
        if b"\r\n" in data[max(0, start - 2000) : at + 2000]:
            text = text.replace("\n", "\r\n")
        whole = data[start:at] + encode(text)
        slim = replace(answer, text="", masked="", usage=FREE)
        exact = ask.kind is not Kind.COMPLETE
        kept = Kept(suggestion_id, surroundings(ask), above(data, start), whole, at - start, slim, reason, exact)
        if kept.size > self._limit // 4:
            return
        place = self._places.setdefault(kept.where, {}).setdefault(kept.above, [])
        for old in [one for one in place if one.whole == whole and one.head == kept.head]:
            self._drop(old)
        place = self._places.setdefault(kept.where, {}).setdefault(kept.above, [])
        place.append(kept)
        self._longest[kept.where] = max(self._longest.get(kept.where, 0), len(whole))
        self._order[kept] = None
        self.size += kept.size
        if len(place) > PLACE_MOST:
            self._drop(place[0])
        while self.size > self._limit:
            self._drop(next(iter(self._order)))

    def forget(self, suggestion_id: str) -> None:
        for kept in [one for one in self._order if one.id == suggestion_id]:
            self._drop(kept)

    def make_way(self, ask: Ask) -> None:
        """Forget what was kept for this very cursor."""
        start = line_start(ask.buffer.data, ask.span.start)
        lines = self._places.get(surroundings(ask), {})
        for kept in [one for one in lines.get(above(ask.buffer.data, start), ()) if one.head == ask.span.start - start]:
            self._drop(kept)

    def clear(self) -> None:
        self._places.clear()
        self._longest.clear()
        self._order.clear()
        self.size = 0

    def _drop(self, kept: Kept) -> None:
        del self._order[kept]
        self.size -= kept.size
        lines = self._places[kept.where]
        lines[kept.above].remove(kept)
        if not lines[kept.above]:
            del lines[kept.above]
        if not lines:
            del self._places[kept.where], self._longest[kept.where]


def _fits(kept: Kept, typed: bytes, back: int) -> bool:
    if kept.exact:
        return not back and kept.whole[: kept.head] == typed
    return kept.head <= len(typed) < len(kept.whole) and kept.whole.startswith(typed)
