"""One process's orchestra: its tools, what it answered lately and what is remembered. The steps of a request are in `pipeline.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.beliefs import Beliefs
from orchestra_lsp.engine.bookkeeping import Bookkeeper
from orchestra_lsp.engine.cache import Cache
from orchestra_lsp.engine.change import ChangeAsk, Changer, ChangeSet, decision, not_changed
from orchestra_lsp.engine.decisions import Decisions
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.found import Found, suggestion, unanswered
from orchestra_lsp.engine.kept.disk import Disk
from orchestra_lsp.engine.learn import Learner
from orchestra_lsp.engine.ledger import USED, Ledger
from orchestra_lsp.engine.live import Beacon
from orchestra_lsp.engine.mixing import First, Mixing
from orchestra_lsp.engine.pipeline import Pipeline
from orchestra_lsp.engine.prefetch import Prefetch
from orchestra_lsp.engine.recall import Recall, maker_of
from orchestra_lsp.engine.receipts import Receipts
from orchestra_lsp.engine.route import Player
from orchestra_lsp.engine.tutor import Tutor
from orchestra_lsp.model import Answer, Ask, Buffer, Health, Kind, Outcome, State, Suggestion, Trigger, Usage
from orchestra_lsp.store.records import OutcomeRecord, ReuseRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.telemetry import Telemetry
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.tools.local.workspace import Progress
from orchestra_lsp.trust.mask import MaskedPrompt, Vault


class Orchestra:
    """Belongs to one event loop. Several editor sessions may share one."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self.telemetry = Telemetry()
        self.decisions = Decisions()
        self._store = store
        self._learner = Learner(store)
        self._learner.load()
        self._ensemble = Ensemble(settings, self._learner)
        self._roots: tuple[str, ...] = ()
        self._receipts = Receipts()
        self._books = Bookkeeper(self.telemetry, self.decisions, store)
        self._books.tutor = Tutor(self._learner, self._ensemble, store)
        # One thread: the engine's counts are read and updated in turn, and the loop stays free for keystrokes.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="orchestra-embedded")
        self.ledger = Ledger(store)
        self._beacon = Beacon(store, self.ledger.process, self.status)
        vault = Vault()
        self._cache = Cache(Disk(store, vault) if store else None, self._reused)
        self._recall = Recall(self._cache, settings.completion.cache_on_disk)
        self._prefetch = Prefetch(self._ahead)
        self._listeners: list[Callable[[Ask], None]] = []
        self._mixing = Mixing(self._cache.share, self._tell_listeners)
        self._changer = Changer(settings, self._ensemble, vault)
        self._pipeline = Pipeline(settings, self._ensemble, vault, self._worker, self.ledger, self._recall)
        self._pipeline.late = self._late
        self._pipeline.context.took = self.telemetry.took

    async def ask(self, ask: Ask) -> Suggestion | None:
        """Answer one request; None when there is nothing worth showing.

        Raises Unanswered for everything but completions when no tool could answer, with what to do about it.
        """
        self._beacon.begin()
        self._pipeline.context.note(ask)
        self._pipeline.typist.note(ask)
        self._pipeline.foresight.note(ask.buffer)
        if self._is_left_alone(ask):
            return None
        if not self.settings.completion.cache:
            return await self._fresh(ask)
        self._prefetch.moved(ask)
        if not ask.kept and self._cache.wants_fresh(ask):
            return await self._fresh(replace(ask, refresh=True))
        if known := await self._recall.known(ask):
            return known
        if ask.kind is Kind.COMPLETE and not ask.kept:
            return await self._mixing.ask(ask, lambda first: self._fresh(ask, first))
        return await self._fresh(ask) if ask.kept else await self._cache.share(ask, lambda: self._fresh(ask))

    def when_late(self, listener: Callable[[Ask], None]) -> None:
        """`listener` hears of every ask for which there is a better answer now: asked again, it is answered from the cache."""
        self._listeners.append(listener)

    def saw(self, buffer: Buffer) -> None:
        """A text as it was before somebody worked on it: edits are foretold by what was changed since."""
        self._pipeline.foresight.note(buffer)

    def prepare(self, ask: Ask) -> None:
        """An ask is about to come, after a pause: begin to gather its context."""
        if self.settings.completion.remote and self._ensemble.tools:
            self._pipeline.context.prepare(ask, self.settings.privacy.never_send)

    async def change(self, ask: ChangeAsk, said: Callable[[str], None]) -> ChangeSet:
        """Let an agent change several files in a copy; `said` hears its words as they come. Nothing of the person's is written.

        Raises Unanswered when no agent could or did, with what to do about it. Cancelling ends the agent and removes the copy.
        """
        start = time.perf_counter()
        changed = await self._changer.change(ask, said)
        self.decisions.add(decision(ask.id, changed, (time.perf_counter() - start) * 1e3))
        for attempt in changed.attempts:
            if attempt.error:
                self.ledger.failed(ask.id, Kind.CHANGE, attempt.tool, attempt.took_ms, attempt.error.problem)
            else:
                self.ledger.note(
                    ask.id, Kind.CHANGE, attempt.tool, USED, attempt.took_ms, changed.result.usage if changed.result else Usage()
                )
        if changed.result is None:
            raise not_changed(changed)
        return changed.result

    @property
    def beliefs(self) -> Beliefs:
        """What was learned of the tools."""
        return self._learner.beliefs

    def players(self) -> Sequence[Player]:
        """The tools that can be chosen from, as the choice sees them; the embedded engine, which is asked before any choice, at the end."""
        own = self._ensemble.embedded
        players = self._ensemble.players()
        return [*players, Player(own.name, own.abilities, own.health(), prior=self._ensemble.prior(own.name))] if own else players

    def can(self, kind: Kind) -> bool:
        """Whether anybody serves this kind of request beside completions, where the embedded engine alone does not count."""
        own = kind is Kind.NEXT_EDIT and self._ensemble.embedded is not None
        return own or any(kind in tool.abilities.kinds for tool in self._ensemble.tools.values())

    def health(self) -> Mapping[str, Health]:
        """Every configured tool by name, with what is wrong and the one thing to do."""
        return self._ensemble.health()

    async def check(self) -> Mapping[str, Health]:
        """Ask every tool how it is, all at once; only the endpoints that the person configured are called."""
        return await self._ensemble.check()

    @property
    def tools(self) -> Mapping[str, Tool[MaskedPrompt]]:
        """The tools outside of this process that are switched on, by name."""
        return self._ensemble.tools

    async def warm_up(self) -> None:
        """Start what must be there when somebody types; agents, which nobody waits for like that, are started by their first request."""
        await self._ensemble.warm_up()

    async def recheck(self, tool: str) -> Health:
        """Ask one tool how it is, because something about it has just changed."""
        return await self._ensemble.recheck(tool)

    def record(self, suggestion_id: str, outcome: Outcome, accepted: int = 0) -> None:
        """What became of a suggestion. Unknown and late ids are kept too: another process may know them.

        `accepted`: UTF-16 units of its text, when only a part was accepted.
        """
        self._receipts.tell(self._ensemble.tools, suggestion_id, outcome, accepted)
        self.telemetry.count(f"outcome.{outcome.value}")
        self._learner.hear(suggestion_id, outcome)
        about = self._cache.shown(suggestion_id)
        self._pipeline.typist.heard(outcome, about.ask if about else None)
        if about and self._ensemble.embedded:
            self._ensemble.embedded.heard(about.suggestion, outcome)
        if outcome is Outcome.DISMISSED:
            self._pipeline.foresight.dismissed(suggestion_id)
            self._cache.forget(suggestion_id)
        elif outcome is Outcome.SHOWN and (shown := self._cache.seen(suggestion_id)) and self.settings.completion.cache:
            self._prefetch.shown(shown.ask, shown.suggestion, self.settings.completion.prefetch)
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
        before, self.settings, self._pipeline.settings, self._changer.settings = self.settings, settings, settings, settings
        self._cache.clear()
        self._recall.on_disk = settings.completion.cache_on_disk
        kept = await self._ensemble.reconfigure(before, settings)
        if self._roots and (not kept or before.index != settings.index):
            self.learn(self._roots)

    def status(self) -> Mapping[str, object]:
        """What those who watch are told; values that JSON knows."""
        vitals, health = self._ensemble.caller.vitals(), self.health()
        return {
            "waiting": self._ensemble.caller.waiting(),
            "tools": {
                name: {"state": one.state.value, "reason": one.reason, "inFlight": vitals[name].in_flight if name in vitals else 0}
                for name, one in health.items()
            },
        }

    async def close(self) -> None:
        self._mixing.close()
        self._prefetch.close()
        self._pipeline.context.close()
        self._cache.close()
        await self._beacon.close()
        self._worker.shutdown(wait=False, cancel_futures=True)
        await self._receipts.close()
        await self._ensemble.close()

    def _is_left_alone(self, ask: Ask) -> bool:
        """Whether the person has just dismissed an offer on this line and did not ask for another."""
        unasked = ask.kind is Kind.COMPLETE and ask.trigger is Trigger.AUTOMATIC
        return unasked and self._pipeline.typist.moment(ask).dismissed_here

    async def _fresh(self, ask: Ask, first: First | None = None) -> Suggestion | None:
        """Answer without what is kept. `first`: is given what may be shown while a model is still being asked."""
        start = time.perf_counter()

        def early(found: Found) -> None:
            if first and (made := self._unrejected(ask, suggestion(found, (time.perf_counter() - start) * 1e3))):
                self._books.note(ask, found, made, made.latency_ms)
                self._cache.show(ask, made)
                first(made)

        found = await self._pipeline.answer(ask, early if first else None)
        took_ms = (time.perf_counter() - start) * 1e3
        made = self._unrejected(ask, suggestion(found, took_ms))
        # Next edits are looked for by ourselves: where none is foreseen, nothing was decided that a person would ask about.
        if made or found.attempts or ask.kind is not Kind.NEXT_EDIT:
            self._books.note(ask, found, made, took_ms)
        if made:
            self._receipts.note(made.id, found.answer)
        if made and found.foreseen:
            self._pipeline.foresight.offered(made.id, found.foreseen)
        if made and self.settings.completion.cache:
            self._keep(ask, found, made)
        elif not made and ask.kind not in (Kind.COMPLETE, Kind.NEXT_EDIT):
            raise unanswered(ask.kind, found)
        return made

    def _unrejected(self, ask: Ask, made: Suggestion | None) -> Suggestion | None:
        """Not what the person has dismissed here, whoever says it again, unless it was asked for by hand."""
        known = ask.kind is Kind.COMPLETE and ask.trigger is Trigger.AUTOMATIC
        return None if made and known and self._cache.is_dismissed(ask, made) else made

    def _keep(self, ask: Ask, found: Found, made: Suggestion) -> None:
        tools = self._ensemble.tools
        if (made.confidence if made.confidence is not None else 1.0) < self.settings.completion.minimum:
            found = replace(found, raw=None)  # a guess that was asked for by hand is not to come up by itself
        self._recall.keep(ask, found, made, maker_of(made.tool, tools) if made.tool in tools else None)
        if found.attempts:
            self._prefetch.called()

    async def _ahead(self, ask: Ask, may_call: Callable[[], bool]) -> None:
        """Answer what nobody has asked for yet; kept only when it would be the answer then too."""

        async def work() -> Suggestion | None:
            found = await self._pipeline.ahead(ask, may_call)
            made = suggestion(found, 0.0)
            if found.attempts:
                self._books.note(ask, found, made, 0.0)
            if made and found.raw:
                self._receipts.note(made.id, found.answer)
                self._recall.prepared(ask, found, made)
            return made

        if not self._cache.has(ask):
            await self._cache.share(ask, work)

    def _late(self, ask: Ask, answer: Answer) -> None:
        found = Found(answer, ask.span, "answered after its deadline", tool=answer.tool, usage=answer.usage)
        if suggestion_id := self._recall.late(ask, answer, found.reason):
            self._receipts.note(suggestion_id, answer)
            made = suggestion(found, answer.latency_ms)
            assert made
            self._books.note(replace(ask, background=True), found, replace(made, id=suggestion_id), answer.latency_ms)
            self._tell_listeners(ask)

    def _tell_listeners(self, ask: Ask) -> None:
        for listener in self._listeners:
            listener(ask)

    def _reused(self, level: str, kind: Kind) -> None:
        """Count a request that was answered without a call, for this process and over days."""
        self.telemetry.count("reused")
        self.telemetry.count(f"reused.{level}")
        if self._store:
            self._store.put(ReuseRecord(time.strftime("%Y-%m-%d", time.gmtime()), level, kind.value))


def unwell(health: Mapping[str, Health]) -> bool:
    """Whether any tool that should work does not."""
    return any(one.state in (State.DOWN, State.DEGRADED) for one in health.values())
