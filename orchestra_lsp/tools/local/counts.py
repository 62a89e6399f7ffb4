"""What followed the same context elsewhere: in this file, in the other open files, in the workspace; one source for each context length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.document import Document, Encoder
from orchestra_lsp.tools.local.lexer import NAME, NOTHING, spaces
from orchestra_lsp.tools.local.segment import Range, Segment
from orchestra_lsp.tools.local.skips import KINDS, SHAPES
from orchestra_lsp.tools.local.stream import Places, Stream, copied

Integers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

FILE_LENGTHS = (1, 2, 3, 4, 6, 9)
OPEN_LENGTHS = (1, 2, 3, 4, 6)
WORKSPACE_LENGTHS = (1, 2, 3, 4, 6, 8)
NEAR_LENGTHS = (2, 3, 4, 6)
#: Tokens of context that are looked at.
REACH = max(*FILE_LENGTHS, *OPEN_LENGTHS, *WORKSPACE_LENGTHS)
_NAMED = (
    ("file 0", 0.3),
    ("workspace 0", 0.1),
    *((f"file {length}", 1.0 + length) for length in FILE_LENGTHS),
    *((f"open {length}", 0.8 + length) for length in OPEN_LENGTHS),
    *((f"workspace {length}", 0.6 + length) for length in WORKSPACE_LENGTHS),
    *((f"near {length}", 0.2 + length) for length in NEAR_LENGTHS),
    *((f"file {kind}", 2.0) for kind in KINDS),
    *((f"workspace {kind}", 1.5) for kind in KINDS),
)
#: The names of the sources, and how much a candidate of each counts when the candidates are chosen.
SOURCES = tuple(name for name, _ in _NAMED)
_VOTES = np.array([vote for _, vote in _NAMED], np.float32)
_INDEX = {name: number for number, name in enumerate(SOURCES)}
CANDIDATES = 40
_SHAPES = {f"shape {size}": size for size in SHAPES}

_MOST_IN_FILE = 160
_MOST_IN_OPEN = 64
_MOST_IN_WORKSPACE = 224
_MOST_OF_KIND = 96
_LOOKED_AT_WITH_START = 16_000  # few of the matches have the typed start, so more are looked at
_RECENT = 150
_RECENT_WITH_START = 20_000
_MOST_WORDS = 24
_LINE = 60  # tokens of the line being typed whose words count, most of the time all of them


@dataclass(eq=False, slots=True)
class Learned:
    """A segment as one offer sees it. `masked`: files that are open or out of date; `nearness`: of each file to the one being typed;
    `table`: the encoder's numbers of the segment's words, -1 where not yet known, kept from offer to offer."""

    segment: Segment
    masked: npt.NDArray[np.bool_] | None
    nearness: Floats
    family: str
    table: Integers
    own: Range  # the numbers of the family's words
    numbers: dict[int, int]  # the segment's number of each word of the encoder that was asked for, like `table`

    def counting(self, files: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Which of these files count."""
        return np.ones(len(files), bool) if self.masked is None else ~self.masked[files]

    def counts_of(self, ids: Integers, encoder: Encoder) -> Integers:
        """How often each word is in the segment."""
        known, segment = self.numbers, self.segment
        found = []
        for number in ids.tolist():
            own = known.get(number)
            if own is None:
                own = known[number] = segment.number(encoder.text(chr(number)), self.family)
            found.append(own)
        counts: Integers = np.where(np.array(found) > 0, segment.word_counts[found], 0)
        return counts


@dataclass(eq=False, slots=True)
class Place:
    """Where the next token is wanted: `file` ends with the tokens in front of it; `start` is its part that is already typed."""

    file: Document
    others: Document
    stream: Stream
    beside: Stream
    learned: Sequence[Learned]
    start: str = ""


@dataclass(eq=False, slots=True)
class Seen:
    """What was seen at a place: the candidates as the encoder's numbers, how often each source has each of them (source, candidate)
    and how much it has in all, and for each segment the entries for 1, 2, 3, ... tokens of context."""

    place: Place
    candidates: Integers
    counts: Floats
    totals: Floats
    ranges: Sequence[Sequence[Range]]


