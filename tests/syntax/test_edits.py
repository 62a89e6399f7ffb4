"""Edits keep text, lines and tree equal to a fresh start, whatever the editor sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Tree

from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.syntax.parse import Change, Draft, edit_buffer, edit_text, open_buffer, parse_draft, splice
from orchestra_lsp.syntax.text import Encoding, encode, line_starts, offset_at, position_at

UNIT_BYTES = {Encoding.UTF8: 1, Encoding.UTF16: 2, Encoding.UTF32: 4}
CODEC = {Encoding.UTF8: "utf-8", Encoding.UTF16: "utf-16-le", Encoding.UTF32: "utf-32-le"}
PIECES = [
    *("\n", "\r\n", "\r", "\t", " ", "    ", "x", "é", "e\u0301", "中", "😀", "👩‍👩‍👧", "'", '"""', "#", "\\", ":", "(", ")", "="),
    *("def f(a):\n    return a\n", "if x:\n  pass\n", "class A:\r\n\tdef m(self):\r\n\t\treturn 1\r\n", "for i in x:\r  y\r", "f'{x}'"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
encodings = st.sampled_from(list(Encoding))
places = st.tuples(st.integers(0, 12), st.integers(0, 30))
changes = st.builds(lambda one, two, text: Change(*min(one, two), *max(one, two), text), places, places, st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
whole = st.builds(lambda text: Change(None, None, None, None, text), texts)


def nodes(tree: Tree | None) -> Iterator[tuple[object, ...]]:
    """Kind, place and flags of every node in document order."""
    assert tree is not None
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        yield (node.type, node.start_byte, node.end_byte, node.start_point, node.end_point, node.is_missing, cursor.field_name)
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return


def check_like_fresh(buffer: Buffer, text: str) -> None:
    fresh = open_buffer(buffer.uri, buffer.path, buffer.version, buffer.language, text)
    assert buffer.data == fresh.data
    assert buffer.line_starts == fresh.line_starts
    assert list(nodes(buffer.tree)) == list(nodes(fresh.tree))


def lines_of(text: str) -> list[tuple[int, int]]:
    """Start and end of each line in code points, written the slow and obvious way."""
    lines, start, at = [], 0, 0
    while at < len(text):
        if text[at] in "\r\n":
            lines.append((start, at))
            at += 1 + (text[at : at + 2] == "\r\n")
            start = at
        else:
            at += 1
    return [*lines, (start, len(text))]


def model_edit(text: str, change: Change, encoding: Encoding) -> str:
    """What an editor's own document is after the change. Positions inside a character are left to other tests: they are rounded here."""
    if change.start_line is None:
        return change.text
    lines = lines_of(text)

    def index(line: int, column: int) -> int:
        if line >= len(lines):
            return len(text)
        start, end = lines[line]
        units = 0
        for at in range(start, end):
            units += len(text[at].encode(CODEC[encoding])) // UNIT_BYTES[encoding]
            if units > column:
                return at
        return end

    start, end = index(change.start_line, change.start_column), index(change.end_line, change.end_column)
    return text[:start] + change.text + text[max(start, end) :]


def inside_pair(text: str, change: Change, encoding: Encoding) -> bool:
    return encoding is Encoding.UTF16 and any(ord(character) > 0xFFFF for character in text)


@settings(max_examples=400, deadline=None)
@given(texts, st.lists(st.lists(st.one_of(changes, whole), min_size=1, max_size=4), max_size=5), encodings)
def test_edited_buffer_equals_fresh_buffer(text: str, batches: list[list[Change]], encoding: Encoding) -> None:
    buffer = open_buffer("file:///a.py", "/a.py", 0, "python", text)
    for version, batch in enumerate(batches):
        if any(inside_pair(text, change, encoding) for change in batch):
            return
        for change in batch:
            text = model_edit(text, change, encoding)
        before = buffer
        buffer, spans = edit_buffer(buffer, version, batch, encoding)
        check_like_fresh(buffer, text)
        check_spans(before, buffer, spans)


def check_spans(before: Buffer, after: Buffer, spans: tuple[Span, ...]) -> None:
    """Sorted, apart, inside the text; and what lies outside of them is the old text."""
    assert list(spans) == sorted(spans)
    assert all(one.end < two.start for one, two in zip(spans, spans[1:], strict=False))
    assert all(0 <= span.start <= span.end <= len(after.data) for span in spans)
    assert spans or before.data == after.data
    kept, position = [], 0
    for span in spans:
        kept.append(after.data[position : span.start])
        position = span.end
    kept.append(after.data[position:])
    at = 0
    for part in kept:
        at = before.data.index(part, at) + len(part)
    assert before.data.startswith(kept[0])
    assert before.data.endswith(kept[-1])
