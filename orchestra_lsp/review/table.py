"""All rules of a language in one query and one dictionary, so that a review costs one walk however many rules there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.review.compiled import Compiled, compile_matcher
from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.flow.findings import FlowRule, flow_rules
from orchestra_lsp.review.page import Page
from orchestra_lsp.review.pattern import WORD
from orchestra_lsp.review.plain import TextRule, text_rules
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.syntax.language import grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_NODE = "node"
DEEPEST = 250  # levels below the root; looking around from a node costs the square of its depth, and real code stays above
_LONG = 400  # bytes; in a longer node each word is sought by itself


@dataclass(frozen=True, slots=True, eq=False)
class Bucket:
    """The patterns that start from one kind of node, or from one kind with one key.

    `by_word` holds those whose every instance has a certain word, so that many patterns on `==` cost one look at the words of a node.
    """

    always: tuple[Compiled, ...]
    by_word: Mapping[bytes, tuple[Compiled, ...]]

    @staticmethod
    def of(patterns: Sequence[Compiled]) -> Bucket:
        by_word: dict[bytes, tuple[Compiled, ...]] = {}
        always = []
        for compiled in patterns:
            word = compiled.pattern.word if compiled.pattern is not None else b""
            if not word or word in compiled.keys:
                always.append(compiled)
            else:
                by_word[word] = (*by_word.get(word, ()), compiled)
        return Bucket(tuple(always), by_word)

    @property
    def patterns(self) -> tuple[Compiled, ...]:
        return (*self.always, *(compiled for patterns in self.by_word.values() for compiled in patterns))

    def select(self, scene: Scene, node: Node) -> Sequence[Compiled]:
        """The patterns that a node may be an instance of."""
        if not self.by_word:
            return self.always
        start, end, renamed = node.start_byte, node.end_byte, scene.imports.renamed
        if end - start > _LONG and not renamed:
            present = [word for word in self.by_word if scene.data.find(word, start, end) >= 0]
        else:
            words = {*WORD.findall(scene.data, start, end)}
            words |= {renamed[word] for word in words if word in renamed}
            present = [word for word in words if word in self.by_word]
        return (*self.always, *(compiled for word in present for compiled in self.by_word[word])) if present else self.always


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`query` captures the telling part of every node that has one as `key.<kind>`, every other node of interest as `node.<kind>`.

    `keyed` and `unkeyed` hold what is then tried; `kinds` are the kinds of node that some rule starts from.
    """

    query: Query | None
    keyed: Mapping[str, Mapping[bytes, Bucket]]
    unkeyed: Mapping[str, Bucket]
    kinds: frozenset[str]
    texts: tuple[TextRule, ...] = ()  # about plain text, in every language
    flows: tuple[FlowRule, ...] = ()  # about where data from outside goes

    def candidates(self, scene: Scene, node: Node) -> Iterator[tuple[Node, Sequence[Compiled]]]:
        """The nodes in and below `node` that a rule may be about, with the patterns worth trying."""
        if self.query is None:
            return
        from tree_sitter import QueryCursor

        data = scene.data
        cursor = QueryCursor(self.query)
        cursor.set_max_start_depth(max(0, DEEPEST - sum(1 for _ in ancestors(node))))
        for capture, nodes in cursor.captures(node).items():
            prefix, _, kind = capture.partition(".")
            if prefix == _NODE:
                for found in nodes:
                    yield found, self.unkeyed[kind].select(scene, found)
                continue
            keyed = self.keyed[kind]
            if scene.imports.renamed:
                keyed = {**keyed, **_renamed(keyed, scene.imports.renamed)}
            for leaf in nodes:
                bucket = keyed.get(data[leaf.start_byte : leaf.end_byte])
                if bucket is not None:
                    owner = _owner(leaf, kind)
                    yield owner, bucket.select(scene, owner)


def build_table(language: str, pages: Iterable[Page]) -> Table:
    """Compile what the pages say about a language. Raises PageError."""
    pages = tuple(pages)
    texts, flows = text_rules(pages), flow_rules(language, pages)
    found, rules = grammar(language), dialect(language)
    keyed: dict[str, dict[bytes, list[Compiled]]] = {}
    unkeyed: dict[str, list[Compiled]] = {}
    for compiled in _compile(language, pages):
        for key in compiled.keys:
            keyed.setdefault(compiled.kind, {}).setdefault(key, []).append(compiled)
        if not compiled.keys:
            unkeyed.setdefault(compiled.kind, []).append(compiled)
    if found is None or rules is None or not (keyed or unkeyed):
        return Table(None, {}, {}, frozenset(), texts, flows)
    from tree_sitter import Query

    parts = [*(rules.key_query(kind) for kind in keyed), *(f"({kind}) @{_NODE}.{kind}" for kind in unkeyed)]
    return Table(
        Query(found, "\n".join(parts)),
        {kind: {key: Bucket.of(patterns) for key, patterns in by_key.items()} for kind, by_key in keyed.items()},
        {kind: Bucket.of(patterns) for kind, patterns in unkeyed.items()},
        frozenset({*keyed, *unkeyed}),
        texts,
        flows,
    )


def _renamed(keyed: Mapping[bytes, Bucket], renamed: Mapping[bytes, bytes]) -> dict[bytes, Bucket]:
    """The buckets of members that the file imported under another name, by that name."""
    found = {}
    for name, member in renamed.items():
        if member in keyed:
            own = keyed.get(name)
            found[name] = Bucket.of([*own.patterns, *keyed[member].patterns]) if own else keyed[member]
    return found


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
