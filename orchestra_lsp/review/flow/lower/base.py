"""What every reader of a syntax tree shares: dispatch on the kind of a node, and a bound on how deep it looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.review.flow.code import Arg, Class, Const, Expr, Function, Other, Place, Stmt

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 120  # levels of an expression or of blocks; code of people stays far above


class Lowering:
    """Turns nodes into `code.py`; a language adds `_e_<kind>` for expressions and `_s_<kind>` for statements."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.depth = 0

    def expr(self, node: Node | None) -> Expr:
        """An expression; what the language does not know is made of its parts."""
        if node is None:
            return Other((0, 0))
        if self.depth > DEEPEST:
            return Other(at(node))
        self.depth += 1
        try:
            made: Expr | None = None
            method = getattr(self, "_e_" + node.type, None)
            if method is not None:
                made = method(node)
            return made if made is not None else Other(at(node), [self.expr(child) for child in inner(node)])
        finally:
            self.depth -= 1

    def block(self, nodes: Sequence[Node]) -> list[Stmt]:
        """Statements in a row."""
        found: list[Stmt] = []
        if self.depth > DEEPEST:
            return found
        self.depth += 1
        try:
            for node in nodes:
                method = getattr(self, "_s_" + node.type, None)
                if method is not None:
                    found.extend(method(node))
                elif not node.is_extra:
                    found.extend(self.other_statement(node))
        finally:
            self.depth -= 1
        return found

    def other_statement(self, node: Node) -> list[Stmt]:
        """A statement of a kind that has no method of its own."""
        raise TypeError(f"a reader says what {node.type} means")

    def function(self, node: Node, decorators: Sequence[Expr] = ()) -> Function:
        """A function, method or lambda."""
        raise TypeError(f"a reader reads functions: {node.type}, {len(decorators)} decorators")

    def klass(self, node: Node) -> Class | None:
        """A class, with its methods; None for what is none."""
        raise TypeError(f"a reader reads classes: {node.type}")

    def text(self, node: Node | None) -> str:
        return self.data[node.start_byte : node.end_byte].decode(errors="replace") if node is not None else ""

    def args(self, node: Node | None) -> list[Arg]:
        return [Arg(self.expr(child)) for child in inner(node)] if node is not None else []


def at(node: Node) -> Place:
    return node.start_byte, node.end_byte


def inner(node: Node) -> list[Node]:
    """The named children without comments."""
    return [child for child in node.named_children if not child.is_extra]


def body_of(node: Node | None) -> list[Node]:
    return inner(node) if node is not None else []


def number(text: str) -> object:
    """A number as written, None if it is none."""
    text = text.replace("_", "")
    try:
        return int(text, 0) if not any(mark in text for mark in ".jJ") else float(text)
    except ValueError:
        return None


def const_number(node: Node, text: str) -> Expr:
    value = number(text)
    return Other(at(node)) if value is None else Const(at(node), value)
