"""The steps from an ask to an answer: the embedded engine, and when it is not sure, context, choice, call and checks."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from orchestra_lsp.config import Settings
from orchestra_lsp.engine import call, context, judge, route
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.found import Found, dropped
from orchestra_lsp.engine.polish import chain
from orchestra_lsp.engine.shape import multiline
from orchestra_lsp.model import Answer, Ask, Candidate, Choice, Complexity, Kind, Prompt
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.paths import refusal
from orchestra_lsp.trust.personal import CLASSES

EMBEDDED_SURE = "the embedded engine is sure enough ({confidence:.0%}), so nothing had to be sent"
EMBEDDED_ALONE = "no other tool may complete here; the embedded engine is {confidence:.0%} sure"
EMBEDDED_FLOOR = "no other tool answered; this is the embedded engine's best offer"
#: How the embedded engine's offer ended when the line goes on: half a line need not parse.
UNFINISHED = "unfinished"
#: Kinds whose answer is read by a person and not put into the file.
READ = frozenset({Kind.EXPLAIN, Kind.REVIEW})


class Pipeline:
    """Belongs to one event loop. `settings` may be replaced between two requests."""

    def __init__(self, settings: Settings, ensemble: Ensemble, vault: Vault, worker: ThreadPoolExecutor) -> None:
        self.settings = settings
        self._ensemble = ensemble
        self._vault = vault
        self._worker = worker

    async def answer(self, ask: Ask) -> Found:
        """What there is to show for one request; never raises for what a tool did."""
        return await self._complete(ask) if ask.kind is Kind.COMPLETE else await self._remote(ask, several=True)

    async def _complete(self, ask: Ask) -> Found:
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

    async def _embedded(self, ask: Ask, several: bool) -> Found:
        engine = self._ensemble.embedded
        if engine is None:
            return Found(None, ask.span)
        start = time.perf_counter()
        least = self.settings.completion.minimum
        loop = asyncio.get_running_loop()
        offer = await loop.run_in_executor(self._worker, lambda: engine.offer(ask.buffer, ask.span.start, ask.neighbours, several, least))
        if not offer.text:
            return Found(None, ask.span, dropped="the embedded engine has no confident offer here")
        finish = "stop" if offer.ended else UNFINISHED
        answer = Answer(offer.text, engine.name, (time.perf_counter() - start) * 1e3, finish=finish, confidence=offer.confidence)
        sure = offer.confidence >= self.settings.completion.sure
        reason = (EMBEDDED_SURE if sure else EMBEDDED_ALONE).format(confidence=offer.confidence)
        order = (Candidate(engine.name, reason),)
        return self._checked(ask, Found(answer, ask.span, reason, Choice(order)), several)

    async def _remote(self, ask: Ask, several: bool) -> Found:
        """Everybody else: context, choice, call, checks."""
        prompt = await context.gather(self._sendable(ask), several)
        complexity = (await asyncio.to_thread(facts_of, ask.buffer)).complexity
        request = self._request(ask, prompt, complexity)
        choice = route.choose(request, self._ensemble.players(), self.settings.route.prefer)
        personal = CLASSES if self.settings.experimental.mask_personal else ()
        outgoing = call.Outgoing(prompt, self._vault, self.settings.privacy.never_send, personal)
        called = await call.run(choice.order, self._ensemble.tools, outgoing, ask.deadline)
        self._ensemble.heard(called.attempts)
        reason = next((one.reason for one in choice.order if called.answer and one.tool == called.answer.tool), "")
        found = Found(called.answer, ask.span, reason, choice, called.attempts, complexity=complexity)
        if not called.answer or ask.kind in READ:
            return found
        if ask.kind is Kind.TEST:
            objection = judge.objection_alone(ask.buffer.language, called.answer.text)
            return dropped(found, objection) if objection else found
        return self._checked(ask, found, several)

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

    def _checked(self, ask: Ask, found: Found, several: bool) -> Found:
        """Cleaned up, and refused when it would break the code it stands in."""
        assert found.answer
        draft = chain.Draft(found.answer.text, found.span, ask.buffer, ask.kind, several)
        polished = chain.run(draft)
        if polished.draft is None:
            return dropped(found, polished.dropped_by)
        if found.answer.finish != UNFINISHED and (objection := judge.objection(ask.buffer, polished.draft.span, polished.draft.text)):
            return dropped(found, objection)
        kept = replace(found.answer, text=polished.draft.text)
        return replace(found, answer=kept, span=polished.draft.span)
