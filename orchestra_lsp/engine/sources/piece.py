"""What a source is asked and what it gives: whole lines of one file, and how much they help."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Protocol

from orchestra_lsp.model import Ask, Buffer
from orchestra_lsp.syntax.text import decode, line_at, line_bounds

LINES_BEFORE, LINES_AFTER = 30, 10  # around the cursor: what the person is busy with
#: A name in any language; shorter ones tell nothing.
WORD = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of one file. `value` 0..1: how much they help; `path` and `uri` are the file's own, not shortened."""

    path: str
    uri: str
    text: str
    value: float
    steady: bool = False  # see model.Snippet


class View:
    """One ask as the sources see it; used by several threads, so it only ever fills in what it works out."""

    def __init__(self, ask: Ask, allowed: Callable[[str], bool]) -> None:
        """`allowed`: whether the text of a file, told by its whole path, may be sent at all."""
        self.ask = ask
        self.allowed = allowed

    @cached_property
    def near(self) -> frozenset[str]:
        """The names around the cursor."""
        buffer = self.ask.buffer
        first, last = line_at(buffer, self.ask.span.start), line_at(buffer, self.ask.span.end)
        start = buffer.line_starts[max(0, first - LINES_BEFORE)]
        end = line_bounds(buffer.data, buffer.line_starts, min(len(buffer.line_starts) - 1, last + LINES_AFTER))[1]
        return words(decode(buffer.data[start : min(end, start + 20_000)]))

    @cached_property
    def line(self) -> frozenset[str]:
        """The names on the cursor's line."""
        buffer = self.ask.buffer
        start, end = line_bounds(buffer.data, buffer.line_starts, line_at(buffer, self.ask.span.start))
        return words(decode(buffer.data[start : min(end, start + 2000)]))

    def others(self) -> Iterable[Buffer]:
        """The other open files that may be looked at, most recently used first."""
        return (one for one in self.ask.neighbours if one.uri != self.ask.buffer.uri and self.allowed(one.path or one.uri))


class Source(Protocol):
    """One place where context comes from. `find` runs in a worker thread, never twice at once."""

    @property
    def name(self) -> str: ...

    @property
    def budget_s(self) -> float:
        """What it takes longer than this is left out."""
        ...

    def find(self, view: View) -> Sequence[Piece]: ...


def words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0


def lines_of(buffer: Buffer, first: int, last: int) -> str:
    """The lines `first` to `last` (from 0, both included) as text, with their ends."""
    starts = buffer.line_starts
    first, last = max(0, first), min(last, len(starts) - 1)
    if first > last:
        return ""
    end = starts[last + 1] if last + 1 < len(starts) else len(buffer.data)
    return decode(buffer.data[starts[first] : end])


def relative(path: str, roots: Sequence[str]) -> str:
    """The path below the workspace, so that no home folder's name is sent."""
    pure = PurePath(path)
    for root in roots:
        if pure.is_relative_to(root):
            return pure.relative_to(root).as_posix()
    return pure.name