@dataclass(eq=False, slots=True)
class _Heap:
    """Collects what the sources have: `add` for each, then `counted`."""

    allowed: npt.NDArray[np.bool_] | None
    ids: list[Integers] = field(default_factory=list)
    which: list[int] = field(default_factory=list)
    weights: list[Floats | None] = field(default_factory=list)

    def add(self, name: str, ids: Integers, weights: Floats | None = None) -> None:
        if len(ids):
            self.ids.append(ids)
            self.which.append(_INDEX[name])
            self.weights.append(weights)


def look(place: Place, encoder: Encoder) -> Seen:
    """Ask all sources. With a typed start only tokens with that start count."""
    context = place.stream.tokens[-REACH:]
    heap = _Heap(_allowed(place, encoder) if place.start else None)
    _in_open_files(place, context, heap)
    here = place.stream.contexts_here()
    for kind, places in zip(KINDS, place.stream.after_skips(here), strict=True):
        if kind in _SHAPES:
            recent = places[-_MOST_OF_KIND:]
            ids = _like(place, place.stream.tokens, recent, place.stream.tokens[recent], _SHAPES[kind], encoder)
            heap.add(f"file {kind}", ids if heap.allowed is None else ids[heap.allowed[ids]])
        else:
            heap.add(f"file {kind}", _kept(place.stream, places, heap, _MOST_OF_KIND))
    words = [encoder.text(chr(number)) for number in context.tolist()]
    ranges = [_in_segment(one, words, here, place, encoder, heap) for one in place.learned]
    return _counted(place, heap, ranges)


def nothing_seen(place: Place, ranges: Sequence[Sequence[Range]] = ()) -> Seen:
    """No candidates."""
    count = len(SOURCES)
    return Seen(place, np.empty(0, np.int32), np.zeros((count, 0), np.float32), np.zeros(count, np.float32), ranges)


def _counted(place: Place, heap: _Heap, ranges: Sequence[Sequence[Range]]) -> Seen:
    if not heap.ids:
        return nothing_seen(place, ranges)
    ids = np.concatenate(heap.ids)
    which = np.repeat(np.array(heap.which), [len(one) for one in heap.ids])
    weights = np.concatenate(
        [np.ones(len(ids), np.float32) if own is None else own for ids, own in zip(heap.ids, heap.weights, strict=True)]
    )
    weights[ids == 0] = 0
    different, column = np.unique(ids, return_inverse=True)
    width = len(different)
    table = np.bincount(which * width + column, weights, len(SOURCES) * width).astype(np.float32).reshape(len(SOURCES), width)
    totals = table.sum(1)
    votes = (_VOTES / (totals + 1)) @ table
    votes[different == 0] = 0
    best = np.argpartition(votes, -CANDIDATES)[-CANDIDATES:] if width > CANDIDATES else np.arange(width)
    best = best[votes[best] > 0]
    best = best[np.argsort(-votes[best])]
    return Seen(place, different[best], table[:, best], totals, ranges)


def _allowed(place: Place, encoder: Encoder) -> npt.NDArray[np.bool_]:
    """Which of the encoder's words start with what is typed, among those of the open files."""
    allowed = np.zeros(len(encoder.classes), bool)
    start, text = place.start, encoder.text
    line = place.file.tokens[-_LINE:]
    for numbers in (place.stream.words, place.beside.words, [ord(character) for character in line]):
        allowed[[number for number in numbers if text(chr(number)).startswith(start)]] = True
    return allowed


def _in_open_files(place: Place, context: Integers, heap: _Heap) -> None:
    tokens = place.stream.tokens
    near = tokens[-(_RECENT_WITH_START if place.start else _RECENT) :]
    heap.add("file 0", near if heap.allowed is None else near[heap.allowed[near]])
    for length, places in zip(FILE_LENGTHS, place.stream.after(context, FILE_LENGTHS), strict=False):
        heap.add(f"file {length}", _kept(place.stream, places, heap, _MOST_IN_FILE))
    for length, places in zip(OPEN_LENGTHS, place.beside.after(context, OPEN_LENGTHS), strict=False):
        heap.add(f"open {length}", _kept(place.beside, places, heap, _MOST_IN_OPEN))


def _kept(stream: Stream, places: Places, heap: _Heap, most: int) -> Integers:
    """The tokens at the last of these places."""
    if heap.allowed is None:
        return stream.tokens[places[-most:]]
    ids = stream.tokens[places[-_LOOKED_AT_WITH_START:]]
    return ids[heap.allowed[ids]][-most:]


