"""What an expression is made of: a constant, or a text put together from parts that are not constant.

Both look through local variables of the outermost function around, and through variables of the module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.syntax.language import grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_CONSTANT_NAME = re.compile(rb"(?:.*\W)?_*[A-Z][A-Z0-9_]*\Z", re.DOTALL)
_CONVERSIONS = frozenset({b"int", b"len", b"float", b"bool", b"Number", b"parseInt", b"parseFloat", b"strconv.Itoa"})
_ESCAPES = frozenset({b"escape", b"quote", b"escapeId", b"escape_string", b"escape_identifier", b"quote_ident", b"QuoteIdentifier"})
_FORMATTERS = frozenset({"fmt.Sprintf", "fmt.Sprint", "fmt.Sprintln", "util.format"})
_SAME_TEXT = frozenset({b"as_str", b"to_string", b"to_owned", b"into", b"as_ref", b"clone", b"trim", b"strip", b"encode"})
_OPERATIONS = frozenset({"binary_operator", "binary_expression", "unary_expression", "unary_operator"})
_TOP = 6  # levels below the root at which module code, such as that of a main block, still binds names
_DEPTH = 8  # how many parentheses and variables deep a value is followed; a variable counts for two


def is_constant(scene: Scene, node: Node, depth: int = _DEPTH) -> bool:
    """A literal, a name in capitals, a number by conversion, or something made of these alone."""
    rules = scene.dialect
    if node.type in rules.kind("literal"):
        return True
    if depth <= 0:
        return False
    if node.type in rules.kind("string"):
        return all(is_constant(scene, part, depth - 1) for part in interpolated(scene, node))
    if node.type in ("conditional_expression", "ternary_expression"):
        # `a ? b : c` and `b if a else c`: what is asked does not become part of the value
        parts = [child for child in node.named_children if not child.is_extra]
        asked = 0 if node.type == "ternary_expression" else 1
        return all(is_constant(scene, part, depth - 1) for index, part in enumerate(parts) if index != asked)
    if node.type in rules.kind("collection") or node.type in rules.kind("transparent") or node.type in _OPERATIONS:
        return all(is_constant(scene, child, depth - 1) for child in node.named_children if not child.is_extra)
    if node.type in rules.kind("call"):
        return _is_constant_call(scene, node, depth)
    if _CONSTANT_NAME.match(scene.text(node)):
        return True
    if node.type == "identifier":
        values = origins(scene, node)
        return bool(values) and all(value is not None and is_constant(scene, value, depth - 2) for value in values)
    return False


def is_fixed(scene: Scene, node: Node) -> bool:
    """The same in every turn of a loop: literals and names in capitals, joined at most. No variable and no call, however harmless."""
    rules = scene.dialect
    if node.type in rules.kind("literal") or _CONSTANT_NAME.match(scene.text(node)):
        return True
    if node.type in rules.kind("string"):
        return not any(interpolated(scene, node))
    if node.type in rules.kind("transparent") or node.type in _OPERATIONS:
        return all(is_fixed(scene, child) for child in node.named_children if not child.is_extra)
    return False


def is_built_text(scene: Scene, node: Node, depth: int = _DEPTH) -> bool:
    """A text put together at run time from something that is not constant: interpolated, joined by an operator or formatted."""
    rules = scene.dialect
    if depth <= 0:
        return False
    if node.type in rules.kind("string"):
        return any(not is_constant(scene, part) for part in interpolated(scene, node))
    if node.type in rules.kind("transparent"):
        return any(is_built_text(scene, child, depth - 1) for child in node.named_children)
    if node.type in ("binary_operator", "binary_expression"):
        return _is_built_by_operator(scene, node, depth)
    if node.type == "macro_invocation":
        return _is_format_macro(scene, node)
    if node.type in rules.kind("call"):
        return _is_built_by_call(scene, node, depth)
    if node.type == "identifier":
        return any(value is not None and is_built_text(scene, value, depth - 2) for value in origins(scene, node))
    return False


#: What `where.X.kind` may name beside abstract words and kinds of the grammar.
PREDICATES: dict[str, Callable[[Scene, Node], bool]] = {"constant": is_constant, "fixed": is_fixed, "built text": is_built_text}


def origins(scene: Scene, name: Node) -> tuple[Node | None, ...]:
    """What a variable is given anywhere in the outermost function around it, or else outside of functions; None for what cannot be told.

    Nothing at all for a name that is bound in neither.
    """
    function = next((above for above in reversed(list(ancestors(name))) if scene.is_function(above)), None)
    wanted = scene.text(name)
    found = _memo(scene, function).get(wanted, ()) if function is not None else ()
    return found or module_values(scene, wanted)


def module_values(scene: Scene, name: bytes) -> tuple[Node | None, ...]:
    """What a variable of the module is given anywhere outside of functions; None for what cannot be told."""
    return _memo(scene, scene.root).get(name, ())


def module_bindings(scene: Scene, nodes: Sequence[Node]) -> list[tuple[bytes, bytes]]:
    """Names and values (as text) that some top-level nodes bind outside of functions."""
    found = [(name, value) for node in nodes for name, value in _bindings(scene, node, _TOP)]
    return [(scene.text(name), scene.text(value) if value is not None else b"") for name, value in found]


def interpolated(scene: Scene, node: Node) -> Iterator[Node]:
    """The expressions inside an interpolated string, and inside strings written next to each other."""
    for child in node.named_children:
        if child.type in scene.dialect.kind("interpolation"):
            yield from child.named_children[:1]
        elif child.type in scene.dialect.kind("string"):
            yield from interpolated(scene, child)


def operands(node: Node, operator: str) -> list[Node]:
    """The operands of a chain of one binary operator, in the order of the text."""
    found: list[Node] = []
    while True:
        sign, left, right = (node.child_by_field_name(name) for name in ("operator", "left", "right"))
        if sign is None or sign.type != operator or left is None or right is None:
            return [node, *reversed(found)]
        found.append(right)
        node = left


def call_name(scene: Scene, node: Node) -> str:
    """The full name of what a call calls if it comes from an import, else ""."""
    called = node.child_by_field_name("function")
    return scene.imports.resolve(scene.text(called).decode(errors="replace")) if called is not None else ""


def _memo(scene: Scene, holder: Node) -> dict[bytes, tuple[Node | None, ...]]:
    known = scene.memo.get(holder.id)
    if known is None:
        known = scene.memo[holder.id] = {}
        for name, value in _bindings(scene, holder, _TOP if holder == scene.root else None):
            text = scene.text(name)
            known[text] = (*known.get(text, ()), value)
    return known


def _bindings(scene: Scene, holder: Node, depth: int | None) -> Iterator[tuple[Node, Node | None]]:
    """The variables bound in a function; with a `depth` those not deeper than that, and not in a function below."""
    from tree_sitter import QueryCursor

    cursor = QueryCursor(_bindings_query(scene.dialect.language))
    if depth is not None:
        cursor.set_max_start_depth(depth)
    for _, match in cursor.matches(holder):
        name, value = match["name"][0], match["value"][0] if match.get("value") else None
        if depth is None or not any(scene.is_function(above) for above in ancestors(name)):
            yield name, value


@cache
def _bindings_query(language: str) -> Query:
    rules, found = dialect(language), grammar(language)
    if rules is None or found is None:
        raise KeyError(f"no dialect or grammar for {language!r}")
    from tree_sitter import Query

    return Query(found, rules.bindings)


def _is_built_by_operator(scene: Scene, node: Node, depth: int) -> bool:
    sign = node.child_by_field_name("operator")
    if sign is not None and sign.type == "%" and scene.dialect.family == "python":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        return left is not None and right is not None and _is_text(scene, left) and not is_constant(scene, right)
    if sign is None or sign.type != "+":
        return False
    parts = operands(node, "+")
    texts = any(_is_text(scene, part) or is_built_text(scene, part, depth - 1) for part in parts)
    return texts and not all(is_constant(scene, part) for part in parts)


def _is_built_by_call(scene: Scene, node: Node, depth: int) -> bool:
    called, held = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if called is None or held is None:
        return False
    arguments = [child.child_by_field_name("value") or child for child in _arguments(held)]
    if call_name(scene, node) in _FORMATTERS:
        return len(arguments) > 1 and not all(is_constant(scene, argument) for argument in arguments[1:])
    if scene.text(called) == b"String::from":
        return bool(arguments) and is_built_text(scene, arguments[0], depth - 1)
    receiver = _receiver(called)
    if receiver is None:
        return False
    method = scene.text(called.named_children[-1])
    if method in (b"format", b"concat") and _is_text(scene, receiver):
        return not all(is_constant(scene, argument) for argument in arguments)
    return method in _SAME_TEXT and is_built_text(scene, receiver, depth - 1)


def _is_format_macro(scene: Scene, node: Node) -> bool:
    """`format!` with an argument, or with a name inside its braces, that is not constant."""
    name = node.child_by_field_name("macro")
    if name is None or scene.text(name) != b"format":
        return False
    parts = [part for tree in node.named_children if tree.type == "token_tree" for part in tree.named_children if not part.is_extra]
    if not parts or not _is_text(scene, parts[0]):
        return False
    names = re.findall(rb"(?<!\{)\{([A-Za-z_]\w*)[:}]", scene.text(parts[0]))
    return any(not _CONSTANT_NAME.match(found) for found in names) or any(not is_constant(scene, part) for part in parts[1:])


def _is_text(scene: Scene, node: Node) -> bool:
    return node.type in scene.dialect.kind("string")


def _is_constant_call(scene: Scene, node: Node, depth: int) -> bool:
    called, held = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if called is None or held is None:
        return False
    name = scene.text(called)
    method = re.split(rb"\W+", name)[-1]
    if name in _CONVERSIONS or method in _ESCAPES:
        return True
    arguments = _arguments(held)
    receiver = None if scene.imports.resolve(name.decode(errors="replace")) else _receiver(called)
    if method in (b"join", b"Join"):
        parts = arguments if receiver is None else [receiver, *arguments]
    elif method in (b"repeat", b"Repeat"):
        parts = arguments[:1] if receiver is None else [receiver]
    elif method in (b"map", b"fill"):
        parts = arguments
    else:
        return False
    return all(is_constant(scene, part, depth - 1) or _is_made_of_constants(scene, part) for part in parts)


def _is_made_of_constants(scene: Scene, node: Node) -> bool:
    """`"?" for _ in values`, `() => "?"`: the same constant for each value."""
    body = node.child_by_field_name("body")
    made = node.type in ("generator_expression", "list_comprehension", "arrow_function")
    return made and body is not None and is_constant(scene, body, 1)


def _arguments(held: Node) -> list[Node]:
    """The arguments of a call; in Python a generator alone needs no brackets of its own."""
    return [held] if held.type == "generator_expression" else [child for child in held.named_children if not child.is_extra]


def _receiver(called: Node) -> Node | None:
    """What a method is called on."""
    return next((found for field in ("object", "operand", "value") if (found := called.child_by_field_name(field))), None)
