"""All rules of a language in one query and one dictionary, so that a review costs one walk however many rules there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.review.compiled import Compiled, compile_matcher
from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.page import Page
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.syntax.language import grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_KEY, _NODE = "key", "node"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`query` captures the telling part of every node that has one as `key.<kind>`, every other node of interest as `node.<kind>`.

    `keyed` and `unkeyed` hold what is then tried; `kinds` are the kinds of node that some rule starts from.
    """

    query: Query | None
    keyed: Mapping[str, Mapping[bytes, Sequence[Compiled]]]
    unkeyed: Mapping[str, Sequence[Compiled]]
    kinds: frozenset[str]

    def candidates(self, scene: Scene, node: Node) -> Iterator[tuple[Node, Sequence[Compiled]]]:
        """The nodes in and below `node` that a rule may be about, with the patterns worth trying."""
        if self.query is None:
            return
        from tree_sitter import QueryCursor

        data, renamed = scene.data, scene.imports.renamed
        for capture, nodes in QueryCursor(self.query).captures(node).items():
            prefix, _, kind = capture.partition(".")
            if prefix == _NODE:
                for found in nodes:
                    yield found, self.unkeyed[kind]
                continue
            keyed = self.keyed[kind]
            for leaf in nodes:
                text = data[leaf.start_byte : leaf.end_byte]
                tried = keyed.get(text, ())
                if text in renamed:
                    tried = (*tried, *keyed.get(renamed[text], ()))
                if tried:
                    yield _owner(leaf, kind), tried


def build_table(language: str, pages: Iterable[Page]) -> Table:
    """Compile what the pages say about a language. Raises PageError."""
    found, rules = grammar(language), dialect(language)
    keyed: dict[str, dict[bytes, list[Compiled]]] = {}
    unkeyed: dict[str, list[Compiled]] = {}
    for compiled in _compile(language, pages):
        for key in compiled.keys:
            keyed.setdefault(compiled.kind, {}).setdefault(key, []).append(compiled)
        if not compiled.keys:
            unkeyed.setdefault(compiled.kind, []).append(compiled)
    if found is None or rules is None or not (keyed or unkeyed):
        return Table(None, {}, {}, frozenset())
    from tree_sitter import Query

    parts = [rules.keys[kind].replace("@key", f"@{_KEY}.{kind}") for kind in keyed] + [f"({kind}) @{_NODE}.{kind}" for kind in unkeyed]
    return Table(Query(found, "\n".join(parts)), keyed, unkeyed, frozenset({*keyed, *unkeyed}))


def _compile(language: str, pages: Iterable[Page]) -> Iterator[Compiled]:
    for page in pages:
        for matcher in page.matchers:
            if language in matcher.languages:
                yield from compile_matcher(page, matcher, language)


def _owner(leaf: Node, kind: str) -> Node:
    """The node whose telling part `leaf` is."""
    node = leaf
    while node.type != kind and node.parent is not None:
        node = node.parent
    return node
