"""`orchestra/inlineCompletionReady`: tells an editor that asks for it that there is a better answer now, so that it asks again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from orchestra_lsp.model import Ask, Buffer, Kind
from orchestra_lsp.server import convert

if TYPE_CHECKING:
    from orchestra_lsp.engine.orchestra import Orchestra
    from orchestra_lsp.server.loop import OrchestraServer

METHOD: Final = "orchestra/inlineCompletionReady"
#: Seconds for which a request at the place that was told counts as its echo.
ECHO_S: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    buffer: Buffer
    offset: int
    at: float  # seconds of time.monotonic()


class Ready:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._heard: Orchestra | None = None
        self._told: _Told | None = None

    def listen(self, ls: OrchestraServer, orchestra: Orchestra) -> None:
        """Hear of late answers from now on; calling it again is harmless."""
        if self._heard is not orchestra:
            self._heard = orchestra
            orchestra.when_late(lambda ask: self._tell(ls, ask))

    def echoes(self, buffer: Buffer, offset: int) -> bool:
        """Whether a request answers our notification: then what came is shown, and nobody is called."""
        told = self._told
        if told is None or told.buffer.data is not buffer.data or told.offset != offset:
            return False
        self._told = None
        return time.monotonic() - told.at < ECHO_S

    def _tell(self, ls: OrchestraServer, ask: Ask) -> None:
        """Nothing is said once the text has moved on: the next request of the editor finds the answer by itself."""
        buffer = ls.session.documents.buffer(ask.buffer.uri)
        if not ls.session.client.completion.hears_ready or ask.kind is not Kind.COMPLETE:
            return
        if buffer is None or buffer.data is not ask.buffer.data:
            return
        self._told = _Told(buffer, ask.span.start, time.monotonic())
        place = convert.position(ls.session.client, buffer, ask.span.start)
        where = {"line": place.line, "character": place.character}
        ls.protocol.notify(METHOD, {"uri": buffer.uri, "version": buffer.version, "position": where})
