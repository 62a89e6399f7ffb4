"""How patterns are read in a language and which of its node kinds behave alike: one TOML for each language says it all."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orchestra_lsp.syntax import language as languages

_FOLDER = Path(__file__).with_name("dialects")
MARK = "@"  # where the pattern stands in a context
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dialect:
    """What review knows of one language beside syntax/languages.

    `family` is the language whose examples and import rules it shares; `contexts` and `argument` are pieces of code with `@` where a
    pattern is put to be parsed; `keys` maps a node kind to the query that captures its telling part as `@key`; `bindings` is a query
    for whatever gives a local variable (`@name`) its `@value`; `kinds` maps abstract words to node kinds, those of syntax/languages
    included.
    """

    language: str
    family: str
    contexts: tuple[str, ...]
    argument: str
    keys: Mapping[str, str]
    bindings: str
    kinds: Mapping[str, frozenset[str]]
    functions: frozenset[str]  # with a name or without

    def key_query(self, kind: str) -> str:
        """The query that captures the telling part of a kind of node, as `@key.<kind>`."""
        return self.keys[kind].replace("@key", f"@key.{kind}")

    def kind(self, word: str) -> frozenset[str]:
        """The node kinds an abstract word stands for; none if the language lacks the construct."""
        return self.kinds.get(word, _NOTHING)


@cache
def dialect(language: str) -> Dialect | None:
    """The dialect of a language; None if review has no rules for it."""
    if language not in dialects():
        return None
    page = _page(language)
    kinds = {**languages.definition(language).kinds, **{word: frozenset(found) for word, found in page["kinds"].items()}}
    return Dialect(
        language=language,
        family=page["family"],
        contexts=tuple(page["contexts"]),
        argument=page["argument"],
        keys=MappingProxyType(page["keys"]),
        bindings=page["bindings"],
        kinds=MappingProxyType(kinds),
        functions=kinds["function"] | kinds["lambda"],
    )


@cache
def dialects() -> tuple[str, ...]:
    """All languages with a dialect, in alphabetical order."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


def family(language: str) -> str:
    """The language whose examples a language shares: "javascript" for typescript and tsx, else its own name."""
    found = dialect(language)
    return found.family if found else language


@cache
def _page(language: str) -> Mapping[str, Any]:
    page = tomllib.loads(_FOLDER.joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    if "extends" not in page:
        return {"family": language, **page}
    base = _page(page["extends"])
    words = {*base["kinds"], *page.get("kinds", {})}
    kinds = {word: [*base["kinds"].get(word, ()), *page.get("kinds", {}).get(word, ())] for word in words}
    return {**base, **page, "kinds": kinds, "keys": {**base["keys"], **page.get("keys", {})}}
