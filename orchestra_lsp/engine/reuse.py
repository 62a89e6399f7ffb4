"""Answers that need no tool: a shown suggestion that is being typed along, an answer kept in memory, the same ask in flight."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cachetools import LRUCache

from orchestra_lsp.model import Ask, Kind, Span, Suggestion

SHOWN_KEPT = 24  # suggestions kept for typing along: more than a person has on screen
SHOWN_BYTES = 8_000_000  # of buffer text they may hold on to, for people with huge files
ANSWER_BYTES = 8_000_000  # of the memory cache
ENTRY_BYTES = 600  # of an entry beside its text: sys.getsizeof of its values on CPython 3.11, rounded up
WINDOW = 4096  # bytes around the cursor that identify a request; beyond that nothing changes an answer in practice


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion and the text it was made for."""

    uri: str
    kind: Kind
    instruction: str
    data: bytes
    at: int  # the cursor, a byte offset into `data`
    suggestion: Suggestion


class Reuse:
    """What was answered lately. Belongs to the event loop: not thread-safe."""

    def __init__(self) -> None:
        self._shown: list[Shown] = []
        self._answers: LRUCache[str, tuple[int, Suggestion]] = LRUCache(
            ANSWER_BYTES, getsizeof=lambda kept: len(kept[1].text) + ENTRY_BYTES
        )
        self._flights: dict[str, _Flight] = {}

    def find(self, ask: Ask) -> Suggestion | None:
        """An earlier suggestion that still holds at this cursor."""
        for shown in reversed(self._shown):
            if rest := typed_along(shown, ask):
                return rest
        if kept := self._answers.get(fingerprint(ask)):
            at, suggestion = kept
            return replace(suggestion, span=_shifted(suggestion.span, ask.span.start - at), cached=True)
        return None

    def put(self, ask: Ask, suggestion: Suggestion) -> None:
        """Keep an answer, for the same place and for typing along."""
        shown = Shown(ask.buffer.uri, ask.kind, ask.instruction, ask.buffer.data, ask.span.start, suggestion)
        self._shown = _bounded([*self._shown, shown])
        if len(suggestion.text) + ENTRY_BYTES <= ANSWER_BYTES:
            self._answers[fingerprint(ask)] = (ask.span.start, suggestion)

    def forget(self, suggestion_id: str) -> None:
        """Never show a dismissed suggestion again from memory."""
        self._shown = [shown for shown in self._shown if shown.suggestion.id != suggestion_id]
        for key in [key for key, (_, kept) in self._answers.items() if kept.id == suggestion_id]:
            del self._answers[key]

    def clear(self) -> None:
        self._shown = []
        self._answers.clear()

    async def share(self, ask: Ask, work: Callable[[], Awaitable[Suggestion | None]]) -> Suggestion | None:
        """Run `work` once for all who ask the same now; it is cancelled when the last of them has gone."""
        key = fingerprint(ask)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(work()))
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._landed(key, flight.task)
                flight.task.cancel()

    def _landed(self, key: str, task: asyncio.Future[Suggestion | None]) -> None:
        # A newer flight may have taken the key after this one was abandoned.
        if key in self._flights and self._flights[key].task is task:
            del self._flights[key]


@dataclass(slots=True)
class _Flight:
    task: asyncio.Future[Suggestion | None]
    waiting: int = 0


def typed_along(shown: Shown, ask: Ask) -> Suggestion | None:
    """The rest of a suggestion when the person has typed its beginning since; None when it no longer fits."""
    was, here = shown.at, ask.span.start
    same = shown.kind is ask.kind is Kind.COMPLETE and shown.uri == ask.buffer.uri and shown.suggestion.span.start == was
    if not same or here < was or ask.span.end != here:
        return None
    old, new = shown.data, ask.buffer.data
    text = shown.suggestion.text.encode("utf-8", "surrogatepass")
    typed = new[was:here]
    if len(typed) >= len(text) or not text.startswith(typed) or new[here:] != old[was:] or new[:was] != old[:was]:
        return None
    rest = text[len(typed) :].decode("utf-8", "surrogatepass")
    return replace(shown.suggestion, text=rest, span=Span(here, here + shown.suggestion.span.end - was), cached=True)


def fingerprint(ask: Ask) -> str:
    """Equal for requests that must get the same answer: kind, file, text around the cursor, instruction."""
    data, span = ask.buffer.data, ask.span
    digest = hashlib.blake2b(digest_size=16)
    for part in (
        ask.kind.value.encode(),
        ask.buffer.uri.encode("utf-8", "surrogatepass"),
        ask.buffer.language.encode(),
        ask.instruction.encode("utf-8", "surrogatepass"),
        data[max(0, span.start - WINDOW) : span.start],
        data[span.start : span.end],
        data[span.end : span.end + WINDOW],
    ):
        digest.update(len(part).to_bytes(8, "big"))  # so that no two different lists of parts join to the same bytes
        digest.update(part)
    return digest.hexdigest()


def _bounded(shown: list[Shown]) -> list[Shown]:
    """The newest, within both caps; versions of one file share nothing, so each counts in full."""
    kept: list[Shown] = []
    size = 0
    for one in reversed(shown[-SHOWN_KEPT:]):
        size += len(one.data)
        if kept and size > SHOWN_BYTES:
            break
        kept.append(one)
    return kept[::-1]


def _shifted(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
