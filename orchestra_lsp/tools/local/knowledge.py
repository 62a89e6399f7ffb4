"""Segments as one cursor sees them: which of their files count, and how near each is to the file being typed."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.counts import Learned
from orchestra_lsp.tools.local.segment import Segment


class Knowledge:
    """Remembers for each segment what is costly to find out. Belongs to one encoder; not thread-safe."""

    def __init__(self) -> None:
        self._tables: WeakKeyDictionary[Segment, npt.NDArray[np.int32]] = WeakKeyDictionary()
        self._numbers: WeakKeyDictionary[Segment, dict[str, dict[int, int]]] = WeakKeyDictionary()
        self._layouts: WeakKeyDictionary[Segment, Layout] = WeakKeyDictionary()
        self._near: WeakKeyDictionary[Segment, tuple[str, npt.NDArray[np.float32]]] = WeakKeyDictionary()

    def learned(self, segment: Segment, hidden: Collection[str], path: str, family: str) -> Learned:
        """`hidden`: paths of files that do not count; `path`: of the file being typed, "" when it has none."""
        table = self._tables.get(segment)
        if table is None:
            table = self._tables[segment] = np.full(segment.words, -1, np.int32)
        near = self._near.get(segment)
        if near is None or near[0] != path:
            layout = self._layouts.get(segment)
            if layout is None:
                layout = self._layouts[segment] = Layout(segment.paths)
            near = self._near[segment] = (path, layout.near(path))
        numbers = self._numbers.setdefault(segment, {}).setdefault(family, {})
        masked = None
        if files := segment.numbers(hidden):
            masked = np.zeros(len(segment.paths), bool)
            masked[files] = True
        return Learned(segment, masked, near[1], family, table, segment.starting_with("", family), numbers)


class Layout:
    """The files of a segment by folder, stem and ending, so that nearness need not look at each of their names."""

    def __init__(self, paths: Sequence[str]) -> None:
        split = [os.path.split(path) for path in paths]
        self._folders, self._folder = _numbered([folder for folder, _ in split])
        self._stems, self._stem = _numbered([stem_of(name) for _, name in split])
        self._endings, self._ending = _numbered([os.path.splitext(name)[1] for _, name in split])

    def near(self, path: str) -> npt.NDArray[np.float32]:
        """How much each file has to do with the one at `path`, 0.04 to 2, by their paths alone."""
        folder, name = os.path.split(os.path.normcase(path))
        parts = folder.split(os.sep)
        folders = np.array([_shared(parts, other.split(os.sep)) for other in self._folders], np.float32)
        stems = np.array([2.0 * (stem_of(name) == other) for other in self._stems], np.float32)
        endings = np.array([1.0 if name.endswith(other) else 0.15 for other in self._endings], np.float32)
        near = (1 + folders[self._folder] + stems[self._stem]) / 4 * endings[self._ending]
        return near.astype(np.float32, copy=False)


def stem_of(name: str) -> str:
    """What a file and its test have in common."""
    stem = name.partition(".")[0]
    for mark in ("test_", "_test"):
        stem = stem.removeprefix(mark).removesuffix(mark)
    return stem


def _shared(folder: list[str], other: list[str]) -> float:
    common = next((at for at, (one, same) in enumerate(zip(folder, other, strict=False)) if one != same), min(len(folder), len(other)))
    return 2 * common / max(len(folder), len(other)) + 3 * (folder == other)


def _numbered(names: Sequence[str]) -> tuple[list[str], npt.NDArray[np.intp]]:
    """The different names, and for each name which of them it is."""
    numbers: dict[str, int] = {}
    which = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.intp)
    return list(numbers), which
