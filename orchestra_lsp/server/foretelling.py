"""Next edits of the open documents: asked for once, then at hand as ghost text on the cursor's line and as a code action elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cachetools import LRUCache
from lsprotocol import types as t

from orchestra_lsp.model import Ask, Buffer, Edit, Kind, Suggestion
from orchestra_lsp.server import convert
from orchestra_lsp.server.convert import FileChange
from orchestra_lsp.syntax.text import line_at

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.session import Session

METHOD = "orchestra/nextEdit"
KEPT = 16  # documents whose next edit is remembered
TITLE_LENGTH = 60  # characters of the new text in a code action's title


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """A next edit and the very text that it is for."""

    buffer: Buffer
    suggestion: Suggestion


class NextEdits:
    """The newest next edit of each document, for as long as its text stays as it is."""

    def __init__(self) -> None:
        self._newest: LRUCache[str, Offered] = LRUCache(KEPT)

    def put(self, buffer: Buffer, suggestion: Suggestion) -> None:
        self._newest[buffer.uri] = Offered(buffer, suggestion)

    def of(self, buffer: Buffer) -> Suggestion | None:
        found = self._newest.get(buffer.uri)
        return found.suggestion if found and found.buffer.data is buffer.data else None


async def foretold(ls: OrchestraServer, ask: Ask) -> Suggestion | None:
    """The next edit for a person at the place of `ask`; None when nobody has one, or when the document has changed meanwhile."""
    session, buffer = ls.session, ask.buffer
    if not (await session.orchestra()).can(Kind.NEXT_EDIT):
        return None
    suggestion = await session.asks.run(ls, METHOD, replace(ask, kind=Kind.NEXT_EDIT, id=uuid.uuid4().hex))
    newest = session.documents.buffer(buffer.uri)
    if suggestion is None or newest is None or newest.data is not buffer.data:
        return None
    session.next_edits.put(buffer, suggestion)
    return suggestion


async def here(ls: OrchestraServer, ask: Ask) -> Suggestion | None:
    """The next edit when it lies on the cursor's line, where editors can show it as ghost text."""
    if ls.session.conductor.made is None:  # the ask before this one had no time for its imports, and this one would have none either
        return None
    found, buffer = await foretold(ls, ask), ask.buffer
    line = line_at(buffer, ask.span.start)
    return found if found and line_at(buffer, found.span.start) == line == line_at(buffer, found.span.end) else None


def actions(session: Session, buffer: Buffer) -> Iterator[t.CodeAction]:
    """The next edit that is known for this very text; nobody is asked for one here."""
    suggestion = session.next_edits.of(buffer)
    if suggestion is None:
        return
    line = convert.line_number(buffer, suggestion.span.start)
    begins = next((one.strip() for one in suggestion.text.splitlines() if one.strip()), "remove")
    shown = begins if len(begins) <= TITLE_LENGTH else f"{begins[:TITLE_LENGTH]}\u2026"
    edit = convert.workspace_edit(
        session.client, [FileChange(buffer.uri, buffer, (Edit(suggestion.span, suggestion.text),), buffer.version)]
    )
    yield t.CodeAction(
        f"Next edit, line {line}: {shown} ({suggestion.tool})", "refactor.rewrite", edit=edit, command=convert.accepted_command(suggestion)
    )
