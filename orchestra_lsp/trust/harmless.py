"""What looks like a secret and is none: placeholders, templates, examples from manuals, plain words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from tomllib import loads
from typing import Any

from orchestra_lsp.trust.linear import compiled

#: A value that is filled in later, in the notation of some template, shell or format language.
_TEMPLATE = re.compile(
    r"\$\{|\{\{|\}\}|#\{|<%|%>|%\(|\$\(|^\$[A-Za-z_]+$|^\$[A-Z0-9_]+$|^\$\[|^%[A-Za-z_]+%$|^<[^<>]*>?$|^\[[^\]]*\]?$|^\{[A-Za-z_.0-9]*\}?$|\{[A-Za-z_.0-9]{0,40}\}|^\{[A-Za-z_.0-9]+\("
    r"|^__[A-Za-z_]+__$|^@[A-Za-z_.]+@?$|^%[sdvq]$|^&[a-z]+;$|^(?:process|os|sys|env|secrets|vars|var|local|data|self|this|config|settings)\."
)
_REPEATED = re.compile(r"(?i)x{4}|[*]{3}|[.]{3}|…|^(.)\1+$")
_REPEATED_INSIDE = re.compile(r"(?i)([a-z0-9?#-])\1{6}")
_SEQUENCE = re.compile(
    r"(?i)0123456789|1234567890|123456789a|abcdefghij|9876543210|zyxwvuts|qwertyuiop|abcdef0123|0123456abc|(?:abc|123|abc123){3}|deadbeefdead"
)
_DIGITS_AT_ENDS = re.compile(r"^[\d_.!@#$<({\[\"'-]+|[\d_.!@#$>)}\]\"'-]+$")
_VERSION = re.compile(r"[A-Za-z][A-Za-z_.-]*[-@:]v?\d+\.\d+(?:\.\w+)*$")  # of a package: jjwt-jackson-0.11.2


@dataclass(frozen=True, slots=True)
class _Lists:
    known: frozenset[str]
    parts: Any
    guess_parts: Any
    words: frozenset[str]


@cache
def _lists() -> _Lists:
    lists = loads(Path(__file__).with_name("harmless.toml").read_text(encoding="utf-8"))
    parts, guess_parts = lists["parts"].splitlines(), lists["guess_parts"].splitlines()
    return _Lists(
        frozenset(lists["known"].split()),
        compiled("(?i)" + "|".join(filter(None, parts))),
        compiled("(?i)" + "|".join(filter(None, (*parts, *guess_parts)))),
        frozenset(("", *lists["words"].split())),
    )


def is_known(value: str) -> bool:
    """Whether a token stands in the manual of its provider."""
    return value in _lists().known


def is_example(value: str) -> bool:
    """Whether a token of a known shape is one that stands in for a real one."""
    return is_stand_in(value) or is_sequence(value)


def is_stand_in(value: str) -> bool:
    """The same, but for one that only has a run such as 1234567890 in it, as chance and careless people make."""
    parts = _lists().parts
    return bool(is_known(value) or parts.search(value.encode("latin-1")) or _REPEATED.search(value) or _TEMPLATE.search(value))


def is_sequence(value: str) -> bool:
    """Whether a value has a run of the alphabet, the digits or the keyboard in it."""
    return bool(_SEQUENCE.search(value))


def is_filler(value: str) -> bool:
    """Whether what is assigned to a telling name is no secret: an example, a template, or a word such as "password"."""
    lists = _lists()
    if is_example(value) or _REPEATED_INSIDE.search(value) or _VERSION.match(value) or lists.guess_parts.search(value.encode("latin-1")):
        return True
    return is_word(value)


def is_word(value: str) -> bool:
    """Whether a value is a mere word such as "password", digits and punctuation around it not counted."""
    return _DIGITS_AT_ENDS.sub("", value).lower() in _lists().words


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values()) if text else 0.0
