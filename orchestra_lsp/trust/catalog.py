"""The kinds of secret there are: read from `kinds/*.toml`, one file for each family of providers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_SEPARATOR = "[_. -]?"
_FOLDER = Path(__file__).with_name("kinds")


@dataclass(frozen=True, slots=True)
class SecretKind:
    """What a secret of one kind looks like. Regexes are in RE2's syntax, over Latin-1 bytes; one group, if any, is the secret.

    starts  the literal beginnings of such a token; `value` is what follows them
    near    words that stand on the line of the secret, or on the line before it; `value` is searched for around them
    named   regexes of the name it is assigned to, `.?` being any separator; `value` is the whole of what is assigned
    none of these: `value` is searched for in the whole text
    """

    name: str
    value: str
    starts: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    entropy: float = 2.4  # least bits a character
    check: str = ""  # a function of checks.py that the value must pass
    strange: bool = False  # only what is unlike a word; see strangeness.py
    digits: bool = False  # only with a digit in it
    secretive: bool = False  # only if the name also has a word such as key or token
    noisy: bool = False  # a guess


@cache
def kinds() -> tuple[SecretKind, ...]:
    """All kinds, in the order of the files; an earlier one wins where two fit equally."""
    return tuple(kind for path in sorted(_FOLDER.glob("*.toml")) for kind in _read(path))


def _read(path: Path) -> list[SecretKind]:
    return [_kind(name, table) for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items()]


def _kind(name: str, table: dict[str, Any]) -> SecretKind:
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    if "named" in lists:
        lists["named"] = tuple(word.replace(".?", _SEPARATOR) for word in lists["named"])
    return SecretKind(**{"name": name, **table, **lists})
