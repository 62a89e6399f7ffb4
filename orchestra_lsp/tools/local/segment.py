"""A read-only index of many files: all tokens sorted by the context to their left, so that every context is one range.

Each family of languages has words of its own, so that a context never matches in another one.
Works on a flat stretch of bytes, a file mapped into memory for instance: nothing is unpacked at load.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.lexer import spaces
from orchestra_lsp.tools.local.skips import KINDS

MAGIC = b"orchestra-ngram 4\n"
SECTIONS = (
    "word_ends",
    "words",
    "word_counts",
    "file_starts",
    "tokens",
    "order",
    "gaps",
    "skip_ends",
    "skip_tags",
    "skip_places",
    "skip_buckets",
)
_BYTES = ("words", "gaps", "skip_tags")  # all others are 32-bit integers
#: Stands between a word's family and the word.
BORDER = "\x1f"
#: Contexts are sorted this many tokens deep.
DEPTH = 8
_MAX_HEADER = 64_000_000

Range = tuple[int, int]
Integers = npt.NDArray[np.int32]


def bucket_bits(count: int) -> int:
    """The bits of a hash that choose its bucket among `count` contexts: about eight in each."""
    return max(0, count.bit_length() - 3)


def keyed(family: str, word: str) -> str:
    """A word as it is kept: words are sorted by family, then by the word."""
    return family + BORDER + word


class NotASegment(ValueError):
    """The bytes are not a whole segment of this version."""


class Segment:
    """One index. Immutable and safe to share between threads."""

    def __init__(self, data: bytes | memoryview, check: bool = False) -> None:
        """`check`: compare the checksum as well. Raises NotASegment."""
        view = memoryview(data)
        sizes, paths, stamps, checksum, at = _header(view)
        self.paths, self.stamps = paths, stamps
        if check and zlib.crc32(view[at:]) != checksum:
            raise NotASegment("it is damaged")
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
        self._order, self._skip_ends = integers["order"], integers["skip_ends"]
        self._skip_buckets, self._skip_tags = integers["skip_buckets"], parts["skip_tags"]
        if len(self._skip_ends) != len(KINDS) + 1:
            raise NotASegment("it has other kinds of contexts")
        tables = [(1 << bucket_bits(end - start)) + 1 for start, end in pairwise(self._skip_ends)]
        self._bucket_starts = [0, *accumulate(tables)]
        # The same once more for whole ranges: single numbers are read faster from a memoryview.
        self.tokens, self.order, self.file_starts, self.skip_places, self.word_counts = (
            np.frombuffer(parts[name], np.int32) for name in ("tokens", "order", "file_starts", "skip_places", "word_counts")
        )
        self.size = len(self._tokens)
        self.words = len(self._word_ends)
        self._files = {path: number for number, path in enumerate(self.paths)}

    # --- words ---

    def word(self, number: int) -> str:
        return self._keyed(number).partition(BORDER)[2]

    def number(self, word: str, family: str) -> int:
        """The word's number; 0 when it was never seen in a language of this family."""
        wanted = keyed(family, word)
        at = self._at_or_after(wanted.encode("utf-8", "surrogatepass"))
        return at if at < len(self._word_ends) and self._keyed(at) == wanted else 0

    def starting_with(self, prefix: str, family: str) -> Range:
        """The numbers of all words of a family that start with `prefix`: words are numbered in the order of their bytes."""
        encoded = keyed(family, prefix).encode("utf-8", "surrogatepass")
        return self._at_or_after(encoded), self._at_or_after(encoded + b"\xff")

    def commonest(self, words: Range, most: int) -> Integers:
        """The numbers of the commonest words of a range of words."""
        first, last = words
        counts = self.word_counts[first:last]
        if len(counts) <= most:
            return np.arange(first, last, dtype=np.int32)
        return (np.argpartition(counts, -most)[-most:] + first).astype(np.int32)

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

    def sampled(self, entries: Range, most: int) -> Integers:
        """The positions behind a range of entries, at even distances when there are more than `most`."""
        low, high = entries
        return self.order[low : high : -(-(high - low) // most)]

    def after_skip(self, kind: int, wanted: int, most: int) -> Integers:
        """The positions behind a skip context (see `skips.KINDS`)."""
        start, end = self._skip_ends[kind], self._skip_ends[kind + 1]
        bits = bucket_bits(end - start)
        bucket = self._bucket_starts[kind] + (wanted >> (32 - bits))
        low, high = start + self._skip_buckets[bucket], start + self._skip_buckets[bucket + 1]
        tag = wanted >> (24 - bits) & 255
        low = bisect_left(self._skip_tags, tag, low, high)
        high = bisect_right(self._skip_tags, tag, low, high)
        return self.skip_places[low : high : max(1, -(-(high - low) // most))]

    def files_of(self, positions: Integers) -> npt.NDArray[np.intp]:
        """The numbers of the files that hold these positions."""
        return np.searchsorted(self.file_starts, positions, side="right") - 1

    def gap(self, entries: Range, word: int) -> str | None:
        """The white space in front of `word` at its first place in a range of entries; None when it is not among the first ones."""
        low, high = entries
        for entry in range(low, min(high, low + 2048)):
            if self._tokens[self._order[entry]] == word:
                return spaces(chr(self._gaps[self._order[entry]]))
        return None

    def numbers(self, paths: Collection[str]) -> list[int]:
        """The numbers of those of `paths` that are in here."""
        return [self._files[path] for path in paths if path in self._files]


def _header(view: memoryview) -> tuple[list[int], tuple[str, ...], tuple[str, ...], int, int]:
    """Sizes of the sections, paths and stamps of the files, the checksum, and where the first section starts."""
    start = len(MAGIC)
    if bytes(view[:start]) != MAGIC:
        raise NotASegment("another format or version")
    length = bytes(view[start : start + _MAX_HEADER]).find(b"\n")
    try:
        header = json.loads(bytes(view[start : start + max(length, 0)]))
        sizes, checksum = [int(size) for size in header["sizes"]], int(header["checksum"])
        paths, stamps = tuple(map(str, header["paths"])), tuple(map(str, header["stamps"]))
    except (ValueError, TypeError, KeyError) as error:
        raise NotASegment("the header cannot be read") from error
    if len(sizes) != len(SECTIONS) or min(sizes) < 0 or len(stamps) != len(paths):
        raise NotASegment("the header is not complete")
    return sizes, paths, stamps, checksum, start + length + 1
