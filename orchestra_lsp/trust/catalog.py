"""The kinds of secret there are: read from `kinds/*.toml`, one file for each family of providers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("kinds")


@dataclass(frozen=True, slots=True)
class SecretKind:
    """What a secret of one kind looks like. Regexes are in RE2's syntax, over bytes.

    Either `starts` (the literal beginnings of such a token; `value` is what follows), or `named` (words of the name it is assigned
    to; `value` is the whole token), or neither: then `value` is looked for in the whole text, its one group being the secret.
    `entropy` is the least in bits a character; `check` names a function of `checks.py`; `noisy` marks a guess.
    """

    name: str
    value: str
    starts: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    entropy: float = 0.0
    check: str = ""
    noisy: bool = False


@cache
def kinds() -> tuple[SecretKind, ...]:
    """All kinds, in the order of the files; an earlier one wins where two fit equally."""
    return tuple(kind for path in sorted(_FOLDER.glob("*.toml")) for kind in _read(path))


def _read(path: Path) -> list[SecretKind]:
    return [_kind(name, table) for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items()]


def _kind(name: str, table: dict[str, Any]) -> SecretKind:
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    return SecretKind(**{"name": name, **table, **lists})
