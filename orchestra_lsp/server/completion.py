"""The same suggestions as entries of the completion list, for editors without ghost text; never more than two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.model import Buffer, Suggestion, Trigger
from orchestra_lsp.server import convert
from orchestra_lsp.server.inline_completion import make_ask, moved_on, wanted

if TYPE_CHECKING:
    from orchestra_lsp.server.client import Client
    from orchestra_lsp.server.loop import OrchestraServer

NOTHING = t.CompletionList(is_incomplete=False, items=[])
#: Nothing yet: the editor should ask again with the next character.
NOT_YET = t.CompletionList(is_incomplete=True, items=[])


async def completion(ls: OrchestraServer, params: t.CompletionParams) -> t.CompletionList:
    """Editors send "invoked" both for typing and for the key, so every request counts as automatic."""
    session = ls.session
    buffer = session.documents.buffer(params.text_document.uri)
    if buffer is None or not wanted(session.settings.completion, buffer, Trigger.AUTOMATIC):
        return NOTHING
    ask = make_ask(session, buffer, convert.offset_of(session.client, buffer, params.position), Trigger.AUTOMATIC)
    suggestion = await session.asks.run(ls, t.TEXT_DOCUMENT_COMPLETION, ask)
    if suggestion is None or moved_on(session, buffer):
        return NOT_YET
    session.remember(buffer, suggestion)
    return t.CompletionList(is_incomplete=True, items=entries(session.client, buffer, suggestion))


async def resolve(ls: OrchestraServer, item: t.CompletionItem) -> t.CompletionItem:
    """Add what the popup shows beside the entry."""
    told = item.data if isinstance(item.data, dict) else {}
    suggestion = ls.session.offered.get(told.get("id", ""))
    if suggestion and item.documentation is None:
        item.documentation = _documentation(ls.session.client, str(told.get("language", "")), suggestion)
    return item


def entries(client: Client, buffer: Buffer, suggestion: Suggestion) -> list[t.CompletionItem]:
    """The rest of the line, and all of it when the suggestion goes on over several lines."""
    first = suggestion.text.split("\n", 1)[0].rstrip("\r")
    texts = dict.fromkeys(text for text in (first, suggestion.text) if text.strip())
    items = [item for text in texts if (item := convert.completion_item(client, buffer, suggestion, text))]
    if not client.completion.resolves_documentation:
        for item in items:
            item.documentation = _documentation(client, buffer.language, suggestion)
    return items


def _documentation(client: Client, language: str, suggestion: Suggestion) -> t.MarkupContent:
    sure = f", {suggestion.confidence:.0%} sure" if suggestion.confidence is not None else ""
    text = f"{convert.fence(language, suggestion.text)}\n\n*{suggestion.tool}*{sure}: {suggestion.reason}"
    return convert.markup(client.completion.markdown, text)


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_COMPLETION)(completion)
    server.feature(t.COMPLETION_ITEM_RESOLVE)(resolve)
