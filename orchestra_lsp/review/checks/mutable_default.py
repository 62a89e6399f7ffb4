"""A default value that is made once and shared by all calls: a list, dictionary or set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, span_of
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

_DISPLAYS = frozenset({"list", "dictionary", "set", "list_comprehension", "dictionary_comprehension", "set_comprehension"})
_MAKERS = frozenset({b"list", b"dict", b"set", b"bytearray", b"defaultdict", b"deque", b"Counter", b"OrderedDict"})
_READ_ONLY = (b"Sequence", b"Mapping", b"Iterable", b"Collection", b"Container", b"FrozenSet", b"AbstractSet", b"Final")


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    value = node.child_by_field_name("value")
    if value is None or not _is_mutable(scene, value):
        return None
    name, annotation = node.child_by_field_name("name"), node.child_by_field_name("type")
    if annotation is not None and any(word in scene.text(annotation) for word in _READ_ONLY):
        return None
    function = scene.function(node)
    if name is None or function is None or function.type == "lambda":
        return None
    words = {"X": decode(scene.text(name))}
    return Hit(node, _edits(scene, function, (name, annotation, value)), words)


def _is_mutable(scene: Scene, value: Node) -> bool:
    if value.type in _DISPLAYS:
        return True
    called = value.child_by_field_name("function") if value.type == "call" else None
    return called is not None and scene.text(called).rpartition(b".")[2] in _MAKERS


def _edits(scene: Scene, function: Node, parts: tuple[Node, Node | None, Node]) -> tuple[Edit, ...]:
    """None instead of the value, and the value made at the start of the body. Nothing for a body on the line of its header."""
    name, annotation, value = (decode(scene.text(part)) if part is not None else "" for part in parts)
    body = function.child_by_field_name("body")
    if body is None or not body.named_children:
        return ()
    first = body.named_children[0]
    if first.start_point.row == function.start_point.row:
        return ()
    docstring = first.type == "expression_statement" and first.named_children[0].type == "string"
    indent = " " * first.start_point.column
    lines = f"if {name} is None:\n{indent}    {name} = {value}"
    if docstring:
        inserted = Edit(Span(first.end_byte, first.end_byte), f"\n{indent}{lines}")
    else:
        inserted = Edit(Span(first.start_byte, first.start_byte), f"{lines}\n{indent}")
    edits = [Edit(span_of(parts[2]), "None"), inserted]
    if parts[1] is not None and "None" not in annotation and "Optional" not in annotation:
        end = parts[1].end_byte
        edits.append(Edit(Span(end, end), " | None"))
    return tuple(edits)
