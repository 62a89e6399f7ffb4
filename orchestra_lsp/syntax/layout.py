"""Scopes by the look of the lines alone, for code whose tree is broken because it is being typed."""

from __future__ import annotations

import re
from functools import cache

from orchestra_lsp.model import Buffer, Scope, Span
from orchestra_lsp.syntax.language import definition
from orchestra_lsp.syntax.text import decode, line_at, line_bounds

BLANK = b" \t\f\r\n"
_MOST_LINES = 2000  # looked at above the cursor
_CLOSING = (")", "]", "{")  # a line that starts so belongs to the one above it


def scopes_by_layout(buffer: Buffer, offset: int) -> tuple[Scope, ...]:
    """The functions and classes whose first lines stand above the offset, each further to the left; innermost first.

    A scope found so ends at the offset.
    """
    line = line_at(buffer, offset)
    start = buffer.line_starts[line]
    before = decode(buffer.data[start:offset])
    found = []
    if before.rstrip().endswith(("{", ":")) and (header := _header(buffer.language, before.strip())):
        found.append(Scope(*header, Span(start + _indentation(before), offset)))
    column = _indentation(before)
    for above in range(line - 1, max(-1, line - _MOST_LINES), -1):
        text = _text(buffer, above)
        indentation = _indentation(text)
        if not text.strip() or indentation >= column:
            continue
        if header := _header(buffer.language, text.strip()):
            found.append(Scope(*header, Span(buffer.line_starts[above] + indentation, offset)))
        column = indentation + 1 if text.strip().startswith(_CLOSING) else indentation
        if not column:
            break
    return tuple(found)


def blank_before(buffer: Buffer, offset: int) -> int | None:
    """The column, in bytes, of an offset that has only blanks before it on its line; else None."""
    before = buffer.data[buffer.line_starts[line_at(buffer, offset)] : offset]
    return None if before.strip(BLANK) else len(before)


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    scope = definition(language).scope
    return tuple((kind, re.compile(entry)) for kind in ("class", "function") for entry in scope.get(f"{kind}_header", ()))


def _header(language: str, text: str) -> tuple[str, str] | None:
    return next(((kind, match[1]) for kind, pattern in _patterns(language) if (match := pattern.match(text))), None)


def _text(buffer: Buffer, line: int) -> str:
    start, end = line_bounds(buffer.data, buffer.line_starts, line)
    return decode(buffer.data[start : min(end, start + 400)])


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())
