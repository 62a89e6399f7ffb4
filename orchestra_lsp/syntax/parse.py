"""Buffers and their trees: opening, editing, reading from disk. A tree is never edited in place; every change makes a new buffer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.syntax import language as languages
from orchestra_lsp.syntax.edits import Change, Splice, Workpiece
from orchestra_lsp.syntax.text import Encoding, encode, line_starts

if TYPE_CHECKING:
    from tree_sitter import Node, Point, Tree

__all__ = ["Change", "Draft", "ParseCancelled", "edit_buffer", "edit_text", "errors_in", "open_buffer", "open_text", "parse_draft"]
__all__ += ["read_buffer", "splice"]

MAX_BYTES = 5_000_000
_CHUNKED_FROM = 200_000  # bytes; py-tree-sitter holds the GIL for a whole parse, but gives it up between chunks
_CHUNK = 4096
_MOST_SPANS = 32


class ParseCancelled(Exception):
    """The caller asked to stop parsing; the draft is unharmed and can be parsed again."""


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A text that was changed and not parsed since.

    `buffer` holds the new text. Its tree is the last parsed one with its positions moved along (None if there was none): good enough to
    look things up, but what stands inside `edited` (spans of the new text) is not in it.
    """

    buffer: Buffer
    edited: tuple[Span, ...] = ()


def open_buffer(uri: str, path: str, version: int, language: str, text: str | bytes, limit: int = MAX_BYTES) -> Buffer:
    """A parsed buffer. Text that is binary (holds a null byte) or longer than `limit` bytes is kept, but not parsed."""
    return parse_draft(open_text(uri, path, version, language, text), limit=limit)[0]


def open_text(uri: str, path: str, version: int, language: str, text: str | bytes) -> Draft:
    """The same without parsing, for a caller that parses in a worker. Invalid UTF-8 is kept as it is."""
    data = text if isinstance(text, bytes) else encode(text)
    buffer = Buffer(uri, path, version, language, data, line_starts(data), None)
    return Draft(buffer, (Span(0, len(data)),))


def read_buffer(path: Path, limit: int = MAX_BYTES) -> Buffer:
    """A file from disk, version 0, its language detected. Raises OSError if it cannot be read."""
    data = path.read_bytes()
    absolute = path.absolute()
    return open_buffer(absolute.as_uri(), str(absolute), 0, languages.detect("", path.name, data), data, limit)


def edit_buffer(buffer: Buffer, version: int, changes: Sequence[Change], encoding: Encoding) -> tuple[Buffer, tuple[Span, ...]]:
    """Apply an editor's changes in order, each to the text that the one before left, and parse.

    Returns the new buffer and the spans of its text whose characters or syntax changed: sorted, apart, an empty one for a deletion.
    Call `edit_text` and `parse_draft` instead to parse elsewhere.
    """
    return parse_draft(edit_text(Draft(buffer), version, changes, encoding))


def edit_text(draft: Draft, version: int, changes: Sequence[Change], encoding: Encoding) -> Draft:
    """Apply an editor's changes without parsing: quick for any size, and drafts can be edited again before they are parsed."""
    workpiece = Workpiece(draft.buffer.data, draft.buffer.line_starts)
    return _finish(draft, version, workpiece, [workpiece.apply(change, encoding) for change in changes])


def parse_draft(draft: Draft, cancelled: Callable[[], bool] | None = None, limit: int = MAX_BYTES) -> tuple[Buffer, tuple[Span, ...]]:
    """Parse what changed. Safe in any thread; above 200 kB other threads keep running meanwhile.

    Returns the buffer and its changed spans as `edit_buffer` does. Raises ParseCancelled once `cancelled()` is true, which is asked
    only for texts above 200 kB.
    """
    buffer = draft.buffer
    if len(buffer.data) > limit or b"\0" in buffer.data:
        return replace(buffer, tree=None), draft.edited
    tree = _parse(buffer, cancelled)
    if tree is None or buffer.tree is None:
        return replace(buffer, tree=tree), draft.edited
    size = len(buffer.data)
    changed = [Span(min(at.start_byte, size), min(at.end_byte, size)) for at in buffer.tree.changed_ranges(tree)]
    return replace(buffer, tree=tree), _merged([*draft.edited, *changed])


