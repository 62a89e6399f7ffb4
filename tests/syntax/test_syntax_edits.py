"""Edits keep text, lines and tree equal to a fresh start, whatever the editor sends and in whatever units it counts."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import cycle, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Query, QueryCursor, Tree

from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.syntax.edits import Workpiece
from orchestra_lsp.syntax.language import grammar
from orchestra_lsp.syntax.parse import Change, Draft, edit_buffer, edit_text, errors_in, open_buffer, parse_draft, read_buffer, splice
from orchestra_lsp.syntax.text import Encoding, encode, line_starts

PIECES = [
    *("\n", "\r\n", "\r", "\t", " ", "    ", "x", "é", "e\u0301", "中", "😀", "👩‍👩‍👧", "'", '"""', "#", "\\", ":", "(", ")", "=", ""),
    *("def f(a):\n    return a\n", "if x:\n  pass\n", "class A:\r\n\tdef m(self):\r\n\t\treturn 1\r\n", "for i in x:\r  y\r", "f'{x}'"),
]
HALVES = ["\ud83d", "\ude00"]  # what a client sends that splits a character over two edits
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
places = st.tuples(st.integers(0, 12), st.integers(0, 30))


def changes(pieces: list[str]) -> st.SearchStrategy[Change]:
    inserted = st.lists(st.sampled_from(pieces), max_size=4).map("".join)
    ranged = st.builds(lambda one, two, text: Change(*one, *two, text), places, places, inserted)
    whole = st.builds(lambda text: Change(None, None, None, None, text), texts)
    return st.one_of(ranged, ranged, ranged, whole)


