"""What a matcher or a check may look at: the buffer, its imports, and where a node stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.review.dialect import Dialect
from orchestra_lsp.review.imports import Imports

if TYPE_CHECKING:
    from tree_sitter import Node

_TEST_FILE = re.compile(r"(?:^|[/\\])(?:test_[^/\\]*\.py|conftest\.py|[^/\\]*(?:_test\.\w+|[._-](?:test|spec)\.[cm]?[jt]sx?))$")
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "testdata", "testing", "spec", "e2e", "benches"})
_TEST_NAME = re.compile(rb"test|Test|Benchmark")
_TEST_CALLS = frozenset({b"describe", b"it", b"test"})
_TEST_ATTRIBUTE = re.compile(rb"\btest\b")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One buffer under review. A check looks at its match's node, what is inside it, around it up to the outermost function, and here."""

    buffer: Buffer
    data: bytes
    root: Node
    dialect: Dialect
    imports: Imports
    in_test_file: bool
    memo: dict[int, dict[bytes, tuple[Node | None, ...]]]  # values.py: what is bound in a function or in the module

    def text(self, node: Node) -> bytes:
        return self.data[node.start_byte : node.end_byte]

    def is_kind(self, node: Node, word: str) -> bool:
        """Whether a node is what an abstract word means, or of the grammar kind `word`."""
        return node.type == word or node.type in self.dialect.kind(word)

    def inside(self, node: Node, word: str) -> bool:
        """Whether a node stands inside a construct: an abstract word, "test", "async function", or a kind of the grammar.

        Inside a loop means: run again by it. What a loop runs over, and a function that is made in a loop, are not inside.
        """
        if word == "test":
            return self.in_test_file or any(self._is_test(above) for above in ancestors(node))
        if word == "async function":
            nearest = self.function(node)
            return nearest is not None and any(child.type == "async" for child in nearest.children)
        if word == "loop":
            return self._in_loop(node)
        return any(self.is_kind(above, word) for above in ancestors(node))

    def function(self, node: Node) -> Node | None:
        """The nearest function, method or lambda around a node."""
        return next((above for above in ancestors(node) if self.is_function(above)), None)

    def is_function(self, node: Node) -> bool:
        return node.type in self.dialect.functions

    def statement(self, node: Node) -> Node:
        """The innermost statement that holds a node, with its decorators; the node itself outside of any."""
        bodies = self.dialect.kind("body") | self.dialect.kind("block")
        here = node
        while here.parent is not None:
            if here.parent.type in bodies or here.parent.type == "statement_list":
                return here
            here = here.parent
        return node

    def broken(self, node: Node) -> bool:
        """Whether a node holds a syntax error or stands in a stretch that the parser could not read."""
        return self.root.has_error and (node.has_error or any(above.is_error for above in ancestors(node)))

    def _in_loop(self, node: Node) -> bool:
        below = node
        for above in ancestors(node):
            if self.is_function(above):
                return False
            if above.type in self.dialect.kind("loop"):
                again = (above.child_by_field_name(name) for name in ("body", "condition", "increment"))
                if any(part is not None and part == below for part in again):
                    return True
            below = above
        return False

    def _is_test(self, node: Node) -> bool:
        if node.type in self.dialect.kind("function") or node.type in self.dialect.kind("class"):
            name = node.child_by_field_name("name")
            if name is not None and _TEST_NAME.match(self.text(name)):
                return True
        if node.type == "call_expression":
            called = node.child_by_field_name("function")
            return called is not None and self.text(called).partition(b".")[0] in _TEST_CALLS
        return self.dialect.family == "rust" and any(_TEST_ATTRIBUTE.search(self.text(found)) for found in attributes(node))


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around a node, nearest first."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def attributes(node: Node) -> Iterator[Node]:
    """The Rust attributes written before an item."""
    if not node.type.endswith("_item"):
        return
    before = node.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        if before.type == "attribute_item":
            yield before
        before = before.prev_named_sibling


def span_of(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)


def first_line(scene: Scene, span: Span) -> Span:
    """A span cut at the end of its first line: a whole block is too much to underline."""
    end = scene.data.find(b"\n", span.start, span.end)
    return span if end < 0 else Span(span.start, span.start + len(scene.data[span.start : end].rstrip()))


def is_test_path(path: str) -> bool:
    """Whether a file is a test by its name or by one of its two nearest folders."""
    parts = re.split(r"[/\\]", path)
    return bool(_TEST_FILE.search(path)) or any(part in _TEST_FOLDERS for part in parts[-3:-1])