def splice(buffer: Buffer, edits: Sequence[Edit]) -> Buffer:
    """The buffer as if the edits were made, parsed; version and address stay. Raises ValueError if edits overlap or leave the buffer."""
    workpiece = Workpiece(buffer.data, buffer.line_starts)
    splices = []
    border = len(buffer.data)
    # from the last to the first, so that the offsets of those still to come stay true
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        if not 0 <= edit.span.start <= edit.span.end <= border:
            raise ValueError(f"edit of bytes {edit.span.start}-{edit.span.end} overlaps another one or lies outside the buffer")
        border = edit.span.start
        splices.append(workpiece.replace(edit.span.start, edit.span.end, encode(edit.text)))
    return parse_draft(_finish(Draft(buffer), buffer.version, workpiece, splices))[0]


def errors_in(buffer: Buffer) -> int:
    """How many syntax errors the parser had to step over: its ERROR and MISSING nodes. 0 for a buffer without a tree."""
    return sum(node.is_error or node.is_missing for node in _faulty(buffer.tree)) if buffer.tree else 0


def _faulty(tree: Tree) -> Iterator[Node]:
    """All nodes that hold an error, without visiting the sound parts of the tree."""
    waiting = [tree.root_node] if tree.root_node.has_error else []
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in node.children if child.has_error]


def _finish(draft: Draft, version: int, workpiece: Workpiece, splices: Sequence[Splice]) -> Draft:
    data, starts = workpiece.finish()
    tree = draft.buffer.tree
    if tree is not None and splices:
        tree = tree.copy()
        for at in splices:
            tree.edit(at.reread, at.old_end, at.new_end, at.reread_point, at.old_end_point, at.new_end_point)
    buffer = replace(draft.buffer, version=version, data=data, line_starts=starts, tree=tree)
    return Draft(buffer, _moved(draft.edited, splices))


def _moved(spans: Sequence[Span], splices: Sequence[Splice]) -> tuple[Span, ...]:
    """The spans as they lie after all splices, joined with what the splices wrote."""
    moved = [(span.start, span.end) for span in spans]
    for at in splices:
        shift = at.new_end - at.old_end
        moved = [
            (
                start if start <= at.start else max(at.start, start + shift),
                end if end <= at.start else max(at.new_end, end + shift),
            )
            for start, end in moved
        ]
        moved.append((at.start, at.new_end))
        if len(moved) > _MOST_SPANS:
            moved = _paired(moved)
    return _merged([Span(*pair) for pair in moved])


def _paired(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half as many spans, each covering two neighbours: a replacement all over a file need not be followed more closely."""
    ordered = sorted(spans)
    return [(ordered[at][0], max(end for _, end in ordered[at : at + 2])) for at in range(0, len(ordered), 2)]


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def _parse(buffer: Buffer, cancelled: Callable[[], bool] | None) -> Tree | None:
    grammar = languages.grammar(buffer.language)
    if grammar is None:
        return None
    from tree_sitter import Parser

    parser = Parser(grammar)  # one per call: a parser cannot be shared between threads, and making one is cheap
    data = buffer.data
    if len(data) <= _CHUNKED_FROM:
        return parser.parse(data, buffer.tree) if buffer.tree else parser.parse(data)

    def read(offset: int, _: Point) -> bytes:
        return data[offset : offset + _CHUNK]

    def stop(_offset: int, _has_error: bool) -> bool:
        return cancelled is not None and cancelled()

    try:
        if buffer.tree:
            return parser.parse(read, buffer.tree, progress_callback=stop)
        return parser.parse(read, progress_callback=stop)
    except ValueError as error:
        parser.reset()
        raise ParseCancelled(f"parsing of {buffer.uri} was stopped") from error
