"""Secrets told by the name they are assigned to, in any notation: code, JSON, YAML, XML, shell, connection strings, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from orchestra_lsp.trust.catalog import SecretKind, kinds
from orchestra_lsp.trust.harmless import entropy, is_example, is_filler
from orchestra_lsp.trust.linear import compiled, which
from orchestra_lsp.trust.names import Role, hints, role_of
from orchestra_lsp.trust.shape import Secret, is_random

_LONGEST = 4_096  # bytes of one value
_LEAST_ENTROPY = 2.5  # bits a character of a value that is taken for a token
_BEFORE = 60  # bytes before the telling word that may be part of the name or say whose it is

_QUOTE = r"""(?:\\{0,3}["'`]|&quot;|&#34;|%22)"""
_GAP = rf"""{_QUOTE}?[\])}}]{{0,2}}"""
_TYPE = r"""(?:\s{0,3}:\s{0,3}[A-Za-z_&'][\w<>\[\]?.&' ]{0,30})?"""
_EQUALS = r"""\s{0,8}(?:=>|:=|\?=|\+=|\.=|\|\|=|\?\?=|={1,3}|!={1,2}|<-|->|:{1,2}|>|\|\||\?\?|\?:|\bor\b)\s{0,8}"""
_CALLED = r"""\s{0,1}[({]\s{0,4}"""
_COMMA = r"""\s{0,4},\s{0,8}"""
_XML = r"""(?:\s{1,4}(?:value|val|default|content)\s{0,3}=\s{0,3}|</key>\s{0,40}<string>|</name>\s{0,40}<value>)"""
_YAML = r""",?[ \t]{0,4}\r?\n[ \t]{0,40}-?[ \t]{0,4}["']?(?:value|default|defaultValue)["']?\s{0,3}[:=]\s{0,3}"""
_SPACE = r"""[ \t]{1,3}"""
_FALLBACK = r"""(?:[\w.\[\]()'"$-]{1,80}\s{0,3}(?:\|\||\?\?|\?:|\bor\b)\s{0,3})?"""
#: Only what wraps a literal: the argument of any other function is not what is assigned.
_WRAPPERS = "string|str|bytes?|from|new|some|ok|secret[a-z]{0,6}|buffer|text|decode|b64decode|atob|unhexlify|fromhex|literal|value|sensitive|wrap"
_CALL = rf"""(?:(?:new\s{{1,3}})?[\w.:$&\[\]]{{0,40}}?(?:{_WRAPPERS}|password|token|credential|key)s?!?\(\s{{0,4}}){{0,2}}[A-Za-z@$]{{0,2}}#?"""
_QUOTED = r"""(?:(\\{0,3}"{1,3})([^"\s]{4}[^"\s]*)|(\\{0,3}'{1,3})([^'\s]{4}[^'\s]*)|(`)([^`\s]{4}[^`\s]*)|(&quot;|&#34;|%22)([^\s&%]{4}[^\s&%]*))"""
_BARE = r"""([^\s"'`(){}\[\]<>,;|&\\=:][^\s"'`]{3}[^\s"'`]*)"""
#: A name of the program: `settings.DB_PASSWORD`, `values[3]`, `SHA2_PASSWORD`, `new_password2`.
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\w*\]?|\(.*)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class _Value:
    """What is assigned: where it stands, and whether it stood in quotes."""

    start: int
    end: int
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class _Named:
    """The kinds told by a name: all their regexes at once, and which kind each belongs to."""

    patterns: Any
    owners: tuple[SecretKind, ...]


def find(data: bytes) -> Iterator[Secret]:
    """Values of the kinds that are told by a name, and guesses from names such as `db_password`; may overlap."""
    regex, position = _assignment(), 0
    while match := regex.search(data, position):
        value = _value(data, match)
        position = max(match.start() + 1, value.start)
        operator = match.group(2).decode("latin-1").strip()
        if len(value.text) < 4 or (operator == "," and not value.quoted):
            continue
        name, line = _name(data, match.start(), match.end(1))
        if "ORCSEC_" in name:
            continue
        kind = _known(line, name, value)
        if kind:
            yield Secret(value.start, value.end, kind.name, kind.noisy)
        elif guess := _guess(data, name, value, line, operator):
            yield Secret(value.start, value.end, guess, noisy=True)


def _name(data: bytes, start: int, end: int) -> tuple[str, str]:
    """The whole name that a telling word is in, and the same with what stands before it on its line."""
    first = max(0, start - _BEFORE)
    first = max(first, data.rfind(b"\n", first, start) + 1)
    line = data[first:end].decode("latin-1")
    head = re.search(r"[\w.$-]*\Z", line[: start - first])
    return line[head.start() if head else 0 :], line


def _value(data: bytes, match: Any) -> _Value:
    for opening in (3, 5, 7, 9):
        if match.span(opening + 1)[0] >= 0:
            start, end = match.span(opening + 1)
            text = data[start : min(end, start + _LONGEST)].decode("latin-1")
            if match.group(opening).startswith(b"\\"):
                text = text.split("\\", 1)[0]
            closed = data[start + len(text) : start + len(text) + 1] in (b'"', b"'", b"`", b"\\", b"&", b"%", b"")
            text = text if closed else ""  # a blank inside quotes: a sentence
            return _Value(start, start + len(text), text, quoted=True)
    start, end = match.span(11)
    text = _trimmed(data[start : min(end, start + _LONGEST)].decode("latin-1"))
    return _Value(start, start + len(text), text, quoted=False)


def _trimmed(text: str) -> str:
    """A bare value without what follows it in code, an address, a connection string or a tag."""
    text = re.split(r"[;,&<>|\\]|\)[^\w]|[)}\]]+$|#\{|\$\(", text, maxsplit=1)[0]
    return text


def _known(line: str, name: str, value: _Value) -> SecretKind | None:
    named = _named()
    for index in sorted(named.patterns.Match(line.encode("latin-1")) or ()):
        kind: SecretKind = named.owners[index]
        if not compiled(f"(?:{kind.value})", longest=True).fullmatch(value.text.encode("latin-1")):
            continue
        if kind.secretive and role_of(name) is Role.NONE:
            continue
        if role_of(name) is Role.NEVER or entropy(value.text) < kind.entropy or is_example(value.text):
            continue
        if is_random(value.text) or (not kind.strange and _digits(value.text)):
            return kind
    return None


def _guess(data: bytes, name: str, value: _Value, line: str, operator: str) -> str:
    """The kind of a guess, or "". Where no "=" or ":" says that this is an assignment, a value must look more like a secret."""
    role = role_of(name)
    if role in (Role.NONE, Role.NEVER) or is_filler(value.text):
        return ""
    assigned = operator not in ("", ",", "(", "{")
    if is_random(value.text) and entropy(value.text) >= _LEAST_ENTROPY and (assigned or _digits(value.text) > 1):
        return "password" if role is Role.PASSWORD else "token"
    if role is not Role.PASSWORD or operator in (">", "(", "{"):
        return ""
    if operator == "" and not line[: len(line) - len(name)].endswith("--"):
        return ""
    if (operator == "," and len(value.text) < 8) or (not assigned and not value.quoted):
        return ""
    return "password" if _is_password(data, value) else ""


def _is_password(data: bytes, value: _Value) -> bool:
    """Whether a value that is not random is a password a person made up, rather than a word of the program or its messages."""
    text = value.text
    if len(text) < 5 or len(set(text)) < 4 or _NAME.fullmatch(text):
        return False
    digit = _digits(text) > 0
    symbol = any(character in "!@#$%^&*+=?~" for character in text)
    letter = any(character.isalpha() for character in text)
    if value.quoted:
        return (digit and letter) or (symbol and letter) or (text.isdigit() and len(text) >= 6)
    return letter and digit and (symbol or _is_setting(data, value))


def _is_setting(data: bytes, value: _Value) -> bool:
    """Whether the line is NAME=value or name: value and nothing else, as in settings files."""
    start = data.rfind(b"\n", 0, value.start) + 1
    end = data.find(b"\n", value.end)
    line = data[start : end if end >= 0 else len(data)]
    return bool(re.fullmatch(rb"\s*(?:export\s+|set\s+|ENV\s+|-\s+)?[\w.-]+\s*(?:=|:\s)\s*[^\s\"'`;(){}]+\s*", line)) and (b"=" not in line or b" = " not in line)


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


@cache
def _assignment() -> Any:
    words = "|".join(dict.fromkeys((*hints(), *(pattern for kind in kinds() for pattern in kind.named))))
    plain = rf"({_TYPE}{_EQUALS}|{_COMMA}|{_CALLED}|{_XML}|{_YAML}|{_SPACE}){_FALLBACK}"
    return compiled(rf"(?i)((?:{words})[A-Za-z0-9_.-]{{0,40}}){_GAP}{plain}(?:{_CALL}{_QUOTED}|{_BARE})")


@cache
def _named() -> _Named:
    pairs = [(f"(?i){pattern}", kind) for kind in kinds() for pattern in kind.named]
    return _Named(which(tuple(pattern for pattern, _ in pairs)), tuple(kind for _, kind in pairs))
