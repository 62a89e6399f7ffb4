"""The definitions that the file's imports point to: heads of the functions and classes whose names are used near the cursor."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from orchestra_lsp.engine.sources.piece import Piece, View, lines_of
from orchestra_lsp.engine.sources.resolve import files_of
from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax import scope
from orchestra_lsp.syntax.language import detect
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.text import decode, line_at

FILE_BYTES = 300_000
FILES = 24  # imported files that are looked at
FILES_KEPT = 64
HEAD_LINES = 6  # of a function: its signature and the first lines of its documentation
MEMBERS = 12  # heads of a class that are shown
BUFFERS_KEPT = 16
LOOK_AGAIN_S = 10.0
#: Words of lines that import something, in any language: while these lines stay the same, the tree need not be asked.
_IMPORTING = (b"import", b"from ", b"require", b"use ", b"mod ", b"include", b"extern ")


@dataclass(frozen=True, slots=True)
class _Definition:
    name: str
    text: str


Stamp = tuple[object, ...]


class Imports:
    """Keeps the definitions of a file until it changes on disk or in its buffer."""

    name: Final = "imports"
    budget_s: Final = 0.05

    def __init__(self) -> None:
        self._files: OrderedDict[str, tuple[Stamp, tuple[_Definition, ...]]] = OrderedDict()
        self._imported: OrderedDict[str, tuple[Stamp, tuple[str, ...]]] = OrderedDict()

    def find(self, view: View) -> Sequence[Piece]:
        found: list[Piece] = []
        opened = {os.path.normcase(buffer.path): buffer for buffer in view.ask.neighbours if buffer.path}
        for path in self._paths(view):
            for one in self._definitions(path, opened.get(os.path.normcase(path))):
                if one.name in view.near:
                    value = 1.0 if one.name in view.line else 0.7
                    found.append(Piece(path, "", one.text, value, steady=True))
        return found

    def _paths(self, view: View) -> Iterator[str]:
        buffer = view.ask.buffer
        here = os.path.normcase(os.path.normpath(buffer.path)) if buffer.path else ""
        allowed = (path for path in self._files_of(buffer, view.ask.roots) if os.path.normcase(path) != here and view.allowed(path))
        return islice(allowed, FILES)

    def _files_of(self, buffer: Buffer, roots: Sequence[str]) -> tuple[str, ...]:
        """The files that the buffer imports; looked up again when its imports change, and now and then for files that are new."""
        stamp: Stamp = (*_importing(buffer.data), *roots, int(time.monotonic() / LOOK_AGAIN_S))
        known = self._imported.get(buffer.uri)
        if known is None or known[0] != stamp:
            found = dict.fromkeys(path for module in scope.imports(buffer) for path in files_of(module, buffer, roots))
            self._imported[buffer.uri] = known = (stamp, tuple(found))
        self._imported.move_to_end(buffer.uri)
        while len(self._imported) > BUFFERS_KEPT:
            self._imported.popitem(last=False)
        return known[1]

    def _definitions(self, path: str, opened: Buffer | None) -> tuple[_Definition, ...]:
        if opened and len(opened.data) > FILE_BYTES:
            return ()
        stamp: Stamp = (opened.data,) if opened else _stamp(path)
        known = self._files.get(path)
        if known is None or known[0] != stamp:
            buffer = opened or _read(path)
            self._files[path] = known = (stamp, tuple(_heads(buffer)) if buffer else ())
        self._files.move_to_end(path)
        while len(self._files) > FILES_KEPT:
            self._files.popitem(last=False)
        return known[1]


def _importing(data: bytes) -> Iterator[bytes]:
    """Whatever stands behind such a word on its line, or in the brackets that open there."""
    for word in _IMPORTING:
        at = data.find(word)
        while at >= 0:
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            if data[at:end].rstrip().endswith((b"(", b"{")):
                end = max(end, data.find(b")", end, end + 4000), data.find(b"}", end, end + 4000))
            yield data[at:end]
            at = data.find(word, max(end, at + 1))


def _stamp(path: str) -> Stamp:
    """Raises OSError; the file was there a moment ago."""
    status = os.stat(path)
    return (status.st_mtime_ns, status.st_size)


def _read(path: str) -> Buffer | None:
    with open(path, "rb") as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES or b"\0" in data:
        return None
    return open_buffer("", path, 0, detect("", path, data), decode(data))


def _heads(buffer: Buffer) -> Iterator[_Definition]:
    known = scope.definitions(buffer)
    for one in known:
        first, last = line_at(buffer, one.span.start), line_at(buffer, one.span.end)
        if one.kind != "class":
            yield _Definition(one.name, _head(buffer, first, last))
            continue
        inside = [other for other in known if other.kind == "function" and _within(other.span, one.span)]
        lines = [line_at(buffer, other.name_span.start) for other in inside[:MEMBERS]]
        heads = "".join(lines_of(buffer, line, line) for line in dict.fromkeys(lines))
        yield _Definition(one.name, lines_of(buffer, first, line_at(buffer, one.name_span.end)) + heads)


def _head(buffer: Buffer, first: int, last: int) -> str:
    return lines_of(buffer, first, min(last, first + HEAD_LINES - 1))


def _within(inner: Span, outer: Span) -> bool:
    return outer.start < inner.start and inner.end <= outer.end
