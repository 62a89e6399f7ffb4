"""What a language's `taint/<language>.toml` says: where data comes in, what makes it harmless, and where it must not go."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "taint"
ANY_OWNER = "*"  # a method of that name on whatever


@dataclass(frozen=True, slots=True)
class Source:
    """Names that give data from outside when they are read or called."""

    what: str
    imports: tuple[str, ...]
    cleaned: frozenset[str] = frozenset()  # sinks it may go to: who runs a program may name its files


@dataclass(frozen=True, slots=True)
class Request:
    """A parameter that is the request: by name and position in the list, or by its type."""

    ref: str
    names: frozenset[str]
    types: frozenset[str]
    imports: tuple[str, ...]
    position: int | None
    least: int  # parameters that the function has


@dataclass(frozen=True, slots=True)
class Handler:
    """A function made a handler by its decorator: parameters come from outside, except those of `safe` types; what it returns is sent."""

    names: frozenset[str]
    imports: tuple[str, ...]
    safe: frozenset[str]
    what: str
    returns: str
    returns_if: str
    named: bool  # only parameters that stand in the decorator's text


@dataclass(frozen=True, slots=True)
class Sink:
    """A call that outside data must not reach by some of its arguments (positions, names, "receiver", "*" for all)."""

    name: str
    kind: str
    calls: tuple[str, ...]
    arguments: tuple[int | str, ...]
    imports: tuple[str, ...]
    needs: str  # a mark on the receiver or an argument
    where: Mapping[str, Any]  # constant values that named or numbered arguments must have
    unless: Mapping[str, Any]
    mode: str  # "": the value itself or what it holds; "argv", "own", "keys", "inside"


@dataclass(frozen=True, slots=True)
class Mark:
    """A call that switches something on in what it makes ("result") or in its receiver."""

    mark: str
    calls: tuple[str, ...]
    where: Mapping[str, Any]
    on: str
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """One language's tables, found by the last part of a name."""

    reads: Mapping[str, Source]
    calls: Mapping[str, tuple[tuple[str, Source], ...]]
    requests: tuple[Request, ...]
    handlers: tuple[Handler, ...]
    aliases: Mapping[str, str]
    cleaners: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    restoring: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    raising: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    tests: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    sinks: Mapping[str, tuple[tuple[str, Sink], ...]]
    stores: Mapping[str, Sink]  # full names that are filled: `session[...] = value`
    marks: Mapping[str, tuple[tuple[str, Mark], ...]]
    validators: re.Pattern[str]
    mutators: frozenset[str]
    lookups: frozenset[str]
    each: frozenset[str]
    receivers: frozenset[str]
    pure: tuple[str, ...]  # what a full name starts with whose value is made of its arguments alone


def owned(found: Mapping[str, tuple[tuple[str, Any], ...]], full: str, last: str) -> Iterable[Any]:
    """The entries for a call: those of its full name, and those of a method on whatever."""
    for owner, entry in found.get(last, ()):
        if owner == ANY_OWNER or full == (f"{owner}.{last}" if owner else last):
            yield entry


@cache
def tables(language: str) -> Tables | None:
    """The tables of a language (of its family); None if there are none."""
    path = FOLDER / f"{language}.toml"
    if not path.exists():
        return None
    page = tomllib.loads(path.read_text(encoding="utf-8"))
    sources = [
        (Source(one.get("say", "request data"), tuple(one.get("imports", ())), frozenset(one.get("harmless", ()))), one)
        for one in page.get("source", ())
    ]
    requests = tuple(_request(one) for one in page.get("request", ()))
    handlers = tuple(_handler(one) for one in page.get("handler", ()))
    sinks = [_sink(one) for one in page.get("sink", ())]
    marks = [_mark(one) for one in page.get("mark", ())]
    lists = page.get("lists", {})
    return Tables(
        reads={name: source for source, one in sources for name in one.get("read", ())},
        calls=_by_last((name, source) for source, one in sources for name in one.get("call", ())),
        requests=requests,
        handlers=handlers,
        aliases=page.get("alias", {}),
        cleaners=_cleaning(page.get("clean", {})),
        restoring=_cleaning(page.get("restore", {})),
        raising=_cleaning(page.get("raises", {})),
        tests=_cleaning(page.get("test", {})),
        sinks=_by_last((name, sink) for sink in sinks for name in sink.calls),
        stores={name: sink for sink, one in zip(sinks, page.get("sink", ()), strict=True) for name in one.get("store", ())},
        marks=_by_last((name, mark) for mark in marks for name in mark.calls),
        validators=re.compile(page.get("validators", r"(?!)")),
        mutators=frozenset(lists.get("mutators", ())),
        lookups=frozenset(lists.get("lookups", ())),
        each=frozenset(lists.get("each", ())),
        receivers=frozenset(lists.get("receivers", ())),
        pure=tuple(lists.get("pure", ())),
    )


@cache
def sink_names() -> frozenset[str]:
    """The sinks of all tables: what a page may name by `flow`."""
    pages = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml")))
    return frozenset(one["sink"] for page in pages for one in page.get("sink", ())) | {"html"}


def _by_last(entries: Iterable[tuple[str, Any]]) -> dict[str, tuple[tuple[str, Any], ...]]:
    found: dict[str, tuple[tuple[str, Any], ...]] = {}
    for name, entry in entries:
        owner, _, last = name.rpartition(".")
        found[last] = (*found.get(last, ()), (owner, entry))
    return found


def _cleaning(table: Mapping[str, Sequence[str]]) -> dict[str, tuple[tuple[str, frozenset[str]], ...]]:
    """Calls by the sinks (joined by a blank, `*` for all) that they make a value harmless for."""
    return _by_last((name, frozenset(sinks.split())) for sinks, names in table.items() for name in names)


def _request(one: Mapping[str, Any]) -> Request:
    return Request(
        one["ref"],
        frozenset(one.get("names", ())),
        frozenset(one.get("types", ())),
        tuple(one.get("imports", ())),
        one.get("position"),
        one.get("least", 0),
    )


def _handler(one: Mapping[str, Any]) -> Handler:
    return Handler(
        frozenset(one["names"]),
        tuple(one.get("imports", ())),
        frozenset(one.get("safe", ())),
        one.get("say", "a parameter of the request"),
        one.get("returns", ""),
        one.get("returns-if", ""),
        one.get("named", False),
    )


def _sink(one: Mapping[str, Any]) -> Sink:
    return Sink(
        one["sink"],
        one.get("say", ""),
        tuple(one.get("call", ())),
        tuple(one.get("arguments", (0,))),
        tuple(one.get("imports", ())),
        one.get("needs", ""),
        one.get("where", {}),
        one.get("unless", {}),
        one.get("mode", ""),
    )


def _mark(one: Mapping[str, Any]) -> Mark:
    return Mark(one["mark"], tuple(one["call"]), one.get("where", {}), one.get("on", "result"), tuple(one.get("imports", ())))
