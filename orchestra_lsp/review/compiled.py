"""A matcher of a page, compiled for one language: its pattern, its conditions, its check and its fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from orchestra_lsp.review.conditions import compile_conditions, is_grammar_kind
from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.match import Check, Condition, Hit, Match
from orchestra_lsp.review.page import Matcher, Page
from orchestra_lsp.review.pattern import METAVARIABLE, Pattern, PatternError, compile_pattern
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.template import Template, compile_template
from orchestra_lsp.review.unify import Holes, unify

if TYPE_CHECKING:
    from tree_sitter import Node

CHECKS = "orchestra_lsp.review.checks"


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """One pattern of one matcher, ready to be tried. `keys` are the texts dispatch finds it by; none: every node of its kind."""

    page: Page
    matcher: Matcher
    pattern: Pattern | None
    kind: str
    keys: tuple[bytes, ...]
    conditions: tuple[Condition, ...]
    check: Check | None
    template: Template | None
    part_templates: Mapping[str, Template]

    def apply(self, scene: Scene, node: Node) -> tuple[Hit, Holes] | None:
        """What is wrong with a node of this kind, and what the metavariables stand for; None if nothing is."""
        holes: Holes | None = {}
        if self.pattern is not None:
            holes = unify(self.pattern.root, node, {}, scene)
        if holes is None:
            return None
        match = Match(scene, node, holes, self.matcher.options)
        for condition in self.conditions:
            if not condition(match):
                return None
        if scene.broken(node):
            return None
        if self.check is not None:
            hit = self.check(match)
            return (hit, holes) if hit is not None else None
        bound = holes.get(self.matcher.report)
        return Hit(bound.nodes[0] if bound is not None and bound.nodes else node), holes


def compile_matcher(page: Page, matcher: Matcher, language: str) -> list[Compiled]:
    """The patterns of one `[[match]]` table in one language. Raises PageError."""
    rules = dialect(language)
    if rules is None:
        raise matcher.error("languages", f"there is no dialect for {language}")
    check, conditions = _check(matcher), compile_conditions(matcher, rules)
    for kind in matcher.nodes:
        if not is_grammar_kind(language, kind):
            raise matcher.error("node", f"{kind!r} is no kind of node of {language}")
    keys = tuple(key.encode() for key in matcher.keys)
    found = [Compiled(page, matcher, None, kind, keys, conditions, check, None, {}) for kind in matcher.nodes]
    _known_holes(matcher)
    for text in matcher.patterns:
        try:
            pattern = compile_pattern(language, text, matcher.imports, matcher.context)
        except PatternError as error:
            raise matcher.error("pattern", str(error)) from error
        template, parts = _templates(matcher, pattern, language, _named(text))
        found.append(Compiled(page, matcher, pattern, pattern.kind, _keys(matcher, pattern), conditions, check, template, parts))
    return found


def _keys(matcher: Matcher, pattern: Pattern) -> tuple[bytes, ...]:
    if pattern.key is not None:
        return (pattern.key,)
    free = matcher.where.get(pattern.key_hole or "")
    return tuple(text.encode() for text in free.any) if free else ()


def _named(text: str) -> set[str]:
    return {name for hit in METAVARIABLE.finditer(text) if (name := hit[1] or hit[2])}


def _known_holes(matcher: Matcher) -> None:
    """What the conditions speak of stands in one of the patterns."""
    named = _named(" ".join(matcher.patterns))
    parts = () if isinstance(matcher.fix, str) else tuple(matcher.fix)
    for key, names in (("where", tuple(matcher.where)), ("report", (matcher.report,) if matcher.report else ()), ("fix", parts)):
        for name in names:
            if name not in named:
                raise matcher.error(key, f"${name} does not stand in the pattern; it has {', '.join(sorted(named)) or 'none'}")


def _templates(matcher: Matcher, pattern: Pattern, language: str, named: set[str]) -> tuple[Template | None, Mapping[str, Template]]:
    try:
        if isinstance(matcher.fix, str):
            return (compile_template(language, matcher.fix, pattern, named) if matcher.fix else None), {}
        return None, {name: compile_template(language, text, None, named) for name, text in matcher.fix.items()}
    except PatternError as error:
        raise matcher.error("fix", str(error)) from error


def _check(matcher: Matcher) -> Check | None:
    if not matcher.check:
        return None
    try:
        module = import_module(f"{CHECKS}.{matcher.check}")
    except ModuleNotFoundError as error:
        raise matcher.error("check", f"there is no check {matcher.check!r}: it would be checks/{matcher.check}.py") from error
    found: Check = module.check
    return found
