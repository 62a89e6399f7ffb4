"""Opening, limits, drafts parsed elsewhere, cancelling, threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.parse import (
    Change,
    Draft,
    ParseCancelled,
    edit_buffer,
    edit_text,
    errors_in,
    open_buffer,
    open_text,
    parse_draft,
    read_buffer,
)
from orchestra_lsp.syntax.text import Encoding, offset_at

FUNCTION = "def f_{0}(a, b):\n    # é 😀 {0}\n    return [a, b, '{0}'] and f_{0}(1, 2)\n\n\n"
LARGE = "".join(FUNCTION.format(number) for number in range(5000))  # 370 kB


def shape(buffer: Buffer) -> str:
    assert buffer.tree is not None
    return str(buffer.tree.root_node)


def test_open_keeps_what_it_is_given() -> None:
    buffer = open_buffer("file:///a.go", "/a.go", 7, "go", "package a\r\n")
    assert (buffer.uri, buffer.path, buffer.version, buffer.language) == ("file:///a.go", "/a.go", 7, "go")
    assert (buffer.data, buffer.line_starts) == (b"package a\r\n", (0, 11))


@pytest.mark.parametrize("text", ["x = 1\0\n", "x = 1\n" * 100])
def test_binary_and_large_text_is_kept_without_a_tree(text: str) -> None:
    buffer = open_buffer("", "", 0, "python", text, limit=500)
    assert buffer.tree is None
    assert buffer.data == text.encode()
    assert errors_in(buffer) == 0


def test_text_that_becomes_readable_gets_its_tree() -> None:
    buffer = open_buffer("", "", 0, "python", "x = 1\0\n")
    better, spans = edit_buffer(buffer, 1, [Change(0, 5, 0, 6, "")], Encoding.UTF16)
    assert shape(better) == shape(open_buffer("", "", 0, "python", "x = 1\n"))
    assert spans == (Span(5, 5),)
    worse, _ = edit_buffer(better, 2, [Change(0, 0, 0, 0, "\0")], Encoding.UTF16)
    assert worse.tree is None


def test_unknown_language_has_text_but_no_tree() -> None:
    buffer, spans = edit_buffer(open_buffer("", "", 0, "text", "one\ntwo"), 1, [Change(1, 0, 1, 3, "2")], Encoding.UTF8)
    assert (buffer.data, buffer.line_starts, buffer.tree, spans) == (b"one\n2", (0, 4), None, (Span(4, 5),))


@pytest.mark.parametrize(
    ("name", "data", "language", "has_tree"),
    [
        ("a.py", "x = 'é'\r\n".encode(), "python", True),
        ("a.py", b"x = 'caf\xe9'\n", "python", True),
        ("a.py", b"", "python", True),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0", "text", False),
        ("a.py", b"\xff\xfex\0 \0", "python", False),
        ("script", b"#!/usr/bin/env node\n", "javascript", True),
    ],
)
def test_read_buffer(tmp_path: Path, name: str, data: bytes, language: str, has_tree: bool) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    buffer = read_buffer(path)
    assert (buffer.data, buffer.language, buffer.tree is not None) == (data, language, has_tree)
    assert buffer.uri == path.as_uri()
    with pytest.raises(FileNotFoundError):
        read_buffer(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x = 1\n", 0), ("", 0), ("def f(:\n    pass\n", 1), ("x = (1\n", 1), ("f(]\n" * 3, 3)],
)
def test_errors_are_counted(text: str, expected: int) -> None:
    assert errors_in(open_buffer("", "", 0, "python", text)) == expected


def test_large_text_parses_in_chunks_to_the_same_tree() -> None:
    """Chunks cut characters of several bytes in two; many small texts in one go never do."""
    buffer = open_buffer("", "", 0, "python", LARGE)
    one = shape(open_buffer("", "", 0, "python", FUNCTION.format(0)))
    assert shape(buffer) == "(module " + " ".join([one.removeprefix("(module ").removesuffix(")")] * 5000) + ")"
    edited, spans = edit_buffer(buffer, 1, [Change(5001, 0, 5001, 0, "x = [\n"), Change(5001, 5, 5001, 5, "]")], Encoding.UTF16)
    assert edited.tree is not None
    assert shape(edited) == shape(open_buffer("", "", 0, "python", edited.data))
    assert sum(span.end - span.start for span in spans) < 5000


def test_parsing_a_large_draft_can_be_cancelled_and_taken_up_again() -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 3

    draft = open_text("file:///a.py", "", 0, "python", LARGE)
    with pytest.raises(ParseCancelled, match="parsing of file:"):
        parse_draft(draft, cancelled)
    assert len(asked) == 4
    buffer, spans = parse_draft(draft, lambda: False)
    assert shape(buffer) == shape(open_buffer("", "", 0, "python", LARGE))
    assert spans == (Span(0, len(buffer.data)),)


def test_draft_is_readable_text_before_it_is_parsed() -> None:
    draft = Draft(open_buffer("", "", 0, "python", "def f():\n    return 1\n"))
    draft = edit_text(draft, 1, [Change(0, 4, 0, 5, "longer"), Change(1, 11, 1, 12, "2")], Encoding.UTF16)
    assert draft.buffer.data == b"def longer():\n    return 2\n"
    assert draft.edited == (Span(4, 10), Span(25, 26))
    assert offset_at(draft.buffer, 1, 4, Encoding.UTF16) == 18
    stale = draft.buffer.tree
    assert stale is not None
    name = stale.root_node.child(0).child_by_field_name("name")
    assert name is not None
    assert (name.start_byte, name.end_byte) == (4, 10)
    buffer, spans = parse_draft(draft)
    assert (buffer.version, spans) == (1, (Span(4, 10), Span(25, 26)))


def test_many_threads_parse_and_read_the_same_buffers() -> None:
    buffer = open_buffer("", "", 0, "python", LARGE)
    barrier = threading.Barrier(4)

    def work(number: int) -> str:
        barrier.wait(30)
        edited = buffer
        for version in range(5):
            edited, _ = edit_buffer(edited, version, [Change(number * 5, 4, number * 5, 5, f"g{version}")], Encoding.UTF16)
        return shape(edited)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(work, range(4))) == {shape(buffer)}
