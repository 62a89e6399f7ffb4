"""Sorts the tokens of many files by the context to their left and writes them as one flat segment. Runs in the indexing process."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.document import line_break, lines_of
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.lexer import NOTHING, class_of, lex
from orchestra_lsp.tools.local.segment import BORDER, DEPTH, MAGIC, SECTIONS, bucket_bits, keyed
from orchestra_lsp.tools.local.skips import call_keys, contexts, hash_of

Integers = npt.NDArray[np.int32]


@dataclass
class Builder:
    """Collects files; `finish` gives the segment's bytes. Needs about 40 bytes a token while sorting."""

    _words: dict[str, int] = field(default_factory=lambda: {NOTHING: 0})
    _lines: dict[tuple[str, str, str], tuple[int, array[int], bytes, array[int]]] = field(default_factory=dict)
    _tokens: array[int] = field(default_factory=lambda: array("i", [0]))
    _calls: array[int] = field(default_factory=lambda: array("I", [0]))
    _gaps: bytearray = field(default_factory=lambda: bytearray(1))
    _paths: list[str] = field(default_factory=list)
    _stamps: list[str] = field(default_factory=list)
    _starts: array[int] = field(default_factory=lambda: array("i"))

    @property
    def tokens(self) -> int:
        return len(self._tokens)

    def add(self, path: str, text: str, language: str, stamp: str = "") -> None:
        """Append one file; `stamp` tells this state of it from others."""
        self._paths.append(path)
        self._stamps.append(stamp)
        self._starts.append(len(self._tokens))
        kin = family(language, path)
        levels = [0]
        blank = 0
        for line in lines_of(text):
            indent, tokens, gaps, calls = self._line(line, language, kin)
            if indent < 0:
                blank += not line or line.isspace()
                continue
            self._tokens.append(self._number(keyed(kin, line_break(levels, indent))))
            self._gaps.append(min(blank, 3))
            blank = 0
            self._tokens.extend(tokens)
            self._gaps += gaps
            self._calls.append(0)
            self._calls.extend(calls)
        self._tokens.append(0)
        self._calls.append(0)
        self._gaps.append(0)

    def finish(self) -> bytes:
        """The segment, to be read by `segment.Segment`."""
        words = sorted(self._words, key=str.encode)
        renumbered = np.empty(len(words), np.int32)
        renumbered[[self._words[word] for word in words]] = np.arange(len(words), dtype=np.int32)
        tokens = renumbered[np.frombuffer(self._tokens, np.int32)]
        order = sorted_by_context(tokens)
        blob = [word.encode() for word in words]
        sections = {
            "word_ends": np.cumsum([len(word) for word in blob], dtype=np.int32).tobytes(),
            "words": b"".join(blob),
            "word_counts": np.bincount(tokens, minlength=len(words)).astype(np.int32).tobytes(),
            "file_starts": self._starts.tobytes(),
            "tokens": tokens.tobytes(),
            "order": order.tobytes(),
            "gaps": bytes(self._gaps),
            **_skip_sections(tokens, words, np.frombuffer(self._calls, np.uint32)),
        }
        return _packed(sections, self._paths, self._stamps)

    def _line(self, text: str, language: str, kin: str) -> tuple[int, array[int], bytes, array[int]]:
        key = (text, language, kin)
        found = self._lines.get(key)
        if found is None:
            line = lex(text, language)
            numbers = array("i", [self._number(keyed(kin, token)) for token in line.tokens])
            calls = array("I", [hash_of(call) if call else 0 for call in call_keys(line.tokens)[:-1]])
            found = (line.indent, numbers, line.gaps.encode("latin-1", "replace"), calls)
            if len(text) < 40 and len(self._lines) < 50_000:  # long lines seldom come twice
                self._lines[key] = found
        return found

    def _number(self, word: str) -> int:
        return self._words.setdefault(word, len(self._words))


def _skip_sections(tokens: Integers, words: Sequence[str], calls: npt.NDArray[np.uint32]) -> dict[str, bytes]:
    """For each kind of skip context: the positions behind contexts, sorted by their hashes; of a hash the first bits choose the bucket
    and the next eight are the tag, the rest is not needed."""
    plain = [word.partition(BORDER)[2] or NOTHING for word in words]
    hashes = np.array([hash_of(word) for word in plain], np.uint32)[tokens]
    classes = np.array([class_of(word) for word in plain], np.uint8)[tokens]
    tags, places, buckets, ends = [], [], [], [0]
    for hashed in contexts(hashes, classes, calls):
        (there,) = np.nonzero((hashed != 0) & (tokens != 0))
        order = np.argsort(hashed[there], kind="stable")
        there = there[order].astype(np.int32)
        ordered = hashed[there].astype(np.int64)
        bits = bucket_bits(len(there))
        tags.append((ordered >> (24 - bits) & 255).astype(np.uint8).tobytes())
        places.append(there.tobytes())
        buckets.append(np.searchsorted(ordered >> (32 - bits), np.arange((1 << bits) + 1)).astype(np.int32).tobytes())
        ends.append(ends[-1] + len(there))
    return {
        "skip_ends": np.array(ends, np.int32).tobytes(),
        "skip_tags": b"".join(tags),
        "skip_places": b"".join(places),
        "skip_buckets": b"".join(buckets),
    }


def sorted_by_context(tokens: Integers) -> Integers:
    """Positions of all tokens, sorted by the tokens in front of them: the last one first, DEPTH tokens deep.

    Prefix doubling (Manber and Myers 1990) on reversed contexts: ranks of depth d give ranks of depth 2d.
    """
    rank = _shifted(tokens, 1)
    depth = 1
    while depth < DEPTH:
        rank = _dense(rank.astype(np.int64) * (int(rank.max()) + 1) + _shifted(rank, depth))
        depth *= 2
    order: Integers = np.argsort(rank, kind="stable").astype(np.int32)
    wanted: Integers = order[tokens[order] != 0]
    return wanted


def _shifted(values: Integers, by: int) -> Integers:
    return np.concatenate((np.zeros(by, np.int32), values))[: len(values)]


def _dense(keys: npt.NDArray[np.int64]) -> Integers:
    """Each key's place among the different keys. Like `np.unique` with its inverse, in half of its memory."""
    order = np.argsort(keys, kind="stable")
    steps = np.empty(len(keys), np.int32)
    steps[0] = 0
    ordered = keys[order]
    np.not_equal(ordered[1:], ordered[:-1], out=steps[1:], casting="unsafe")
    del ordered
    rank = np.empty(len(keys), np.int32)
    rank[order] = np.cumsum(steps, dtype=np.int32)
    return rank


def _packed(sections: dict[str, bytes], paths: Sequence[str], stamps: Sequence[str]) -> bytes:
    """Header line (JSON), then the sections, each padded to 8 bytes."""
    padded = [sections[name] + bytes(-len(sections[name]) % 8) for name in SECTIONS]
    sizes = [len(sections[name]) for name in SECTIONS]
    checksum = 0
    for section in padded:
        checksum = zlib.crc32(section, checksum)
    header = json.dumps({"sizes": sizes, "checksum": checksum, "paths": list(paths), "stamps": list(stamps)}).encode()
    # Whole numbers are read in place: the sections start at a multiple of their size.
    header += b" " * (-(len(MAGIC) + len(header) + 1) % 8)
    return b"".join((MAGIC, header, b"\n", *padded))
