"""Accepting an offer by the word or by the line, as commands: for editors that cannot do it themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.model import Buffer, Edit, Outcome, Span, Suggestion
from orchestra_lsp.server import convert, feedback
from orchestra_lsp.server.convert import FileChange
from orchestra_lsp.server.features import ACCEPT_LINE, ACCEPT_WORD
from orchestra_lsp.syntax.text import encode

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

KEPT: Final = 8
#: What one step takes; white space goes with what follows it, as people type it.
STEPS: Final = {ACCEPT_WORD: re.compile(r"\s*(?:\w+|[^\w\s]+)"), ACCEPT_LINE: re.compile(r"[\r\n]*[^\r\n]+")}


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What is left of an offer, in terms of `buffer`; `taken`: UTF-16 units of it that were accepted by steps."""

    buffer: Buffer
    suggestion: Suggestion
    taken: int = 0


class Parts:
    """The newest offers of each document. Belongs to the event loop."""

    def __init__(self) -> None:
        self._offers: LRUCache[str, Offer] = LRUCache(KEPT)

    def offer(self, buffer: Buffer, suggestion: Suggestion) -> None:
        self._offers[suggestion.id] = Offer(buffer, suggestion)

    def keep(self, offer: Offer) -> None:
        self._offers[offer.suggestion.id] = offer

    def rest(self, suggestion_id: str, now: Buffer | None) -> Offer | None:
        """What is left of an offer in the document as it is now; None when it no longer fits."""
        offer = self._offers.get(suggestion_id)
        if offer is None or now is None:
            return None
        old, new, span, text = offer.buffer.data, now.data, offer.suggestion.span, encode(offer.suggestion.text)
        grown = len(new) - len(old)
        typed = new[span.start : span.start + max(0, grown)]
        if not 0 <= grown < len(text) or not text.startswith(typed):
            return None
        if new[: span.start] != old[: span.start] or new[span.start + grown :] != old[span.start :]:
            return None
        left = replace(
            offer.suggestion, text=text[grown:].decode("utf-8", "surrogatepass"), span=Span(span.start + grown, span.end + grown)
        )
        return Offer(now, left, offer.taken)

    def uri_of(self, suggestion_id: str) -> str:
        offer = self._offers.get(suggestion_id)
        return offer.buffer.uri if offer else ""


async def accept(ls: OrchestraServer, command: str, told: object) -> bool:
    """Insert the next word or line of the offer named by `{"id"}`; False when it no longer fits the text."""
    session = ls.session
    name = told.get("id") if isinstance(told, dict) else None
    parts = session.parts
    buffer = session.documents.buffer(parts.uri_of(name)) if isinstance(name, str) else None
    offer = parts.rest(name, buffer) if isinstance(name, str) else None
    step = STEPS[command].match(offer.suggestion.text) if offer else None
    if offer is None or buffer is None or step is None:
        return False
    part, span = step.group(), offer.suggestion.span
    whole = not offer.suggestion.text[len(part) :].strip()
    edit = Edit(span if whole else Span(span.start, span.start), offer.suggestion.text if whole else part)
    change = convert.workspace_edit(session.client, [FileChange(buffer.uri, buffer, (edit,), buffer.version)])
    try:
        answer = await ls.workspace_apply_edit_async(t.ApplyWorkspaceEditParams(change, "Accept a part"))
    except JsonRpcException as error:
        answer = t.ApplyWorkspaceEditResult(applied=False, failure_reason=str(error))
    if answer.applied:
        taken = offer.taken + len(part.encode("utf-16-le")) // 2
        parts.keep(replace(offer, taken=taken))
        feedback.record(ls, told, Outcome.ACCEPTED if whole else Outcome.PARTLY_ACCEPTED, 0 if whole else taken)
    return answer.applied
