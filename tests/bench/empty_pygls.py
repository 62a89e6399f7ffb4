"""A pygls server that does nothing, to show what the library alone costs."""

from __future__ import annotations

import logging

from lsprotocol import types as t
from pygls.lsp.server import LanguageServer

logging.getLogger("pygls").setLevel(logging.WARNING)  # at INFO it logs whole documents
server = LanguageServer("empty", "1", text_document_sync_kind=t.TextDocumentSyncKind.Incremental)


@server.feature(t.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: LanguageServer, params: t.DidOpenTextDocumentParams) -> None:
    publish(ls, params.text_document.uri)


@server.feature(t.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: LanguageServer, params: t.DidChangeTextDocumentParams) -> None:
    publish(ls, params.text_document.uri)


def publish(ls: LanguageServer, uri: str) -> None:
    found = t.Diagnostic(t.Range(t.Position(0, 0), t.Position(0, 1)), "always")
    ls.text_document_publish_diagnostics(t.PublishDiagnosticsParams(uri, [found]))


@server.feature(t.TEXT_DOCUMENT_INLINE_COMPLETION, t.InlineCompletionOptions())
def inline_completion(ls: LanguageServer, params: t.InlineCompletionParams) -> t.InlineCompletionList:
    return t.InlineCompletionList([t.InlineCompletionItem("x")])


if __name__ == "__main__":
    server.start_io()
