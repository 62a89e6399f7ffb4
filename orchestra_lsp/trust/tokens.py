"""Tokens that show themselves: by how they begin, by a word near them, or by their own shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from orchestra_lsp.trust.catalog import SecretKind, kinds
from orchestra_lsp.trust.checks import CHECKS
from orchestra_lsp.trust.harmless import entropy, is_example, is_known
from orchestra_lsp.trust.linear import compiled
from orchestra_lsp.trust.shape import Secret, is_random, is_word_byte

_LONGEST = 8_192  # bytes of one token
_AROUND = 400  # bytes before and after a word that are searched
_SHORT = 4  # a beginning with fewer characters is only looked for at the start of a word


@dataclass(frozen=True, slots=True)
class _Plan:
    """One regex of all literals, and whose they are; one regex of all kinds without a literal, one group each."""

    literals: Any
    owners: dict[bytes, list[SecretKind]]
    shapes: Any
    shaped: tuple[SecretKind, ...]


def find(data: bytes) -> Iterator[Secret]:
    """Everything of every kind that is not told by the name it is assigned to; may overlap."""
    plan = _plan()
    windows: dict[SecretKind, list[tuple[int, int]]] = defaultdict(list)
    for hit in plan.literals.finditer(data):
        start, found = hit.start(), hit.group()
        if found not in plan.owners:  # an escape such as \n stands before it
            start, found = start + 2, found[2:]
        for inside, literal, kind in _signs(found):
            at = start + inside
            if not data.startswith(literal, at):
                continue
            if kind.starts:
                yield from _beginning(data, at, at + len(literal), kind)
            else:
                _widen(windows[kind], data, at, at + len(literal))
    for kind, places in windows.items():
        regex = compiled(kind.value)
        for first, last in places:
            for match in regex.finditer(data, first, last):
                yield from _secret(data, match.span(1), kind)
    for match in plan.shapes.finditer(data):
        index = next(number for number in range(1, len(plan.shaped) + 1) if match.span(number)[0] >= 0)
        yield from _secret(data, match.span(index), plan.shaped[index - 1])


def _beginning(data: bytes, start: int, body: int, kind: SecretKind) -> Iterator[Secret]:
    if _inside_word(data, start):
        return
    regex = compiled(f"(?:{kind.value})", longest=True)
    match = regex.match(data, body, min(len(data), body + _LONGEST))
    if match is None or _goes_on(data, start, match.end(), kind):
        return
    first, last = match.span(1) if regex.groups else (start, match.end())
    if kind.digits and not any(48 <= byte <= 57 for byte in data[body:last]):
        return
    if kind.strange and not is_random(data[body:last].decode("latin-1")):
        return
    if not is_example(data[body:last].decode("latin-1")):
        yield from _secret(data, (first, last), kind, begun=True)


def _goes_on(data: bytes, start: int, end: int, kind: SecretKind) -> bool:
    """Whether what fits is only a part of something longer: a word, or base64 in which a short beginning stood by chance."""
    if is_word_byte(data, end):
        return data[end - 1 : end] != b"="
    return kind.strange and (data[end : end + 1] in (b"+", b"/") or data[start - 1 : start] in (b"+", b"/"))


def _inside_word(data: bytes, start: int) -> bool:
    """Whether a letter or digit stands before; the end of an escape such as \\n or %3D is none."""
    if not start or not data[start - 1 : start].isalnum():
        return False
    before = data[max(0, start - 6) : start]
    escaped = before[-2:-1] == b"\\" and before[-1:] in b"nrtbf0" and before[-3:-2] != b"\\"
    return not (escaped or before[-3:-2] == b"%" or before[:2] == b"\\u")


def _widen(places: list[tuple[int, int]], data: bytes, start: int, end: int) -> None:
    """Add the line of a word and the next one, more where a backslash ends it, to the places to search; at most 400 bytes either way."""
    first = data.rfind(b"\n", max(0, start - _AROUND), start)
    first = first + 1 if first >= 0 else max(0, start - _AROUND)
    last = data.find(b"\n", end, end + _AROUND)
    last = data.find(b"\n", last + 1, end + _AROUND) if last >= 0 else last
    while last > 0 and data[last - 1 : last] == b"\\":  # a command of several lines
        last = data.find(b"\n", last + 1, end + _AROUND)
    last = last if last >= 0 else min(len(data), end + _AROUND)
    if places and first <= places[-1][1]:
        first = places.pop()[0]
    places.append((first, last))


def _secret(data: bytes, span: tuple[int, int], kind: SecretKind, begun: bool = False) -> Iterator[Secret]:
    """The secret, if its value passes; of one told by how it begins, what follows that has been judged already."""
    start, end = span
    value = data[start:end].decode("latin-1")
    if entropy(value) < kind.entropy or (is_known(value) if begun else is_example(value)):
        return
    if kind.strange and not begun and not is_random(value):
        return
    if kind.check and not CHECKS[kind.check](value):
        return
    yield Secret(start, end, kind.name, kind.noisy)


@cache
def _plan() -> _Plan:
    import re2

    owners: dict[bytes, list[SecretKind]] = defaultdict(list)
    for kind in kinds():
        for literal in (*kind.starts, *kind.near):
            owners[literal.encode()].append(kind)
    literals = sorted(owners, key=lambda literal: (-len(literal), literal))
    pattern = "|".join(_literal(literal, owners[literal], re2.escape) for literal in literals)
    shaped = tuple(kind for kind in kinds() if not (kind.starts or kind.near or kind.named))
    shapes = "|".join(f"(?:{kind.value})" for kind in shaped)
    return _Plan(compiled(pattern), dict(owners), compiled(shapes), shaped)


def _literal(literal: bytes, owners: list[SecretKind], escape: Any) -> str:
    short = len(literal) < _SHORT and literal[:1].isalnum() and all(kind.starts for kind in owners)
    return ("(?:\\b|\\\\[nrt])" if short else "") + str(escape(literal.decode()))


@cache
def _signs(literal: bytes) -> tuple[tuple[int, bytes, SecretKind], ...]:
    """What may begin where `literal` stands, and at which offset: itself, shorter and longer ones, and what begins inside it."""
    owners = _plan().owners
    found = []
    for inside in range(len(literal)):
        rest = literal[inside:]
        others = {rest[:end] for end in range(1, len(rest) + 1) if rest[:end] in owners}
        others.update(other for other in owners if other.startswith(rest))
        found += [(inside, other, kind) for other in sorted(others) for kind in owners[other]]
    return tuple(found)
