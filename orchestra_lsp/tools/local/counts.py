"""What followed the same context elsewhere: in this file, in the other open files, in the workspace; one rung for each context length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestra_lsp.tools.local.document import Document, Encoder
from orchestra_lsp.tools.local.lexer import NOTHING, is_word, spaces
from orchestra_lsp.tools.local.segment import Range, Segment

FILE_LENGTHS = (1, 2, 3, 4, 6, 9)
OPEN_LENGTHS = (1, 2, 3, 4, 6)
WORKSPACE_LENGTHS = (1, 2, 3, 4, 6, 8)
#: Tokens of context that are looked at.
REACH = max(*FILE_LENGTHS, *OPEN_LENGTHS, *WORKSPACE_LENGTHS)
_MOST_IN_FILE = 200
_MOST_IN_OPEN = 64
_MOST_WITH_START = 800  # few of the matches have the typed start, so more are looked at
_RECENT = 150
_RECENT_WITH_START = 6000
_MOST_WORDS = 24

#: For each rung, "file 3" for instance, how often which token followed. "file 0" and "workspace 0" count single words,
#: "file skip" the context of three tokens whose middle one differs.
Rungs = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Learned:
    """A segment, the token ranges in it that are out of date or open in the editor, and whose words count."""

    segment: Segment
    masked: Sequence[Range]
    family: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next token is wanted: `file` ends with the tokens in front of it; `start` is its part that is already typed."""

    file: Document
    others: Document
    learned: Sequence[Learned]
    start: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at a place: the counts, and for each segment the entries for 1, 2, 3, ... tokens of context."""

    place: Place
    rungs: Rungs
    ranges: Sequence[Sequence[Range]]


def look(place: Place, encoder: Encoder) -> Seen:
    """Gather all rungs with at least one count."""
    words = [encoder.text(character) for character in place.file.tokens[-REACH:]]
    ranges = [one.segment.ranges([one.segment.number(word, one.family) for word in words]) for one in place.learned]
    found: dict[str, Mapping[str, int]] = {}
    for name, counts in (*_in_open_files(place, encoder), *_in_workspace(place, ranges)):
        fitting = {text: count for text, count in counts.items() if text.startswith(place.start)} if place.start else counts
        if fitting:
            found[name] = fitting
    return Seen(place, found, ranges)


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


def places_after(text: str, context: str, most: int) -> list[int]:
    """Positions in `text` right behind an occurrence of `context`, the last ones first, the end itself left out."""
    found: list[int] = []
    length = len(context)
    at = text.rfind(context, 0, len(text) - 1)
    while at >= 0 and len(found) < most:
        found.append(at + length)
        at = text.rfind(context, 0, at + length - 1)
    return found


def _in_open_files(place: Place, encoder: Encoder) -> Iterator[tuple[str, Mapping[str, int]]]:
    file = place.file.tokens
    context = file[-REACH:]
    near = encoder.texts(Counter(file[-_RECENT_WITH_START if place.start else -_RECENT :]))
    yield "file 0", {word: count for word, count in near.items() if is_word(word)}
    most = _MOST_WITH_START if place.start else _MOST_IN_FILE
    for length, places in _matches(file, context, FILE_LENGTHS, most):
        yield f"file {length}", encoder.texts(Counter([file[at] for at in places]))
        if length == 1 and len(context) > 2:
            skipping = [file[at] for at in places if at > 2 and file[at - 3] == context[-3] and file[at - 2] != context[-2]]
            yield "file skip", encoder.texts(Counter(skipping))
    others = place.others.tokens
    most = _MOST_WITH_START if place.start else _MOST_IN_OPEN
    for length, places in _matches(others, context, OPEN_LENGTHS, most):
        yield f"open {length}", encoder.texts(Counter([others[at] for at in places]))


def _matches(text: str, context: str, lengths: Sequence[int], most: int) -> Iterator[tuple[int, list[int]]]:
    places: list[int] = []
    for length in lengths:
        tail = context[-length:]
        if len(tail) < length or NOTHING in tail:
            return
        if 0 < len(places) < most:  # all places of the shorter context are known: those of this one are among them
            places = [at for at in places if at >= length and text.startswith(tail, at - length)]
        else:
            places = places_after(text, tail, most)
        if not places:
            return
        yield length, places


def _in_workspace(place: Place, ranges: Sequence[Sequence[Range]]) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Counts of all segments, added up."""
    sums: dict[int, Counter[str]] = {}
    for one, entries in zip(place.learned, ranges, strict=True):
        segment = one.segment
        limits = segment.starting_with(place.start, one.family) if place.start else None
        if limits is not None:
            sums.setdefault(0, Counter()).update(segment.texts(segment.commonest(limits, _MOST_WORDS)))
        for length in WORKSPACE_LENGTHS:
            if length > len(entries):
                break
            counts = Counter(segment.nexts(entries[length - 1], one.masked, limits))
            sums.setdefault(length, Counter()).update(segment.texts(counts))
    for length, counted in sums.items():
        yield f"workspace {length}", counted
