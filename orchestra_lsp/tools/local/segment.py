"""A read-only index of many files: all tokens sorted by the context to their left, so that every context is one range.

Each family of languages has words of its own, so that a context never matches in another one.
Works on a flat stretch of bytes through memoryviews: nothing is unpacked at load, and no numpy is needed to ask.
"""

from __future__ import annotations

import heapq
import json
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence

from orchestra_lsp.tools.local.lexer import spaces

MAGIC = b"orchestra-ngram 2\n"
SECTIONS = ("word_ends", "words", "word_counts", "file_starts", "tokens", "order", "nexts", "gaps")
_BYTES = ("words", "gaps")  # all others are 32-bit integers
#: Stands between a word's family and the word.
_BORDER = "\x1f"
#: Contexts are sorted this many tokens deep.
DEPTH = 8
_MAX_HEADER = 64_000_000
#: Most entries of a range that are counted; larger ranges are sampled at even distances.
_SAMPLE = 768
_SAMPLE_FILTERED = 8192
#: Ranges up to this size are freed of masked files entry by entry; in larger ones a single file weighs little.
_MASKED_ENTRIES = 96

Range = tuple[int, int]


def keyed(family: str, word: str) -> str:
    """A word as it is kept: words are sorted by family, then by the word."""
    return family + _BORDER + word


class NotASegment(ValueError):
    """The bytes are not a whole segment of this version."""


class Segment:
    """One index. Immutable and safe to share between threads."""

    def __init__(self, data: bytes | memoryview) -> None:
        """Raises NotASegment."""
        view = memoryview(data)
        sizes, paths, at = _header(view)
        self.paths = paths
        parts: dict[str, memoryview] = {}
        for name, size in zip(SECTIONS, sizes, strict=True):
            parts[name] = view[at : at + size]
            if len(parts[name]) != size or (name not in _BYTES and size % 4):
                raise NotASegment(f"section {name} is cut off")
            at += size + -size % 8
        self._words = parts["words"]
        self._gaps = parts["gaps"]
        integers = {name: part.cast("i") for name, part in parts.items() if name not in _BYTES}
        self._word_ends, self._word_counts = integers["word_ends"], integers["word_counts"]
        self._file_starts, self._tokens = integers["file_starts"], integers["tokens"]
        self._order, self._nexts = integers["order"], integers["nexts"]
        self.size = len(self._tokens)
        self._known: dict[int, str] = {}  # words that were asked for; two threads may both fill it in
        self._files = {path: number for number, path in enumerate(self.paths)}

    # --- words ---

    def word(self, number: int) -> str:
        return self._keyed(number).partition(_BORDER)[2]

    def texts(self, counts: Mapping[int, int]) -> dict[str, int]:
        """Counts of numbers as counts of words."""
        known = self._known
        found = {}
        for number, count in counts.items():
            text = known.get(number)
            if text is None:
                text = known[number] = self.word(number)
            found[text] = count
        return found

    def number(self, word: str, family: str) -> int:
        """The word's number; 0 when it was never seen in a language of this family."""
        wanted = keyed(family, word)
        at = self._at_or_after(wanted.encode("utf-8", "surrogatepass"))
        return at if at < len(self._word_ends) and self._keyed(at) == wanted else 0

    def starting_with(self, prefix: str, family: str) -> Range:
        """The numbers of all words of a family that start with `prefix`: words are numbered in the order of their bytes."""
        encoded = keyed(family, prefix).encode("utf-8", "surrogatepass")
        return self._at_or_after(encoded), self._at_or_after(encoded + b"\xff")

    def commonest(self, numbers: Range, most: int) -> dict[int, int]:
        """The commonest words of a range of words, with their counts."""
        counts = self._word_counts
        return {number: counts[number] for number in heapq.nlargest(most, range(*numbers), key=counts.__getitem__)}

    def _keyed(self, number: int) -> str:
        start = self._word_ends[number - 1] if number else 0
        return str(self._words[start : self._word_ends[number]], "utf-8")

    def _at_or_after(self, encoded: bytes) -> int:
        ends, words = self._word_ends, self._words

        def key(number: int) -> bytes:
            return bytes(words[ends[number - 1] if number else 0 : ends[number]])

        return bisect_left(range(len(ends)), encoded, key=key)

    # --- contexts ---

    def ranges(self, context: Sequence[int]) -> list[Range]:
        """The range of entries for the last 1, 2, 3, ... tokens of `context`; ends before the first empty one."""
        found: list[Range] = []
        low, high = 0, len(self._order)
        order, tokens = self._order, self._tokens
        for back, wanted in enumerate(reversed(context[-DEPTH:]), 1):

            def key(entry: int, back: int = back) -> int:
                position = order[entry] - back
                return tokens[position] if position >= 0 else 0

            if not wanted:
                break
            inside = range(low, high)
            low, high = low + bisect_left(inside, wanted, key=key), low + bisect_right(inside, wanted, key=key)
            if low == high:
                break
            found.append((low, high))
        return found

    def nexts(self, entries: Range, masked: Collection[Range] = (), words: Range | None = None) -> list[int]:
        """The tokens that follow in a range of entries, sampled when there are many; `words` keeps only that range of words."""
        low, high = entries
        if masked and high - low <= _MASKED_ENTRIES:
            kept = [entry for entry in range(low, high) if not _inside(self._order[entry], masked)]
            numbers = [self._nexts[entry] for entry in kept]
        else:
            most = _SAMPLE if words is None else _SAMPLE_FILTERED
            step = -(-(high - low) // most)
            numbers = self._nexts[low:high:step].tolist()
        if words is None:
            return numbers
        first, last = words
        return [number for number in numbers if first <= number < last]

    def gap(self, entries: Range, word: int) -> str | None:
        """The white space in front of `word` at its first place in a range of entries; None when it is not among the first ones."""
        low, high = entries
        for entry in range(low, min(high, low + 2048)):
            if self._nexts[entry] == word:
                return spaces(chr(self._gaps[self._order[entry]]))
        return None

    def masks(self, paths: Collection[str]) -> tuple[Range, ...]:
        """The token ranges of those of `paths` that are in here."""
        found = []
        for path in paths:
            number = self._files.get(path)
            if number is not None:
                end = self._file_starts[number + 1] if number + 1 < len(self._file_starts) else self.size
                found.append((self._file_starts[number], end))
        return tuple(found)


def _header(view: memoryview) -> tuple[list[int], tuple[str, ...], int]:
    """Sizes of the sections, paths of the files, and where the first section starts."""
    start = len(MAGIC)
    if bytes(view[:start]) != MAGIC:
        raise NotASegment("another format or version")
    length = bytes(view[start : start + _MAX_HEADER]).find(b"\n")
    try:
        header = json.loads(bytes(view[start : start + max(length, 0)]))
        sizes, paths = [int(size) for size in header["sizes"]], tuple(map(str, header["paths"]))
    except (ValueError, TypeError, KeyError) as error:
        raise NotASegment("the header cannot be read") from error
    if len(sizes) != len(SECTIONS) or min(sizes) < 0:
        raise NotASegment("the header is not complete")
    return sizes, paths, start + length + 1


def _inside(position: int, masked: Collection[Range]) -> bool:
    return any(start <= position < end for start, end in masked)
