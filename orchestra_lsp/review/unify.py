"""Whether a node is an instance of a pattern, and what its metavariables then stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.model import Span
from orchestra_lsp.review.pattern import Branch, Hole, Leaf, Path, Run, Shape, Text, string_content
from orchestra_lsp.review.scene import Scene

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """What a metavariable stands for: neighbouring nodes (none for an empty run) and their text.

    `bare` is a member that was imported by itself: another member of its module cannot be written in its place.
    """

    nodes: tuple[Node, ...]
    text: bytes
    bare: bool = False

    @property
    def span(self) -> Span | None:
        return Span(self.nodes[0].start_byte, self.nodes[-1].end_byte) if self.nodes else None


Holes = Mapping[str, Bound]


def unify(shape: Shape, node: Node, holes: Holes, scene: Scene) -> Holes | None:
    """The metavariables joined with those of `holes`, or None if the node is no instance. Equal names stand for equal text."""
    if isinstance(shape, Leaf):
        same = node.kind_id == shape.kind and (shape.text is None or scene.text(node) == shape.text)
        return holes if same else None
    if isinstance(shape, Branch):
        if node.kind_id != shape.kind:
            return None
        untold = shape.untold
        told = [child for child in node.children if child.kind_id not in untold and not child.is_extra]
        if shape.fixed and len(told) != len(shape.children):
            return None
        return _unify_all(shape.children, told, holes, scene)
    if isinstance(shape, Hole):
        if not node.is_named or node.type in scene.dialect.kind("not_single"):
            return None
        return _bind(shape.name, Bound((node,), scene.text(node)), holes)
    if isinstance(shape, Text):
        return _unify_text(shape, node, holes, scene)
    if isinstance(shape, Path):
        return _unify_path(shape, node, holes, scene)
    return _bind(shape.name, Bound((node,), scene.text(node)), holes)


def _unify_all(shapes: Sequence[Shape], nodes: Sequence[Node], holes: Holes, scene: Scene) -> Holes | None:
    """Match a list of shapes against a list of nodes from left to right; a run takes as few nodes as it can."""
    for index, shape in enumerate(shapes):
        if isinstance(shape, Run):
            return _unify_run(shape, shapes[index + 1 :], nodes[index:], holes, scene)
        if index >= len(nodes):
            return None
        found = unify(shape, nodes[index], holes, scene)
        if found is None:
            return None
        holes = found
    return holes if len(shapes) == len(nodes) else None


def _unify_run(run: Run, rest: Sequence[Shape], nodes: Sequence[Node], holes: Holes, scene: Scene) -> Holes | None:
    fixed = sum(not isinstance(shape, Run) for shape in rest)
    for taken in range(len(nodes) - fixed + 1):
        held = tuple(nodes[:taken])
        text = scene.data[held[0].start_byte : held[-1].end_byte] if held else b""
        bound = _bind(run.name, Bound(held, text), holes)
        if bound is None:
            continue
        found = _unify_all(rest, nodes[taken:], bound, scene)
        if found is not None:
            return found
    return None


def _unify_text(shape: Text, node: Node, holes: Holes, scene: Scene) -> Holes | None:
    dialect = scene.dialect
    if node.type not in dialect.kind("string") or any(child.type in dialect.kind("interpolation") for child in node.named_children):
        return None
    found = string_content(scene.text(node))
    if found is None or found[0] != shape.prefix:
        return None
    if shape.hole is not None:
        return _bind(shape.hole, Bound((node,), scene.text(node)), holes)
    return holes if found[1] == shape.content else None


def _unify_path(shape: Path, node: Node, holes: Holes, scene: Scene) -> Holes | None:
    name = scene.imports.resolve(scene.text(node).decode(errors="replace"))
    if shape.hole is None:
        return holes if name == shape.name else None
    rest = name.removeprefix(shape.name)
    if rest == name or not rest.isidentifier():
        return None
    last = node.named_children[-1] if node.named_child_count else node
    return _bind(shape.hole, Bound((last,), rest.encode(), bare=last == node), holes)


def _bind(name: str, bound: Bound, holes: Holes) -> Holes | None:
    if not name:
        return holes
    known = holes.get(name)
    if known is None:
        return {**holes, name: bound}
    return holes if known.text == bound.text else None


def arguments_of(node: Node) -> Iterator[Node]:
    """The arguments of a call, the elements of a composite literal."""
    held = node.child_by_field_name("arguments") or node.child_by_field_name("body")
    if held is not None:
        yield from (child for child in held.named_children if not child.is_extra)
