"""What a file is made of: its functions with their names and bodies, and the nodes that count for complexity, found by one query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.language import Language, definition, grammar
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_ROLES = ("boolean", "if", "elif", "else", "ternary", "jump", "decision", "default", "opaque")
_KIND_ROLES = ("function", "lambda", "class", "module", "loop", "switch", "catch")
_MOST_LOOSE = 5000
_FIRST_WORD = re.compile(rb"\w+")


@dataclass(frozen=True, slots=True)
class Function:
    """One function with a name. `owner` is the class it stands in directly, `receiver` the name of the object in Go."""

    name: str
    node: Node
    span: Span
    name_span: Span
    body: Span
    parameters: int
    parent: int  # index of the function around it in the outline, -1 for none
    owner: str = ""
    receiver: str = ""
    is_lambda: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """The named functions in order of their start, and the nodes of each role, in no dependable order."""

    language: Language
    functions: tuple[Function, ...]
    marks: Mapping[str, Sequence[Node]]

    def of(self, role: str) -> Sequence[Node]:
        return self.marks.get(role, ())

    def rule(self, name: str) -> bool:
        """Whether the language has this one of `language.RULES`."""
        return name in self.language.complexity.get("rules", ())


def outline_of(buffer: Buffer, span: Span | None = None) -> Outline | None:
    """The outline of a buffer, or of what touches a span of it and lies around that; None if the buffer was not parsed."""
    root = readable_root(buffer)
    if root is None:
        return None
    from tree_sitter import QueryCursor

    language = definition(buffer.language)
    cursor = QueryCursor(_query(buffer.language))
    if span is not None:
        cursor.set_byte_range(span.start, max(span.end, span.start + 1))
    marks = cursor.captures(root)
    return Outline(language, _functions(buffer.data, language, marks), marks)


def readable_root(buffer: Buffer) -> Node | None:
    """The root of the tree; None without a tree, and for thousands of brackets without sense, on which queries take quadratic time."""
    root = buffer.tree.root_node if buffer.tree else None
    if root is not None and root.is_error and root.child_count > max(_MOST_LOOSE, 10 * root.named_child_count):
        return None
    return root


def owners(bodies: Sequence[Span], offsets: Sequence[int]) -> list[int]:
    """For each offset, in ascending order, the index of the innermost of the nested `bodies` (ascending too) around it, or -1."""
    found: list[int] = []
    around: list[int] = []
    following = 0
    for offset in offsets:
        while following < len(bodies) and bodies[following].start <= offset:
            while around and bodies[around[-1]].end <= bodies[following].start:
                around.pop()
            around.append(following)
            following += 1
        while around and bodies[around[-1]].end <= offset:
            around.pop()
        found.append(around[-1] if around else -1)
    return found


@cache
def _query(name: str) -> Query:
    from tree_sitter import Query

    language = definition(name)
    known = grammar(name)
    assert known is not None, "only parsed buffers have an outline"
    patterns = [_binder_pattern(entry, language) for entry in language.functions["bound"]]
    entries = [(role, kind) for role in _KIND_ROLES for kind in sorted(language.kinds[role])]
    entries += [(role, entry) for role in _ROLES for entry in language.complexity.get(role, ())]
    patterns += [entry if entry.startswith("(") else f"({entry}) @{role}" for role, entry in entries]
    return Query(known, "\n".join(patterns))


def _binder_pattern(entry: str, language: Language) -> str:
    """What gives a name to a function expression. The name itself stays out of the pattern: it may lie outside the range asked for."""
    kind, _, value, *wrapper = entry.split()
    functions = "[" + " ".join(f"({each})" for each in sorted(language.kinds["lambda"])) + "]"
    return f"({kind} {value}: ({wrapper[0]} . {functions} .)) @binder" if wrapper else f"({kind} {value}: {functions}) @binder"


def _functions(data: bytes, language: Language, marks: Mapping[str, Sequence[Node]]) -> tuple[Function, ...]:
    classes = sorted(((node.start_byte, node.end_byte, node) for node in marks.get("class", ())), key=lambda entry: entry[:2])
    class_spans = [Span(start, end) for start, end, _ in classes]
    found = []
    declared = [(node, *_declared(node)) for node in marks.get("function", ())]
    declared += [(node, name, _declared(node)[1]) for node, name in _bound(language, marks)]
    for node, name, parameters in declared:
        body = node.child_by_field_name("body")
        if name is not None and body is not None:
            found.append((node, name, body, parameters))
    found.sort(key=lambda entry: (entry[0].start_byte, -entry[0].end_byte))
    starts = [entry[0].start_byte for entry in found]
    bodies = [Span(entry[2].start_byte, entry[2].end_byte) for entry in found]
    parents = owners(bodies, starts)
    inside = owners(class_spans, starts)
    functions = []
    for (node, name, _, parameters), body_span, parent, holder in zip(found, bodies, parents, inside, strict=True):
        owner, receiver = _receiver(data, node)
        if holder >= 0 and (parent < 0 or class_spans[holder].start > bodies[parent].start):
            owner = name_of(data, classes[holder][2])
        functions.append(
            Function(
                name=decode(data[name.start_byte : name.end_byte]),
                node=node,
                span=Span(node.start_byte, node.end_byte),
                name_span=Span(name.start_byte, name.end_byte),
                body=body_span,
                parameters=_count_parameters(data, language, parameters),
                parent=parent,
                owner=owner,
                receiver=receiver,
                is_lambda=node.type in language.kinds["lambda"],
            )
        )
    return tuple(functions)


def _bound(language: Language, marks: Mapping[str, Sequence[Node]]) -> Iterator[tuple[Node, Node]]:
    """Function expressions that are bound to a name, with the name: the last part of it, as in `exports.name = function`."""
    fields = {kind: rest for kind, *rest in map(str.split, language.functions["bound"])}
    for binder in marks.get("binder", ()):
        name_field, value_field, *wrapper = fields[binder.type]
        value = binder.child_by_field_name(value_field)
        name = binder.child_by_field_name(name_field) or next((each for each in binder.children if each.type == name_field), None)
        if value is not None and value.type in wrapper:
            value = value.named_child(0)
        if name is not None and name.type in wrapper:
            name = name.named_child(0)
        while name is not None and (last := name.child_by_field_name("property")) is not None:
            name = last
        if name is not None and value is not None:
            yield value, name


def _declared(node: Node) -> tuple[Node | None, Node | None]:
    """Name and parameters of a definition; C hides both in nested declarators."""
    name = node.child_by_field_name("name")
    parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    declarator = node.child_by_field_name("declarator")
    while declarator is not None:
        parameters = declarator.child_by_field_name("parameters") or parameters
        inner = declarator.child_by_field_name("declarator")
        if inner is None and declarator.type.endswith("_declarator") and declarator.named_child_count:
            inner = declarator.named_child(0)
        if inner is None:
            name = declarator
        declarator = inner
    while name is not None and (last := name.child_by_field_name("name")) is not None:
        name = last
    return name, parameters


def _count_parameters(data: bytes, language: Language, parameters: Node | None) -> int:
    """Declared parameters without the receiver (self, cls, this)."""
    if parameters is None:
        return 0
    if parameters.type not in language.kinds["parameters"]:
        return 1  # x => x
    skipped = language.functions.get("not_counted", ())
    declared = [node for node in parameters.named_children if node.type not in skipped]
    if declared:
        text = data[declared[0].start_byte : declared[0].end_byte]
        word = _FIRST_WORD.match(text)
        if text == b"void" or (word and word[0].decode() in language.functions.get("receivers", ())):
            del declared[0]
    return sum(max(1, len(node.children_by_field_name("name"))) for node in declared)


def _receiver(data: bytes, node: Node) -> tuple[str, str]:
    """Type and name of a Go receiver."""
    receiver = node.child_by_field_name("receiver")
    if receiver is None or not receiver.named_child_count:
        return "", ""
    text = decode(data[receiver.start_byte : receiver.end_byte]).strip("()")
    name, _, kind = text.partition(" ")
    return kind.strip(" *"), name


def name_of(data: bytes, node: Node) -> str:
    """The name of a class or module; for a Rust impl its type, and for a nameless one a word that no other has."""
    name = node.child_by_field_name("name") or node.child_by_field_name("type")
    return decode(data[name.start_byte : name.end_byte]) if name else f"@{node.start_byte}"
