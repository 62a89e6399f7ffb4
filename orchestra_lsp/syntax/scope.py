"""Names and scopes of a buffer, as context: what stands around a place, what is imported, defined and used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from orchestra_lsp.model import Buffer, Scope, Span
from orchestra_lsp.syntax.language import definition, grammar
from orchestra_lsp.syntax.layout import BLANK, blank_before, scopes_by_layout
from orchestra_lsp.syntax.outline import Outline, name_of, outline_of, readable_root
from orchestra_lsp.syntax.text import decode, line_at

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_QUOTES = "\"'`<>"


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file defines. `span` is the whole definition; for a variable it is the name alone."""

    name: str
    kind: str  # "function" | "class" | "module" | "variable"
    span: Span
    name_span: Span


def enclosing(buffer: Buffer, offset: int) -> tuple[Scope, ...]:
    """The functions, classes and named modules around an offset, innermost first; the file itself is not one of them.

    While code is being typed its tree is often broken: then indentation and the first words of lines tell. On an empty line of a
    language with indentation the cursor's column tells to which scope the line will belong.
    """
    if buffer.tree is None:
        return ()
    offset = max(0, min(offset, len(buffer.data)))
    found = _enclosing_nodes(buffer, offset)
    if buffer.tree.root_node.has_error:
        guessed = scopes_by_layout(buffer, offset)
        return found if len(found) >= len(guessed) else guessed
    return found


def imports(buffer: Buffer) -> tuple[str, ...]:
    """Modules that the file imports, as written there (a.b, ./c, net/http, stdio.h), each once, in order."""
    return _texts(buffer, _captured(buffer, "imports", "module"))


def identifiers(buffer: Buffer, span: Span | None = None) -> tuple[str, ...]:
    """The names used in the buffer, or wholly inside a span, each once, in order of first use. Words in strings and comments are none."""
    nodes = _captured(buffer, "identifiers", "identifier", span)
    if span is not None:
        nodes = [node for node in nodes if span.start <= node.start_byte and node.end_byte <= span.end]
    return _texts(buffer, nodes)


def definitions(buffer: Buffer) -> tuple[Definition, ...]:
    """Functions, classes and modules at any depth, and the variables of the top level (in Java the fields), in order."""
    outline = outline_of(buffer)
    if outline is None:
        return ()
    found = [Definition(function.name, "function", function.span, function.name_span) for function in outline.functions]
    for kind in ("class", "module"):
        for node in outline.of(kind):
            name = node.child_by_field_name("name")
            if name is not None:
                found.append(Definition(_text(buffer, name), kind, _span(node), _span(name)))
    taken = {each.name_span for each in found}
    variables = [(_text(buffer, node), _span(node)) for node in _captured(buffer, "variables", "variable")]
    found += [Definition(name, "variable", span, span) for name, span in variables if span not in taken]
    return tuple(sorted(found, key=lambda each: (each.name_span.start, each.span.start)))


def _enclosing_nodes(buffer: Buffer, offset: int) -> tuple[Scope, ...]:
    indented = "indentation" in definition(buffer.language).scope.get("rules", ())
    column = blank_before(buffer, offset) if indented else None
    if column is not None:
        offset = len(buffer.data[:offset].rstrip(BLANK))
    outline = outline_of(buffer, Span(max(0, offset - 1), offset + 1))
    around = []
    for scope in _scopes(buffer, outline) if outline else ():
        ended = offset == scope.span.end and not indented and buffer.data[offset - 1 : offset] in (b"}", b";")
        if scope.span.start <= offset <= scope.span.end and not ended:
            around.append(scope)
    if column is not None:
        around = [scope for scope in around if _column(buffer, scope.span.start) < column]
    return tuple(sorted(around, key=lambda scope: (-scope.span.start, scope.span.end)))


def _scopes(buffer: Buffer, outline: Outline) -> list[Scope]:
    scopes = [Scope("function", function.name, function.span) for function in outline.functions]
    for kind in ("class", "module"):
        scopes += [Scope(kind, name_of(buffer.data, node), _span(node)) for node in outline.of(kind)]
    return scopes


def _column(buffer: Buffer, offset: int) -> int:
    return offset - buffer.line_starts[line_at(buffer, offset)]


def _captured(buffer: Buffer, part: str, name: str, span: Span | None = None) -> list[Node]:
    """The nodes of one capture in order of the text."""
    root = readable_root(buffer)
    if root is None:
        return []
    from tree_sitter import QueryCursor

    cursor = QueryCursor(_query(buffer.language, part))
    if span is not None:
        cursor.set_byte_range(span.start, max(span.end, span.start + 1))
    return sorted(cursor.captures(root).get(name, ()), key=lambda node: node.start_byte)


@cache
def _query(name: str, part: str) -> Query:
    from tree_sitter import Query

    language = definition(name)
    known = grammar(name)
    assert known is not None, "only parsed buffers are asked"
    if part == "identifiers":
        return Query(known, "\n".join(f"({kind}) @identifier" for kind in sorted(language.kinds["identifier"])))
    return Query(known, "\n".join(language.scope[part]))


def _texts(buffer: Buffer, nodes: Iterable[Node]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_text(buffer, node).strip(_QUOTES) for node in nodes))


def _text(buffer: Buffer, node: Node) -> str:
    return decode(buffer.data[node.start_byte : node.end_byte])


def _span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)
