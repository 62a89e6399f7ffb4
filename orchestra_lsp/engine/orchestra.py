"""One process's orchestra: its tools, what it answered lately, and the list of steps from an ask to a suggestion."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from orchestra_lsp.config import Settings
from orchestra_lsp.engine import call, context, judge, route
from orchestra_lsp.engine.decisions import Decision, Decisions
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.engine.polish import chain
from orchestra_lsp.engine.reuse import Reuse
from orchestra_lsp.engine.shape import multiline
from orchestra_lsp.model import Answer, Ask, Candidate, Choice, Complexity, Health, Kind, Outcome, Prompt, Span, State, Suggestion
from orchestra_lsp.store.records import DecisionRecord, OutcomeRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.telemetry import Telemetry
from orchestra_lsp.tools.local.workspace import Progress
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.paths import refusal
from orchestra_lsp.trust.personal import CLASSES

log = logging.getLogger("orchestra")

EMBEDDED_SURE = "the embedded engine is sure enough ({confidence:.0%}), so nothing had to be sent"
EMBEDDED_ALONE = "no other tool may complete here; the embedded engine is {confidence:.0%} sure"
EMBEDDED_FLOOR = "no other tool answered; this is the embedded engine's best offer"
#: How the embedded engine's offer ended when the line goes on: half a line need not parse.
UNFINISHED = "unfinished"
#: Kinds whose answer is read by a person and not put into the file.
READ = frozenset({Kind.EXPLAIN, Kind.REVIEW})


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer that passed the checks (or None), and how it came about."""

    answer: Answer | None
    span: Span
    reason: str = ""
    choice: Choice = Choice(())
    attempts: tuple[call.Attempt, ...] = ()
    dropped: str = ""
    complexity: Complexity | None = None  # measured only where the choice depends on it