class Editor:
    """The editor's own document: units of its encoding in a list, edited the obvious way."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.encoding = encoding
        self.units = self.split(text)

    def split(self, text: str) -> list[bytes]:
        if self.encoding is Encoding.UTF8:
            data = encode(text)
            return [data[at : at + 1] for at in range(len(data))]
        width = 2 if self.encoding is Encoding.UTF16 else 4
        data = text.encode(f"utf-{8 * width}-le", "surrogatepass")
        return [data[at : at + width] for at in range(0, len(data), width)]

    def data(self) -> bytes:
        if self.encoding is Encoding.UTF8:
            return b"".join(self.units)
        codec = "utf-16-le" if self.encoding is Encoding.UTF16 else "utf-32-le"
        return encode(b"".join(self.units).decode(codec, "surrogatepass"))

    def offset(self, line: int, column: int) -> int:
        ends = [(at, unit.rstrip(b"\0")) for at, unit in enumerate(self.units) if unit.rstrip(b"\0") in (b"\r", b"\n")]
        start = 0
        for at, unit in ends:
            if unit == b"\r" and self.units[at + 1 : at + 2] and self.units[at + 1].rstrip(b"\0") == b"\n":
                continue
            if not line:
                break
            line, start = line - 1, at + 1
        if line:
            return len(self.units)
        end = next((at for at, _ in ends if at >= start), len(self.units))
        place = min(start + column, end)
        if self.encoding is Encoding.UTF8:
            while place < len(self.units) and place > start and self.units[place][0] & 0xC0 == 0x80:
                place -= 1
        return place

    def change(self, change: Change) -> None:
        if change.start_line is None:
            self.units = self.split(change.text)
            return
        first, last = sorted([(change.start_line, change.start_column or 0), (change.end_line or 0, change.end_column or 0)])
        start, end = self.offset(*first), self.offset(*last)
        self.units[start:end] = self.split(change.text)


def nodes(tree: Tree | None) -> Iterator[tuple[str, int, int, tuple[int, int], tuple[int, int], bool, str | None]]:
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


def check_like_fresh(buffer: Buffer, data: bytes, was_sound: bool = True) -> None:
    """As if opened now. After or with syntax errors the parser may recover in another way; then only the places must be right."""
    fresh = open_buffer(buffer.uri, buffer.path, buffer.version, buffer.language, data)
    assert buffer.data == fresh.data
    assert buffer.line_starts == fresh.line_starts
    if was_sound and not errors_in(fresh):
        assert list(nodes(buffer.tree)) == list(nodes(fresh.tree))
    for _, start, end, start_point, end_point, *_ in nodes(buffer.tree):
        assert 0 <= start <= end <= len(data)
        assert (start_point, end_point) == (point(data, start), point(data, end))


def point(data: bytes, offset: int) -> tuple[int, int]:
    line_start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, line_start), offset - line_start


def check_spans(before: Buffer, after: Buffer, spans: tuple[Span, ...]) -> None:
    """Sorted, apart, inside the text; and what lies outside of them is old text, in its order."""
    assert list(spans) == sorted(spans)
    assert all(one.end < two.start for one, two in pairwise(spans))
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


def python(text: str | bytes) -> Buffer:
    return open_buffer("file:///a.py", "/a.py", 0, "python", text)


def check_edits(encoding: Encoding, text: str, batches: list[list[Change]]) -> None:
    editor, buffer = Editor(text, encoding), python(text)
    draft = Draft(buffer)
    for version, batch in enumerate(batches):
        for change in batch:
            editor.change(change)
        if encoding is not Encoding.UTF16:
            editor.units = editor.split(editor.data().decode("utf-8", "surrogatepass"))
        before = buffer
        buffer, spans = edit_buffer(buffer, version, batch, encoding)
        check_like_fresh(buffer, editor.data(), was_sound=not errors_in(before))
        check_spans(before, buffer, spans)
        draft = edit_text(draft, version, batch, encoding)
        assert draft.buffer.data == buffer.data
    late, spans = parse_draft(draft)
    check_like_fresh(late, editor.data(), was_sound=not errors_in(python(text)))
    check_spans(python(text), late, spans)


def batches(pieces: list[str]) -> st.SearchStrategy[list[list[Change]]]:
    return st.lists(st.lists(changes(pieces), min_size=1, max_size=4), max_size=5)


@settings(max_examples=250, deadline=None)
@given(texts, batches(PIECES))
def test_edits_in_utf8(text: str, edits: list[list[Change]]) -> None:
    check_edits(Encoding.UTF8, text, edits)


@settings(max_examples=400, deadline=None)
@given(texts, batches(PIECES + HALVES))
def test_edits_in_utf16_that_may_split_characters(text: str, edits: list[list[Change]]) -> None:
    check_edits(Encoding.UTF16, text, edits)


@settings(max_examples=250, deadline=None)
@given(texts, batches(PIECES))
def test_edits_in_utf32(text: str, edits: list[list[Change]]) -> None:
    check_edits(Encoding.UTF32, text, edits)


@settings(max_examples=150, deadline=None)
@given(texts, st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80), st.sampled_from(PIECES)), max_size=6))
def test_splice_makes_all_edits_of_the_same_old_text(text: str, wanted: list[tuple[int, int, str]]) -> None:
    buffer, edits, border = python(text), [], 0
    for start, end, inserted in sorted((min(a, b), max(a, b), inserted) for a, b, inserted in wanted):
        edit = Edit(Span(max(start, border), max(end, border)), inserted)
        if edit.span.end <= len(buffer.data):
            edits.append(edit)
            border = edit.span.end + 1
    expected, position = b"", 0
    for edit in edits:
        expected += buffer.data[position : edit.span.start] + edit.text.encode()
        position = edit.span.end
    expected += buffer.data[position:]
    after = splice(buffer, list(reversed(edits)))
    assert after.version == buffer.version
    check_like_fresh(after, expected, was_sound=not errors_in(buffer))


@pytest.mark.parametrize("spans", [[Span(0, 3), Span(2, 4)], [Span(2, 1)], [Span(3, 99)], [Span(-1, 2)]])
def test_splice_refuses_edits_that_make_no_sense(spans: list[Span]) -> None:
    with pytest.raises(ValueError, match="overlaps another one or lies outside"):
        splice(python("x = 1\n"), [Edit(span, "") for span in spans])


@settings(deadline=None)
@given(st.binary(max_size=60), st.lists(changes(PIECES + HALVES), max_size=5), st.sampled_from(list(Encoding)))
def test_edits_of_bytes_that_are_no_text_do_no_harm(data: bytes, edits: list[Change], encoding: Encoding) -> None:
    before = python(data)
    after, spans = edit_buffer(before, 1, edits, encoding)
    assert after.line_starts == line_starts(after.data)
    check_spans(before, after, spans)
    if after.tree is not None:
        assert all(end <= len(after.data) and end_point == point(after.data, end) for _, _, end, _, end_point, *_ in nodes(after.tree))


def test_halves_of_a_character_join_across_edits() -> None:
    buffer = python("x = ''\n")
    buffer, _ = edit_buffer(buffer, 1, [Change(0, 5, 0, 5, "\ud83d")], Encoding.UTF16)
    assert buffer.data == b"x = '\xed\xa0\xbd'\n"
    buffer, spans = edit_buffer(buffer, 2, [Change(0, 6, 0, 6, "\ude00")], Encoding.UTF16)
    assert buffer.data == "x = '😀'\n".encode()
    assert spans == (Span(5, 9),)
    buffer, _ = edit_buffer(buffer, 3, [Change(0, 6, 0, 7, "\ude01")], Encoding.UTF16)
    assert buffer.data == "x = '😁'\n".encode()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(0, 2, 0, 3, ""), "a\ud83db"),  # the low half is deleted
        (Change(0, 1, 0, 2, ""), "a\ude00b"),
        (Change(0, 0, 0, 2, "x"), "x\ude00b"),
        (Change(0, 2, 0, 4, "x"), "a\ud83dx"),
        (Change(0, 2, 0, 2, "x"), "a\ud83dx\ude00b"),
        (Change(0, 2, 0, 2, ""), "a😀b"),
        (Change(0, 2, 0, 3, "\ude01"), "a😁b"),
        (Change(0, 1, 0, 2, "\ud83e"), "a🨀b"),
    ],
)
def test_an_edit_may_split_a_pair(change: Change, expected: str) -> None:
    assert edit_buffer(python("a😀b"), 1, [change], Encoding.UTF16)[0].data == encode(expected)


@given(texts, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from(PIECES)), max_size=5))
def test_points_of_a_splice_count_rows_by_newline_and_columns_in_bytes(text: str, edits: list[tuple[int, int, str]]) -> None:
    data = text.encode()
    workpiece = Workpiece(data, line_starts(data))
    for one, two, inserted in edits:
        start, end = sorted((min(one, len(data)), min(two, len(data))))
        done = workpiece.replace(start, end, inserted.encode())
        assert (done.start_point, done.old_end_point) == (point(data, start), point(data, end))
        data = data[:start] + inserted.encode() + data[end:]
        assert (done.start, done.old_end, done.new_end_point) == (start, end, point(data, done.new_end))
    assert workpiece.finish() == (data, line_starts(data))


def test_whole_document_change_is_narrowed_to_what_differs() -> None:
    text = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"
    buffer, spans = edit_buffer(python(text), 1, [Change(None, None, None, None, text.replace("2", "23"))], Encoding.UTF16)
    assert spans == (Span(len(text) - 1, len(text)),)
    check_like_fresh(buffer, text.replace("2", "23").encode())
    assert edit_buffer(buffer, 2, [Change(None, None, None, None, text.replace("2", "23"))], Encoding.UTF16)[1] == (Span(47, 47),)


def test_replacing_a_name_everywhere_in_one_event() -> None:
    """Thousands of changes in one event, from the last to the first as VS Code sends them, and from the first to the last."""
    text = "".join(f"value_{number} = old + {number}\n" for number in range(5000))
    for order in (range(4999, -1, -1), range(5000)):
        edits = [Change(line, 9 + len(str(line)), line, 12 + len(str(line)), "fresh") for line in order]
        buffer, spans = edit_buffer(python(text), 1, edits, Encoding.UTF16)
        assert buffer.data == text.replace("old", "fresh").encode()
        check_spans(python(text), buffer, spans)
        assert len(spans) < 50
        assert buffer.line_starts == python(buffer.data).line_starts


def test_a_tree_that_someone_holds_is_not_touched() -> None:
    before = python("def f():\n    return 1\n")
    shape = list(nodes(before.tree))
    edit_buffer(before, 1, [Change(0, 4, 0, 5, "longer_name")], Encoding.UTF16)
    edit_text(Draft(before), 1, [Change(0, 0, 1, 0, "")], Encoding.UTF16)
    splice(before, [Edit(Span(0, 9), "")])
    assert list(nodes(before.tree)) == shape


def test_walking_up_from_captured_nodes_under_edits() -> None:
    """Older tree-sitters freed nodes too early; walking up from captures of many short-lived trees made that crash."""
    known = grammar("python")
    assert known is not None
    query = Query(known, "(identifier) @name (call) @call")
    buffer = python("class A:\n" + "".join(f"    def m{at}(self):\n        return f(g(h({at})))\n" for at in range(40)))
    kept = []
    for version in range(60):
        buffer, _ = edit_buffer(buffer, version, [Change(version + 1, 8, version + 1, 8, "x")], Encoding.UTF16)
        assert buffer.tree is not None
        captured = [node for found in QueryCursor(query).captures(buffer.tree.root_node).values() for node in found]
        kept += captured[:: 1 + version % 7]
        del captured
        gc.collect(0)
    for node in kept:
        depth, parent = 0, node.parent
        while parent is not None:
            assert parent.start_byte <= node.start_byte
            assert parent.end_byte >= node.end_byte
            depth, parent = depth + 1, parent.parent
        assert depth >= 1


EXAMPLES = sorted(Path(__file__).parent.joinpath("fixtures", "complexity").iterdir())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_code_that_was_cut_out_and_typed_again_has_its_old_tree(path: Path) -> None:
    """Every keystroke between goes through broken code; nothing of that may be left in the end."""
    original = read_buffer(path)
    shape = list(nodes(original.tree))
    starts = list(range(40, len(original.data) - 40, len(original.data) // 12))
    for start, length in zip(starts, cycle([1, 3, 8, 24]), strict=False):
        cut = original.data[start : start + length]
        buffer = splice(original, [Edit(Span(start, start + length), "")])
        for at in range(length):
            buffer = splice(buffer, [Edit(Span(start + at, start + at), chr(cut[at]))])
        assert buffer.data == original.data
        assert list(nodes(buffer.tree)) == shape


@pytest.mark.parametrize(
    ("marked", "reread"),
    [
        ("a = 1\n‸b = 2\n", 4),
        ("if a:\n    ‸b = 2\n", 4),
        ("if a:\n\n\n    ‸b = 2\n", 4),
        ("a = 1\r\n‸b = 2\r\n", 4),
        ("a = ‸1\n", 4),
        ("a = 1‸\n", 5),
        ("\n\n‸a", 2),
    ],
)
def test_where_the_tree_is_told_that_an_edit_begins(marked: str, reread: int) -> None:
    """At the last character before a line end: inside the indentation, Python's grammar would read everything below anew."""
    before, after = marked.encode().split("‸".encode())
    done = Workpiece(before + after, line_starts(before + after)).replace(len(before), len(before), b"x\n")
    assert done.start == len(before)
    assert (done.reread, done.reread_point) == (reread, point(before + after, reread))
