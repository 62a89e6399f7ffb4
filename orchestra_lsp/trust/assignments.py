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

# The notations. No piece counts its repetitions: that is what makes a search slow. The parts are measured afterwards.
_REST = r"[A-Za-z0-9_.-]*"
_GAP = r"""(?:\\*["'`]|&quot;|&#34;|%22)?[\])}]*"""
_TYPE = r"(?:[ \t]*:[ \t]*[A-Za-z_&][\w<>\[\]?.&' ]*|[ \t]+[*\[\]]*[A-Za-z][\w.]*)?"
_EQUALS = r"[ \t]*(?:=>|:{1,3}=|\?=|\+=|\.=|\|\|=|\?\?=|={1,3}|!={1,2}|<-|->|:{1,2}|>|\|\||\?\?|\?:|\bor\b)\s*(?:[|>][+-]?[ \t]*\r?\n[ \t]*)?"
_XML = r"(?:[ \t]+(?:value|val|default|content)[ \t]*=[ \t]*|</key>\s*<string>|</name>\s*<value>)"
_YAML = r"""[ \t]*,?[ \t]*\r?\n[ \t]*-?[ \t]*["']?(?:value|default|defaultValue)["']?[ \t]*[:=][ \t]*"""
_ASSIGNED = rf"(?:{_TYPE}{_EQUALS}|{_XML}|{_YAML})"
_BESIDE = r"(?:[ \t]*,\s*|[ \t]?[({]\s*|[ \t]+)"
_OPERATOR = rf"(?:{_ASSIGNED}|{_BESIDE})"
#: What stands before the name where a blank alone separates it from its value.
_COMMAND = r"(?:--|\b(?:define|env|arg|setx?|setenv)[ \t]+)[\w.-]*"
_FALLBACK = r"""(?:[\w.\[\]()'"$-]+[ \t]*(?:\|\||\?\?|\?:|\bor\b)[ \t]*)?"""
#: Only what wraps a literal: the argument of any other function is not what is assigned.
_WRAPPERS = (
    "string|str|bytes?|from|new|some|ok|secret[a-z]*|buffer|text|decode|b64decode|atob|unhexlify|fromhex|literal|value|sensitive|wrap"
)
_CALL = rf"(?:(?:new[ \t]+)?[\w.:$&\[\]]*(?:{_WRAPPERS}|password|token|credential|key)s?!?\([ \t]*)*[A-Za-z@$]{{0,2}}#?"
_OPENINGS = (r"""\\*"{1,3}""", r"\\*'{1,3}", "`", "&quot;|&#34;|%22")
_INSIDE = (r"""[^"\s]""", r"[^'\s]", r"[^`\s]", r"[^\s&%]")
_BARE_FIRST, _BARE = r"""[^\s"'`(){}\[\]<>,;|&\\=:]""", r"""[^\s"'`]"""
_WITH_DIGIT = r"""[^\s"'`\d]*\d{inside}*"""
_BARE_WITH_DIGIT = rf"""(?:\d|{_BARE_FIRST}[^\s"'`\d!@#^~]*[\d!@#^~]){_BARE}*"""


_AFTER_BARE = re.compile(r"[;,&<>|\\]|\)[^\w]|[)}\]]+$|#\{|\$\(")
_CLOSING = (b'"', b"'", b"`", b"\\", b"&", b"%", b"")
_AFTER_COMMAND = re.compile(r"(?:--|\b(?:define|ENV|ARG|setx?|setenv)\s+)[\w.-]*$")
#: A name of the program: `settings.DB_PASSWORD`, `values[3]`, `SHA2_PASSWORD`, `new_password2`.
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\w*\]?|\(.*)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class _Value:
    """What is assigned: where it stands, whether in quotes, by which operator, and where the name before it ends."""

    start: int
    end: int
    text: str
    quoted: bool
    operator: str
    name_end: int


@dataclass(frozen=True, slots=True)
class _Named:
    """The kinds told by a name: all their regexes at once, and which kind each belongs to."""

    patterns: Any
    owners: tuple[SecretKind, ...]


def find(data: bytes) -> Iterator[Secret]:
    """Values of the kinds that are told by a name, and guesses from names such as `db_password`; may overlap."""
    for regex in (_telling(), _providers()):
        position = 0
        while match := regex.search(data, position):
            value = _value(data, *match.span())
            position = value.start if b"=" in data[value.start : match.end()] or b":" in data[value.start : match.end()] else match.end()
            position = max(match.start() + 1, position)
            yield from _judged(data, match.start(), value)


def _judged(data: bytes, start: int, value: _Value) -> Iterator[Secret]:
    if len(value.text) < 4 or (value.operator == "," and not value.quoted):
        return
    name, line = _name(data, start, value.name_end)
    if "ORCSEC_" in name:
        return
    kind = _known(line, name, value)
    if kind:
        yield Secret(value.start, value.end, kind.name, kind.noisy)
    elif guess := _guess(data, name, value, line):
        yield Secret(value.start, value.end, guess, noisy=True)


def _name(data: bytes, start: int, end: int) -> tuple[str, str]:
    """The whole name that a telling word is in, and the same with what stands before it on its line."""
    first = max(0, start - _BEFORE)
    first = max(first, data.rfind(b"\n", first, start) + 1)
    line = data[first:end].decode("latin-1")
    head = re.search(r"[\w.$-]*\Z", line[: start - first])
    return line[head.start() if head else 0 :], line


