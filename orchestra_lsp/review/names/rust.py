"""What Rust's `use` declarations bind; a full path works without one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.review.imports import Binding, statement_place

if TYPE_CHECKING:
    from tree_sitter import Node

WORDS = (b"use ",)
KINDS = frozenset({"use_declaration"})
ROOTED = True
HEADER = frozenset({"inner_attribute_item", "line_comment", "block_comment", "shebang"})
place = statement_place
_DEPTH = 20  # levels of braces


def bindings(node: Node, data: bytes) -> Iterator[Binding]:
    argument = node.child_by_field_name("argument")
    if argument is not None:
        yield from _tree(argument, "", data, _DEPTH)


def _tree(node: Node, prefix: str, data: bytes, depth: int) -> Iterator[Binding]:
    if not depth:
        return
    if node.type == "use_list":
        for child in node.named_children:
            yield from _tree(child, prefix, data, depth - 1)
    elif node.type == "scoped_use_list":
        path, held = node.child_by_field_name("path"), node.child_by_field_name("list")
        if held is not None:
            yield from _tree(held, prefix + (_text(path, data) + "::" if path is not None else ""), data, depth - 1)
    elif node.type == "use_as_clause":
        yield Binding(_text(node.child_by_field_name("alias"), data), _whole(prefix, _text(node.child_by_field_name("path"), data)))
    elif node.type == "use_wildcard":
        yield Binding("", _whole(prefix, _text(node, data).removesuffix("::*")))
    elif node.type in ("identifier", "scoped_identifier", "self", "crate"):
        target = _whole(prefix, _text(node, data))
        yield Binding(target.rpartition("::")[2], target)


def _whole(prefix: str, text: str) -> str:
    return prefix.removesuffix("::") if text == "self" else prefix + text


def _text(node: Node | None, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode(errors="replace") if node is not None else ""
