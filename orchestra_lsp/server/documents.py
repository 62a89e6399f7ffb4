"""The open documents: notifications change them at once and in order, requests get immutable buffers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.model import Buffer, Facts, Span
from orchestra_lsp.server import convert, watched_files
from orchestra_lsp.server.lateness import typed_line
from orchestra_lsp.server.messages import WARNING
from orchestra_lsp.syntax import language as languages
from orchestra_lsp.syntax.parse import Change, Draft, ParseCancelled, edit_text, open_text, parse_draft
from orchestra_lsp.syntax.text import Encoding, encode

if TYPE_CHECKING:
    from orchestra_lsp.config import ServerSettings
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")


@dataclass(slots=True)
class Document:
    """One version of an open document: every change puts a new one in its place, so `is` tells whether time has moved on.

    `draft.edited` is what changed since the last review; `parsed` False: the tree lags behind the text.
    """

    draft: Draft
    parsed: bool = False
    typed_line: int | None = None  # the line that the last change, a single keystroke, was made in
    settling: asyncio.Future[None] | None = None
    measuring: asyncio.Future[Facts | None] | None = None

    @property
    def buffer(self) -> Buffer:
        return self.draft.buffer


class Documents:
    """All open documents by their address. Belongs to the event loop."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}  # most recently used last
        self._first: dict[str, Buffer] = {}  # the text of each as it was opened
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="orchestra-parse")
        self._measurer = ThreadPoolExecutor(1, thread_name_prefix="orchestra-facts")
        self._complained: set[tuple[str, str]] = set()

    def find(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def buffer(self, uri: str) -> Buffer | None:
        """The newest text of a document. Its tree lags behind while a large document is parsed; see `settled`."""
        document = self._open.get(uri)
        return document.buffer if document else None

    def first(self, uri: str) -> Buffer | None:
        """The text of a document as it was opened, once: whoever follows its changes starts from there."""
        return self._first.pop(uri, None)

    def all(self) -> tuple[Buffer, ...]:
        """Most recently used first."""
        return tuple(document.buffer for document in reversed(self._open.values()))

    def neighbours(self, uri: str) -> tuple[Buffer, ...]:
        return tuple(buffer for buffer in self.all() if buffer.uri != uri)

    def open(self, item: t.TextDocumentItem, settings: ServerSettings) -> Document:
        path = convert.path_of(item.uri)
        data = encode(item.text)
        language = languages.detect(item.language_id, path, data)
        document = self._store(item.uri, open_text(item.uri, path, item.version, language, data), None, settings)
        self._first[item.uri] = document.buffer
        return document

    def change(self, uri: str, version: int, changes: list[Change], encoding: Encoding, settings: ServerSettings) -> Document:
        """Apply changes in order. Raises KeyError when the document is not open."""
        before = self._open[uri]
        draft = edit_text(before.draft, version, changes, encoding)
        return self._store(uri, draft, typed_line(changes), settings)

    def close(self, uri: str) -> bool:
        """Whether it was open."""
        document = self._open.pop(uri, None)
        if document and document.settling:
            document.settling.cancel()
        return document is not None

    def take(self, document: Document) -> tuple[Buffer, tuple[Span, ...]]:
        """The buffer and what changed in it since the last call, for the reviewer."""
        buffer, changed = document.draft.buffer, document.draft.edited
        document.draft = Draft(buffer)
        return buffer, changed

    async def settled(self, uri: str) -> Buffer | None:
        """The newest text with its tree in step; None when the document is not open (any more)."""
        while (document := self._open.get(uri)) and document.settling and not document.settling.done():
            await asyncio.wait({document.settling})
        return document.buffer if document else None

    async def facts(self, uri: str) -> tuple[Buffer, Facts] | None:
        """The newest text and its measures, taken once for each version; None when it is not open or not parsed."""
        while (buffer := await self.settled(uri)) is not None and buffer.tree is not None:
            document = self._open[uri]
            if document.measuring is None:
                document.measuring = asyncio.get_running_loop().run_in_executor(self._measurer, self._measure, uri, document)
            # Shared by several requests: one that is cancelled must not take the figures from the others.
            facts = await asyncio.shield(document.measuring)
            if facts is not None:
                return document.buffer, facts
        return None

    def by_path(self, path: str) -> Buffer | None:
        """The open document of a file, whatever way its editor spells the address."""
        return next((document.buffer for document in self._open.values() if document.buffer.path == path), None) if path else None

    def is_news(self, uri: str, fault: str) -> bool:
        """Whether this is the first fault of its kind in the document: some editors do the same with every key."""
        known = (uri, fault) in self._complained
        self._complained.add((uri, fault))
        return not known

    def shut_down(self) -> None:
        for uri in list(self._open):
            self.close(uri)
        for worker in (self._worker, self._measurer):
            worker.shutdown(wait=False, cancel_futures=True)

    # --- work beside the loop ---

    def _measure(self, uri: str, document: Document) -> Facts | None:
        """None when a newer version came before this one's turn."""
        if self._open.get(uri) is not document:
            return None
        from orchestra_lsp.syntax.facts import facts_of

        return facts_of(document.buffer)

    def _store(self, uri: str, draft: Draft, line: int | None, settings: ServerSettings) -> Document:
        self.close(uri)
        document = self._open[uri] = Document(draft, typed_line=line)
        if len(draft.buffer.data) <= settings.parse_inline_bytes or len(draft.buffer.data) > settings.max_document_bytes:
            # Too large counts as parsed: parse_draft leaves its tree out without looking at the text.
            document.draft = Draft(*parse_draft(draft, limit=settings.max_document_bytes))
            document.parsed = True
        else:
            document.settling = asyncio.ensure_future(self._settle(uri, document, settings.max_document_bytes))
        return document

    async def _settle(self, uri: str, document: Document, limit: int) -> None:
        """Parse in the worker; given up as soon as a newer version takes the document's place."""
        draft = document.draft
        loop = asyncio.get_running_loop()

        def stale() -> bool:
            return self._open.get(uri) is not document

        try:
            parsed = await loop.run_in_executor(self._worker, lambda: parse_draft(draft, stale, limit))
        except ParseCancelled:
            log.debug("parsing of a version of %s was given up for a newer one", uri)
            return
        document.draft = Draft(*parsed)
        document.parsed = True


# --- notifications ---


def did_open(ls: OrchestraServer, params: t.DidOpenTextDocumentParams) -> None:
    session, item = ls.session, params.text_document
    if session.documents.find(item.uri):
        _warn(ls, item.uri, "was opened twice; the newer text counts")
    document = session.documents.open(item, session.settings.server)
    limit = session.settings.server.max_document_bytes
    if len(document.buffer.data) > limit:
        ls.window_log_message(t.LogMessageParams(t.MessageType.Info, f"{item.uri} is larger than {limit} bytes: no review, no completion"))
    session.diagnostics.opened(ls, item.uri)


def did_change(ls: OrchestraServer, params: t.DidChangeTextDocumentParams) -> None:
    session, uri, version = ls.session, params.text_document.uri, params.text_document.version
    before = session.documents.find(uri)
    if before is None:
        _warn(ls, uri, "is not open, so a change of it was ignored")
        return
    if version <= before.buffer.version:
        fault = "has a version that does not rise; the change was made all the same"
        _warn(ls, uri, fault, f" (from {before.buffer.version} to {version})")
    for fault, place in _range_faults(before.buffer, params.content_changes[:1]):
        _warn(ls, uri, fault, place)
    changes = [convert.change_of(event) for event in params.content_changes]
    session.documents.change(uri, version, changes, session.client.encoding, session.settings.server)
    session.diagnostics.changed(ls, uri)


def did_close(ls: OrchestraServer, params: t.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    if not ls.session.documents.close(uri):
        _warn(ls, uri, "was closed without being open")
        return
    ls.session.documents.first(uri)
    ls.session.diagnostics.closed(ls, uri)


def did_save(ls: OrchestraServer, params: t.DidSaveTextDocumentParams) -> None:
    watched_files.notice(ls, convert.path_of(params.text_document.uri))
    ls.session.kept.saved(ls, params.text_document.uri)


def register(server: OrchestraServer) -> None:
    handlers: dict[str, Callable[..., None]] = {
        t.TEXT_DOCUMENT_DID_OPEN: did_open,
        t.TEXT_DOCUMENT_DID_CHANGE: did_change,
        t.TEXT_DOCUMENT_DID_CLOSE: did_close,
        t.TEXT_DOCUMENT_DID_SAVE: did_save,
    }
    for method, handler in handlers.items():
        server.feature(method)(handler)


def _range_faults(buffer: Buffer, events: Sequence[t.TextDocumentContentChangeEvent]) -> list[tuple[str, str]]:
    """What is wrong with the ranges, and where; the text they refer to is the buffer's."""
    faults = []
    for event in events:
        if isinstance(event, t.TextDocumentContentChangePartial):
            start, end = event.range.start, event.range.end
            if (end.line, end.character) < (start.line, start.character):
                faults.append(("was changed at a range that ends before it starts; it was turned", ""))
            if max(start.line, end.line) > len(buffer.line_starts):
                place = f" (line {max(start.line, end.line) + 1} of {len(buffer.line_starts)})"
                faults.append(("was changed beyond its end; the change was made at the nearest place", place))
    return faults


def _warn(ls: OrchestraServer, uri: str, fault: str, detail: str = "") -> None:
    if ls.session.documents.is_news(uri, fault):
        ls.protocol.tell(WARNING, f"{uri} {fault}{detail}")
