"""What Go's imports bind: a package by the last part of its path, or by the name written before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.model import Span
from orchestra_lsp.review.imports import Binding

if TYPE_CHECKING:
    from tree_sitter import Node

WORDS = (b"import",)
KINDS = frozenset({"import_declaration"})
ROOTED = False
HEADER = frozenset({"comment", "package_clause", "\n"})
_VERSION = re.compile(r"(?:/v\d+|\.v\d+)\Z")


def bindings(node: Node, data: bytes) -> Iterator[Binding]:
    held = [child for child in node.named_children if child.type == "import_spec_list"]
    for spec in held[0].named_children if held else node.named_children:
        path = spec.child_by_field_name("path")
        if path is None:
            continue
        target = data[path.start_byte + 1 : path.end_byte - 1].decode(errors="replace")
        name = spec.child_by_field_name("name")
        own = data[name.start_byte : name.end_byte].decode(errors="replace") if name is not None else _package(target)
        yield Binding("" if own in ("_", ".") else own, target, _lines(spec if held else node, data))


def place(last: Node | None, header: int) -> tuple[int, str]:
    """Behind the last package of a bracketed import, else on a line of its own."""
    if last is None:
        return header, '\n\nimport "{}"'
    held = next((child for child in last.named_children if child.type == "import_spec_list" and child.named_child_count), None)
    if held is None:
        return last.end_byte, '\nimport "{}"'
    return held.named_children[-1].end_byte, '\n\t"{}"'


def _lines(node: Node, data: bytes) -> Span:
    """The lines of one import."""
    end = data.find(b"\n", node.end_byte)
    return Span(data.rfind(b"\n", 0, node.start_byte) + 1, len(data) if end < 0 else end + 1)


def _package(path: str) -> str:
    return _VERSION.sub("", path).rsplit("/", maxsplit=1)[-1]