def _value(data: bytes, start: int, end: int) -> _Value:
    """The parts of the assignment at data[start:end]."""
    match = _parts().fullmatch(data, start, end)
    operator = match.group(2).decode("latin-1").strip()
    for opening in (3, 5, 7, 9):
        first, last = match.span(opening + 1)
        if first >= 0:
            text = data[first : min(last, first + _LONGEST)].decode("latin-1")
            if match.group(opening).startswith(b"\\"):
                text = text.split("\\", 1)[0]
            closed = data[first + len(text) : first + len(text) + 1] in _CLOSING
            text = text if closed else ""  # a blank inside quotes: a sentence
            return _Value(first, first + len(text), text, True, operator, match.end(1))
    first, last = match.span(11)
    text = _trimmed(data[first : min(last, first + _LONGEST)].decode("latin-1"))
    return _Value(first, first + len(text), text, False, operator, match.end(1))


def _trimmed(text: str) -> str:
    """A bare value without what follows it in code, an address, a connection string or a tag."""
    return _AFTER_BARE.split(text, maxsplit=1)[0]


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


def _guess(data: bytes, name: str, value: _Value, line: str) -> str:
    """The kind of a guess, or "". Where no "=" or ":" says that this is an assignment, a value must look more like a secret."""
    role = role_of(name)
    if role in (Role.NONE, Role.NEVER):
        return ""
    assigned = value.operator not in ("", ",", "(", "{") or bool(_AFTER_COMMAND.search(line))
    if is_random(value.text):
        guessed = entropy(value.text) >= _LEAST_ENTROPY and (assigned or _digits(value.text) > 1)
    else:
        guessed = role is Role.PASSWORD and _may_be_password(data, value, line) and _is_password(data, value, line)
    if not guessed or is_filler(value.text):
        return ""
    return "password" if role is Role.PASSWORD else "token"


def _may_be_password(data: bytes, value: _Value, line: str) -> bool:
    """Whether the notation makes it an assignment, rather than two words side by side."""
    if value.operator == ">":
        return data[value.end : value.end + 2] == b"</"
    if value.operator == "":
        return bool(_AFTER_COMMAND.search(line)) or (value.quoted and len(value.text) >= 8)
    if value.operator == ",":
        return len(value.text) >= 8
    return value.operator not in ("(", "{")


def _is_password(data: bytes, value: _Value, line: str) -> bool:
    """Whether a value that is not random is a password a person made up, rather than a word of the program or its messages."""
    text = value.text
    if len(text) < 5 or len(set(text)) < 4 or _NAME.fullmatch(text):
        return False
    digit = _digits(text) > 0
    symbol = any(character in "!@#$%^&*+=?~" for character in text)
    letter = any(character.isalpha() for character in text)
    if value.quoted:
        return (digit and letter) or (symbol and letter) or (text.isdigit() and len(text) >= 6)
    return letter and digit and (symbol or bool(_AFTER_COMMAND.search(line)) or _is_setting(data, value))


def _is_setting(data: bytes, value: _Value) -> bool:
    """Whether the line is NAME=value or name: value and nothing else, as in settings files."""
    start = data.rfind(b"\n", 0, value.start) + 1
    end = data.find(b"\n", value.end)
    line = data[start : end if end >= 0 else len(data)]
    return bool(re.fullmatch(rb"[\s$#;/*]*(?:export\s+|set\s+|ENV\s+|-\s+)?[\w.-]+\s*(?:=|:\s)\s*[^\s\"'`;(){}]+\s*", line)) and (
        b"=" not in line or b" = " not in line
    )


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


@cache
def _telling() -> Any:
    """Names with a word such as password. No groups, so that RE2 need not keep track of them."""
    anything = _quoted(r"{inside}{{4}}{inside}*")
    digit = _quoted(_WITH_DIGIT)
    name = f"(?:{'|'.join(hints())}){_REST}{_GAP}"
    assigned = f"{_ASSIGNED}{_FALLBACK}(?:{_CALL}(?:{anything})|{_BARE_WITH_DIGIT})"
    connection = f"[;&?\"']{name}[ \\t]*=[ \\t]*{_BARE_FIRST}{_BARE}{{3}}{_BARE}*"
    return compiled(f"(?i){name}(?:{assigned}|{_BESIDE}{_CALL}(?:{digit}))|{_COMMAND}{name}[ \\t]+{_BARE_WITH_DIGIT}|{connection}")


@cache
def _providers() -> Any:
    """Names with a provider in them, and something with a digit."""
    words = "|".join(dict.fromkeys(pattern for kind in kinds() for pattern in kind.named))
    value = f"(?:{_CALL}(?:{_quoted(_WITH_DIGIT)})|{_BARE_WITH_DIGIT})"
    return compiled(f"(?i)(?:{words}){_REST}{_GAP}(?:{_ASSIGNED}{_FALLBACK}|{_BESIDE}){value}")


def _quoted(value: str) -> str:
    """The alternatives of a value in each kind of quotes."""
    return "|".join(f"(?:{opening}){value.format(inside=inside)}" for opening, inside in zip(_OPENINGS, _INSIDE, strict=True))


@cache
def _parts() -> Any:
    """The same with groups, for what has been found: 1 the name, 2 the operator, then each opening and its value, 11 a bare value."""
    quoted = "|".join(f"({opening})({inside}+)" for opening, inside in zip(_OPENINGS, _INSIDE, strict=True))
    return compiled(f"(?i)([;&?\"']?[A-Za-z0-9_. -]+?{_REST}){_GAP}({_OPERATOR}){_FALLBACK}(?:{_CALL}(?:{quoted})|({_BARE_FIRST}{_BARE}*))")


@cache
def _named() -> _Named:
    pairs = [(f"(?i){pattern}", kind) for kind in kinds() for pattern in kind.named]
    return _Named(which(tuple(pattern for pattern, _ in pairs)), tuple(kind for _, kind in pairs))
