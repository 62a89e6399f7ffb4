"""The replacement a page proposes: code with the pattern's metavariables, filled in so that its meaning survives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.review.imports import Imports
from orchestra_lsp.review.pattern import METAVARIABLE, Pattern, PatternError, compile_pattern, last_part
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.unify import Holes
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

_EMPTY = "\0"
_SHOWN = 60  # characters of code in a message
_LONE_COMMA = re.compile(r"\0\s*,\s*|,\s*\0|\0")


@dataclass(frozen=True, slots=True)
class Template:
    """Replacement code. `kind` is the kind of node it makes, "" if unknown.

    `moved` maps each metavariable that lands in another kind of node than it came from to that kind.
    """

    text: str
    kind: str
    came_from: str
    moved: Mapping[str, str]


def compile_template(language: str, text: str, pattern: Pattern | None, named: set[str]) -> Template:
    """Check a replacement against its pattern. Raises PatternError if it uses other metavariables or is no code."""
    for found in METAVARIABLE.finditer(text):
        name = found[1] or found[2]
        if name not in named:
            raise PatternError(f"the replacement uses ${name}, which does not stand in the pattern")
    if pattern is None or METAVARIABLE.fullmatch(text.strip()):
        return Template(text, "", "", {})
    made = compile_pattern(language, text)
    moved = {name: kind for name, kind in made.parents.items() if kind != pattern.parents.get(name)}
    return Template(text, made.kind, pattern.kind, moved)


def local_names(text: str, modules: Sequence[str], imports: Imports) -> str | None:
    """Replacement code that calls modules as the file does; None if the file does not bind a module that the code uses."""
    for module in modules:
        last = last_part(module)
        used = re.compile(rf"(?<![\w.:$]){re.escape(last)}(?=\.|::)")
        if not used.search(text) or imports.rooted:
            continue
        bound = next((name for name, target in imports.names.items() if target == module), None)
        if bound is None:
            return None
        text = used.sub(bound, text)
    return text


def render(template: Template, scene: Scene, node: Node, holes: Holes) -> str:
    """The replacement for `node`, with parentheses where an operand would otherwise be torn apart."""

    def fill(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        bound = holes.get(name)
        if bound is None or not bound.nodes:
            return _EMPTY
        text = decode(bound.text)
        inner = bound.nodes[0]
        torn = len(bound.nodes) == 1 and _needs_parentheses(scene, inner.type, template.moved.get(name, ""))
        return f"({text})" if torn else text

    text = _LONE_COMMA.sub("", METAVARIABLE.sub(fill, template.text))
    parent = node.parent
    if template.kind != template.came_from and parent is not None and _needs_parentheses(scene, template.kind, parent.type):
        return f"({text})"
    return text


def _needs_parentheses(scene: Scene, inner: str, outer: str) -> bool:
    tight = outer in scene.dialect.kind("tight")
    return (inner in scene.dialect.kind("compound") and (tight or outer in scene.dialect.kind("operator"))) or (
        tight and inner in scene.dialect.kind("prefix")
    )


def filled(message: str, words: Mapping[str, str]) -> str:
    """The message with its metavariables filled in, each on one line and cut to a readable length."""

    def fill(found: re.Match[str]) -> str:
        line = " ".join(words.get(found[1] or found[2], "").split()).replace("`", "'")
        return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

    return METAVARIABLE.sub(fill, message)
