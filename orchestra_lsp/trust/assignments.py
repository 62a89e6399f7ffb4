"""Secrets told by the name they are assigned to: of known providers, or guessed from names such as `db_password`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from orchestra_lsp.trust import notation
from orchestra_lsp.trust.catalog import SecretKind, kinds
from orchestra_lsp.trust.harmless import entropy, is_filler, is_sequence, is_stand_in
from orchestra_lsp.trust.linear import compiled, which
from orchestra_lsp.trust.names import Role, role_of
from orchestra_lsp.trust.notation import Assignment
from orchestra_lsp.trust.shape import Secret, is_random, is_strange

_LEAST_ENTROPY = 2.5  # bits a character of a value that is taken for a token
_LEAST_KEY = 20  # characters of what is assigned to a mere "key"; it must not be hex or a UUID either: those find things
_LONGEST_LINE = 300  # bytes on either side of a value in a settings file
_AFTER_COMMAND = re.compile(r"(?:--|-[eD] ?|\b(?:define|ENV|ARG|setx?|setenv)\s+)[\w.-]*$")
#: A name of the program: `settings.DB_PASSWORD`, `values[3]`, `SHA2_PASSWORD`, `new_password2`.
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\w*\]?|\(.*)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?|localhost(?::\d+)?")


@dataclass(frozen=True, slots=True)
class _Named:
    """The kinds told by a name: all their regexes at once, and which kind each belongs to."""

    patterns: Any
    regexes: tuple[str, ...]
    owners: tuple[SecretKind, ...]


def find(data: bytes) -> Iterator[Secret]:
    """The secrets among what is assigned; may overlap."""
    for found in notation.find(data):
        if len(found.text) < 4 or "ORCSEC_" in found.name or b"ORCSEC_" in data[found.begin : found.start]:
            continue  # a placeholder names nothing
        if found.operator == "" and data[found.start - 1 : found.start] == b"`":
            continue  # words in backticks beside a telling word are prose
        if kind := _known(found):
            yield Secret(found.start, found.end, kind.name, kind.noisy or is_sequence(found.text))
        elif guess := _guess(data, found):
            yield Secret(found.start, found.end, guess, noisy=True)


def _known(found: Assignment) -> SecretKind | None:
    named = _named()
    for index in sorted(named.patterns.Match(found.line.encode("latin-1")) or ()):
        kind: SecretKind = named.owners[index]
        if not _fits(kind, found.text):
            continue
        if kind.secretive and role_of(found.name) in (Role.NONE, Role.KEY):
            continue
        if role_of(found.name) is Role.NEVER or entropy(found.text) < kind.entropy or is_stand_in(found.text):
            continue
        if not _names(found.line, named.regexes[index]):
            continue
        if is_random(found.text) or (not kind.strange and _digits(found.text)):
            return kind
    return None


def _fits(kind: SecretKind, text: str) -> bool:
    """Hexadecimal digits may be written in capitals, but not in both."""
    regex = compiled(f"(?:{kind.value})", longest=True)
    return any(regex.fullmatch(one.encode("latin-1")) for one in (text, *([text.lower()] if text.isupper() else [])))


def _names(line: str, pattern: str) -> bool:
    """Whether a provider is named by whole words: `mySumoKey` and `SUMO_KEY` name one, `sumOfAll`, `CameraKit` and `rookTable` do not."""
    hits = (hit.span(0) for hit in compiled(pattern).finditer(line.encode("latin-1")))
    return any(_starts_word(line, start, end) and _ends_word(line, start, end) for start, end in hits)


def _starts_word(line: str, start: int, end: int) -> bool:
    inside = line[start].islower() and line[start - 1 : start].isalpha()
    return not inside or line[start:end].islower()


def _ends_word(line: str, start: int, end: int) -> bool:
    inside = line[end - 1].isupper() and line[end : end + 1].islower()
    return not inside or line[start:end].isupper()


def _guess(data: bytes, found: Assignment) -> str:
    """The kind of a guess, or "". Where no "=" or ":" says that this is an assignment, a value must look more like a secret."""
    role = role_of(found.name)
    if role in (Role.NONE, Role.NEVER):
        return ""
    if role is Role.KEY and (len(found.text) < _LEAST_KEY or not is_strange(found.text)):
        return ""
    assigned = found.operator not in ("", ",", "(", "{") or bool(_AFTER_COMMAND.search(found.line))
    if is_random(found.text):
        guessed = entropy(found.text) >= _LEAST_ENTROPY and (assigned or _digits(found.text) > 1)
    else:
        guessed = role is Role.PASSWORD and _may_be_password(data, found) and _is_password(data, found)
    if not guessed or is_filler(found.text):
        return ""
    return "password" if role is Role.PASSWORD else "token"


def _may_be_password(data: bytes, found: Assignment) -> bool:
    """Whether the notation makes it an assignment, rather than two words side by side."""
    if found.operator == ">":
        return data[found.end : found.end + 2] == b"</"
    if found.operator == "":
        return bool(_AFTER_COMMAND.search(found.line)) or (found.quoted and len(found.text) >= 8)
    if found.operator in (",", "(", "{"):
        return found.quoted and len(found.text) >= 8
    return True


def _is_password(data: bytes, found: Assignment) -> bool:
    """Whether a value that is not random is a password a person made up, rather than a word of the program or its messages."""
    text = found.text
    if len(text) < 5 or len(set(text)) < 4 or _NAME.fullmatch(text) or _HOST.fullmatch(text):
        return False
    digit = _digits(text) > 0
    symbol = any(character in "!@#$%^&*+=?~" for character in text)
    letter = any(character.isalpha() for character in text)
    if found.quoted:
        return (digit and letter) or (symbol and letter) or (text.isdigit() and len(text) >= 6)
    return letter and digit and (symbol or bool(_AFTER_COMMAND.search(found.line)) or _is_setting(data, found))


def _is_setting(data: bytes, found: Assignment) -> bool:
    """Whether the line is NAME=value or name: value and nothing else, as in settings files."""
    start = data.rfind(b"\n", max(0, found.start - _LONGEST_LINE), found.start) + 1
    end = data.find(b"\n", found.end, found.end + _LONGEST_LINE)
    line = data[start : end if end >= 0 else len(data)]
    if len(line) > 2 * _LONGEST_LINE or b" = " in line:
        return False
    return bool(re.fullmatch(rb"[\s$#;/*]*(?:export\s+|set\s+|ENV\s+|-\s+)?[\w.-]+\s*(?:=|:\s)\s*[^\s\"'`;(){}]+\s*", line))


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


@cache
def _named() -> _Named:
    pairs = [(f"(?i){pattern}", kind) for kind in kinds() for pattern in kind.named]
    regexes = tuple(pattern for pattern, _ in pairs)
    return _Named(which(regexes), regexes, tuple(kind for _, kind in pairs))
