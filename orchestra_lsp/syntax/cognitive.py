"""Cognitive complexity after SonarSource's white paper: what breaks the reading flow counts one, and one more for each level around it.

Not counted, as there: try, finally, with, `??`, early returns, plain break and continue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from orchestra_lsp.syntax.outline import Function, Outline
from orchestra_lsp.syntax.recursion import recursive

if TYPE_CHECKING:
    from tree_sitter import Node


class What(IntEnum):
    """What happens at a place, in the order in which things at the same place count."""

    BLOCK = 0  # the body of a control structure: one level deeper inside
    FUNCTION = 1
    LAMBDA = 2
    CLASS = 3
    STRUCTURE = 4  # +1 and +1 for each level: if, loop, switch, catch
    TERNARY = 5  # the same, but no step of the nesting that is reported
    FLAT = 6  # +1: else, a run of one boolean operator, a labelled jump
    SELF = 7  # BLOCK for structures that are their own body


class Event(NamedTuple):
    """A tuple, so that sorting is quick."""

    start: int
    negative_end: int  # so that outer comes before inner
    what: What
    function: int = -1


def cognitive(data: bytes, outline: Outline) -> list[tuple[int, int]]:
    """For each function of the outline its cognitive complexity and the deepest nesting of control structures in it.

    A function counts what its nested functions count, one level deeper; each nested one also has its own figure, counted from zero.
    """
    events = sorted(_events(outline))
    sweep = _Sweep(_plain_parents(outline, events))
    for event in events:
        sweep.take(event)
    sweep.finish()
    cycles = recursive(data, outline)
    results = [sweep.results[index] for index in range(len(outline.functions))]
    return [(score + (index in cycles), deepest) for index, (score, deepest) in enumerate(results)]


@dataclass(slots=True)
class _Open:
    """A function whose body the sweep is in."""

    index: int
    around: int  # levels it lies at in the function around it
    level: int = 0
    score: int = 0
    raisable: int = 0  # structures that cost one more for each level around this function
    blocks: int = 0  # open control structures
    deepest: int = 0
    in_class: bool = False  # nesting was reset by a class inside the function


class _Sweep:
    """Walks the events in order of the text. A function that ends hands what it counted to the one around it."""

    def __init__(self, plain: frozenset[int]) -> None:
        self.results: dict[int, tuple[int, int]] = {}
        self._plain = plain  # functions whose nested functions are not a level deeper
        self._open = [_Open(-1, 0)]  # the first is the file itself
        self._nearest = [What.LAMBDA]  # open functions and lambdas
        self._around: list[tuple[int, What, int, bool]] = []  # end, kind, level and in_class to go back to

    def take(self, event: Event) -> None:
        while self._around and self._around[-1][0] <= event.start:
            self._leave()
        inner = self._open[-1]
        if event.what in (What.STRUCTURE, What.TERNARY):
            inner.score += 1 + inner.level
            inner.raisable += not inner.in_class
            if event.what is What.STRUCTURE:
                inner.deepest = max(inner.deepest, inner.blocks + 1)
        elif event.what is What.FLAT:
            inner.score += 1
        else:
            self._enter(event, inner)

    def finish(self) -> None:
        while self._around:
            self._leave()

    def _enter(self, event: Event, inner: _Open) -> None:
        directly_in_class = bool(self._around) and self._around[-1][1] is What.CLASS
        self._around.append((-event.negative_end, event.what, inner.level, inner.in_class))
        if event.what is What.CLASS:
            inner.level, inner.in_class = 0, True
        elif event.what in (What.BLOCK, What.SELF):
            inner.level += 1
            inner.blocks += 1
        else:
            plain = self._nearest[-1] is What.FUNCTION and inner.index in self._plain
            inner.level += not directly_in_class and not plain
            self._nearest.append(event.what)
        if event.what is What.FUNCTION:
            self._open.append(_Open(event.function, inner.level))

    def _leave(self) -> None:
        _, what, level, in_class = self._around.pop()
        if what in (What.FUNCTION, What.LAMBDA):
            self._nearest.pop()
        if what is What.FUNCTION:
            ended = self._open.pop()
            self.results[ended.index] = ended.score, ended.deepest
            self._open[-1].score += ended.score + ended.around * ended.raisable
            self._open[-1].raisable += 0 if self._open[-1].in_class else ended.raisable
        inner = self._open[-1]
        inner.level, inner.in_class = level, in_class
        inner.blocks -= what in (What.BLOCK, What.SELF)


def _events(outline: Outline) -> Iterator[Event]:
    for index, function in enumerate(outline.functions):
        yield Event(function.body.start, -function.body.end, What.FUNCTION, index)
    named = {function.span.start for function in outline.functions if function.is_lambda}
    yield from (_event(node, What.LAMBDA) for node in outline.of("lambda") if node.start_byte not in named)
    if outline.rule("class resets nesting"):
        yield from (_event(node, What.CLASS) for node in outline.of("class"))
    for role in ("loop", "switch", "catch"):
        for node in outline.of(role):
            yield _event(node, What.STRUCTURE)
            yield _body(node, "body")
    for node in outline.of("ternary"):
        yield _event(node, What.TERNARY)
        yield _event(node, What.SELF)
    yield from _branches(outline)
    yield from _chains(outline)
    yield from (_event(node, What.FLAT) for node in outline.of("jump"))


def _branches(outline: Outline) -> Iterator[Event]:
    """An if that hangs on an else is one step with it: it costs no more, and what follows it is no deeper."""
    ifs = outline.language.complexity["if"]
    clauses = {*outline.language.complexity.get("else", ()), *outline.language.complexity.get("elif", ())}
    hanging: set[int] = set()
    others: list[Node] = list(outline.of("else"))
    for node in outline.of("if"):
        other = node.child_by_field_name("alternative")
        if other is not None and other.type not in clauses:
            others.append(other)
    for other in others:
        yield _event(other, What.FLAT)
        follower = other if other.type in ifs else next((child for child in other.named_children if not child.is_extra), None)
        if follower is not None and follower.type in ifs and (other is follower or other.type in clauses):
            hanging.add(follower.start_byte)
        else:
            yield _event(other, What.BLOCK)
    for node in outline.of("if"):
        if node.start_byte not in hanging:
            yield _event(node, What.STRUCTURE)
        yield _body(node, "consequence")
    for node in outline.of("elif"):
        yield _event(node, What.FLAT)
        yield _body(node, "consequence")


def _chains(outline: Outline) -> Iterator[Event]:
    """One for each run of the same operator in a boolean expression; what is not a boolean node, such as `!( )`, ends a chain."""
    split = outline.rule("parentheses start a chain")
    booleans = {node.id: node for node in outline.of("boolean")}
    inner: set[int] = set()
    for node in sorted(booleans.values(), key=lambda node: (node.start_byte, -node.end_byte)):
        if node.id in inner:
            continue
        previous = ""
        for operator in _operators(node, booleans, inner, split):
            if operator != previous:
                yield _event(node, What.FLAT)
            previous = operator


def _operators(top: Node, booleans: dict[int, Node], inner: set[int], split: bool) -> Iterator[str]:
    """The operators of a whole boolean expression from left to right, noting the boolean nodes that belong to it."""
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if node.id in booleans:
            inner.add(node.id)
            waiting += reversed(node.children)
        elif node.type == "parenthesized_expression" and not split:
            waiting += node.named_children[:1]
        elif node.type in _SAME:
            yield _SAME[node.type]


_SAME = {"&&": "&&", "and": "&&", "||": "||", "or": "||"}


def _plain_parents(outline: Outline, events: Sequence[Event]) -> frozenset[int]:
    """Functions that only hold others: a Python decorator, a JavaScript function used as a namespace."""
    functions = outline.functions
    if outline.rule("decorator"):
        nested: dict[int, list[Function]] = {}
        for function in functions:
            nested.setdefault(function.parent, []).append(function)
        return frozenset(parent for parent in nested if parent >= 0 and _is_decorator(outline, functions[parent], nested[parent]))
    if not outline.rule("namespace"):
        return frozenset()
    outermost = {index for index, function in enumerate(functions) if function.parent < 0}
    around: list[tuple[int, int]] = []
    for event in events:
        while around and around[-1][0] <= event.start:
            around.pop()
        if event.what in (What.FUNCTION, What.LAMBDA):
            around.append((-event.negative_end, event.function))
        elif event.what in (What.STRUCTURE, What.TERNARY) and around:
            outermost.discard(around[-1][1])
    return frozenset(outermost)


def _is_decorator(outline: Outline, function: Function, nested: Sequence[Function]) -> bool:
    """Whether all statements but one, the nested function, are `return name`."""
    body = function.node.child_by_field_name("body")
    statements = [node for node in body.named_children if not node.is_extra] if body else []
    others = [node for node in statements if not _returns_name(outline, node)]
    return len(others) == 1 and any(others[0].start_byte <= each.span.start < others[0].end_byte for each in nested)


def _returns_name(outline: Outline, node: Node) -> bool:
    kinds = outline.language.kinds
    return node.type in kinds["return"] and [child.type for child in node.named_children] == ["identifier"]


def _event(node: Node, what: What) -> Event:
    return Event(node.start_byte, -node.end_byte, what)


def _body(node: Node, field: str) -> Event:
    body = node.child_by_field_name(field)
    return _event(node, What.SELF) if body is None else _event(body, What.BLOCK)