class Orchestra:
    """Belongs to one event loop. Several editor sessions may share one."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self.telemetry = Telemetry()
        self.decisions = Decisions()
        self._store = store
        self._vault = Vault()
        self._reuse = Reuse()
        self._ensemble = Ensemble(settings)
        self._roots: tuple[str, ...] = ()
        # One thread: the engine's counts are read and updated in turn, and the loop stays free for keystrokes.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="orchestra-embedded")

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
        before, self.settings = self.settings, settings
        self._reuse.clear()
        kept = await self._ensemble.reconfigure(before, settings)
        if self._roots and (not kept or before.index != settings.index):
            self.learn(self._roots)

    async def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)
        await self._ensemble.close()

    # --- the steps of one request ---

    async def _fresh(self, ask: Ask) -> Suggestion | None:
        start = time.perf_counter()
        found = await self._complete(ask) if ask.kind is Kind.COMPLETE else await self._remote(ask, multiline=True)
        suggestion = _suggestion(found, (time.perf_counter() - start) * 1e3)
        self._remember(ask, found, suggestion, start)
        if suggestion:
            self._reuse.put(ask, suggestion)
        elif ask.kind is not Kind.COMPLETE:
            raise _unanswered(ask.kind, found)
        return suggestion

    async def _complete(self, ask: Ask) -> _Found:
        """The embedded engine first; only when it is not sure is anybody else asked."""
        several = multiline(ask)
        own = await self._embedded(ask, several)
        sure = own.answer and (own.answer.confidence or 0) >= self.settings.completion.sure
        if sure or not self.settings.completion.remote or not self._ensemble.tools:
            return own
        other = await self._remote(ask, several)
        if other.answer:
            return other
        return replace(other, answer=own.answer, span=own.span, reason=EMBEDDED_FLOOR, dropped=other.dropped or own.dropped)

    async def _embedded(self, ask: Ask, several: bool) -> _Found:
        engine = self._ensemble.embedded
        if engine is None:
            return _Found(None, ask.span)
        start = time.perf_counter()
        least = self.settings.completion.minimum
        loop = asyncio.get_running_loop()
        offer = await loop.run_in_executor(self._worker, lambda: engine.offer(ask.buffer, ask.span.start, ask.neighbours, several, least))
        if not offer.text:
            return _Found(None, ask.span, dropped="the embedded engine has no confident offer here")
        finish = "stop" if offer.ended else UNFINISHED
        answer = Answer(offer.text, engine.name, (time.perf_counter() - start) * 1e3, finish=finish, confidence=offer.confidence)
        sure = offer.confidence >= self.settings.completion.sure
        reason = (EMBEDDED_SURE if sure else EMBEDDED_ALONE).format(confidence=offer.confidence)
        order = (Candidate(engine.name, reason),)
        return self._checked(ask, _Found(answer, ask.span, reason, Choice(order)), several)

    async def _remote(self, ask: Ask, multiline: bool) -> _Found:
        """Everybody else: context, choice, call, checks."""
        prompt = await context.gather(self._sendable(ask), multiline)
        complexity = (await asyncio.to_thread(facts_of, ask.buffer)).complexity
        request = self._request(ask, prompt, complexity)
        choice = route.choose(request, self._ensemble.players(), self.settings.route.prefer)
        personal = CLASSES if self.settings.experimental.mask_personal else ()
        outgoing = call.Outgoing(prompt, self._vault, self.settings.privacy.never_send, personal)
        called = await call.run(choice.order, self._ensemble.tools, outgoing, ask.deadline)
        self._ensemble.heard(called.attempts)
        reason = next((one.reason for one in choice.order if called.answer and one.tool == called.answer.tool), "")
        found = _Found(called.answer, ask.span, reason, choice, called.attempts, complexity=complexity)
        if not called.answer or ask.kind in READ:
            return found
        if ask.kind is Kind.TEST:
            objection = judge.objection_alone(ask.buffer.language, called.answer.text)
            return _dropped(found, objection) if objection else found
        return self._checked(ask, found, multiline)

    def _sendable(self, ask: Ask) -> Ask:
        """Without the open files that are never sent: their whole paths are known only here."""
        globs = self.settings.privacy.never_send
        return replace(ask, neighbours=tuple(other for other in ask.neighbours if not refusal(other.path, globs)))

    def _request(self, ask: Ask, prompt: Prompt, complexity: Complexity) -> route.Request:
        privacy = self.settings.privacy
        return route.Request(
            kind=ask.kind,
            language=ask.buffer.language,
            tokens=context.tokens(prompt),
            complexity=complexity,
            private=refusal(ask.buffer.path, privacy.never_send),
            offline=privacy.offline,
        )

    def _checked(self, ask: Ask, found: _Found, several: bool) -> _Found:
        """Cleaned up, and refused when it would break the code it stands in."""
        assert found.answer
        draft = chain.Draft(found.answer.text, found.span, ask.buffer, ask.kind, several)
        polished = chain.run(draft)
        if polished.draft is None:
            return _dropped(found, polished.dropped_by)
        if found.answer.finish != UNFINISHED and (objection := judge.objection(ask.buffer, polished.draft.span, polished.draft.text)):
            return _dropped(found, objection)
        kept = replace(found.answer, text=polished.draft.text)
        return replace(found, answer=kept, span=polished.draft.span)

    def _remember(self, ask: Ask, found: _Found, suggestion: Suggestion | None, start: float) -> None:
        took = (time.perf_counter() - start) * 1e3
        self.telemetry.took(ask.kind.value, took)
        decision = Decision(
            id=suggestion.id if suggestion else ask.id,
            kind=ask.kind,
            language=ask.buffer.language,
            complexity=found.complexity,
            tool=suggestion.tool if suggestion else "",
            reason=found.reason,
            latency_ms=took,
            order=found.choice.order,
            left_out=found.choice.left_out,
            attempts=tuple((one.tool, one.took_ms, str(one.error) if one.error else "") for one in found.attempts),
            dropped=found.dropped,
        )
        self.decisions.add(decision)
        if self._store and suggestion:
            self._store.put(_record(decision, suggestion))


def _suggestion(found: _Found, latency_ms: float) -> Suggestion | None:
    answer = found.answer
    if answer is None:
        return None
    return Suggestion(
        id=uuid.uuid4().hex,
        text=answer.text,
        span=found.span,
        tool=answer.tool,
        reason=found.reason,
        latency_ms=latency_ms,
        confidence=answer.confidence,
        usage=answer.usage,
    )


def _dropped(found: _Found, why: str) -> _Found:
    tool = found.answer.tool if found.answer else ""
    return replace(found, answer=None, dropped=f"{tool}'s answer was not shown: {why}")


def _unanswered(kind: Kind, found: _Found) -> Unanswered:
    """Say what stood in the way, in the order a person would look for it."""
    if found.dropped:
        return Unanswered(f"Nothing could be used: {found.dropped}.", "Try again, or select less code.")
    if failed := [attempt.error for attempt in found.attempts if attempt.error]:
        return Unanswered("; ".join(f"{error.tool}: {error.problem}" for error in failed) + ".", failed[-1].remedy)
    left_out = [f"{one.tool}: {one.reason}" for one in found.choice.left_out]
    if left_out:
        return Unanswered(f"No configured tool may {kind.value} this ({'; '.join(left_out)}).", "See `orchestra doctor`.")
    return Unanswered(
        f"No tool that can {kind.value} is configured.",
        'Add one under [tools.<name>] in your settings (kind = "claude" or "openai"); `orchestra init --user` writes an example.',
    )


def _record(decision: Decision, suggestion: Suggestion) -> DecisionRecord:
    usage = suggestion.usage
    return DecisionRecord(
        id=decision.id,
        at_us=time.time_ns() // 1000,
        kind=decision.kind.value,
        language=decision.language,
        complexity=decision.complexity.value if decision.complexity else "unknown",
        tool=decision.tool,
        reason=decision.reason,
        propensity=next((one.propensity for one in decision.order if one.tool == decision.tool), 1.0),
        cached=decision.cached,
        latency_ms=decision.latency_ms,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=usage.cost,
    )


def unwell(health: Mapping[str, Health]) -> bool:
    """Whether any tool that should work does not."""
    return any(one.state in (State.DOWN, State.DEGRADED) for one in health.values())
