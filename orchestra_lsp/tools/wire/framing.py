"""How an answer over HTTP/1.1 is framed (RFC 9112): its head, and where its body ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: .*)?", re.DOTALL)
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?", re.DOTALL)
LONGEST_ROW = 16_384  # of a chunk's size or a trailer

Header = tuple[bytes, bytes]


class Malformed(ValueError):
    """It is not HTTP/1.1; says what is wrong without quoting it."""


@dataclass(frozen=True, slots=True)
class Head:
    """`latest`: the other side speaks 1.1, where connections last unless it says otherwise."""

    status: int
    headers: list[Header]
    latest: bool

    def all(self, name: bytes) -> list[bytes]:
        """The values of a header, given in lower case, split at commas and in lower case."""
        values = (value for key, value in self.headers if key.lower() == name)
        return [part.strip().lower() for value in values for part in value.split(b",")]


def head_of(said: bytes) -> Head:
    """`said` ends before the empty line. Raises Malformed."""
    first, *rows = said.split(b"\r\n")
    status = STATUS.fullmatch(first)
    if status is None:
        raise Malformed("its first line is not one of HTTP/1.1")
    headers: list[Header] = []
    for row in rows:
        if row[:1] in (b" ", b"\t") and headers:  # the old way to fold a long value
            headers[-1] = (headers[-1][0], headers[-1][1] + b" " + row.strip())
            continue
        name, colon, value = row.partition(b":")
        if not colon or not NAME.fullmatch(name):
            raise Malformed("a header is broken")
        headers.append((name, value.strip()))
    return Head(int(status[2]), headers, status[1] == b"1")


class Body:
    """Takes the body of one answer out of the bytes of its connection. `done`: it is whole; `lasting`: the connection stays."""

    def __init__(self, head: Head, method: str = "POST") -> None:
        """Raises Malformed for a length that cannot be told."""
        said, coding = head.all(b"connection"), head.all(b"transfer-encoding")
        lengths = set(head.all(b"content-length"))
        self._chunked = bool(coding)
        if coding not in ([], [b"chunked"]) or len(lengths) > 1 or not all(length.isdigit() for length in lengths):
            raise Malformed("its length cannot be told")
        self._left: int | None = 0 if self._chunked else int(lengths.pop()) if lengths else None
        self.lasting = (b"close" not in said) if head.latest else (b"keep-alive" in said)
        self._trailing = self._in_chunk = False
        self.done = method == "HEAD" or head.status in (204, 304) or (not self._chunked and self._left == 0)
        if self._left is None and not self.done:
            self.lasting = False  # it ends with the connection

    def take(self, waiting: bytearray) -> bytes:
        """Take out of `waiting` what belongs to the body; empty when there is nothing yet. Raises Malformed."""
        if self._chunked:
            return self._chunks(waiting)
        found = bytes(waiting) if self._left is None else bytes(waiting[: self._left])
        del waiting[: len(found)]
        if self._left is not None:
            self._left -= len(found)
            self.done = self._left == 0
        return found

    def ended(self) -> None:
        """The connection has ended. Raises Malformed when the body has not."""
        if self._left is not None:
            raise Malformed("the other side has disconnected before the end of the body")
        self.done = True

    def _chunks(self, waiting: bytearray) -> bytes:
        """All chunks that have come, and what has come of the last one."""
        found: list[bytes] = []
        at = 0
        while not self.done:
            if self._left:
                piece = bytes(waiting[at : at + self._left])
                self._left -= len(piece)
                at += len(piece)
                found.append(piece)
                if self._left:
                    break
            end = waiting.find(b"\r\n", at)
            if end < 0:
                if len(waiting) - at > LONGEST_ROW:
                    raise Malformed("a chunk has no size")
                break
            self._row(bytes(waiting[at:end]))
            at = end + 2
        del waiting[:at]
        return b"".join(found)

    def _row(self, row: bytes) -> None:
        """A line between two chunks: the end of one, the size of the next, or a trailer."""
        if self._trailing:
            self.done = not row
        elif self._in_chunk:
            if row:
                raise Malformed("a chunk is longer than its size")
            self._in_chunk = False
        elif size := SIZE.fullmatch(row):
            self._left = int(size[1], 16)
            self._in_chunk, self._trailing = self._left > 0, self._left == 0
        else:
            raise Malformed("a chunk has no size")
