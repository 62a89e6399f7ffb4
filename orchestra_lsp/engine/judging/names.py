"""Names that an answer uses must exist somewhere: in the file, its neighbours, the answer itself or the language.

Only names that are called, read or reached into count, never what is reached for (`there.here`); so it misses much and blames little.
"""

from __future__ import annotations

import builtins
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestra_lsp.engine.judging.case import Case, Remark
from orchestra_lsp.model import Span
from orchestra_lsp.syntax.language import UNKNOWN, definition, names

if TYPE_CHECKING:
    from tree_sitter import Tree

FIRST, MILD, FURTHER, LEAST = 0.8, 0.9, 0.9, 0.65  # never a rejection on its own: `judge.START` times LEAST is still accepted
SHOWN = 3
MOST_NODES = 6000  # of a long answer; the rest is not looked at
_ALL_OF: Final = (b"import *", b"::*", b"import static ")  # bring names that the file does not tell

#: By the fields of the grammar: where a name is made, where it is used, and where it is reached for inside of something.
_MADE: Final = frozenset({"left", "name", "pattern", "declarator", "alias", "parameter", "parameters", "label", "key"})
_USED: Final = frozenset(
    {"right", "value", "body", "condition", "arguments", "function", "object", "operand", "operator", "argument", "consequence"}
    | {"alternative", "index", "subscript", "superclasses", "iterable", "receiver"}
)
_INSIDE: Final = frozenset({"attribute", "property", "field", "macro", "type", "path", "scope"})
_OPAQUE: Final = frozenset({"token_tree", "literal_element", "keyed_element", "scoped_identifier", "shorthand_field_initializer"})
_OPERATION: Final = ("binary", "comparison", "boolean", "augmented")
_BINDER: Final = ("parameter", "pattern", "import", "use_", "global", "nonlocal")
_BUNCH: Final = ("list", "tuple", "parenthesized", "dotted_name")

Place = tuple[str, str]  # a node's kind, and the field it has in the node around it


def check(case: Case) -> Remark | None:
    language = case.before.language
    known = builtin(language)
    if known is None or case.after.tree is None or any(one in case.after.data for one in _ALL_OF):
        return None
    used, made = _names(case.after.tree, case.after.data, case.placed)
    strange = [name for name in used if name not in made and name not in known and not _exists(name, case)]
    if not strange:
        return None
    factor = max(LEAST, (MILD if is_mild(language) else FIRST) * FURTHER ** (len(strange) - 1))
    more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
    return Remark(factor, f"uses {', '.join(strange[:SHOWN])}{more}, not known in this file or those around it")


def made_names(tree: Tree, data: bytes, span: Span) -> list[str]:
    """The names that a stretch makes, each once, in order."""
    return list(_names(tree, data, span)[1])


@cache
def builtin(language: str) -> frozenset[str] | None:
    """What needs no import; None for a language that is not judged."""
    if language == "python":
        return frozenset(dir(builtins)) | {"self", "cls", "__file__", "__class__", "_", "reveal_type", "WindowsError"}
    family = definition(language).family if language != UNKNOWN and language in names() else language
    entry = _table().get(language) or _table().get(family)
    return frozenset(str(entry["names"]).split()) if entry else None


def is_mild(language: str) -> bool:
    """Whether the language lets a file use names that other files make."""
    return bool(_table().get(language, {}).get("mild"))


@cache
def _table() -> dict[str, dict[str, object]]:
    return tomllib.loads(Path(__file__).with_name("builtins.toml").read_text(encoding="utf-8"))


def _exists(name: str, case: Case) -> bool:
    """Anywhere at all, even in a comment: a name that somebody wrote down is believed."""
    word = name.encode()
    pattern = re.compile(rb"(?<![\w$])%s(?![\w$])" % re.escape(word))
    return any(word in one.data and pattern.search(one.data) for one in (case.before, *case.neighbours))


def _names(tree: Tree, data: bytes, span: Span) -> tuple[list[str], dict[str, None]]:
    """The names that a stretch uses, in order, and those that it makes."""
    used: dict[str, None] = {}
    made: dict[str, None] = {}
    for name, places in _identifiers(tree, data, span):
        match _role(places):
            case "made":
                made[name] = None
            case "used":
                used[name] = None
    return list(used), made


def _identifiers(tree: Tree, data: bytes, span: Span) -> Iterator[tuple[str, Sequence[Place]]]:
    """Each identifier with its places, itself first and then what lies around it."""
    cursor = tree.walk()
    around: list[Place] = []
    left = MOST_NODES
    while left:
        left -= 1
        node = cursor.node
        assert node is not None
        apart = node.end_byte <= span.start or node.start_byte >= span.end
        place = (node.type, cursor.field_name or "")
        if not apart:
            if "identifier" in node.type and not node.child_count and span.start <= node.start_byte and node.end_byte <= span.end:
                yield data[node.start_byte : node.end_byte].decode(errors="replace"), [place, *reversed(around)]
            if cursor.goto_first_child():
                around.append(place)
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            around.pop()


def _role(places: Sequence[Place]) -> str:
    """ "made", "used", or "" for what cannot be told."""
    if places[0][0] != "identifier":
        # Other identifiers are members, types and shorthands; of those only the ones that bind are of interest.
        return "made" if "pattern" in places[0][0] else ""
    for (_, field), (around, _) in pairwise(places):
        if around in _OPAQUE or field in _INSIDE:
            return ""
        if any(word in around for word in _BINDER) and field not in _USED:
            return "made"
        if field in _MADE:
            return "used" if field == "left" and any(word in around for word in _OPERATION) else "made"
        if field in _USED or not any(word in around for word in _BUNCH):
            return "used"
    return "used"
