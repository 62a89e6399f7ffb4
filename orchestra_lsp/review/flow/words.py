"""The names by which data from outside can come into one file: a function without any of them need not be followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestra_lsp.review.flow.tables import Tables
from orchestra_lsp.review.flow.world import World
from orchestra_lsp.trust.linear import compiled

_NEVER = r"[^\x00-\xff]"
_MOST_KEPT = 64
#: Patterns by language and imports, which hardly ever change while a file is typed.
_KEPT: dict[object, Any] = {}


def source_words(tables: Tables, world: World) -> Any:
    """A pattern (RE2, over bytes) of what brings data in, by the imports of the file; it depends on nothing else in it."""
    imports = world.scene.imports
    key = (world.scene.dialect.family, frozenset(imports.names.items()), imports.modules)
    known = _KEPT.get(key)
    if known is None:
        known = compiled(_pattern(tables, world))
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = known
    return known


def _pattern(tables: Tables, world: World) -> str:
    found = {*_parameters(tables, world), *_decorators(tables, world)}
    names = [*tables.reads.items(), *((_full(owner, last), source) for last, entries in tables.calls.items() for owner, source in entries)]
    for name, source in names:
        if world.imports(source.imports):
            found.update(_written(name, world.scene.imports.names))
    return "|".join(sorted(found)) or _NEVER


def _full(owner: str, last: str) -> str:
    return f"{owner}.{last}" if owner else last


def _written(name: str, bound: Mapping[str, str]) -> Iterator[str]:
    """How a full name can be written in the file: by what its imports bind, or as a name of the language itself."""
    owner = name.rpartition(".")[0]
    for own, target in bound.items():
        if target == name or (target == owner and "." in owner):
            yield rf"\b{re.escape(own)}\b"
        elif name.startswith(f"{target}."):
            yield rf"\b{re.escape(own)}\.{re.escape(name[len(target) + 1 :].partition('.')[0])}\b"
    first, dot, rest = name.partition(".")
    if not dot:
        yield rf"\b{re.escape(name)}\s*\("
    elif first not in bound:
        yield rf"\b{re.escape(first)}\.{re.escape(rest.partition('.')[0])}\b"


def _parameters(tables: Tables, world: World) -> Iterator[str]:
    reads = [*tables.reads, *(_full(owner, last) for last, entries in tables.calls.items() for owner, _ in entries)]
    for request in tables.requests:
        if world.imports(request.imports) and any(name.startswith(f"{request.ref}.") for name in reads):
            yield from (rf"\b{re.escape(name)}\b" for name in (*request.names, *request.types))
    for name, target in tables.aliases.items():
        if "." in name and any(read.startswith(f"{target}.") for read in reads):
            yield rf"\b{re.escape(name)}\b"


def _decorators(tables: Tables, world: World) -> Iterator[str]:
    for handler in tables.handlers:
        if world.imports(handler.imports):
            yield rf"@[\w.]+\.(?:{'|'.join(sorted(map(re.escape, handler.names)))})\b"
