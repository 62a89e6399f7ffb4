"""The conditions of a `[[match]]` table, compiled to functions of a match, cheapest first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from orchestra_lsp.review.dialect import Dialect
from orchestra_lsp.review.match import Condition, Match
from orchestra_lsp.review.page import Matcher, Where
from orchestra_lsp.review.pattern import Pattern, PatternError, compile_pattern
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.review.unify import Bound, arguments_of, unify
from orchestra_lsp.review.values import PREDICATES
from orchestra_lsp.syntax.language import grammar

if TYPE_CHECKING:
    from tree_sitter import Node


class Searched(Protocol):
    """A regular expression of `re` or RE2."""

    def search(self, text: str, /) -> object: ...


def compile_conditions(matcher: Matcher, rules: Dialect) -> tuple[Condition, ...]:
    """Raises PageError for a pattern or a kind that does not exist in the language."""
    found: list[Condition] = []
    if matcher.imports:
        found.append(partial(_imports, matcher.imports, True))
    if matcher.not_imports:
        found.append(partial(_imports, matcher.not_imports, False))
    found += [partial(_where, name, _Test.of(matcher, where, rules)) for name, where in matcher.where.items()]
    if matcher.with_arguments:
        found.append(partial(_argument, _patterns(matcher, "with-argument", matcher.with_arguments, rules), True))
    if matcher.without_arguments:
        found.append(partial(_argument, _patterns(matcher, "without-argument", matcher.without_arguments, rules), False))
    if matcher.unless:
        found.append(partial(_unless, _patterns(matcher, "not", matcher.unless, rules)))
    if matcher.inside:
        found.append(partial(_inside, matcher.inside, True))
    if matcher.not_inside:
        found.append(partial(_inside, matcher.not_inside, False))
    if matcher.inside_patterns:
        found.append(partial(_inside_pattern, _patterns(matcher, "inside-pattern", matcher.inside_patterns, rules), True))
    if matcher.not_inside_patterns:
        found.append(partial(_inside_pattern, _patterns(matcher, "not-inside-pattern", matcher.not_inside_patterns, rules), False))
    return tuple(found)


def _patterns(matcher: Matcher, key: str, texts: tuple[str, ...], rules: Dialect) -> list[Pattern]:
    context = {"not": matcher.context, "with-argument": rules.argument, "without-argument": rules.argument}.get(key, "")
    try:
        return [compile_pattern(rules.language, text, matcher.imports, context) for text in texts]
    except PatternError as error:
        raise matcher.error(key, str(error)) from error


def _imports(modules: tuple[str, ...], wanted: bool, match: Match) -> bool:
    imports = match.scene.imports
    return imports.rooted or any(imports.has(module) for module in modules) == wanted


def _inside(words: tuple[str, ...], wanted: bool, match: Match) -> bool:
    return any(match.scene.inside(match.node, word) for word in words) == wanted


def _inside_pattern(patterns: list[Pattern], wanted: bool, match: Match) -> bool:
    found = any(unify(pattern.root, above, match.holes, match.scene) is not None for above in ancestors(match.node) for pattern in patterns)
    return found == wanted


def _unless(patterns: list[Pattern], match: Match) -> bool:
    return all(unify(pattern.root, match.node, match.holes, match.scene) is None for pattern in patterns)


def _argument(patterns: list[Pattern], wanted: bool, match: Match) -> bool:
    given = list(arguments_of(match.node))
    found = any(unify(pattern.root, argument, match.holes, match.scene) is not None for argument in given for pattern in patterns)
    return found == wanted


@dataclass(frozen=True, slots=True, eq=False)
class _Kinds:
    """Kinds of nodes and questions about nodes, one of which holds."""

    kinds: frozenset[str]
    questions: tuple[Callable[[Scene, Node], bool], ...]

    @staticmethod
    def of(matcher: Matcher, words: tuple[str, ...], rules: Dialect) -> _Kinds:
        for word in words:
            if word not in PREDICATES and word not in rules.kinds and not is_grammar_kind(rules.language, word):
                known = ", ".join((*PREDICATES, *sorted(rules.kinds)))
                raise matcher.error("where", f"{word!r} is neither a kind of node of {rules.language} nor one of {known}")
        kinds = frozenset(kind for word in words for kind in (word, *rules.kind(word)))
        return _Kinds(kinds, tuple(PREDICATES[word] for word in words if word in PREDICATES))

    def holds(self, scene: Scene, node: Node) -> bool:
        return node.type in self.kinds or any(question(scene, node) for question in self.questions)


@dataclass(frozen=True, slots=True, eq=False)
class _Test:
    """A `where.X` table, compiled."""

    any: frozenset[bytes]
    text: Searched | None
    not_text: Searched | None
    kinds: _Kinds | None
    not_kinds: _Kinds | None

    @staticmethod
    def of(matcher: Matcher, where: Where, rules: Dialect) -> _Test:
        text, not_text = (_regex(matcher, given) if given else None for given in (where.text, where.not_text))
        kinds, not_kinds = (_Kinds.of(matcher, words, rules) if words else None for words in (where.kinds, where.not_kinds))
        return _Test(frozenset(item.encode() for item in where.any), text, not_text, kinds, not_kinds)

    def holds(self, scene: Scene, bound: Bound) -> bool:
        if self.any and bound.text not in self.any:
            return False
        if self.text and not self.text.search(bound.text.decode(errors="replace")):
            return False
        if self.not_text and self.not_text.search(bound.text.decode(errors="replace")):
            return False
        if self.kinds and not all(self.kinds.holds(scene, node) for node in bound.nodes):
            return False
        return not (self.not_kinds and any(self.not_kinds.holds(scene, node) for node in bound.nodes))


def _regex(matcher: Matcher, given: str) -> Searched:
    if not matcher.linear:
        return re.compile(given)
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        found: Searched = re2.compile(given, options)
    except re2.error as error:
        raise matcher.error("where", f"a regular expression that RE2 takes: {error}") from error
    return found


def _where(name: str, test: _Test, match: Match) -> bool:
    bound = match.holes.get(name)
    return bound is None or test.holds(match.scene, bound)


def is_grammar_kind(language: str, kind: str) -> bool:
    """Whether a grammar has a node of this kind."""
    found = grammar(language)
    return found is not None and found.id_for_node_kind(kind, True) is not None
