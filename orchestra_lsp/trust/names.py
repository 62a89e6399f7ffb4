"""What a name says about what is assigned to it: `db_password` a password, `passwordField` not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from tomllib import loads

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_RUN_TOGETHER = 5  # letters; a telling word this long counts at the end of a longer one, too: NOMADTOKEN, userpassword


class Role(Enum):
    NONE = "says nothing"
    NEVER = "says it is no secret"
    KEY = "some key, which may open something or only find it"
    TOKEN = "a token or key"
    PASSWORD = "a password"


@dataclass(frozen=True, slots=True)
class _Words:
    hints: tuple[str, ...]
    password: frozenset[str]
    token: frozenset[str]
    key: frozenset[str]
    neutral: frozenset[str]
    about: frozenset[str]
    never: frozenset[str]


@cache
def _words() -> _Words:
    lists = loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
    sets = {name: frozenset(words.split()) for name, words in lists.items() if name != "hints"}
    return _Words(hints=tuple(lists["hints"].split()), **sets)


@cache
def _ends() -> dict[Role, tuple[str, ...]]:
    words = {Role.PASSWORD: _words().password, Role.TOKEN: _words().token}
    return {role: tuple(word for word in its_words if len(word) >= _RUN_TOGETHER) for role, its_words in words.items()}


def hints() -> tuple[str, ...]:
    """Regexes of the words that make a name worth a look."""
    return _words().hints


@lru_cache(maxsize=4096)
def role_of(name: str) -> Role:
    """What a name says; of several telling words the last counts, with what follows it."""
    known = _words()
    words = [word.lower() for word in _WORDS.findall(name)]
    if known.never.intersection(words) or known.never.intersection(map("".join, pairwise(words))):
        return Role.NEVER
    for at in range(len(words) - 1, -1, -1):
        role = _role(words, at, known)
        if role is not Role.NONE:
            rest = [word for word in words[at + 1 :] if not word.isdigit() and word not in known.neutral]
            if not rest:
                return role
            return Role.NONE if rest[-1] in known.about else Role.TOKEN
    return Role.KEY if words[-1:] in (["key"], ["keys"]) else Role.NONE


def _role(words: list[str], at: int, known: _Words) -> Role:
    word = words[at]
    if word in known.password or word.endswith(_ends()[Role.PASSWORD]):
        return Role.PASSWORD
    if word in known.token or word.endswith(_ends()[Role.TOKEN]) or (word in ("key", "keys") and at and words[at - 1] in known.key):
        return Role.TOKEN
    return Role.NONE
