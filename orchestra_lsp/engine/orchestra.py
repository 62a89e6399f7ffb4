"""One process's orchestra: its tools, what it answered lately and what is remembered. The steps of a request are in `pipeline.py`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.bookkeeping import Bookkeeper
from orchestra_lsp.engine.decisions import Decisions
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.found import suggestion, unanswered
from orchestra_lsp.engine.pipeline import Pipeline
from orchestra_lsp.engine.reuse import Reuse
from orchestra_lsp.model import Ask, Health, Kind, Outcome, State, Suggestion
from orchestra_lsp.store.records import OutcomeRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.telemetry import Telemetry
from orchestra_lsp.tools.local.workspace import Progress
from orchestra_lsp.trust.mask import Vault


class Orchestra:
    """Belongs to one event loop. Several editor sessions may share one."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self.telemetry = Telemetry()
        self.decisions = Decisions()
        self._store = store
        self._reuse = Reuse()
        self._ensemble = Ensemble(settings)
        self._roots: tuple[str, ...] = ()
        self._books = Bookkeeper(self.telemetry, self.decisions, store)
        # One thread: the engine's counts are read and updated in turn, and the loop stays free for keystrokes.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="orchestra-embedded")
        self._pipeline = Pipeline(settings, self._ensemble, Vault(), self._worker)

    async def ask(self, ask: Ask) -> Suggestion | None:
        """Answer one request; None when there is nothing worth showing.

        Raises Unanswered for everything but completions when no tool could answer, with what to do about it.
        """
        if self.settings.completion.cache and (known := self._reuse.find(ask)):
            self.telemetry.count("reused")
            return known
        return await self._reuse.share(ask, lambda: self._fresh(ask))

    def health(self) -> Mapping[str, Health]:
        """Every configured tool by name, with what is wrong and the one thing to do."""
        return self._ensemble.health()

    async def check(self) -> Mapping[str, Health]:
        """Ask every tool how it is, all at once; only the endpoints that the person configured are called."""
        return await self._ensemble.check()

    def record(self, suggestion_id: str, outcome: Outcome) -> None:
        """What became of a suggestion. Unknown and late ids are kept too: another process may know them."""
        self.telemetry.count(f"outcome.{outcome.value}")
        if outcome is Outcome.DISMISSED:
            self._reuse.forget(suggestion_id)
        if self._store:
            self._store.put(OutcomeRecord(suggestion_id, time.time_ns() // 1000, outcome.value))

    def learn(self, roots: Sequence[str]) -> None:
        """Let the embedded engine read the workspace in the background; returns at once."""
        self._roots = tuple(roots)
        if self._ensemble.embedded:
            self._ensemble.embedded.learn_workspace(self._roots, self.settings.index)

    @property
    def learning(self) -> Progress | None:
        """How far the embedded engine is with reading the workspace; None when it is switched off."""
        return self._ensemble.embedded.progress if self._ensemble.embedded else None

    def notice_change(self, path: str) -> None:
        """A file of the workspace changed, appeared or went away on disk."""
        if self._ensemble.embedded and self.settings.index.enabled:
            self._worker.submit(self._ensemble.embedded.update_file, path)

    async def reconfigure(self, settings: Settings) -> None:
        """Take new settings; what was answered under the old ones is forgotten."""
        if settings == self.settings:
            return
        before, self.settings, self._pipeline.settings = self.settings, settings, settings
        self._reuse.clear()
        kept = await self._ensemble.reconfigure(before, settings)
        if self._roots and (not kept or before.index != settings.index):
            self.learn(self._roots)

    async def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)
        await self._ensemble.close()

    async def _fresh(self, ask: Ask) -> Suggestion | None:
        start = time.perf_counter()
        found = await self._pipeline.answer(ask)
        took_ms = (time.perf_counter() - start) * 1e3
        made = suggestion(found, took_ms)
        self._books.note(ask, found, made, took_ms)
        if made:
            self._reuse.put(ask, made)
        elif ask.kind is not Kind.COMPLETE:
            raise unanswered(ask.kind, found)
        return made


def unwell(health: Mapping[str, Health]) -> bool:
    """Whether any tool that should work does not."""
    return any(one.state in (State.DOWN, State.DEGRADED) for one in health.values())
