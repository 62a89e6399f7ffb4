"""Which functions are followed: those that read from outside, by themselves or by something of the same file that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.model import Span
from orchestra_lsp.review.chunk import chunk
from orchestra_lsp.review.flow.code import Function
from orchestra_lsp.review.flow.engine import Followed, follow
from orchestra_lsp.review.flow.lower.base import at
from orchestra_lsp.review.flow.tables import Tables, tables
from orchestra_lsp.review.flow.value import Value
from orchestra_lsp.review.flow.words import source_words
from orchestra_lsp.review.flow.world import World
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.review.values import module_bindings

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD = re.compile(rb"[A-Za-z_$][\w$]*")
_OWN = re.compile(rb"\b(?:self|cls|this)\.([A-Za-z_$][\w$]*)")
_MOST_BYTES = 200_000  # of one function or statement


def followed(scene: Scene, nodes: Iterable[Node]) -> list[Followed]:
    """What is known of the functions in and below some nodes of a file."""
    known = _tables(scene)
    search = _Search(scene, known) if known is not None else None
    if search is None or not search.words.search(scene.data):
        return []
    return [one for node in nodes for one in search.below(node)]


def dependents(scenes: tuple[Scene, Scene], edited: tuple[Sequence[Node], Sequence[Node]], kinds: frozenset[str]) -> list[Node]:
    """The pieces of a file whose findings may change although they did not: they name, over others even, what an edit touched."""
    (old, new), (before, after) = scenes, edited
    known = _tables(new)
    if known is None:
        return []
    words = source_words(known, World.of(new))  # the old file has the same imports, or all of it is looked at anew
    if not (words.search(new.data) or words.search(old.data)):
        return []
    waiting = _names(old, before) | _names(new, after)
    seen: set[bytes] = set()
    found: dict[int, Node] = {}
    done = {node.id for node in after}
    while waiting:
        seen |= waiting
        nodes = [node for node in _naming(new, waiting, kinds) if node.id not in done and node.id not in found]
        found.update((node.id, node) for node in nodes)
        waiting = _names(new, nodes) - seen
    return [*found.values()]


def _naming(scene: Scene, names: set[bytes], kinds: frozenset[str]) -> Iterator[Node]:
    """The pieces of a file in which one of some names stands, other than where it is defined; `.name` is one of an object's own."""
    plain = [re.escape(name) for name in names if not name.startswith(b".")]
    dotted = [re.escape(name[1:]) for name in names if name.startswith(b".")]
    patterns = [rb"(?<![\w$.])(?<!class )(?<!def )(?:%s)" % b"|".join(plain)] if plain else []
    patterns += [rb"\b(?:self|cls|this)\.(?:%s)" % b"|".join(dotted)] if dotted else []
    end = -1
    for hit in re.finditer(rb"(?:%s)(?![\w$])" % b"|".join(patterns), scene.data):
        if hit.start() >= end:
            piece = chunk(scene, Span(hit.start(), hit.end()), kinds)
            end = piece.span.end
            yield from piece.nodes


def _tables(scene: Scene) -> Tables | None:
    return None if scene.in_test_file else tables(scene.dialect.family)


def _names(scene: Scene, nodes: Iterable[Node]) -> set[bytes]:
    """By which names the rest of a file knows some pieces of it: their own, and of a part of a class the class's."""
    found: set[bytes] = set()
    for node in nodes:
        name = _inside(node).child_by_field_name("name")
        own = {name for name, _ in module_bindings(scene, [node])} | ({scene.text(name)} if name is not None else set())
        around = [above for above in ancestors(node) if above.type in scene.dialect.kind("class")]
        for above in around:
            title = above.child_by_field_name("name") or above.child_by_field_name("type")
            found.update([scene.text(title)] if title is not None else [])
        found.update([b"." + one for one in own] if around else own)
    return found


class _Search:
    """The functions of one file that are worth following."""

    def __init__(self, scene: Scene, known: Tables) -> None:
        self.scene, self.tables = scene, known
        self.world = World.of(scene)
        self.words = source_words(known, self.world)
        self.named: dict[int, list[Node]] = {}

    def below(self, node: Node) -> Iterator[Followed]:
        """What is found in a node: a module, a class, a function or a statement."""
        kinds = self.scene.dialect
        inside = _inside(node)
        if node.type in kinds.kind("body") or node.parent is None:
            for child in node.named_children:
                yield from self.below(child)
        elif inside.type in kinds.kind("class") or inside.type == "impl_item":
            body = inside.child_by_field_name("body")
            for child in body.named_children if body is not None else ():
                if _inside(child).type in kinds.functions:
                    yield from self._one(child)
        else:
            yield from self._one(node)

    def _one(self, node: Node) -> Iterator[Followed]:
        if node.is_extra or node.end_byte - node.start_byte > _MOST_BYTES or self.scene.broken(node) or not self._reads(node):
            return
        inside = _inside(node)
        if inside.type in self.scene.dialect.functions:
            function = self.world.lower.function(node if node.type == "decorated_definition" else inside)
            yield follow(self.world, self.tables, function, self._owner(node))
        else:
            function = Function(at(node), "", (), self.world.lower.block([node]))
            yield follow(self.world, self.tables, function)

    def _owner(self, node: Node) -> Value | None:
        """What the first parameter of a method is."""
        around = self._class_around(node)
        if around is None or self.scene.dialect.family != "python":
            return None
        name = around.child_by_field_name("name")
        made = self.world.klass(self.scene.text(name).decode(errors="replace")) if name is not None else None
        return Value(ref="self", made_class=made)

    def _class_around(self, node: Node) -> Node | None:
        for above in ancestors(node):
            if above.type in self.scene.dialect.functions:
                return None
            if above.type in self.scene.dialect.kind("class"):
                return above
        return None

    def _reads(self, node: Node) -> bool:
        """Whether a node names something from outside, or something of this file that does."""
        if self.words.search(self.scene.data, node.start_byte, node.end_byte):
            return True
        return self._names_a_reader(node)

    def _names_a_reader(self, node: Node) -> bool:
        waiting, seen = self._named(node), {node.id}
        while waiting:
            target = waiting.pop()
            if target.id in seen:
                continue
            seen.add(target.id)
            if self.words.search(self.scene.data, target.start_byte, target.end_byte):
                return True
            waiting += self.named.setdefault(target.id, self._named(target))
        return False

    def _named(self, node: Node) -> list[Node]:
        """The definitions of this file that a node names."""
        defined = self.world.definitions()
        words = {*_WORD.findall(self.scene.data, node.start_byte, node.end_byte)}
        found = [defined[name] for word in words if (name := word.decode(errors="replace")) in defined]
        around = self._class_around(node)
        own = {*_OWN.findall(self.scene.data, node.start_byte, node.end_byte)} if around is not None else set()
        body = around.child_by_field_name("body") if around is not None and own else None
        for child in body.named_children if body is not None else ():
            name = _inside(child).child_by_field_name("name")
            if name is not None and self.scene.text(name) in own:
                found.append(child)
        return found


def _inside(node: Node) -> Node:
    """A definition without its decorators or its export."""
    while node.type in ("decorated_definition", "export_statement"):
        following = node.child_by_field_name("definition") or node.child_by_field_name("declaration")
        if following is None:
            break
        node = following
    return node
