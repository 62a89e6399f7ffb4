"""The steps from an ask to an answer: the embedded engine, and when it is not sure, context, choice, call and checks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from orchestra_lsp.config import Settings
from orchestra_lsp.engine import call, cascade, intent, judge, place, route, settle, shape, trigger, weigh
from orchestra_lsp.engine.context import Context, tokens
from orchestra_lsp.engine.cost import Budget
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.foresight import Foresight, foresee
from orchestra_lsp.engine.found import Found, dropped
from orchestra_lsp.engine.gauge import Gauge
from orchestra_lsp.engine.learn import project_key
from orchestra_lsp.engine.ledger import Ledger
from orchestra_lsp.engine.polish import chain
from orchestra_lsp.engine.recall import Recall
from orchestra_lsp.engine.settle import Settler
from orchestra_lsp.engine.typist import Typist
from orchestra_lsp.engine.weights import USUAL_ANSWER
from orchestra_lsp.model import Answer, Ask, Candidate, Choice, Complexity, Kind, Prompt, Trigger
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.paths import refusal
from orchestra_lsp.trust.personal import CLASSES

EMBEDDED_SURE = "the embedded engine is sure enough ({confidence:.0%}), so nothing had to be sent"
EMBEDDED_ALONE = "no other tool may complete here; the embedded engine is {confidence:.0%} sure"
EMBEDDED_LIKE = "like {like}, with the names changed ({confidence:.0%} sure)"
EMBEDDED_HELD = "the embedded engine is {confidence:.0%} sure; no model was asked, because {held}"
EMBEDDED_SO_FAR = "the embedded engine is sure so far ({confidence:.0%}); a model is asked for more"
EMBEDDED_MEANWHILE = "the embedded engine is {confidence:.0%} sure; the model that was asked has not answered yet"
EMBEDDED_FLOOR = "no other tool answered; this is the embedded engine's best offer"
EMBEDDED_BETTER = "the embedded engine's best offer, because {tool}'s answer {why}"
REVIEW_S = 0.05  # for the findings of one offer: a few ms once the rules are there
#: How the embedded engine's offer ended when the line goes on: half a line need not parse.
UNFINISHED = "unfinished"


#: Hears of an offer that may be shown while a model is still being asked.
Early = Callable[[Found], None]


class Pipeline:
    """Belongs to one event loop. `settings` may be replaced between two requests."""

    def __init__(
        self, settings: Settings, ensemble: Ensemble, vault: Vault, worker: ThreadPoolExecutor, accounts: Ledger, recall: Recall
    ) -> None:
        self.settings = settings
        self.context = Context()
        self.late: Callable[[Ask, Answer], None] = _nobody_listens  # is given answers that came after their deadline
        self.typist = Typist()
        self.foresight = Foresight()
        self._recall = recall
        self._settler = Settler(accounts)
        self._ensemble = ensemble
        self._gauge = Gauge()
        self._vault = vault
        self._worker = worker

    async def answer(self, ask: Ask, early: Early | None = None) -> Found:
        """What there is to show for one request; never raises for what a tool did. `early`: hears of what may be shown before."""
        if ask.kind is Kind.COMPLETE:
            return await self._complete(ask, early)
        return await (self._next_edit(ask) if ask.kind is Kind.NEXT_EDIT else self._remote(ask, several=True))

    async def _next_edit(self, ask: Ask) -> Found:
        """What the person's own edits foretell; without that, whoever can foresee edits is asked."""
        engine = self._ensemble.embedded
        changes = self.foresight.changes(ask)
        seen = await asyncio.to_thread(foresee, ask, changes) if engine and changes else None
        if engine and seen and not judge.objection(ask.buffer, seen.span, seen.text):
            answer = Answer(seen.text, engine.name, 0.0, confidence=seen.confidence)
            return Found(answer, seen.span, seen.reason, Choice((Candidate(engine.name, seen.reason),)), foreseen=seen)
        able = any(Kind.NEXT_EDIT in tool.abilities.kinds for tool in self._ensemble.tools.values())
        return await self._remote(ask, several=True) if able else Found(None, ask.span, dropped="no next edit is foreseen here")

    async def ahead(self, ask: Ask, may_call: Callable[[], bool]) -> Found:
        """The same for a completion that nobody has asked for yet; `may_call` is asked only when a model is needed."""
        several = shape.multiline(ask)
        own = await self._embedded(ask, several)
        if self._is_sure(own) or not self.settings.completion.remote or not self._ensemble.tools:
            return own
        return await self._remote(ask, several, own.answer) if may_call() else Found(None, ask.span)

    async def _complete(self, ask: Ask, early: Early | None) -> Found:
        """The embedded engine first; only when it is not sure is anybody else asked."""
        several = shape.multiline(ask)
        own = await self._own(ask, several)
        sure = self._is_sure(own) and not ask.refresh  # who asks again has seen what the embedded engine says
        if sure or ask.kept or not self.settings.completion.remote or not self._ensemble.tools:
            return own
        if held := trigger.obstacle(ask, self.typist.moment(ask)):
            return _held(own, held)
        with self._meanwhile(own, early if ask.trigger is Trigger.AUTOMATIC else None):
            if early and ask.later and own.answer and ask.trigger is Trigger.AUTOMATIC:
                await self._so_far(ask, several, early)
            other = await self._remote(ask, several, own.answer)
        if other.answer and (other.verdict.accepted or not own.answer):
            return replace(other, reason="; but it ".join((other.reason, *other.verdict.reasons))) if other.verdict.findings else other
        if other.answer:
            why = EMBEDDED_BETTER.format(tool=other.tool, why="; ".join(other.verdict.reasons))
            return replace(other, answer=own.answer, span=own.span, reason=why, verdict=own.verdict)
        return replace(other, answer=own.answer, span=own.span, reason=EMBEDDED_FLOOR, dropped=other.dropped or own.dropped)

    @contextmanager
    def _meanwhile(self, own: Found, early: Early | None) -> Iterator[None]:
        """Nobody waits long for a model while there is something to show."""
        if early is None or own.answer is None:
            yield
            return
        found = replace(own, reason=EMBEDDED_MEANWHILE.format(confidence=own.answer.confidence or 0.0))
        timer = asyncio.get_running_loop().call_later(self.settings.completion.wait_ms / 1e3, early, found)
        try:
            yield
        finally:
            timer.cancel()

    async def _so_far(self, ask: Ask, several: bool, early: Early) -> None:
        """Show the part that the embedded engine is sure of; the asker hears of the rest."""
        found = await self._embedded(ask, several, self.settings.completion.sure)
        if found.answer:
            early(replace(found, reason=EMBEDDED_SO_FAR.format(confidence=found.answer.confidence or 0.0)))

    async def _own(self, ask: Ask, several: bool) -> Found:
        """The embedded engine's offer, or where that is doubtful, what a neighbour of nearly the same name does."""
        own, engine = await self._embedded(ask, several), self._ensemble.embedded
        if engine is None or not several or self._is_sure(own):
            return own
        meant = await asyncio.to_thread(intent.intended, ask)
        if meant is None or meant.confidence < max(self._least(ask) or 0.0, (own.answer.confidence or 0.0) if own.answer else 0.0):
            return own
        reason = EMBEDDED_LIKE.format(like=meant.like.strip(), confidence=meant.confidence)
        answer = Answer(meant.text, engine.name, 0.0, confidence=meant.confidence)
        found = self._checked(ask, Found(answer, ask.span, reason, Choice((Candidate(engine.name, reason),)), raw=answer), several)
        return found if found.answer else own

    def _is_sure(self, own: Found) -> bool:
        return own.answer is not None and (own.answer.confidence or 0) >= self.settings.completion.sure

    async def _embedded(self, ask: Ask, several: bool, least: float | None = None) -> Found:
        """Its offer; `least`: the confidence it must have, None: as the settings and the person's mood say."""
        engine = self._ensemble.embedded
        if engine is None:
            return Found(None, ask.span)
        start = time.perf_counter()
        least = least or self._least(ask)
        loop = asyncio.get_running_loop()
        offer = await loop.run_in_executor(self._worker, lambda: engine.offer(ask.buffer, ask.span.start, ask.neighbours, several, least))
        if not offer.text:
            return Found(None, ask.span, dropped="the embedded engine has no confident offer here")
        finish = "stop" if offer.ended else UNFINISHED
        answer = Answer(offer.text, engine.name, (time.perf_counter() - start) * 1e3, finish=finish, confidence=offer.confidence)
        sure = offer.confidence >= self.settings.completion.sure
        reason = (EMBEDDED_SURE if sure else EMBEDDED_ALONE).format(confidence=offer.confidence)
        order = (Candidate(engine.name, reason),)
        found = self._checked(ask, Found(answer, ask.span, reason, Choice(order), raw=answer), several)
        brought = await _brought(ask, found) if offer.ended and ask.trigger is Trigger.AUTOMATIC else ""
        return dropped(found, brought) if brought else found

    def _least(self, ask: Ask) -> float | None:
        """How sure the embedded engine must be; None: its best guess is wanted, however doubtful."""
        settings = self.settings.completion
        if ask.trigger is Trigger.MANUAL:
            # Asked for by hand where nobody else answers.
            return settings.minimum if settings.remote and self._ensemble.tools else None
        quiet = not ask.background and trigger.wants_quiet(self.typist.moment(ask))
        return max(settings.minimum, settings.sure) if quiet else settings.minimum

    async def _remote(self, ask: Ask, several: bool, own: Answer | None = None) -> Found:
        """Everybody else: context, choice, call, checks. `own`: the embedded engine's answer."""
        reuses, began = self.settings.completion.cache, time.monotonic()
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
        await self._pause(ask, choice, began)
        expected = settle.expected_for(request, players, self._ensemble.chooser.beliefs)
        means = self._means(ask, outgoing, (several, own), expected)
        found = await self._settler.settle(ask, choice, complexity, self.settings.route, means)
        return replace(found, disk=kept.disk if kept else None, request=request)

    async def _pause(self, ask: Ask, choice: Choice, began: float) -> None:
        """Before a model is called while somebody types; what took time since `began` counts as a part of it."""
        if ask.kind is not Kind.COMPLETE or ask.background or not choice.order:
            return
        vitals = self._ensemble.caller.vitals(ask.kind).get(choice.order[0].tool)
        wanted = trigger.delay_ms(ask, self.typist.moment(ask), vitals.fast_ms if vitals else None) / 1e3
        now = time.monotonic()
        seconds = min(began + wanted - now, (ask.deadline - now) / 2)
        if seconds > 0:
            with self._recall.cache.held(ask):
                await asyncio.sleep(seconds)

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
        enough = shape.enough(ask, several) if ask.kind is Kind.COMPLETE else None
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


async def _brought(ask: Ask, found: Found) -> str:
    """The review findings that an offer would bring. Typing does not wait until the rules have been read for the first time."""
    if found.answer is None:
        return ""
    check = asyncio.ensure_future(asyncio.to_thread(judge.brings, ask, found.span, found.answer.text))
    done, _ = await asyncio.wait({check}, timeout=REVIEW_S)
    return check.result() if done else ""


def _held(own: Found, held: str) -> Found:
    if own.answer is None:
        return replace(own, dropped=f"no model was asked, because {held}")
    return replace(own, reason=EMBEDDED_HELD.format(confidence=own.answer.confidence or 0.0, held=held))


def _nobody_listens(_ask: Ask, _answer: Answer) -> None:
    """Until the orchestra is made."""
