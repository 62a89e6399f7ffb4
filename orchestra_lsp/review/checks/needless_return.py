"""A `return` at the end of a function that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene

if TYPE_CHECKING:
    from tree_sitter import Node

# In Rust a tail expression drops its temporaries after the local variables, a `return` before: a guard would live longer.
_GUARDS = (b".lock(", b".borrow(", b".borrow_mut(", b".read(", b".write(", b"&")


def check(match: Match) -> Hit | None:
    return _rust(match) if match.scene.dialect.family == "rust" else _empty(match)


def _rust(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    statement = node.parent if node.parent is not None and node.parent.type == "expression_statement" else node
    if not _is_last(scene, statement) or any(guard in scene.text(node) for guard in _GUARDS):
        return None
    before = statement.prev_named_sibling
    if before is not None and before.type == "attribute_item":
        return None
    if not _has_value(node):
        return Hit(node, (_without_line(scene, statement),))
    value = node.named_children[0]
    edits = [Edit(Span(node.start_byte, value.start_byte), "")]
    if statement.end_byte > value.end_byte:
        edits.append(Edit(Span(value.end_byte, statement.end_byte), ""))
    return Hit(node, tuple(edits))


def _empty(match: Match) -> Hit | None:
    """A bare `return` as the last of several statements, in a function that returns no value anywhere."""
    scene, node = match.scene, match.node
    if _has_value(node) or not _is_last(scene, node) or node.prev_named_sibling is None:
        return None
    function = scene.function(node)
    if function is None or function.child_by_field_name("result") is not None or _returns_value(scene, function):
        return None
    return Hit(node, (_without_line(scene, node),))


def _is_last(scene: Scene, statement: Node) -> bool:
    """Whether a statement is the last one of a function's own block."""
    block = statement.parent
    if block is not None and block.type == "statement_list":
        block = block.parent
    function = block.parent if block is not None else None
    if block is None or function is None or not scene.is_function(function) or function.child_by_field_name("body") != block:
        return False
    after = statement.next_named_sibling
    while after is not None and after.is_extra:
        after = after.next_named_sibling
    return after is None


def _returns_value(scene: Scene, function: Node) -> bool:
    waiting = list(function.named_children)
    while waiting:
        below = waiting.pop()
        if below.type in scene.dialect.kind("return") and _has_value(below):
            return True
        if not scene.is_function(below):
            waiting += below.named_children
    return False


def _has_value(node: Node) -> bool:
    return any(not child.is_extra for child in node.named_children)


def _end(node: Node) -> int:
    """Where a statement ends, without a comment that the grammar counts to it."""
    return max((child.end_byte for child in node.children if not child.is_extra), default=node.end_byte)


def _without_line(scene: Scene, node: Node) -> Edit:
    """Delete a statement with its line; alone, and the blanks behind it, if it shares the line."""
    start, end = scene.data.rfind(b"\n", 0, node.start_byte) + 1, scene.data.find(b"\n", _end(node))
    end = len(scene.data) if end < 0 else end + 1
    rest = scene.data[_end(node) : end]
    if scene.data[start : node.start_byte].strip() or rest.strip(b" \t\r\n;"):
        return Edit(Span(node.start_byte, end - len(rest.lstrip(b" \t"))), "")
    return Edit(Span(start, end), "")
