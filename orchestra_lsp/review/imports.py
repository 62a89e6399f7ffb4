"""What the imports of a file bind: which module or member a name stands for, and where another import would go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.review.dialect import Dialect

if TYPE_CHECKING:
    from tree_sitter import Node

_CHAIN = re.compile(r"([\w$]+)((?:(?:\.|::)[\w$]+)*)\Z")


@dataclass(frozen=True, slots=True)
class Binding:
    """One name that an import brings in. `name` is empty for an import that binds none; `target` is its full name, as `os.path.join`."""

    name: str
    target: str
    span: Span | None = None  # what to delete when nothing uses it; only where an unused import is an error


@dataclass(frozen=True, slots=True)
class Imports:
    """All imports of a file. `names` maps a bound name to what it stands for; `modules` are all full names brought in.

    `renamed` maps a bound name to the last part of its target where the two differ. Another import would go to the byte offset
    `insert_at`, written as `form` with `{}` for the import. `deletable` maps a bound name to the import to delete once nothing uses it.
    """

    names: Mapping[str, str]
    modules: frozenset[str]
    renamed: Mapping[bytes, bytes]
    rooted: bool
    insert_at: int
    form: str
    deletable: Mapping[str, Span]

    def resolve(self, text: str) -> str:
        """The full name of a dotted name as written, or "" if it does not come from an import."""
        found = _CHAIN.match(text)
        if not found:
            return ""
        target = self.names.get(found[1])
        if target is not None:
            return target + found[2]
        return text if self.rooted and found[2] else ""

    def edit(self, statement: str) -> Edit | None:
        """The edit that adds an import, None if the file has it. `statement` is the whole statement, in Go the path of the package."""
        bound = re.findall(r"\w+", statement)[-1]
        if statement in self.modules or bound in self.names:
            return None
        return Edit(Span(self.insert_at, self.insert_at), self.form.format(statement))

    def has(self, module: str) -> bool:
        """Whether a module, or something out of it, is imported."""
        return any(target == module or (target.startswith(module) and target[len(module)] in ".:/") for target in self.modules)


class Reader(Protocol):
    """What each module of `names/` offers."""

    WORDS: tuple[bytes, ...]  # one of them occurs in every import
    KINDS: frozenset[str]  # the nodes that are imports
    ROOTED: bool  # whether a full name can be written without an import
    HEADER: frozenset[str]  # what may stand before the first import

    def bindings(self, node: Node, data: bytes) -> Iterator[Binding]: ...

    def place(self, last: Node | None, header: int) -> tuple[int, str]:
        """Where another import goes and its form, given the last one at the top of the file and the end of the header."""
        ...


@cache
def reader(family: str) -> Reader:
    """The reader of a family of languages, `names/<family>.py`."""
    found: Reader = import_module(f"orchestra_lsp.review.names.{family}")
    return found


def imports_of(buffer: Buffer, dialect: Dialect) -> Imports:
    """All imports of a buffer. Looks only at the nodes where an import's word occurs, so it costs little in a large file."""
    read = reader(dialect.family)
    names: dict[str, str] = {}
    modules: set[str] = set()
    deletable: dict[str, Span] = {}
    last: Node | None = None
    for node in _nodes(buffer, read):
        if node.parent is not None and node.parent.parent is None:
            last = node
        for binding in read.bindings(node, buffer.data):
            modules.add(binding.target)
            if binding.name:
                names[binding.name] = binding.target
                if binding.span is not None:
                    deletable[binding.name] = binding.span
    renamed = {name.encode(): part for name, target in names.items() if (part := re.split(r"[./:]", target)[-1].encode()) != name.encode()}
    insert_at, form = read.place(last, _header_end(buffer, read))
    return Imports(names, frozenset(modules), renamed, read.ROOTED, insert_at, form, deletable)


def tidied(data: bytes, imports: Imports, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The edits, and the deletion of imports whose last use they delete. The edits do not overlap."""
    gone = []
    for name, span in imports.deletable.items():
        if any(edit.span.start <= span.start and span.end <= edit.span.end for edit in edits):
            continue
        use = re.compile(rb"\b%s\." % re.escape(name.encode()))
        removed = sum(len(use.findall(data[edit.span.start : edit.span.end])) for edit in edits)
        if removed and len(use.findall(data)) == removed and not any(use.search(edit.text.encode()) for edit in edits):
            gone.append(Edit(span, ""))
    return tuple(sorted([*edits, *gone], key=lambda edit: edit.span))


def statement_place(last: Node | None, header: int) -> tuple[int, str]:
    """`Reader.place` for languages whose imports are statements on lines of their own."""
    if last is not None:
        return last.end_byte, "\n{}"
    return header, "\n{}" if header else "{}\n"


def _header_end(buffer: Buffer, read: Reader) -> int:
    end = 0
    for child in buffer.tree.root_node.children if buffer.tree else ():
        docstring = child.type == "expression_statement" and child.named_child_count == 1 and child.named_children[0].type == "string"
        if child.type not in read.HEADER and not docstring:
            break
        end = child.end_byte
    return end


def _nodes(buffer: Buffer, read: Reader) -> Iterator[Node]:
    """The import nodes in the order of the text, each once."""
    if buffer.tree is None:
        return
    root, data = buffer.tree.root_node, buffer.data
    found: dict[int, Node] = {}
    for word in read.WORDS:
        at = data.find(word)
        while at >= 0:
            node = root.descendant_for_byte_range(at, at + len(word) - 1)
            node = None if node is None or node.is_extra else node
            while node is not None and node.type not in read.KINDS:
                node = node.parent
            if node is not None:
                found[node.id] = node
            at = data.find(word, at + len(word))
    yield from sorted(found.values(), key=lambda node: node.start_byte)
