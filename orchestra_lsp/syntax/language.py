"""Which language a file is in, and what the grammar of that language calls things. One TOML for each language says it all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tree_sitter

UNKNOWN = "text"
_FOLDER = Path(__file__).with_name("languages")
_UNSPECIFIC = frozenset({"", "plaintext", "text", "plain"})
_HEAD = 4096  # bytes looked at for a first line, a modeline and the hints
_MODELINE = re.compile(rb"(?:\bvim?: ?(?:set )?(?:[\w=]+[ :])*(?:ft|filetype)=|-\*- (?:mode: )?)([\w+#-]+)", re.IGNORECASE)
_INHERITED = ("module", "line_comment")

Kinds = Mapping[str, frozenset[str]]
Patterns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Language:
    """One language as its TOML describes it. `kinds` maps abstract words to node kinds of the grammar.

    Words every language has: function (definitions with a name), lambda (function expressions), class, module (a named part of a file),
    loop, comprehension, branch, switch, case, try, catch, block, comment, string, number, identifier, import, call, parameters,
    argument, assignment, return, jump, boolean; a word that the language has no construct for is an empty set.
    `functions` and `complexity` are read by outline.py and the complexity modules, `scope` by scope.py and layout.py; their entries
    are node kinds, query patterns, for headers regular expressions, and for `bound` what names a function expression: node kind, field
    of the name, field of the function, and the list that wraps them, if one does.
    """

    name: str
    family: str  # the language at the end of its `extends`: they share their words, as JavaScript, TypeScript and TSX do
    display: str
    module: str
    factory: str
    line_comment: str
    editor_ids: tuple[str, ...]
    extensions: tuple[str, ...]
    file_names: tuple[str, ...]
    shebangs: tuple[str, ...]
    hints: tuple[str, ...]
    kinds: Kinds
    functions: Patterns
    complexity: Patterns
    scope: Patterns


WORDS = (
    *(
        "function",
        "lambda",
        "class",
        "module",
        "loop",
        "comprehension",
        "branch",
        "switch",
        "case",
        "try",
        "catch",
        "block",
        "comment",
        "string",
    ),
    *("number", "identifier", "import", "call", "parameters", "argument", "assignment", "return", "jump", "boolean"),
)

# What some languages do differently, in their `complexity.rules` and `scope.rules`.
RULES = {
    "decorator": "a function that holds only another one and returns it is no level for that one",
    "namespace": "an outermost function without control flow of its own is no level for the functions in it",
    "class resets nesting": "levels start again in a class inside a function",
    "lambda counts outside": "decisions in a named lambda count for the function around it as well",
    "parentheses start a chain": "boolean operators in parentheses are not joined with those outside",
    "bare call is own method": "a call without an object may mean a method of the same class",
    "indentation": "indentation says where a block ends",
}


def detect(editor_id: str, path: str, data: bytes) -> str:
    """The language's name: by the editor's id, then file name or extension, then the first line, then the content; else "text".

    An editor that names a language we do not know is believed: the content is not searched for another one.
    """
    index = _index()
    known = index.editor_ids.get(editor_id.lower())
    if known:
        return known
    head = data[:_HEAD]
    claims = _by_path(path, index)
    if claims:
        return claims[0] if len(claims) == 1 else _by_hints(head, claims, 1) or claims[0]
    named = _by_first_line(head, index)
    if named:
        return named
    if editor_id.lower() in _UNSPECIFIC and not PurePath(path).suffix:
        return _by_modeline(head, index) or _by_hints(head, names(), 2) or UNKNOWN
    return UNKNOWN


@cache
def names() -> tuple[str, ...]:
    """All languages with a definition, in alphabetical order."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


