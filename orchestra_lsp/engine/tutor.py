"""Tells the learner what was offered and what the checks refused, and lets it read what other processes have learned."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from orchestra_lsp.engine.beliefs import Place
from orchestra_lsp.engine.challenger import winner
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.learn import Learner, project_key
from orchestra_lsp.engine.route import READ
from orchestra_lsp.model import Ask, Complexity, Suggestion
from orchestra_lsp.store.store import Store

FIRST_COMPARE_S: Final = 300.0
COMPARE_S: Final = 6 * 3600.0
REFRESH_S: Final = 60.0  # how old what other processes learned may be


class Tutor:
    """Belongs to one event loop."""

    def __init__(self, learner: Learner, ensemble: Ensemble, store: Store | None = None) -> None:
        self._learner = learner
        self._ensemble = ensemble
        self._store = store
        self._read_at = time.monotonic()
        self._compare_at = self._read_at + FIRST_COMPARE_S
        self._reading: asyncio.Future[None] | None = None

    def note(self, ask: Ask, found: Found, suggestion: Suggestion | None) -> None:
        """One request has ended; called on the event loop."""
        place = found.request.place if found.request else _place(ask, found)
        for tool in found.refused:
            if prior := self._ensemble.prior(tool):
                self._learner.refuse(tool, prior, place)
        if suggestion and not suggestion.cached and ask.kind not in READ and (prior := self._ensemble.prior(suggestion.tool)):
            self._learner.expect(suggestion.id, suggestion.tool, prior, place)
        self._refresh()

    def _refresh(self) -> None:
        busy = self._reading is not None and not self._reading.done()
        if not busy and time.monotonic() - self._read_at > REFRESH_S:
            self._read_at = time.monotonic()
            self._reading = asyncio.get_running_loop().run_in_executor(None, self._read)

    def _read(self) -> None:
        """In a thread: what others learned, and now and then whether the challenger would do better."""
        self._learner.load()
        if self._store and time.monotonic() >= self._compare_at:
            self._compare_at = time.monotonic() + COMPARE_S
            self._ensemble.chooser.challenger = winner(self._store)


def _place(ask: Ask, found: Found) -> Place:
    return Place(ask.kind, ask.buffer.language, found.complexity or Complexity.SIMPLE, project_key(ask.roots, ask.buffer.path))
