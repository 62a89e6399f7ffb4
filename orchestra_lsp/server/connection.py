"""The client's streams with a thread that reads and one that writes, so that neither side ever waits for the other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, RLock, Thread, current_thread

from orchestra_lsp.server.messages import Json
from orchestra_lsp.server.stream import Incoming, Stream, framed

Sink = Callable[[Incoming], None]

MAX_BACKLOG = 256 * 1024 * 1024  # bytes; a client that leaves more than this unread is given up


class Connection:
    """One client. `sink` is called in the reading thread with every message, and with None when the client is gone."""

    def __init__(self, stream: Stream, sink: Sink, most_unread: int = MAX_BACKLOG) -> None:
        self._stream = stream
        self._most_unread = most_unread
        self._sink: Sink | None = sink
        self._delivering = RLock()  # a sink may find out itself that the client is gone
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._counting = Lock()
        self._backlog = 0
        self._writer = Thread(target=self._write, name="orchestra-writer", daemon=True)
        self._reader = Thread(target=self._read, name="orchestra-reader", daemon=True)

    def start(self) -> None:
        self._writer.start()
        self._reader.start()

    def send(self, message: Json) -> None:
        """Send one message, from any thread, without blocking. Raises ValueError or TypeError for what is no JSON."""
        data = framed(message)
        with self._counting:
            self._backlog += len(data)
            given_up = self._backlog > self._most_unread
        self._queue.put(data)
        if given_up:
            print("orchestra-lsp: the editor has stopped reading; giving up", file=sys.stderr)
            self.lose()

    def divert(self, sink: Sink) -> None:
        """Messages go to `sink` from the next one on; when this returns, the old sink is not running and will not again."""
        with self._delivering:
            if self._sink is not None:
                self._sink = sink

    def lose(self) -> None:
        """The client is gone: tell the sink, once, as at the end of the stream."""
        self._deliver(None)

    def close(self, seconds: float) -> None:
        """Let what was sent reach the client, for at most `seconds`."""
        self._queue.put(None)
        if current_thread() is not self._writer:  # which calls this when it finds the client gone
            self._writer.join(seconds)

    def _deliver(self, incoming: Incoming) -> None:
        with self._delivering:
            sink = self._sink
            if incoming is None:
                self._sink = None
            if sink is not None:
                sink(incoming)

    def _read(self) -> None:
        try:
            while (incoming := self._stream.read()) is not None:
                self._deliver(incoming)
        finally:  # a reader that has failed must not leave a server that hears nothing
            self._deliver(None)

    def _write(self) -> None:
        """Writes what waits in one go; after a broken pipe it only empties the queue."""
        broken = False
        while (data := self._gather()) is not None:
            with self._counting:
                self._backlog -= len(data)
            if broken:
                continue
            try:
                self._stream.write(data)
            except OSError:  # the client closed its end: that is how a connection ends
                broken = True
                self.lose()

    def _gather(self) -> bytes | None:
        """Everything that waits to be written; None at the end."""
        data = self._queue.get()
        if data is None:
            return None
        waiting = [data]
        try:
            while (data := self._queue.get_nowait()) is not None:
                waiting.append(data)
            self._queue.put(None)  # seen too early: what waits is written first
        except Empty:
            pass
        return b"".join(waiting)
