"""What imports and `require` bind in JavaScript and TypeScript; a default or namespace import stands for the module itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.review.imports import Binding, statement_place

if TYPE_CHECKING:
    from tree_sitter import Node

WORDS = (b"import", b"require(")
KINDS = frozenset({"import_statement", "variable_declarator"})
ROOTED = False
_WHOLE = frozenset({"import_clause", "namespace_import", "import_require_clause"})  # a name here stands for the module
HEADER = frozenset({"comment", "hash_bang_line"})
place = statement_place


def bindings(node: Node, data: bytes) -> Iterator[Binding]:
    if node.type == "variable_declarator":
        yield from _required(node, data)
        return
    source = next((child for child in _walk(node, 3) if child.type == "string"), None)
    if source is None:
        return
    module = _module(source, data)
    yield Binding("", module)
    for part in _walk(node, 3):
        if part.type == "import_specifier":
            name = _text(part.child_by_field_name("name"), data)
            alias = _text(part.child_by_field_name("alias"), data) or name
            yield Binding(alias, module if name == "default" else f"{module}.{name}")
        elif part.type == "identifier" and part.parent is not None and part.parent.type in _WHOLE:
            yield Binding(_text(part, data), module)


def _required(node: Node, data: bytes) -> Iterator[Binding]:
    """`const a = require("m")`, `const { b, c: d } = require("m")` and `const b = require("m").b`."""
    value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
    member = ""
    if value is not None and value.type == "member_expression":
        member = "." + _text(value.child_by_field_name("property"), data)
        value = value.child_by_field_name("object")
    if value is None or name is None or value.type != "call_expression":
        return
    arguments = value.child_by_field_name("arguments")
    if _text(value.child_by_field_name("function"), data) != "require" or arguments is None or arguments.named_child_count != 1:
        return
    source = arguments.named_children[0]
    if source.type != "string":
        return
    module = _module(source, data) + member
    yield Binding("", module)
    if name.type == "identifier":
        yield Binding(_text(name, data), module)
    for part in name.named_children if name.type == "object_pattern" else ():
        if part.type == "shorthand_property_identifier_pattern":
            yield Binding(_text(part, data), f"{module}.{_text(part, data)}")
        elif part.type == "pair_pattern":
            yield Binding(_text(part.child_by_field_name("value"), data), f"{module}.{_text(part.child_by_field_name('key'), data)}")


def _module(source: Node, data: bytes) -> str:
    return _text(source, data)[1:-1].removeprefix("node:")


def _walk(node: Node, depth: int) -> Iterator[Node]:
    for child in node.named_children:
        yield child
        if depth:
            yield from _walk(child, depth - 1)


def _text(node: Node | None, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode(errors="replace") if node is not None else ""
