"""Assignments in any notation: code, JSON, YAML, XML, shell, connection strings, headers. Found first, then taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from orchestra_lsp.trust.catalog import kinds
from orchestra_lsp.trust.linear import compiled
from orchestra_lsp.trust.names import hints

_LONGEST = 4_096  # bytes of one value
_BEFORE = 60  # bytes before the telling word that may be part of the name or say whose it is

# The notations. No piece counts its repetitions: that is what makes a search slow. The parts are measured afterwards.
_REST = r"[A-Za-z0-9_.-]*"
_GAP = r"""(?:\\*["'`]|&quot;|&#34;|%22)?[\])}]*"""
# No digits in a type: what has some may be a value that another assignment follows.
_TYPE = r"(?:[ \t]*:[ \t]*(?:&'[a-z_]+ )?[A-Za-z_&][A-Za-z_<>\[\]?.& ]*|[ \t]+[*\[\]]*[A-Za-z][A-Za-z_.]*)?"
_EQUALS = (
    r"[ \t]*(?:=>|:{1,3}=|\?=|\+=|\.=|\|\|=|\?\?=|={1,3}|!={1,2}|<-|->|:{1,2}|>|\|\||\?\?|\?:|\bor\b)\s*(?:[|>][+-]?[ \t]*\r?\n[ \t]*)?"
)
_XML = r"(?:[ \t]+(?:value|val|default|content)[ \t]*=[ \t]*|</key>\s*<string>|</name>\s*<value>)"
_PAIR = r"""[ \t]*[,{]?\s*-?[ \t]*["']?(?:value|default|defaultValue)["']?[ \t]*[:=][ \t]*"""
_ASSIGNED = rf"(?:{_TYPE}{_EQUALS}|{_XML}|{_PAIR})(?:[\[({{]\s*)?"
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
_NAME_BEFORE = re.compile(r"[\w.$-]*\Z")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A value at data[start:end] (bytes), the name it is assigned to, and what stands before it on its line, name included."""

    begin: int  # where the telling word starts
    start: int
    end: int
    text: str  # the value, a character for each byte
    quoted: bool
    operator: str  # without blanks; empty where a blank alone separates name and value
    name: str
    line: str


def find(data: bytes) -> Iterator[Assignment]:
    """Everything assigned to a name with a telling word or a provider in it; may overlap."""
    for regex in (_telling(), _providers()):
        position = 0
        while match := regex.search(data, position):
            found = _taken_apart(data, *match.span())
            # A value may hold an assignment of its own: a connection string, a query, the text of a settings file.
            position = max(match.start() + 1, found.start if found else match.end())
            if found:
                yield found


def _taken_apart(data: bytes, start: int, end: int) -> Assignment | None:
    match = _parts().fullmatch(data, start, end)
    if match is None:
        return None
    operator = match.group(2).decode("latin-1").strip()
    name, line = _name(data, start, match.end(1))
    for opening in (3, 5, 7, 9):
        first, last = match.span(opening + 1)
        if first >= 0:
            text = data[first : min(last, first + _LONGEST)].decode("latin-1")
            if match.group(opening).startswith(b"\\"):
                text = text.split("\\", 1)[0]
            closed = data[first + len(text) : first + len(text) + 1] in _CLOSING
            text = text if closed else ""  # a blank inside quotes: a sentence
            return Assignment(start, first, first + len(text), text, True, operator, name, line)
    first, last = match.span(11)
    text = data[first : min(last, first + _LONGEST)].decode("latin-1")
    text = _AFTER_BARE.split(text, maxsplit=1)[0]  # without what follows in code, an address, a connection string or a tag
    return Assignment(start, first, first + len(text), text, False, operator, name, line)


def _name(data: bytes, start: int, end: int) -> tuple[str, str]:
    """The whole name that a telling word is in, and the same with what stands before it on its line."""
    first = max(0, start - _BEFORE)
    first = max(first, data.rfind(b"\n", first, start) + 1)
    line = data[first:end].decode("latin-1")
    head = _NAME_BEFORE.search(line[: start - first])
    return line[head.start() if head else 0 :], line


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
    """Names with a provider in them, or a mere "key", and something with a digit."""
    words = "|".join(("keys?", *dict.fromkeys(word for kind in kinds() for word in kind.named)))
    quoted = f"{_CALL}(?:{_quoted(_WITH_DIGIT)})"
    name = f"(?:{words}){_REST}{_GAP}"
    assigned = f"{_ASSIGNED}{_FALLBACK}(?:{quoted}|{_BARE_WITH_DIGIT})"
    return compiled(f"(?i){name}(?:{assigned}|{_BESIDE}{quoted})|{_COMMAND}{name}[ \\t]+{_BARE_WITH_DIGIT}")


def _quoted(value: str) -> str:
    """The alternatives of a value in each kind of quotes."""
    return "|".join(f"(?:{opening}){value.format(inside=inside)}" for opening, inside in zip(_OPENINGS, _INSIDE, strict=True))


@cache
def _parts() -> Any:
    """The same with groups, for what has been found: 1 the name, 2 the operator, then each opening and its value, 11 a bare value."""
    quoted = "|".join(f"({opening})({inside}+)" for opening, inside in zip(_OPENINGS, _INSIDE, strict=True))
    return compiled(f"(?i)([;&?\"']?[A-Za-z0-9_. -]+?{_REST}){_GAP}({_OPERATOR}){_FALLBACK}(?:{_CALL}(?:{quoted})|({_BARE_FIRST}{_BARE}*))")
