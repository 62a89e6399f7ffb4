"""What a function may name outside of itself: imports, and the functions, classes and variables of its module."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from orchestra_lsp.review.flow.code import Class, Expr, Function
from orchestra_lsp.review.flow.lower.base import Lowering
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.values import module_values

if TYPE_CHECKING:
    from tree_sitter import Node

_WRAPPED = frozenset({"decorated_definition", "export_statement", "expression_statement"})


@cache
def _reader(family: str) -> type[Lowering]:
    found: type[Lowering] = import_module(f"orchestra_lsp.review.flow.lower.{family}").READER
    return found


@dataclass(slots=True, eq=False)
class World:
    """One file. Definitions are read when they are first asked for, and then kept."""

    scene: Scene
    lower: Lowering
    _nodes: dict[str, Node] | None = None
    _functions: dict[str, Function | None] = field(default_factory=dict)
    _classes: dict[str, Class | None] = field(default_factory=dict)
    _imported: dict[tuple[str, ...], bool] = field(default_factory=dict)

    @staticmethod
    def of(scene: Scene) -> World:
        return World(scene, _reader(scene.dialect.family)(scene.data))

    def definitions(self) -> dict[str, Node]:
        """The functions and classes at the top of the module, and Go's and Rust's methods, by name."""
        if self._nodes is None:
            self._nodes = {name: node for node in self.scene.root.named_children for name, node in self._defined(node)}
        return self._nodes

    def function(self, name: str) -> Function | None:
        if name not in self._functions:
            node = self.definitions().get(name)
            is_one = node is not None and self._inside(node).type in self.scene.dialect.functions
            self._functions[name] = self.lower.function(node) if node is not None and is_one else None
        return self._functions[name]

    def klass(self, name: str) -> Class | None:
        if name not in self._classes:
            node = self.definitions().get(name)
            is_one = node is not None and self._inside(node).type in self.scene.dialect.kind("class")
            self._classes[name] = self.lower.klass(node) if node is not None and is_one else None
        return self._classes[name]

    def variable(self, name: str) -> Expr | None:
        """What a variable of the module is given, if it is given one thing only."""
        found = module_values(self.scene, name.encode())
        return self.lower.expr(found[0]) if len(found) == 1 and found[0] is not None else None

    def ref(self, name: str) -> str:
        """The full name of an imported one, else the name itself: one of the language's own."""
        return self.scene.imports.names.get(name, name)

    def imports(self, modules: tuple[str, ...]) -> bool:
        """Whether the file has one of these imports; without any it is always so."""
        if not modules:
            return True
        known = self._imported.get(modules)
        if known is None:
            known = self._imported[modules] = any(self.scene.imports.has(module) for module in modules)
        return known

    def _defined(self, node: Node) -> list[tuple[str, Node]]:
        inside = self._inside(node)
        name = inside.child_by_field_name("name")
        rules = self.scene.dialect
        if name is None or (inside.type not in rules.functions and inside.type not in rules.kind("class")):
            return []
        return [(self.scene.text(name).decode(errors="replace"), node if node.type == "decorated_definition" else inside)]

    def _inside(self, node: Node) -> Node:
        while node.type in _WRAPPED:
            following = node.child_by_field_name("definition") or node.child_by_field_name("declaration")
            if following is None:
                break
            node = following
        return node
