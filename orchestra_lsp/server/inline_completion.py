"""Ghost text: one suggestion at the cursor."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.model import Ask, Buffer, Edit, Kind, Span, Suggestion, Trigger
from orchestra_lsp.server import convert, foretelling
from orchestra_lsp.syntax.parse import splice
from orchestra_lsp.syntax.text import encode, slice_text

if TYPE_CHECKING:
    from orchestra_lsp.config import CompletionSettings
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.session import Session

MANUAL = t.InlineCompletionTriggerKind.Invoked


async def inline_completion(ls: OrchestraServer, params: t.InlineCompletionParams) -> t.InlineCompletionList:
    session, context = ls.session, params.context
    trigger = Trigger.MANUAL if context.trigger_kind == MANUAL else Trigger.AUTOMATIC
    buffer = session.documents.buffer(params.text_document.uri)
    if buffer is None or not wanted(session.settings.completion, buffer, trigger):
        return t.InlineCompletionList([])
    popup = await _popup(session, buffer, context.selected_completion_info)
    asked = popup.buffer if popup else buffer
    offset = popup.cursor if popup else convert.offset_of(session.client, buffer, params.position)
    ask = make_ask(session, asked, offset, trigger)
    if popup is None:
        kept = session.ready.echoes(buffer, offset)
        ask = replace(ask, later=session.client.completion.hears_ready, kept=kept, trigger=Trigger.AUTOMATIC if kept else trigger)
    suggestion = await session.asks.run(ls, t.TEXT_DOCUMENT_INLINE_COMPLETION, ask)
    if suggestion is None and popup is None and not ask.kept and not moved_on(session, buffer):
        suggestion = await foretelling.here(ls, ask)
    if suggestion is None or moved_on(session, buffer):
        return t.InlineCompletionList([])
    item = convert.inline_item(session.client, buffer, popup.joined(suggestion) if popup else suggestion)
    if item is not None:
        session.remember(buffer, suggestion)
    return t.InlineCompletionList([item] if item else [])


def wanted(settings: CompletionSettings, buffer: Buffer, trigger: Trigger) -> bool:
    """Whether the person wants suggestions here at all."""
    asked_for = settings.automatic or trigger is Trigger.MANUAL
    return settings.enabled and asked_for and buffer.language not in settings.languages_off


def make_ask(session: Session, buffer: Buffer, offset: int, trigger: Trigger) -> Ask:
    settings = session.settings.completion
    limit = settings.manual_deadline_ms if trigger is Trigger.MANUAL else settings.deadline_ms
    return Ask(
        id=uuid.uuid4().hex,
        kind=Kind.COMPLETE,
        buffer=buffer,
        span=Span(offset, offset),
        trigger=trigger,
        deadline=time.monotonic() + limit / 1000,
        neighbours=session.documents.neighbours(buffer.uri),
        roots=session.roots,
    )


def moved_on(session: Session, buffer: Buffer) -> bool:
    """Whether the text is no longer the one that was asked about; then its answer would be put in the wrong place."""
    newest = session.documents.buffer(buffer.uri)
    return newest is None or newest.data is not buffer.data


@dataclass(frozen=True, slots=True)
class _Popup:
    """The text as if the entry selected in the completion popup were accepted; editors show only what goes on from there."""

    buffer: Buffer
    replaced: Span  # in the editor's text
    cursor: int  # in `buffer`, behind the entry

    def joined(self, suggestion: Suggestion) -> Suggestion:
        """The suggestion with the popup's entry before it, in terms of the editor's text."""
        shift = self.replaced.end - self.cursor
        begun = slice_text(self.buffer, Span(self.replaced.start, suggestion.span.start))
        span = Span(self.replaced.start, suggestion.span.end + shift)
        return replace(suggestion, text=begun + suggestion.text, span=span)


async def _popup(session: Session, buffer: Buffer, selected: t.SelectedCompletionInfo | None) -> _Popup | None:
    if selected is None:
        return None
    replaced = convert.span_of(session.client, buffer, selected.range)
    accepted = await asyncio.to_thread(splice, buffer, [Edit(replaced, selected.text)])
    return _Popup(accepted, replaced, replaced.start + len(encode(selected.text)))


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_INLINE_COMPLETION)(inline_completion)
