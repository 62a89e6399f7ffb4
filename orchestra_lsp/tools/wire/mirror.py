"""Documents that a language server keeps a copy of: what it must be told so that its copies stay in step with ours."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.difference import difference
from orchestra_lsp.syntax.text import Encoding, decode, encode, line_starts, locate, position_at

#: Documents the server holds at once; the one that was shown longest ago is closed first.
OPEN_DOCUMENTS = 16
#: Our names for languages where the protocol has other ones.
LANGUAGE_IDS = {"tsx": "typescriptreact", "text": "plaintext"}

Json = dict[str, Any]
Notification = tuple[str, Json]


class Mirror:
    """What the server at the other end knows. `scheme` is that of the documents' addresses, none of them a file's."""

    def __init__(self, scheme: str) -> None:
        self._scheme = scheme
        self._open: OrderedDict[str, Buffer] = OrderedDict()
        self._focused = ""

    def show(self, file: str, path: str, language: str, text: str) -> tuple[Buffer, list[Notification]]:
        """The document as the server will have it, and what to tell it first, in order.

        `file` tells documents apart and is not sent; `path` may be.
        """
        uri, data = self._uri(file, path), encode(text)
        known = self._open.get(uri)
        told = self._opened(uri, language, data) if known is None else _changed(known, data)
        buffer = _buffer(uri, 1 if known is None else known.version + bool(told), language, data)
        self._open[uri] = buffer
        self._open.move_to_end(uri)
        if self._focused != uri:
            self._focused = uri
            told.append(("textDocument/didFocus", {"textDocument": {"uri": uri}}))
        return buffer, told + self._closed()

    def _opened(self, uri: str, language: str, data: bytes) -> list[Notification]:
        document = {"uri": uri, "languageId": LANGUAGE_IDS.get(language, language), "version": 1, "text": decode(data)}
        return [("textDocument/didOpen", {"textDocument": document})]

    def _closed(self) -> list[Notification]:
        told: list[Notification] = []
        while len(self._open) > OPEN_DOCUMENTS:
            uri, _ = self._open.popitem(last=False)
            told.append(("textDocument/didClose", {"textDocument": {"uri": uri}}))
        return told

    def _uri(self, file: str, path: str) -> str:
        """Two files of one name get two addresses; the folder is a digest, so that it tells nothing of where they are."""
        folder = hashlib.blake2b(encode(file), digest_size=6).hexdigest()
        return f"{self._scheme}:/{folder}/{quote(path, safe='/', errors='replace')}"


def position(buffer: Buffer, offset: int) -> Json:
    """The place of a byte offset as the protocol counts: UTF-16 units."""
    line, character = position_at(buffer, offset, Encoding.UTF16)
    return {"line": line, "character": character}


def span_of(buffer: Buffer, found: object) -> Span | None:
    """The bytes of a range of the protocol; None for what is no range."""
    match found:
        case {
            "start": {"line": int(first), "character": int(left)},
            "end": {"line": int(last), "character": int(right)},
        }:
            start = locate(buffer.data, buffer.line_starts, first, left, Encoding.UTF16)[0]
            end = locate(buffer.data, buffer.line_starts, last, right, Encoding.UTF16)[0]
            return Span(start, end) if start <= end else None
    return None


def _changed(known: Buffer, data: bytes) -> list[Notification]:
    """One change, as small as it can be."""
    if known.data == data:
        return []
    edit = difference(known.data, data)
    place = {"start": position(known, edit.span.start), "end": position(known, edit.span.end)}
    identifier = {"uri": known.uri, "version": known.version + 1}
    return [("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"range": place, "text": edit.text}]})]


def _buffer(uri: str, version: int, language: str, data: bytes) -> Buffer:
    return Buffer(uri, "", version, language, data, line_starts(data), None)
