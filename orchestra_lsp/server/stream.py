"""The client's two streams before any thread is started: Content-Length framing, reading, writing. Standard library only."""

from __future__ import annotations

import os
import sys
from collections import deque

from orchestra_lsp.server.messages import PARSE_ERROR, Fault, Json, encode, parse

Incoming = Json | Fault | None  # None, once and last: the client is gone

MAX_HEADER = 8192  # bytes of one header line; what is longer is no header
MAX_BODY = 256 * 1024 * 1024  # bytes; a document of 5 MB takes at most 30 MB as JSON
CHUNK = 65536
LENGTH = b"content-length:"
LONGEST_LENGTH = len(LENGTH) + 20


class Framer:
    """Cuts a byte stream into message bodies.

    After a broken header it goes on at the next line that ends in `Content-Length: <digits>`. No text of a document can be
    mistaken for one: inside a JSON body a line break is always escaped.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None  # said by the header being read
        self._in_header = False
        self._body: int | None = None  # length of the body being read
        self._complained = False  # about this stretch of garbage

    def feed(self, data: bytes) -> list[bytes | Fault]:
        """Bodies and faults in the order they stand in the stream; what is incomplete waits for more."""
        self._buffer += data
        found: list[bytes | Fault] = []
        while (items := self._next()) is not None:
            found += items
        return found

    def _next(self) -> list[bytes | Fault] | None:
        """What the next body or line means; None: more bytes are needed."""
        if self._body is not None:
            if len(self._buffer) < self._body:
                return None
            body, self._body = self._take(self._body), None
            return [body]
        end = self._buffer.find(b"\n")
        if end >= 0:
            return self._line(self._take(end + 1).strip())
        if len(self._buffer) > MAX_HEADER:
            self._take(len(self._buffer) - LONGEST_LENGTH)  # the rest may be the beginning of a header
            return self._garbage("a header line is too long")
        return None

    def _line(self, line: bytes) -> list[bytes | Fault]:
        if not line:
            return self._end_of_header()
        at = line.lower().rfind(LENGTH)
        digits = line[at + len(LENGTH) :].strip() if at >= 0 else b""
        if digits.isdigit():
            self._in_header = True
            self._length = int(digits) if len(digits) < 20 else MAX_BODY + 1
            return self._garbage("there are bytes before a header") if at else []
        name, colon, _ = line.partition(b":")
        if at < 0 and colon and name.replace(b"-", b"").isalpha():
            self._in_header = True
            return []  # Content-Type, or a header we do not know: every body is taken as UTF-8
        return self._garbage("a line is no header")

    def _end_of_header(self) -> list[bytes | Fault]:
        length, self._length = self._length, None
        in_header, self._in_header = self._in_header, False
        if length is None:
            return self._garbage("a header has no Content-Length") if in_header else []
        if length > MAX_BODY:
            return self._garbage(f"Content-Length is more than the {MAX_BODY} bytes a message may have")
        self._body, self._complained = length, False
        return []

    def _garbage(self, problem: str) -> list[bytes | Fault]:
        if self._complained:
            return []
        self._complained = True
        return [Fault(PARSE_ERROR, f"{problem}; skipped to the next Content-Length")]

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


class Stream:
    """A pair of file descriptors that carry messages; reading and writing block."""

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target
        self._framer = Framer()
        self._unread: deque[Incoming] = deque()

    def read(self) -> Incoming:
        """The next message. From one thread at a time."""
        while not self._unread:
            self._unread.extend(self._read_some())
        return self._unread.popleft()

    def write(self, data: bytes) -> None:
        """Write every byte, however the system cuts it. Raises OSError when nobody reads any more."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._target, rest) :]

    def _read_some(self) -> list[Incoming]:
        try:
            data = os.read(self._source, CHUNK)
        except OSError:
            data = b""  # a stream that was reset has ended too
        if not data:
            return [None]
        return [item if isinstance(item, Fault) else parse(item) for item in self._framer.feed(data)]


def framed(message: Json) -> bytes:
    """A message as it stands on the wire. Raises ValueError or TypeError for what is no JSON."""
    body = encode(message)
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def claim_stdio() -> Stream:
    """Standard input and output for the protocol alone: a stray print goes to standard error, a child process reads nothing."""
    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if sys.platform != "win32":
        os.set_blocking(source, True)
        os.set_blocking(target, True)
    return Stream(source, target)
