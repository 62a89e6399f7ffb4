"""What else is on the screen, where the editor tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestra_lsp.engine.sources.piece import Piece, View, lines_of
from orchestra_lsp.syntax.text import line_at

MOST_LINES = 40
VALUE = 0.5


class Visible:
    name: Final = "visible"
    budget_s: Final = 0.01

    def find(self, view: View) -> Sequence[Piece]:
        found = []
        others = {buffer.uri: buffer for buffer in view.others()}
        for uri, span in view.ask.visible:
            if buffer := others.get(uri):
                first = line_at(buffer, span.start)
                last = min(line_at(buffer, span.end), first + MOST_LINES)
                found.append(Piece(buffer.path, uri, lines_of(buffer, first, last), VALUE))
        return found
