"""Remembers how the person types and what became of the last offers, as far as `trigger.py` decides by it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orchestra_lsp.engine.trigger import LEFT_ALONE_S, LONGEST_GAP_MS, Moment
from orchestra_lsp.model import Ask, Kind, Outcome, Trigger
from orchestra_lsp.syntax.text import line_at

GAPS_KEPT: Final = 40
OUTCOMES_KEPT: Final = 10
KEY_BYTES: Final = 8  # editors close brackets and indent by themselves
_TAKEN: Final = {Outcome.ACCEPTED: True, Outcome.PARTLY_ACCEPTED: True, Outcome.DISMISSED: False}


@dataclass(frozen=True, slots=True)
class _Key:
    uri: str
    size: int
    here: int
    at: float


class Typist:
    """Belongs to one event loop. `clock`: seconds that only go forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gaps: deque[float] = deque(maxlen=GAPS_KEPT)
        self._outcomes: deque[tuple[bool, float]] = deque(maxlen=OUTCOMES_KEPT)
        self._last: _Key | None = None
        self._shrank = False
        self._dismissed: tuple[str, int, float] | None = None  # document, line, when

    def note(self, ask: Ask) -> None:
        """An ask that came by itself with a key: how long after the key before, and whether it took text away."""
        if ask.kind is not Kind.COMPLETE or ask.trigger is not Trigger.AUTOMATIC or ask.background:
            return
        key, before = _Key(ask.buffer.uri, len(ask.buffer.data), ask.span.end, self._clock()), self._last
        if before and (key.uri, key.size, key.here) == (before.uri, before.size, before.here):
            return  # two requests for the same key
        self._last = key
        near = before is not None and before.uri == key.uri and abs(key.size - before.size) <= KEY_BYTES
        self._shrank = before is not None and near and key.size < before.size
        if before and near and (gap := (key.at - before.at) * 1e3) <= 3 * LONGEST_GAP_MS:
            self._gaps.append(gap)

    def heard(self, outcome: Outcome, ask: Ask | None) -> None:
        """What became of a suggestion; `ask`: what it was made for, where that is still known."""
        if outcome not in _TAKEN:
            return
        taken, now = _TAKEN[outcome], self._clock()
        self._outcomes.append((taken, now))
        if taken:
            self._dismissed = None
        elif ask:
            self._dismissed = (ask.buffer.uri, line_at(ask.buffer, ask.span.start), now)

    def moment(self, ask: Ask) -> Moment:
        now = self._clock()
        here = (ask.buffer.uri, line_at(ask.buffer, ask.span.start))
        alone = self._dismissed is not None and self._dismissed[:2] == here and now - self._dismissed[2] < LEFT_ALONE_S
        return Moment(tuple(self._gaps), self._shrank, tuple((taken, now - at) for taken, at in self._outcomes), alone)
