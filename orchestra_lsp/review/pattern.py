"""Code with metavariables, compiled: `$X` stands for one expression, `$$$X` for any run of arguments or statements.

A pattern is parsed by the language's own grammar, with placeholders for its metavariables, and kept as a tree of plain values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from orchestra_lsp.review.dialect import MARK, Dialect, dialect
from orchestra_lsp.syntax.language import grammar

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

METAVARIABLE = re.compile(r"\$\$\$([A-Z][A-Z0-9_]*)?|\$([A-Z][A-Z0-9_]*|_)(?![A-Za-z0-9_])")
_PLACEHOLDER = re.compile(rb"orc([ZQ])_([A-Z0-9_]*)_zq")
_CHAIN = re.compile(r"[\w$]+(?:(?:\.|::)[\w$]+)*\Z")
_SEPARATOR = re.compile(r"\.|::")
_STRING = re.compile(rb"""([A-Za-z]*)#*(\"{3}|'{3}|["'`])((?:(?!\2).)*)\2#*\Z""", re.DOTALL)
WORD = re.compile(rb"\w+")
UNTOLD = frozenset({",", ";"})  # separators are optional or come and go with their neighbours


class PatternError(ValueError):
    """A pattern that cannot be compiled; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A token: of this kind and, if it can differ, with this text."""

    kind: int
    text: bytes | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of this kind with these children; children of the kinds in `untold` do not count.

    `fixed`: no run is among the children, so their number is known.
    """

    kind: int
    children: tuple[Shape, ...]
    untold: frozenset[int]
    fixed: bool


@dataclass(frozen=True, slots=True)
class Hole:
    """`$NAME`: one expression, name or statement; `$_` has an empty name and binds nothing."""

    name: str


@dataclass(frozen=True, slots=True)
class Run:
    """`$$$NAME`: any number of neighbours, none included."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal with this content, however it is quoted; with `hole` any string without interpolation."""

    prefix: bytes
    content: bytes
    hole: str | None


@dataclass(frozen=True, slots=True)
class Path:
    """A name that an import brought in, however it is spelled here; with `hole` the last part is free."""

    name: str
    hole: str | None


