"""Server-sent events, parsed incrementally from bytes that may be cut anywhere (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

from dataclasses import dataclass

#: A model's whole answer fits several times; more without a line end is not a stream of events.
MAX_EVENT_BYTES = 1_000_000
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `name` is empty when the stream gives none, lines of `data` are joined by a line feed."""

    name: str
    data: str


class TooLong(ValueError):
    """A line or an event is larger than the parser takes."""


class Parser:
    """Feed it chunks in order; it gives the events that are complete by then. An event cut by the stream's end is dropped."""

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._line = bytearray()  # the line under way
        self._after_return = False  # the last chunk ended in \r: a \n that follows belongs to it
        self._begun = False
        self._name = ""
        self._data: list[str] = []
        self._size = 0  # bytes of the event under way

    def feed(self, chunk: bytes) -> list[Event]:
        """Raises TooLong."""
        if self._after_return and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_return = False
        if not chunk:
            return []
        self._after_return = chunk.endswith(b"\r")
        found: list[Event] = []
        for piece in chunk.splitlines(keepends=True):  # of bytes: only at \n, \r\n and \r
            self._line += piece
            if len(self._line) + self._size > self._limit:
                raise TooLong(f"an event of more than {self._limit:,} bytes")
            if piece.endswith((b"\n", b"\r")):
                event = self._end_of_line(bytes(self._line).rstrip(b"\r\n"))
                self._line.clear()
                if event:
                    found.append(event)
        return found

    def _end_of_line(self, line: bytes) -> Event | None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(BOM)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")  # a comment has an empty field
        if field == b"data":
            self._size += len(line)
            self._data.append(_text(value))
        elif field == b"event":
            self._name = _text(value)
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, "\n".join(self._data)) if self._data else None
        self._name, self._size = "", 0
        self._data.clear()
        return event


def _text(value: bytes) -> str:
    return value.removeprefix(b" ").decode("utf-8", "replace")
