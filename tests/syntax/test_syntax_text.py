"""Columns in three encodings, checked against a slow and obvious model; nothing falls inside a character or a line's end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.text import Encoding, decode, encode, line_at, line_bounds, line_starts, offset_at, position_at, slice_text

CODEC = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}
PIECES = ["\n", "\r\n", "\r", "\t", "a", "word ", "é", "e\u0301", "中文", "😀", "👩‍👩‍👧", "\u2028", "\x85", "\ufeff"]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
encodings = st.sampled_from(list(Encoding))


def buffer_of(text: str | bytes) -> Buffer:
    data = text if isinstance(text, bytes) else text.encode()
    return Buffer("", "", 0, "text", data, line_starts(data), None)


def lines_of(text: str) -> list[tuple[str, str]]:
    """Each line and its terminator, one character after the other."""
    lines, line, at = [], "", 0
    while at < len(text):
        end = "\r\n" if text.startswith("\r\n", at) else text[at] if text[at] in "\r\n" else ""
        if end:
            lines.append((line, end))
            line = ""
        else:
            line += text[at]
        at += len(end) or 1
    return [*lines, (line, "")]


@given(texts)
def test_lines_end_where_the_protocol_says(text: str) -> None:
    offset, starts = 0, []
    for line, end in lines_of(text):
        starts.append(offset)
        offset += len((line + end).encode())
    assert line_starts(text.encode()) == tuple(starts)


@given(texts, encodings)
def test_every_character_has_one_position(text: str, encoding: Encoding) -> None:
    buffer = buffer_of(text)
    codec, width = CODEC[encoding]
    offset = 0
    for number, (line, end) in enumerate(lines_of(text)):
        for at in range(len(line) + 1):
            place = offset + len(line[:at].encode())
            position = (number, len(line[:at].encode(codec)) // width)
            assert position_at(buffer, place, encoding) == position
            assert offset_at(buffer, *position, encoding) == place
        offset += len((line + end).encode())


@given(texts, st.integers(-3, 60), st.integers(-3, 200), encodings)
def test_any_position_lands_on_a_character(text: str, line: int, column: int, encoding: Encoding) -> None:
    buffer = buffer_of(text)
    offset = offset_at(buffer, line, column, encoding)
    assert decode(buffer.data[:offset]) + decode(buffer.data[offset:]) == text
    assert buffer.data[offset - 1 : offset + 1] != b"\r\n"
    if 0 <= line < len(buffer.line_starts):
        start, end = line_bounds(buffer.data, buffer.line_starts, line)
        assert start <= offset <= end
        assert line_at(buffer, offset) == line


@given(texts, st.integers(-5, 500), encodings)
def test_any_offset_has_a_position(text: str, offset: int, encoding: Encoding) -> None:
    buffer = buffer_of(text)
    back = offset_at(buffer, *position_at(buffer, offset, encoding), encoding)
    assert max(0, min(offset, len(buffer.data))) - 3 <= back <= max(0, min(offset, len(buffer.data)))


@given(st.binary(max_size=200), st.integers(0, 10), st.integers(0, 50), encodings)
def test_bytes_that_are_no_text_do_no_harm(data: bytes, line: int, column: int, encoding: Encoding) -> None:
    buffer = buffer_of(data)
    offset = offset_at(buffer, line, column, encoding)
    assert 0 <= offset <= len(data)
    assert position_at(buffer, offset, encoding)[0] < len(buffer.line_starts)
    decode(data).encode()


@pytest.mark.parametrize(
    ("text", "line", "column", "encoding", "expected"),
    [
        ("😀x", 0, 1, Encoding.UTF16, 0),  # inside the pair
        ("😀x", 0, 2, Encoding.UTF16, 4),
        ("😀x", 0, 1, Encoding.UTF32, 4),
        ("😀x", 0, 3, Encoding.UTF8, 0),
        ("ab\r\ncd", 0, 99, Encoding.UTF16, 2),
        ("ab\rcd", 1, 0, Encoding.UTF16, 3),
        ("ab", 9, 0, Encoding.UTF16, 2),
        ("", 0, 0, Encoding.UTF16, 0),
        ("a\n", 1, 5, Encoding.UTF16, 2),
    ],
)
def test_clamping(text: str, line: int, column: int, encoding: Encoding, expected: int) -> None:
    assert offset_at(buffer_of(text), line, column, encoding) == expected


def test_columns_of_a_very_long_line() -> None:
    text = "é😀x" * 100_000
    buffer = buffer_of(text)
    assert offset_at(buffer, 0, 4 * 99_999, Encoding.UTF16) == 7 * 99_999
    assert offset_at(buffer, 0, 4 * 99_999 + 2, Encoding.UTF16) == 7 * 99_999 + 2  # rounded to the start of the pair
    assert position_at(buffer, 7 * 99_999, Encoding.UTF32) == (0, 3 * 99_999)


@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_encoding_is_total_and_heals_pairs(text: str) -> None:
    data = encode(text)
    assert decode(data) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert encode(text + "\ud83d") == data + b"\xed\xa0\xbd"
    assert encode("\ud83d" + "\ude00") == "😀".encode()


def test_decoded_text_can_always_be_sent() -> None:
    for data in (b"\xed\xa0\xbdx", b"\xff\xfe", b"caf\xe9", b"\xf0\x9f"):
        decode(data).encode()
    assert decode(b"\xed\xa0\xbdx") == "\ufffdx"


def test_slices_stop_at_the_ends() -> None:
    buffer = buffer_of("héllo")
    assert slice_text(buffer, Span(0, 3)) == "hé"
    assert slice_text(buffer, Span(4, 99)) == "lo"
