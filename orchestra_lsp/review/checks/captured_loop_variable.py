"""A lambda that is kept for later and uses a variable of the `for` loop around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

_KEEPERS = frozenset({b"append", b"connect", b"add_done_callback", b"bind", b"subscribe", b"add_listener", b"on", b"register", b"after"})
_COMPREHENSIONS = frozenset({"list_comprehension", "dictionary_comprehension"})
_LEAVES = frozenset({"return_statement", "break_statement", "raise_statement"})


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    body, loop = node.child_by_field_name("body"), _loop(scene, node)
    target = loop.child_by_field_name("left") if loop is not None else None
    if body is None or target is None or not _is_kept(scene, node) or _leaves(scene, node):
        return None
    parameters = node.child_by_field_name("parameters")
    own = set(_names(scene, parameters)) if parameters is not None else set()
    free = [name for name in dict.fromkeys(_names(scene, target)) if name in set(_names(scene, body)) and name not in own]
    if not free:
        return None
    return Hit(node, _edits(node, parameters, free), {"NAME": decode(free[0])})


def _loop(scene: Scene, node: Node) -> Node | None:
    """The loop whose variable is meant: the comprehension that the lambda is an element of, or else the nearest `for`."""
    made = node.parent
    if made is not None and made.type == "pair":
        made = made.parent
    if made is not None and made.type in _COMPREHENSIONS:
        return next((child for child in made.named_children if child.type == "for_in_clause"), None)
    for above in ancestors(node):
        if scene.is_function(above):
            return None
        if above.type == "for_statement":
            return above
    return None


def _is_kept(scene: Scene, node: Node) -> bool:
    """Whether it is an argument of a call that keeps it, or assigned to an element or a member."""
    holder = node.parent
    if holder is not None and holder.type == "pair":
        holder = holder.parent
    if holder is not None and holder.type in _COMPREHENSIONS:
        return True
    if holder is not None and holder.type == "assignment":
        left = holder.child_by_field_name("left")
        return left is not None and left.type == "subscript"
    call = holder.parent if holder is not None and holder.type == "argument_list" else None
    called = call.child_by_field_name("function") if call is not None else None
    method = called.child_by_field_name("attribute") if called is not None else None
    return method is not None and scene.text(method) in _KEEPERS


def _leaves(scene: Scene, node: Node) -> bool:
    """Whether the loop ends right after the statement, so that there is only this turn."""
    following = scene.statement(node).next_named_sibling
    return following is not None and following.type in _LEAVES


def _names(scene: Scene, node: Node) -> Iterator[bytes]:
    if node.type == "identifier":
        yield scene.text(node)
        return
    for child in node.named_children:
        if node.type == "attribute" and child != node.named_children[0]:
            continue
        if node.type == "keyword_argument" and child == node.child_by_field_name("name"):
            continue
        yield from _names(scene, child)


def _edits(node: Node, parameters: Node | None, free: list[bytes]) -> tuple[Edit, ...]:
    """Parameters whose defaults are the variables; none where a `*` or `**` stands before."""
    text = ", ".join(f"{decode(name)}={decode(name)}" for name in free)
    if parameters is None:
        start = node.start_byte + len(b"lambda")
        return (Edit(Span(start, start), f" {text}"),)
    if any(child.type in ("list_splat_pattern", "dictionary_splat_pattern") for child in parameters.named_children):
        return ()
    return (Edit(Span(parameters.end_byte, parameters.end_byte), f", {text}"),)
