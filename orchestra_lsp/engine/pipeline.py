"""The steps from an ask to an answer: the embedded engine, and when it is not sure, context, choice, call and checks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from orchestra_lsp.config import Settings
from orchestra_lsp.engine import call, cascade, judge, place, route, settle, shape, weigh
from orchestra_lsp.engine.context import Context, tokens
from orchestra_lsp.engine.cost import Budget
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.found import Found, dropped
from orchestra_lsp.engine.gauge import Gauge
from orchestra_lsp.engine.learn import project_key
from orchestra_lsp.engine.ledger import Ledger
from orchestra_lsp.engine.polish import chain
from orchestra_lsp.engine.recall import Recall
from orchestra_lsp.engine.settle import Settler
from orchestra_lsp.engine.weights import USUAL_ANSWER
from orchestra_lsp.model import Answer, Ask, Candidate, Choice, Complexity, Kind, Prompt, Trigger
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.paths import refusal
from orchestra_lsp.trust.personal import CLASSES

EMBEDDED_SURE = "the embedded engine is sure enough ({confidence:.0%}), so nothing had to be sent"
EMBEDDED_ALONE = "no other tool may complete here; the embedded engine is {confidence:.0%} sure"
EMBEDDED_FLOOR = "no other tool answered; this is the embedded engine's best offer"
EMBEDDED_BETTER = "the embedded engine's best offer, because {tool}'s answer {why}"
#: How the embedded engine's offer ended when the line goes on: half a line need not parse.
UNFINISHED = "unfinished"


class Pipeline:
    """Belongs to one event loop. `settings` may be replaced between two requests."""

    def __init__(
        self, settings: Settings, ensemble: Ensemble, vault: Vault, worker: ThreadPoolExecutor, accounts: Ledger, recall: Recall
    ) -> None:
        self.settings = settings
        self.context = Context()
        self.late: Callable[[Ask, Answer], None] = _nobody_listens  # is given answers that came after their deadline
        self._recall = recall
        self._settler = Settler(accounts)
        self._ensemble = ensemble
        self._gauge = Gauge()
        self._vault = vault
        self._worker = worker

    async def answer(self, ask: Ask) -> Found:
        """What there is to show for one request; never raises for what a tool did."""
        return await self._complete(ask) if ask.kind is Kind.COMPLETE else await self._remote(ask, several=True)

    async def ahead(self, ask: Ask, may_call: Callable[[], bool]) -> Found:
        """The same for a completion that nobody has asked for yet; `may_call` is asked only when a model is needed."""
        several = shape.multiline(ask)
        own = await self._embedded(ask, several)
        if self._is_sure(own) or not self.settings.completion.remote or not self._ensemble.tools:
            return own
        return await self._remote(ask, several, own.answer) if may_call() else Found(None, ask.span)

    async def _complete(self, ask: Ask) -> Found:
        """The embedded engine first; only when it is not sure is anybody else asked."""
        several = shape.multiline(ask)
        own = await self._embedded(ask, several)
        sure = self._is_sure(own) and not ask.refresh  # who asks again has seen what the embedded engine says
        if sure or not self.settings.completion.remote or not self._ensemble.tools:
            return own
        other = await self._remote(ask, several, own.answer)
        if other.answer and (other.verdict.accepted or not own.answer):
            return other
        if other.answer:
            why = EMBEDDED_BETTER.format(tool=other.tool, why="; ".join(other.verdict.reasons))
            return replace(other, answer=own.answer, span=own.span, reason=why, verdict=own.verdict)
        return replace(other, answer=own.answer, span=own.span, reason=EMBEDDED_FLOOR, dropped=other.dropped or own.dropped)

    def _is_sure(self, own: Found) -> bool:
        return own.answer is not None and (own.answer.confidence or 0) >= self.settings.completion.sure

    async def _embedded(self, ask: Ask, several: bool) -> Found:
        engine = self._ensemble.embedded
        if engine is None:
            return Found(None, ask.span)
        start = time.perf_counter()
        # Asked for by hand where nobody else answers, the best guess is wanted, however doubtful.
        alone = not (self.settings.completion.remote and self._ensemble.tools)
        least = None if ask.trigger is Trigger.MANUAL and alone else self.settings.completion.minimum
        loop = asyncio.get_running_loop()
        offer = await loop.run_in_executor(self._worker, lambda: engine.offer(ask.buffer, ask.span.start, ask.neighbours, several, least))
        if not offer.text:
            return Found(None, ask.span, dropped="the embedded engine has no confident offer here")
        finish = "stop" if offer.ended else UNFINISHED
        answer = Answer(offer.text, engine.name, (time.perf_counter() - start) * 1e3, finish=finish, confidence=offer.confidence)
        sure = offer.confidence >= self.settings.completion.sure
        reason = (EMBEDDED_SURE if sure else EMBEDDED_ALONE).format(confidence=offer.confidence)
        order = (Candidate(engine.name, reason),)
        return self._checked(ask, Found(answer, ask.span, reason, Choice(order), raw=answer), several)

    async def _remote(self, ask: Ask, several: bool, own: Answer | None = None) -> Found:
        """Everybody else: context, choice, call, checks. `own`: the embedded engine's answer."""
        reuses = self.settings.completion.cache
        if reuses and (earlier := await self._recall.earlier(ask)):
            return earlier
        windows = [tool.abilities.context_tokens for tool in self._ensemble.tools.values() if ask.kind in tool.abilities.kinds]
        prompt = await self.context.gather(ask, several, windows, self.settings.privacy.never_send)
        complexity = await self._gauge.complexity(ask.buffer)
        budget = await self._settler.budget(self.settings.route)
        personal = CLASSES if self.settings.experimental.mask_personal else ()
        outgoing = call.Outgoing(prompt, self._vault, self.settings.privacy.never_send, personal)
        request = self._request(ask, outgoing, complexity, budget)
        players = self._ensemble.players(ask.kind)
        choice = self._ensemble.chooser.choose(request, players, self.settings.route)
        kept = await self._recall.from_disk(ask, outgoing, choice.order, self._ensemble.tools) if reuses else None
        if kept and kept.answer:
            return replace(kept, choice=choice, complexity=complexity, request=request)
        expected = settle.expected_for(request, players, self._ensemble.chooser.beliefs)
        means = self._means(ask, outgoing, (several, own), expected)
        found = await self._settler.settle(ask, choice, complexity, self.settings.route, means)
        return replace(found, disk=kept.disk if kept else None, request=request)

    def _means(
        self, ask: Ask, outgoing: call.Outgoing, shape_and_own: tuple[bool, Answer | None], expected: Mapping[str, float]
    ) -> settle.Means:
        """How the tools of this request are called and their answers weighed."""
        several, own = shape_and_own
        ensemble, terms, prompt = self._ensemble, self._terms(ask, several, outgoing.prompt), outgoing.prompt

        async def ring(order: Sequence[Candidate], deadline: float) -> call.Called:
            return await ensemble.caller.run(order, ensemble.tools, outgoing, deadline, terms)

        async def weighed(answer: Answer) -> Found:
            priced = settle.priced(place.in_buffer(ask, prompt, answer), ensemble.tools)
            return await asyncio.to_thread(weigh.weigh, ask, priced, several, own)

        usual = min(prompt.max_tokens, USUAL_ANSWER[ask.kind])
        estimates = settle.estimates_for(ensemble.tools, tokens(prompt) - prompt.max_tokens, usual)
        return settle.Means(ring, weighed, partial(weigh.case_of, ask), estimates, expected)

    def _terms(self, ask: Ask, several: bool, prompt: Prompt) -> call.Terms:
        priority = call.Priority.TYPING if ask.trigger is Trigger.AUTOMATIC else call.Priority.ASKED
        priority = call.Priority.BACKGROUND if ask.background else priority
        late = partial(self._came_late, ask, prompt) if self.settings.completion.cache and not ask.background else None
        enough = None if several or ask.kind is not Kind.COMPLETE else shape.line_ends
        # Generation goes by steps: a second tool at the same time would be paid for what the first one may do alone.
        return call.Terms(priority, hedge=ask.kind not in cascade.KINDS and not ask.background, enough=enough, late=late)

    def _came_late(self, ask: Ask, prompt: Prompt, answer: Answer) -> None:
        self.late(ask, settle.priced(place.in_buffer(ask, prompt, answer), self._ensemble.tools))

    def _request(self, ask: Ask, outgoing: call.Outgoing, complexity: Complexity, budget: Budget) -> route.Request:
        privacy = self.settings.privacy
        return route.Request(
            kind=ask.kind,
            language=ask.buffer.language,
            tokens=tokens(outgoing.prompt),
            complexity=complexity,
            private=refusal(ask.buffer.path, privacy.never_send),
            offline=privacy.offline,
            budget_left=budget.left,
            thrift=budget.thrift,
            secret=bool(outgoing.masked().masked),
            stay=privacy.secrets == "stay",
            trigger=ask.trigger,
            limit_ms=max(1.0, (ask.deadline - time.monotonic()) * 1e3),
            project=project_key(ask.roots, ask.buffer.path),
        )

    def _checked(self, ask: Ask, found: Found, several: bool) -> Found:
        """Cleaned up, and refused when it would break the code it stands in."""
        assert found.answer
        draft = chain.Draft(found.answer.text, found.span, ask.buffer, ask.kind, several, ask.trigger is Trigger.MANUAL)
        polished = chain.run(draft)
        if polished.draft is None:
            return dropped(found, polished.dropped_by)
        if found.answer.finish != UNFINISHED and (objection := judge.objection(ask.buffer, polished.draft.span, polished.draft.text)):
            return dropped(found, objection)
        kept = replace(found.answer, text=polished.draft.text)
        return replace(found, answer=kept, span=polished.draft.span)


def _nobody_listens(_ask: Ask, _answer: Answer) -> None:
    """Until the orchestra is made."""