@cache
def definition(name: str) -> Language:
    """The definition of one of `names()`. Raises KeyError for another name, "text" included."""
    if name not in names():
        raise KeyError(f"no language {name!r}: known are {', '.join(names())}")
    page = _page(name)
    return Language(
        name=name,
        family=page["family"],
        display=page["display"],
        module=page["module"],
        factory=page["factory"],
        line_comment=page["line_comment"],
        editor_ids=tuple(page.get("editor_ids", ())),
        extensions=tuple(page.get("extensions", ())),
        file_names=tuple(page.get("file_names", ())),
        shebangs=tuple(page.get("shebangs", ())),
        hints=tuple(page.get("hints", ())),
        kinds=_kinds(page["kinds"]),
        functions=_patterns(page["functions"]),
        complexity=_patterns(page["complexity"]),
        scope=_patterns(page["scope"]),
    )


@cache
def grammar(name: str) -> tree_sitter.Language | None:
    """The grammar of a language, imported at the first call; None for "text" and unknown names."""
    if name not in names():
        return None
    from tree_sitter import Language as Grammar

    language = definition(name)
    return Grammar(getattr(import_module(language.module), language.factory)())


@dataclass(frozen=True, slots=True)
class _Index:
    editor_ids: Mapping[str, str]
    extensions: Mapping[str, tuple[str, ...]]
    file_names: Mapping[str, str]
    shebangs: Mapping[str, str]


@cache
def _index() -> _Index:
    languages = [definition(name) for name in names()]
    extensions: dict[str, tuple[str, ...]] = {}
    for language in languages:
        for extension in language.extensions:
            extensions[extension] = (*extensions.get(extension, ()), language.name)
    return _Index(
        editor_ids={word: language.name for language in languages for word in language.editor_ids},
        extensions=extensions,
        file_names={word: language.name for language in languages for word in language.file_names},
        shebangs={word: language.name for language in languages for word in language.shebangs},
    )


def _by_path(path: str, index: _Index) -> tuple[str, ...]:
    name = re.split(r"[/\\]", path)[-1]
    if name in index.file_names:
        return (index.file_names[name],)
    suffix = PurePath(name).suffix
    # ".C" and ".H" are C++ by custom, every other extension is compared without case
    return index.extensions.get(suffix) or index.extensions.get(suffix.lower(), ())


def _by_first_line(head: bytes, index: _Index) -> str:
    if not head.startswith(b"#!"):
        return ""
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    for word in words:
        program = re.split(r"[/\\]", word)[-1].removesuffix(".exe")
        if program == "env" or program.startswith("-") or "=" in program:
            continue
        return index.shebangs.get(program) or index.shebangs.get(program.rstrip("0123456789."), "")
    return ""


def _by_modeline(head: bytes, index: _Index) -> str:
    found = _MODELINE.search(head)
    return index.editor_ids.get(found[1].decode().lower(), "") if found else ""


def _by_hints(head: bytes, candidates: tuple[str, ...], least: int) -> str:
    """The language most of whose hints occur, if at least `least` do and no other is as good."""
    text = head.decode("utf-8", "replace")
    scores = {name: sum(bool(hint.search(text)) for hint in _compiled_hints(name)) for name in candidates}
    best = max(scores.values(), default=0)
    winners = [name for name, score in scores.items() if score == best]
    return winners[0] if best >= least and len(winners) == 1 else ""


@cache
def _compiled_hints(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(hint, re.MULTILINE) for hint in definition(name).hints)


def _kinds(table: Mapping[str, list[str]]) -> Kinds:
    return MappingProxyType({word: frozenset(table.get(word, ())) for word in {*WORDS, *table}})


def _patterns(table: Mapping[str, list[str]]) -> Patterns:
    return MappingProxyType({word: tuple(entries) for word, entries in table.items()})


@cache
def _page(name: str) -> Mapping[str, Any]:
    """A language's TOML, joined with the one it extends: kinds add up, other tables go key by key, recognition is never inherited."""
    page = tomllib.loads(_FOLDER.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    if "extends" not in page:
        return {"family": name, **page}
    base = _page(page["extends"])
    own = page.get("kinds", {})
    kinds = {word: [*base["kinds"].get(word, ()), *own.get(word, ())] for word in {*base["kinds"], *own}}
    tables = {table: {**base[table], **page.get(table, {})} for table in ("functions", "complexity", "scope")}
    return {**{key: base[key] for key in _INHERITED}, "family": base["family"], **page, "kinds": kinds, **tables}