Shape = Leaf | Branch | Hole | Run | Text | Path


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `key` is the telling part that dispatch looks up: a text, or the metavariable that stands there.

    `parents` maps each metavariable to the kind of node that it stands in. `word` stands in every instance, so that most nodes are seen at
    once to be none; empty if there is no such word.
    """

    root: Shape
    kind: str
    key: bytes | None
    key_hole: str | None
    parents: Mapping[str, str]
    word: bytes


def compile_pattern(language: str, text: str, imports: Sequence[str] = (), context: str = "") -> Pattern:
    """Compile one statement or expression. Raises PatternError.

    `imports` are the modules whose names the pattern uses; `context` is code with `@` where the pattern is to be parsed, by default
    what the language's dialect offers.
    """
    rules = dialect(language)
    if rules is None:
        raise PatternError(f"there is no dialect for {language}")
    code = METAVARIABLE.sub(_placeholder, text.strip())
    node, data = _parse(rules, code, text, (context,) if context else rules.contexts)
    builder = _Builder(rules, data, {last_part(name): name for name in imports}, {})
    root = builder.shape(node, "")
    if isinstance(root, Hole | Run):
        raise PatternError(f"a pattern is more than a metavariable alone: {text!r}")
    key, key_hole = _key(rules, node, data)
    return Pattern(root, node.type, key, key_hole, builder.parents, max(_words(root), key=len, default=b""))


def string_content(data: bytes) -> tuple[bytes, bytes] | None:
    """Prefix (lower case, without those that only change the spelling) and content of a string literal; None for anything else."""
    found = _STRING.match(data)
    return (found[1].lower().translate(None, b"ruf"), found[3]) if found else None


def _words(shape: Shape) -> Iterator[bytes]:
    """The words that stand in every instance; a member that the file imported under another name counts by its own."""
    if isinstance(shape, Leaf) and shape.text is not None:
        yield from WORD.findall(shape.text)
    elif isinstance(shape, Text) and shape.hole is None:
        yield from WORD.findall(shape.content)
    elif isinstance(shape, Path) and shape.hole is None:
        yield last_part(shape.name).encode()
    elif isinstance(shape, Branch):
        for child in shape.children:
            yield from _words(child)


def _placeholder(found: re.Match[str]) -> str:
    if found[0].startswith("$$$"):
        return f"orcQ_{found[1] or ''}_zq"
    return f"orcZ_{'' if found[2] == '_' else found[2]}_zq"


def _parse(rules: Dialect, code: str, shown: str, contexts: Sequence[str]) -> tuple[Node, bytes]:
    """The smallest node that is the whole code, in the first context where it parses."""
    from tree_sitter import Parser

    parser = Parser(_grammar(rules.language))
    several = rules.kind("body") | rules.kind("block") | {"statement_list"}
    problem = f"the code does not parse as {rules.language}: {shown!r}"
    for context in contexts:
        before, _, after = context.partition(MARK)
        data = f"{before}{code}{after}".encode()
        start, end = len(before.encode()), len(before.encode()) + len(code.encode())
        root = parser.parse(data).root_node
        if root.has_error:
            continue
        node = root.descendant_for_byte_range(start, end)
        if node is not None and (node.start_byte, node.end_byte) == (start, end) and node.type not in several:
            return node, data
        problem = f"a pattern is one statement or expression of {rules.language}: {shown!r}"
    raise PatternError(problem)


def _grammar(language: str) -> Language:
    found = grammar(language)
    if found is None:
        raise PatternError(f"there is no grammar for {language}")
    return found


def _key(rules: Dialect, node: Node, data: bytes) -> tuple[bytes | None, str | None]:
    if node.type not in rules.keys:
        return None, None
    from tree_sitter import QueryCursor

    for leaf in QueryCursor(_keys_query(rules.language)).captures(node).get(f"key.{node.type}", ()):
        owner: Node | None = leaf
        while owner is not None and owner.type != node.type:
            owner = owner.parent
        if owner == node:
            text = data[leaf.start_byte : leaf.end_byte]
            found = _PLACEHOLDER.fullmatch(text)
            return (None, found[2].decode()) if found else (text, None)
    return None, None


@cache
def _keys_query(language: str) -> Query:
    """All keys of a dialect in one query: compiling one for each kind takes three times as long."""
    from tree_sitter import Query

    rules = dialect(language)
    return Query(_grammar(language), "\n".join(rules.key_query(kind) for kind in rules.keys) if rules else "")


@dataclass(frozen=True, slots=True)
class _Builder:
    """Turns parsed nodes into shapes. `modules` maps the name a pattern calls a module by to the module."""

    rules: Dialect
    data: bytes
    modules: Mapping[str, str]
    parents: dict[str, str]

    def shape(self, node: Node, parent: str) -> Shape:
        text = self.data[node.start_byte : node.end_byte]
        hole = _PLACEHOLDER.fullmatch(text.rstrip(b";"))
        # a list of one is kept around `$X`, so that it does not stand for a longer one; a run is the inside of its block
        kept = self.rules.kind("wrapper") if hole and hole[1] == b"Z" else self.rules.kind("block")
        if hole and node.type not in kept:
            name = hole[2].decode()
            self.parents.setdefault(name, parent)
            return Run(name) if hole[1] == b"Q" else Hole(name)
        if node.type in self.rules.kind("string"):
            found = string_content(text)
            if found:
                inner = _PLACEHOLDER.fullmatch(found[1])
                return Text(found[0], found[1], inner[2].decode() if inner else None)
        path = self._path(node, text.decode(), parent)
        if path:
            return path
        if not node.child_count:
            return Leaf(_kind_id(node), text if node.is_named else None)
        children = [child for child in node.children if not child.is_extra and child.type not in UNTOLD]
        shapes = tuple(self.shape(child, node.type) for child in children)
        named = {shape.kind for shape in shapes if isinstance(shape, Branch | Leaf)}
        fixed = not any(isinstance(shape, Run) for shape in shapes)
        return Branch(_kind_id(node), shapes, _untold(self.rules.language) - named, fixed)

    def _path(self, node: Node, text: str, parent: str) -> Path | None:
        if not self.modules or not node.is_named or parent == "keyword_argument" or not _CHAIN.match(text):
            return None
        first = _SEPARATOR.split(text, maxsplit=1)[0]
        module = self.modules.get(first)
        if module is None:
            return None
        whole = module + text[len(first) :]
        parts = _SEPARATOR.split(whole)
        found = _PLACEHOLDER.fullmatch(parts[-1].encode())
        if not found:
            return Path(whole, None)
        self.parents.setdefault(found[2].decode(), node.type)
        return Path(whole[: len(whole) - len(parts[-1])], found[2].decode())


@cache
def _untold(language: str) -> frozenset[int]:
    """Separators, and parts that a pattern need not mention."""
    found, rules = _grammar(language), dialect(language)
    lenient = rules.kind("lenient") if rules else frozenset()
    ids = [found.id_for_node_kind(kind, False) for kind in UNTOLD] + [found.id_for_node_kind(kind, True) for kind in lenient]
    return frozenset(kind for kind in ids if kind is not None)


def _kind_id(node: Node) -> int:
    return int(node.kind_id)


def last_part(name: str) -> str:
    """The last part of a full name: `join` of `os.path.join`, `md5` of `crypto/md5`."""
    return re.split(r"[./:]+", name)[-1]