def _in_segment(one: Learned, words: list[str], here: list[int], place: Place, encoder: Encoder, heap: _Heap) -> list[Range]:
    segment = one.segment
    ranges = segment.ranges([segment.number(word, one.family) for word in words])
    limits = segment.starting_with(place.start, one.family) if place.start else None
    if limits is not None:
        commonest = segment.commonest(limits, _MOST_WORDS)
        heap.add("workspace 0", _translated(one, commonest, encoder), segment.word_counts[commonest].astype(np.float32))
    for length in WORKSPACE_LENGTHS:
        if length > len(ranges):
            break
        numbers, near = _followers(one, segment.sampled(ranges[length - 1], _most(limits, _MOST_IN_WORKSPACE)), limits)
        ids = _translated(one, numbers[:_MOST_IN_WORKSPACE], encoder)
        heap.add(f"workspace {length}", ids)
        if length in NEAR_LENGTHS:
            heap.add(f"near {length}", ids, near[:_MOST_IN_WORKSPACE])
    for number, (kind, wanted) in enumerate(zip(KINDS, here, strict=True)):
        if wanted:
            positions = segment.after_skip(number, wanted, _most(limits, _MOST_OF_KIND))
            if kind in _SHAPES:
                positions = positions[one.counting(segment.files_of(positions))][:_MOST_OF_KIND]
                ids = _translated(one, segment.tokens[positions], encoder)
                ids = _like(place, segment.tokens, positions, ids, _SHAPES[kind], encoder)
                if heap.allowed is not None:
                    ids = ids[ids < len(heap.allowed)]
                    ids = ids[heap.allowed[ids]]
                heap.add(f"workspace {kind}", ids)
                continue
            numbers, _ = _followers(one, positions, limits or one.own)
            heap.add(f"workspace {kind}", _translated(one, numbers[:_MOST_OF_KIND], encoder))
    return ranges


def _like(place: Place, tokens: Integers, places: Integers | Places, ids: Integers, size: int, encoder: Encoder) -> Integers:
    """What stands behind shapes, with their names replaced by the names here; names that are new there are left out."""
    own = place.stream.tokens
    if not len(own):
        return own
    back = np.minimum(copied(tokens, places, size), len(own))
    known = np.frombuffer(encoder.classes, np.uint8)[ids] != NAME
    here = own[len(own) - np.maximum(back, 1)]
    like: Integers = np.where(back > 0, here, ids)[(back > 0) | known]
    return like


def _most(limits: Range | None, usual: int) -> int:
    return usual if limits is None else _LOOKED_AT_WITH_START


def _followers(one: Learned, positions: Integers, limits: Range | None) -> tuple[Integers, Floats]:
    """The tokens at these positions of files that count, and how near each file is."""
    segment = one.segment
    numbers = segment.tokens[positions]
    if limits is not None:
        fitting = (numbers >= limits[0]) & (numbers < limits[1])
        numbers, positions = numbers[fitting], positions[fitting]
    files = segment.files_of(positions)
    if one.masked is not None:
        counting = one.counting(files)
        numbers, files = numbers[counting], files[counting]
    return numbers, one.nearness[files]


def _translated(one: Learned, numbers: Integers, encoder: Encoder) -> Integers:
    """The segment's numbers as the encoder's."""
    ids = one.table[numbers]
    if len(ids) and ids.min() < 0:
        for number in np.unique(numbers[ids < 0]).tolist():
            own = one.table[number] = ord(encoder.character(one.segment.word(number)))
            one.numbers[own] = number
        ids = one.table[numbers]
    return ids


def gap_before(text: str, seen: Seen, encoder: Encoder) -> str | None:
    """The white space that stood in front of the token `text` after the longest known context; None when it never followed."""
    place = seen.place
    character = encoder.known(text)
    context = place.file.tokens[-REACH:]
    for length in range(len(context), 0, -1):
        wanted = context[-length:] + character
        for document in (place.file, place.others):
            at = document.tokens.rfind(wanted) if character != NOTHING else -1
            if at >= 0:
                return spaces(document.gaps[at + length])
        for learned, ranges in zip(place.learned, seen.ranges, strict=True):
            segment = learned.segment
            if length <= len(ranges) and (gap := segment.gap(ranges[length - 1], segment.number(text, learned.family))) is not None:
                return gap
    return None
