"""The present beliefs as rows, for `orchestra route explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestra_lsp.engine.beliefs import PERSON, Beliefs, Place
from orchestra_lsp.engine.catalogue import Prior
from orchestra_lsp.engine.route import Player
from orchestra_lsp.model import Complexity, Kind


@dataclass(frozen=True, slots=True)
class Row:
    """One belief: of `tool` for `kind` at `place` (a language, and a complexity where it counts); `expected` is the catalogue's."""

    tool: str
    kind: str
    place: str
    quality: float
    deviation: float
    answers: float
    expected: float
    scope: str  # "you", or "project " and its key


def believed(players: Sequence[Player], beliefs: Beliefs) -> list[Row]:
    """For every tool and kind what is believed in general, and where something finer was learned, that too."""
    rows: list[Row] = []
    for player in players:
        if player.prior is None:
            continue
        for kind in Kind:
            if kind in player.abilities.kinds:
                rows.append(_row(beliefs, player.name, player.prior, Place(kind, "", Complexity.SIMPLE), ""))
                rows += [_row(beliefs, player.name, player.prior, place, said) for place, said in _finer(beliefs, player.name, kind)]
    return rows


def _finer(beliefs: Beliefs, tool: str, kind: Kind) -> Iterator[tuple[Place, str]]:
    start = f"{tool}|{kind.value}"
    for scope, name in sorted(beliefs.cells):
        rest = name[len(start) + 1 :].split("|") if name.startswith(f"{start}|") else []
        if scope != PERSON and name == start:
            yield Place(kind, "", Complexity.SIMPLE, scope), ""
        elif rest and scope == PERSON and len(rest) == (1 if kind is Kind.COMPLETE else 2):
            complexity = Complexity(rest[1]) if len(rest) == 2 else Complexity.SIMPLE
            yield Place(kind, rest[0], complexity), " ".join(rest)


def _row(beliefs: Beliefs, tool: str, prior: Prior, place: Place, said: str) -> Row:
    belief = beliefs.of(tool, prior, place)
    scope = f"project {place.project[:8]}" if place.project else "you"
    expected = prior.expected(place.kind, place.complexity)
    return Row(tool, place.kind.value, said, belief.mean, belief.deviation, belief.answers, expected, scope)
