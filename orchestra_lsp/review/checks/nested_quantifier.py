"""A repeated group in a regular expression whose turns can be cut in more than one way, before something that may not fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.syntax.text import decode

_ATOM = re.compile(r"\\(?:[ux]\{?[0-9A-Fa-f]+\}?|[pP]\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|[^()|]", re.DOTALL)
_OPEN = re.compile(r"\((?:\?(?P<kind><?[=!]|:|<[A-Za-z_$][\w$]*>|[imsx-]+:))?")
_REPEAT = re.compile(r"(?P<sign>[*+?]|\{(?P<least>\d+)(?P<more>,)?(?P<most>\d*)\})[?+]?")
# Which single characters and classes a class takes in.
_OVERLAPS = {
    r"\w": r"[A-Za-z0-9_]\Z|\\[wd]\Z",
    r"\d": r"[0-9]\Z|\\d\Z",
    r"\s": r"\s\Z|\\s\Z",
    r"\S": r"[^\s\\.]\Z|\\[wdS]\Z",
    ".": r"[^\\\n]\Z|\\[wdsWDS]\Z",
}
_DEEPEST = 50  # groups inside groups; no pattern that a person wrote comes near


@dataclass(frozen=True, slots=True)
class _Part:
    """One repeated or single piece of a pattern: a character, class or group (its alternatives) with its bounds and place."""

    text: str
    alternatives: tuple[tuple[_Part, ...], ...]
    least: int
    endless: bool
    start: int
    end: int
    zero_width: bool = False

    @property
    def nullable(self) -> bool:
        inner = bool(self.alternatives) and any(all(part.nullable for part in turn) for turn in self.alternatives)
        return self.least == 0 or self.zero_width or inner


def check(match: Match) -> Hit | None:
    pattern = match.node.child_by_field_name("pattern")
    # `new RegExp("...")`: in a text each backslash is written twice
    text = decode(match.scene.text(pattern) if pattern is not None else match.text("P")[1:-1].replace(b"\\\\", b"\\"))
    found, end = _sequence(text, 0, 0)
    bad = _ambiguous(found) if end == len(text) else None
    return Hit(match.node, words={"PART": text[bad.start : bad.end]}) if bad is not None else None


def _sequence(text: str, at: int, depth: int) -> tuple[tuple[tuple[_Part, ...], ...], int]:
    """The alternatives from `at` on, up to the closing parenthesis or the end, and where they end."""
    alternatives: list[tuple[_Part, ...]] = []
    parts: list[_Part] = []
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            alternatives.append(tuple(parts))
            parts, at = [], at + 1
            continue
        part = _part(text, at, depth)
        if part is None:
            return (), -1
        parts.append(part)
        at = part.end
    return (*alternatives, tuple(parts)), at


def _part(text: str, start: int, depth: int) -> _Part | None:
    opened = _OPEN.match(text, start)
    inner: tuple[tuple[_Part, ...], ...] = ()
    if opened:
        inner, at = _sequence(text, opened.end(), depth + 1) if depth < _DEEPEST else ((), -1)
        if at < 0 or at >= len(text):
            return None
        at += 1
    else:
        found = _ATOM.match(text, start)
        if found is None:
            return None
        at = found.end()
    body = text[start:at]
    looks = opened is not None and opened["kind"] in ("=", "!", "<=", "<!")
    repeat = _REPEAT.match(text, at)
    if repeat is None:
        return _Part(body, inner, 1, False, start, at, looks or body in ("^", "$", r"\b", r"\B"))
    sign = repeat["sign"]
    least = 1 if sign == "+" else 0 if sign in "*?" else int(repeat["least"])
    endless = sign in "*+" or (repeat["more"] is not None and not repeat["most"])
    return _Part(body, inner, least, endless, start, repeat.end(), looks)


def _ambiguous(alternatives: Sequence[Sequence[_Part]], follows: bool = False) -> _Part | None:
    """The first endless group that can be cut in several ways and is followed by something that may fail."""
    for parts in alternatives:
        for index, part in enumerate(parts):
            fails = follows or any(not later.nullable or later.text == "$" for later in parts[index + 1 :])
            if not part.alternatives:
                continue
            if part.endless and fails and not part.zero_width and _cuts_freely(part.alternatives):
                return part
            inner = _ambiguous(part.alternatives, fails)
            if inner is not None:
                return inner
    return None


def _cuts_freely(alternatives: Sequence[Sequence[_Part]]) -> bool:
    if any(_is_one_run(parts) for parts in alternatives):
        return True
    single = [parts[0].text for parts in alternatives if len(parts) == 1 and not parts[0].alternatives and parts[0].least == 1]
    return any(_overlaps(one, other) for index, one in enumerate(single) for other in single[index + 1 :])


def _is_one_run(parts: Sequence[_Part]) -> bool:
    """One endless piece, and beside it nothing that must be there: two turns look like one."""
    endless = [part for part in parts if part.endless and not part.alternatives]
    if not endless or any(part.zero_width for part in parts):
        return False
    others = [part for part in parts if not part.nullable and part is not endless[0]]
    return all(part.endless and part.text == endless[0].text for part in others)


def _overlaps(one: str, other: str) -> bool:
    if one == other:
        return True
    return any(wide in _OVERLAPS and re.match(_OVERLAPS[wide], narrow) is not None for wide, narrow in ((one, other), (other, one)))
