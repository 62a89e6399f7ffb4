"""The one place that knows which secret a placeholder stands for; it lives in memory and ends with the process."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from orchestra_lsp.trust import placeholder

_MOST_ENTRIES = 20_000
_MOST_ORIGINS = 2_000
_MOST_LITERALS = 1_000  # of one origin


@dataclass(slots=True, repr=False)
class _Entry:
    secret: str
    kind: str
    places: dict[str, set[str]] = field(default_factory=dict)  # origin -> where it stood there


class Vault:
    """Placeholder -> secret, with the files it came from. One for each process; safe to use from several threads.

    The key of the digests is made at start, so a placeholder means nothing to another process. The oldest entries are
    forgotten beyond 20,000: what stood for them is then unknown, and rejected, never guessed.
    """

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._literals: OrderedDict[str, set[str]] = OrderedDict()
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Vault({len(self._entries)} secrets)"

    def __reduce__(self) -> str:
        raise TypeError("a Vault never leaves its process")

    def issue(self, secret: str, kind: str, avoid: Iterable[str] = (), salt: int = 0) -> str:
        """The placeholder of a secret: the same one each time, unless another secret has it or it is in `avoid`."""
        taken = set(avoid)
        with self._lock:
            while True:
                token = placeholder.make(kind, secret, self._key, salt)
                entry = self._entries.get(token)
                if token not in taken and (entry is None or entry.secret == secret):
                    break
                salt += 1
            self._entries.setdefault(token, _Entry(secret, kind))
            self._entries.move_to_end(token)
            while len(self._entries) > _MOST_ENTRIES:
                self._entries.popitem(last=False)
        return token

    def stood(self, token: str, origin: str, place: str) -> None:
        """Remember that a secret stands in `origin`, and in what kind of place."""
        with self._lock:
            if entry := self._entries.get(token):
                entry.places.setdefault(origin, set()).add(place)

    def keep(self, origin: str, literals: Iterable[str]) -> None:
        """These words of `origin` only look like placeholders: they belong to its text."""
        literals = tuple(literals)
        if not literals:
            return
        with self._lock:
            kept = self._literals.setdefault(origin, set())
            self._literals.move_to_end(origin)
            for literal in literals:
                if len(kept) < _MOST_LITERALS:
                    kept.add(literal)
            while len(self._literals) > _MOST_ORIGINS:
                self._literals.popitem(last=False)

    def is_literal(self, word: str, origin: str) -> bool:
        return word in self._literals.get(origin, ())

    def literals(self, origins: Iterable[str]) -> set[str]:
        with self._lock:
            return set().union(*(self._literals.get(origin, set()) for origin in origins))

    def knows(self, token: str) -> bool:
        return token in self._entries

    def secret(self, token: str, origin: str, place: str) -> str | None:
        """The secret, if it came from `origin` and `place` is plain text or one where it stood there; else None."""
        entry = self._entries.get(token)
        if entry is None or origin not in entry.places or self.is_literal(token, origin):
            return None
        return entry.secret if not place or place in entry.places[origin] else None
