"""What followed the same context elsewhere: in this file, in the other open files, in the workspace; one rung for each context length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestra_lsp.tools.local.document import Encoder
from orchestra_lsp.tools.local.lexer import NOTHING, is_word
from orchestra_lsp.tools.local.segment import Range, Segment

#: The rungs, in the order of the weights: source and context length. Length 0 counts words near by or with the typed start.
FILE_LENGTHS = (1, 2, 3, 4, 6, 9)
OPEN_LENGTHS = (1, 2, 3, 4, 6)
WORKSPACE_LENGTHS = (1, 2, 3, 4, 6, 8)
RUNGS = (
    "file 0",
    *(f"file {length}" for length in FILE_LENGTHS),
    *(f"open {length}" for length in OPEN_LENGTHS),
    "workspace 0",
    *(f"workspace {length}" for length in WORKSPACE_LENGTHS),
)
#: Tokens of context that are looked at.
REACH = max(*FILE_LENGTHS, *OPEN_LENGTHS, *WORKSPACE_LENGTHS)
_MOST_IN_FILE = 200
_MOST_IN_OPEN = 64
_MOST_WITH_START = 800
_RECENT = 150
_MOST_WORDS = 24


@dataclass(frozen=True, slots=True)
class Rung:
    """Counts of the tokens that followed; `number` is the index into RUNGS, `total` the sum of `counts`."""

    number: int
    counts: dict[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next token is wanted. `file` ends with the tokens in front of it; `start` is its part that is already typed."""

    file: str
    others: str
    segments: Sequence[Segment]
    masked: Sequence[Sequence[Range]]  # for each segment
    start: str = ""


def rungs_at(place: Place, encoder: Encoder) -> list[Rung]:
    """All rungs with at least one count, file first, each source from short to long contexts."""
    return [
        *_words_near(place, encoder),
        *_matches(place.file, place, encoder, FILE_LENGTHS, 1, _MOST_IN_FILE),
        *_matches(place.others, place, encoder, OPEN_LENGTHS, 1 + len(FILE_LENGTHS), _MOST_IN_OPEN),
        *_in_workspace(place, encoder),
    ]


def places_after(text: str, context: str, most: int) -> list[int]:
    """Positions in `text` right after an occurrence of `context`, the last ones first."""
    found: list[int] = []
    length = len(context)
    at = text.rfind(context, 0, len(text) - 1)
    while at >= 0 and len(found) < most:
        found.append(at + length)
        at = text.rfind(context, 0, at + length - 1)
    return found


def _words_near(place: Place, encoder: Encoder) -> list[Rung]:
    """Words of the last lines; with a typed start all words of the file that have it."""
    near = place.file if place.start else place.file[-_RECENT:]
    words = Counter(near)
    counts = {}
    for character, count in words.items():
        text = encoder.text(character)
        if is_word(text) and text.startswith(place.start):
            counts[text] = count
    return _rung(0, counts)


def _matches(text: str, place: Place, encoder: Encoder, lengths: Sequence[int], first: int, most: int) -> list[Rung]:
    found: list[Rung] = []
    context = place.file[-REACH:]
    if place.start:
        most = _MOST_WITH_START
    for number, length in enumerate(lengths, first):
        tail = context[-length:]
        if len(tail) < length or NOTHING in tail:
            break
        places = places_after(text, tail, most)
        if not places:
            break
        counts: dict[str, int] = {}
        for at in places:
            character = text[at]
            counts[character] = counts.get(character, 0) + 1
        counts.pop(NOTHING, None)
        readable = {encoder.text(character): count for character, count in counts.items()}
        found += _rung(number, _starting(readable, place.start))
    return found


def _in_workspace(place: Place, encoder: Encoder) -> list[Rung]:
    """Counts of all segments, added up."""
    base = 1 + len(FILE_LENGTHS) + len(OPEN_LENGTHS)
    sums: dict[int, Counter[str]] = {}
    words = [encoder.text(character) for character in place.file[-REACH:]]
    for segment, masked in zip(place.segments, place.masked, strict=True):
        limits = segment.starting_with(place.start) if place.start else None
        if limits is not None:
            for number, count in segment.commonest(limits, _MOST_WORDS).items():
                sums.setdefault(base, Counter())[segment.word(number)] += count
        ranges = segment.ranges([segment.number(word) for word in words])
        for step, length in enumerate(WORKSPACE_LENGTHS, 1):
            if length > len(ranges):
                break
            for number, count in Counter(segment.nexts(ranges[length - 1], masked, limits)).items():
                sums.setdefault(base + step, Counter())[segment.word(number)] += count
    return [rung for number in sorted(sums) for rung in _rung(number, sums[number])]


def _starting(counts: dict[str, int], start: str) -> dict[str, int]:
    return {text: count for text, count in counts.items() if text.startswith(start)} if start else counts


def _rung(number: int, counts: dict[str, int]) -> list[Rung]:
    return [Rung(number, counts, sum(counts.values()))] if counts else []
