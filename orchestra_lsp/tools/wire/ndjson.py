"""Lines of JSON, parsed incrementally from bytes that may be cut anywhere; Ollama streams them in place of events."""

from __future__ import annotations

from orchestra_lsp.tools.wire.sse import BOM, MAX_EVENT_BYTES, Event, TooLong

MEDIA_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})


class Parser:
    """Feed it chunks in order; it gives the lines that are complete by then. A line cut by the stream's end is dropped."""

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._line = bytearray()  # the line under way
        self._begun = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Each line as the data of an event without a name; blank ones are left out. Raises TooLong."""
        found: list[Event] = []
        first, *others = chunk.split(b"\n")
        self._add(first)
        for piece in others:
            if line := self._taken():
                found.append(Event("", line))
            self._add(piece)
        return found

    def _add(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) > self._limit:
            raise TooLong(f"a line of more than {self._limit:,} bytes")

    def _taken(self) -> str:
        """The line under way, which has ended."""
        line = bytes(self._line)
        self._line.clear()
        if not self._begun:
            self._begun = True
            line = line.removeprefix(BOM)
        return line.strip().decode("utf-8", "replace")
