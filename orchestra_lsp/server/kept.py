"""Looks whether what was accepted is still there: after half a minute, and when the file is saved. That says most of how good it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from orchestra_lsp.model import Buffer, Outcome, Severity, Span, Suggestion
from orchestra_lsp.syntax.text import encode

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.reviewer import Examined

LOOK_S: Final = 30.0
OFFERS: Final = 64
MOST_LINES: Final = 40  # of one suggestion; enough to know it by
STILL_THERE: Final = 0.5  # share of its lines: who corrects a name has kept it
CARE: Final = (Severity.ERROR, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Offer:
    """The lines of a suggestion, each with how often it stands in the file without it."""

    uri: str
    lines: tuple[tuple[bytes, int], ...]
    faulty: bool = False  # there was a finding in what it replaces

    def is_in(self, data: bytes) -> bool:
        if not self.lines:
            return True
        there = sum(data.count(line) > before for line, before in self.lines)
        return there >= STILL_THERE * len(self.lines)

    def places(self, data: bytes) -> Iterable[Span]:
        """Where its lines stand, as far as that cannot be mistaken."""
        for line, before in self.lines:
            if before == 0 and (start := data.find(line)) >= 0:
                yield Span(start, start + len(line))


@dataclass(slots=True)
class Kept:
    """Belongs to the event loop. `look_s`: seconds after which an accepted suggestion is looked for.

    `newest`: the last review of an open file that is finished.
    """

    look_s: float = LOOK_S
    newest: Callable[[str], Examined | None] = lambda _uri: None
    _offers: LRUCache[str, Offer] = field(default_factory=lambda: LRUCache(OFFERS))
    _accepted: LRUCache[str, Offer] = field(default_factory=lambda: LRUCache(OFFERS))

    def offer(self, buffer: Buffer, suggestion: Suggestion) -> None:
        """Remember what it would look like, for the case that it is accepted."""
        self.offer_text(suggestion.id, buffer, suggestion.span, suggestion.text)

    def offer_text(self, suggestion_id: str, buffer: Buffer, span: Span, text: str) -> None:
        examined = self.newest(buffer.uri)
        known = examined is not None and examined.buffer.data is buffer.data
        faulty = bool(examined and known and span.start < span.end and _in(examined, [span]))
        rest = buffer.data[: span.start] + buffer.data[span.end :]
        lines = dict.fromkeys(line.strip() for line in encode(text).splitlines()[:MOST_LINES] if line.strip())
        self._offers[suggestion_id] = Offer(buffer.uri, tuple((line, rest.count(line)) for line in lines), faulty)

    def accepted(self, ls: OrchestraServer, suggestion_id: str) -> None:
        offer = self._offers.pop(suggestion_id, None)
        if offer is not None:
            self._accepted[suggestion_id] = offer
            asyncio.get_running_loop().call_later(self.look_s, self._look, ls, suggestion_id)

    def saved(self, ls: OrchestraServer, uri: str) -> None:
        """What was accepted and is gone when the file is saved was not good, whatever it looked like before."""
        for suggestion_id, offer in list(self._accepted.items()):
            if offer.uri == uri and not self._is_there(ls, offer):
                self._tell(ls, suggestion_id, Outcome.EDITED_AWAY)
                del self._accepted[suggestion_id]

    def _look(self, ls: OrchestraServer, suggestion_id: str) -> None:
        offer = self._accepted.get(suggestion_id)
        if offer is None or ls.session.documents.buffer(offer.uri) is None:  # told already, or the file was closed: nothing is known
            return
        there = self._is_there(ls, offer)
        self._tell(ls, suggestion_id, Outcome.KEPT if there else Outcome.EDITED_AWAY)
        if there:
            ls.session.spawn(self._review(ls, suggestion_id, offer))
        else:
            del self._accepted[suggestion_id]

    async def _review(self, ls: OrchestraServer, suggestion_id: str, offer: Offer) -> None:
        """A finding in the accepted lines speaks against them; where there was one in what they replaced, none speaks for them."""
        examined = await ls.session.diagnostics.current(offer.uri)
        if examined is None:
            return
        if _in(examined, list(offer.places(examined.buffer.data))):
            self._tell(ls, suggestion_id, Outcome.WORSENED)
        elif offer.faulty:
            self._tell(ls, suggestion_id, Outcome.IMPROVED)

    def _is_there(self, ls: OrchestraServer, offer: Offer) -> bool:
        buffer = ls.session.documents.buffer(offer.uri)
        return buffer is None or offer.is_in(buffer.data)

    def _tell(self, ls: OrchestraServer, suggestion_id: str, outcome: Outcome) -> None:
        if orchestra := ls.session.conductor.made:
            orchestra.record(suggestion_id, outcome)


def _in(examined: Examined, places: Sequence[Span]) -> bool:
    """Whether there is a finding that matters in one of `places`."""
    found = (one.span for one in examined.findings if one.severity in CARE)
    return any(at.start < span.end and span.start < at.end for span in found for at in places)
