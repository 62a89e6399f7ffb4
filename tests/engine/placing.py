"""Asks and suggestions from marked text, for tests of what is reused."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from orchestra_lsp.model import Ask, Kind, Span, Suggestion, Trigger
from orchestra_lsp.syntax.parse import open_buffer


def ask(marked: str, uri: str = "file:///a.txt", kind: Kind = Kind.COMPLETE, language: str = "text", **more: Any) -> Ask:
    """An ask from text with the cursor marked by `|`; two of them mark a selection."""
    parts = marked.split("|")
    first = len(parts[0].encode("utf-8", "surrogatepass"))
    last = first + (len(parts[1].encode("utf-8", "surrogatepass")) if len(parts) > 2 else 0)
    buffer = open_buffer(uri, uri.removeprefix("file://"), 1, language, "".join(parts))
    made = Ask("x", kind, buffer, Span(first, last), Trigger.AUTOMATIC, time.monotonic() + 5)
    return replace(made, **more)


def suggestion(asked: Ask, text: str, covers: int = 0, name: str = "id") -> Suggestion:
    at = asked.span.start
    return Suggestion(name, text, Span(at, at + covers), "far", "because", 1.0)
