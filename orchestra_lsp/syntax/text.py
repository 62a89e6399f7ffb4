"""Columns, lines and bytes: the one place where positions of an editor meet the UTF-8 byte offsets used everywhere else."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra_lsp.model import Buffer, Span


class Encoding(StrEnum):
    """What a column counts: bytes, UTF-16 code units or code points."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


# Deleting these byte classes with `translate` counts characters without decoding, and works on invalid UTF-8 too.
_CONTINUATION = bytes(range(0x80, 0xC0))
_NOT_ASTRAL_LEAD = bytes(range(0xF0))
_BLOCK = 512
_SURROGATES = re.compile("[\ud800-\udfff]")


def line_starts(data: bytes) -> tuple[int, ...]:
    r"""Byte offset of each line's first byte. A line ends at \n, \r\n or a lone \r; a final newline starts one more, empty line."""
    if not data:
        return (0,)
    starts = tuple(accumulate(map(len, data.splitlines(keepends=True)), initial=0))
    return starts if data[-1] in b"\r\n" else starts[:-1]


def offset_at(buffer: Buffer, line: int, column: int, encoding: Encoding) -> int:
    """The byte offset of a position. Never fails and never falls inside a character or a line terminator.

    A column past the line's end means the end of the line's text, a line past the end means the end of the buffer.
    """
    return locate(buffer.data, buffer.line_starts, line, column, encoding)[0]


def position_at(buffer: Buffer, offset: int, encoding: Encoding) -> tuple[int, int]:
    """Line and column, both from 0, of a byte offset; an offset inside a character or a line terminator counts as its start."""
    data = buffer.data
    offset = max(0, min(offset, len(data)))
    line = bisect_right(buffer.line_starts, offset) - 1
    start, end = line_bounds(data, buffer.line_starts, line)
    return line, _units(data[start : floor(data, min(offset, end))], encoding)


def line_at(buffer: Buffer, offset: int) -> int:
    """The line, from 0, that holds a byte offset."""
    return max(0, bisect_right(buffer.line_starts, offset) - 1)


def slice_text(buffer: Buffer, span: Span) -> str:
    """The text of a span; what lies outside the buffer is left out."""
    return decode(buffer.data[max(0, span.start) : max(0, span.end)])


def encode(text: str) -> bytes:
    """Text as UTF-8. Surrogate halves that stand together become their character; a lone half is kept as three bytes."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        healed = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return healed.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Bytes as text that any encoder takes: invalid bytes and lone surrogate halves become U+FFFD."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _decode_damaged(data)


def common_prefix(one: bytes, other: bytes) -> int:
    """Length of the longest common beginning, by halving: comparing slices is far quicker than comparing bytes in a loop."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _decode_damaged(data: bytes) -> str:
    try:  # perhaps only surrogate halves are in the way
        return _SURROGATES.sub("\ufffd", data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def line_bounds(data: bytes | bytearray, starts: Sequence[int], line: int) -> tuple[int, int]:
    """Byte offsets of the text of a line, without its terminator."""
    start = starts[line]
    if line + 1 >= len(starts):
        return start, len(data)
    end = starts[line + 1] - 1
    if data[end] == 0x0A and end > start and data[end - 1] == 0x0D:
        end -= 1
    return start, end


def locate(data: bytes | bytearray, starts: Sequence[int], line: int, column: int, encoding: Encoding) -> tuple[int, int]:
    """Like `offset_at`, with the UTF-16 units by which the position lies inside the character that starts there (0 or 1)."""
    if line < 0:
        return 0, 0
    if line >= len(starts):
        return len(data), 0
    start, end = line_bounds(data, starts, line)
    column = max(0, column)
    if data[start : min(start + column, end)].isascii():
        return min(start + column, end), 0
    if encoding is Encoding.UTF8:
        return floor(data, min(start + column, end)), 0
    return _advance(data, start, end, column, encoding)


def floor(data: bytes | bytearray, offset: int) -> int:
    """The start of the character that holds `offset`."""
    if 0 < offset < len(data):
        for back in range(min(4, offset + 1)):
            if data[offset - back] & 0xC0 != 0x80:
                return offset - back
    return offset


def _units(chunk: bytes, encoding: Encoding) -> int:
    if encoding is Encoding.UTF8 or chunk.isascii():
        return len(chunk)
    points = len(chunk.translate(None, _CONTINUATION))
    if encoding is Encoding.UTF32:
        return points
    return points + len(chunk.translate(None, _NOT_ASTRAL_LEAD))


def _advance(data: bytes | bytearray, start: int, end: int, column: int, encoding: Encoding) -> tuple[int, int]:
    """Walk `column` units from `start`: whole blocks first, then single characters, so that very long lines stay quick."""
    offset = start
    while offset < end:
        block_end = floor(data, min(offset + _BLOCK, end))
        units = _units(bytes(data[offset:block_end]), encoding)
        if units >= column or block_end == offset:
            break
        column -= units
        offset = block_end
    while offset < end and column > 0:
        width = 2 if encoding is Encoding.UTF16 and data[offset] >= 0xF0 else 1
        if width > column:
            return offset, column
        column -= width
        offset += 1
        while offset < end and data[offset] & 0xC0 == 0x80:
            offset += 1
    return offset, 0
