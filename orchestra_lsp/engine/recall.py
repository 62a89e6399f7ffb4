"""Kept answers on their way back to a person: polished and judged anew where they are to stand, and answers on their way in."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from orchestra_lsp.engine import weigh
from orchestra_lsp.engine.cache import Cache
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.kept.disk import Maker, Place, Told
from orchestra_lsp.engine.kept.memory import Hit
from orchestra_lsp.engine.outgoing import Outgoing, Tools
from orchestra_lsp.engine.polish import chain
from orchestra_lsp.engine.shape import multiline
from orchestra_lsp.model import Answer, Ask, Candidate, Kind, Suggestion

TRIED = 3  # kept answers that are tried at one place before a tool is asked
DISK_REASON = "{tool} answered the same before and it was kept on this machine; ask with refresh for a new answer"
KEPT_REASON = "answered before; ask with refresh for a new answer; {reason}"
#: Kinds whose answers are never kept: they depend on what the person has just done.
NEVER = frozenset({Kind.NEXT_EDIT, Kind.CHANGE})


class Recall:
    """Belongs to one event loop. `on_disk`: whether the disk level is switched on; may be changed between two requests."""

    def __init__(self, cache: Cache, on_disk: bool) -> None:
        self.cache = cache
        self.on_disk = on_disk

    async def known(self, ask: Ask) -> Suggestion | None:
        """A suggestion without any tool: typed along, else kept in memory, else of a request that is alike."""
        if ask.kind in NEVER:
            return None
        return self.cache.along(ask) or await self._from_memory(ask)

    async def earlier(self, ask: Ask) -> Found | None:
        """The answer to a request of a few keys ago that was still under way, when it comes in time and still fits."""
        if ask.refresh or not await self.cache.earlier(ask):
            return None
        for hit in islice(self.cache.find(ask), TRIED):
            found = await self._weighed(ask, hit.answer)
            if found.answer:
                self.cache.reused("in flight", ask.kind)
                return replace(found, reason=hit.reason)
        return None

    def keep(self, ask: Ask, found: Found, made: Suggestion, maker: Maker | None) -> None:
        """Keep what was answered, before its polish, in memory and, when an outside tool wrote it, on disk."""
        if ask.kind in NEVER:
            return
        if ask.refresh:
            self.cache.replaced(ask)
        raw = found.raw
        if raw is None or raw.tool != made.tool or (raw.span or ask.span) != ask.span:
            self.cache.show(ask, made)
            return
        self.cache.put(ask, unwrapped(ask, raw), made)
        if isinstance(found.disk, Told):
            self.cache.kept_on_disk(made.id, found.disk.key, found.disk.text_digest)
        elif isinstance(found.disk, Place) and self.cache.disk and maker and (kept := self.cache.disk.put(found.disk, maker, raw)):
            self.cache.kept_on_disk(made.id, *kept)

    def prepared(self, ask: Ask, found: Found, made: Suggestion) -> None:
        """Keep an answer that nobody has asked for yet: it is not shown, so nobody types along it."""
        if found.raw and found.raw.tool == made.tool and (found.raw.span or ask.span) == ask.span:
            self.cache.prepared(ask, unwrapped(ask, found.raw), made)

    def late(self, ask: Ask, answer: Answer, reason: str) -> str:
        """Keep an answer that came too late for its request; gives the id of what it will be offered as, empty when it is not kept."""
        if ask.kind in NEVER or (answer.span or ask.span) != ask.span:
            return ""
        suggestion_id = uuid.uuid4().hex
        self.cache.late(ask, unwrapped(ask, answer), suggestion_id, reason)
        return suggestion_id

    async def _from_memory(self, ask: Ask) -> Suggestion | None:
        for hit in islice(self.cache.find(ask), TRIED):
            start = time.perf_counter()
            found = await self._weighed(ask, hit.answer)
            made = _suggestion(hit, found, start, ask.kind is Kind.COMPLETE)
            if made and not self.cache.is_dismissed(ask, made):
                self.cache.reused("similar" if hit.similar else "memory", ask.kind)
                self.cache.show(ask, made)
                return made
        return None

    async def from_disk(self, ask: Ask, outgoing: Outgoing, order: Sequence[Candidate], tools: Tools) -> Found | None:
        """An answer on disk, for the first tool of `order` that gave one; without one, the place where it may be kept."""
        disk = self.cache.disk
        outside = [one.tool for one in order if one.tool in tools and tools[one.tool].endpoint is None]
        if disk is None or not self.on_disk or not outside or ask.kind in NEVER:
            return None
        masked = outgoing.masked()
        if masked.refused:
            return None
        place = disk.place(masked, outgoing.prompt.uri)
        nothing = Found(None, ask.span, disk=place)
        if ask.refresh:
            return nothing
        told = await disk.find(place, [maker_of(name, tools) for name in outside])
        if told is None:
            return nothing
        found = await self._weighed(ask, told.answer)
        if found.answer is None:
            return nothing
        made = Suggestion("", found.answer.text, found.span, told.answer.tool, "", 0.0)
        if self.cache.is_dismissed(ask, made):
            return nothing
        self.cache.reused("disk", ask.kind)
        return replace(found, reason=DISK_REASON.format(tool=told.answer.tool), disk=told)

    async def _weighed(self, ask: Ask, answer: Answer) -> Found:
        return await asyncio.to_thread(weigh.weigh, ask, answer, multiline(ask) if ask.kind is Kind.COMPLETE else True)


def maker_of(name: str, tools: Tools) -> Maker:
    return Maker(name, type(tools[name]).__name__, tools[name].model)


def unwrapped(ask: Ask, answer: Answer) -> Answer:
    """As it would be inserted at the cursor, so that it can be typed along; everything else is done when it is taken."""
    draft = chain.Draft(answer.text, ask.span, ask.buffer, ask.kind)
    return replace(answer, text=chain.unwrapped(draft))


def _suggestion(hit: Hit, found: Found, start: float, completes: bool) -> Suggestion | None:
    if found.answer is None:
        return None
    answer, took_ms = found.answer, (time.perf_counter() - start) * 1e3
    said = hit.reason if completes or hit.similar else KEPT_REASON.format(reason=hit.reason)
    return Suggestion(hit.id, answer.text, found.span, answer.tool, said, took_ms, answer.confidence, cached=True, usage=answer.usage)
