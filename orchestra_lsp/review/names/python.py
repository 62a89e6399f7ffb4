"""What Python's imports bind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.review.imports import Binding, statement_place

if TYPE_CHECKING:
    from tree_sitter import Node

WORDS = (b"import",)
KINDS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
ROOTED = False
HEADER = frozenset({"comment"})
place = statement_place


def bindings(node: Node, data: bytes) -> Iterator[Binding]:
    """`import a.b` binds `a`, `import a.b as c` binds `c`, `from a import b as c` binds `c` to `a.b`."""
    module = node.child_by_field_name("module_name")
    prefix = f"{_text(module, data)}." if module is not None else ""
    for name in node.children_by_field_name("name"):
        alias = name.child_by_field_name("alias")
        whole = name.child_by_field_name("name") or name
        target = prefix + _text(whole, data)
        if alias is not None:
            yield Binding(_text(alias, data), target)
        elif prefix:
            yield Binding(_text(whole, data), target)
        else:
            first = target.partition(".")[0]
            yield Binding(first, first)
            yield Binding("", target)
    if module is not None:
        yield Binding("", _text(module, data))


def _text(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode(errors="replace")
