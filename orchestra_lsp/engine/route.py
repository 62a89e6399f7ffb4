"""Which tools may serve a request, in which order, and why: plain functions of values.

First the filter (what a tool can and may do), then a readable static preference. What was learned comes on top of it later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestra_lsp.model import Abilities, Candidate, Choice, Complexity, Health, Kind, Reach, State

#: What matters for a kind of request when the person set no order of their own; smaller comes first.
#: Typing wants nearness, edits of simple code want nearness too, and complex code wants the strongest model.
NEAR_FIRST = {Reach.MACHINE: 0, Reach.OUTSIDE: 1, Reach.PROCESS: 2}
STRONG_FIRST = {Reach.OUTSIDE: 0, Reach.MACHINE: 1, Reach.PROCESS: 2}

WHY = {
    (Reach.MACHINE, True): "runs on this machine, so it is near and private",
    (Reach.OUTSIDE, True): "the nearest model that can do this",
    (Reach.OUTSIDE, False): "complex code goes to the strongest model first",
    (Reach.MACHINE, False): "stands in on this machine should the others fail",
    (Reach.PROCESS, True): "the embedded engine is always there",
    (Reach.PROCESS, False): "the embedded engine is always there",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What the choice depends on. `private` is empty, or why this text may not leave the machine."""

    kind: Kind
    language: str
    tokens: int
    complexity: Complexity
    private: str = ""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Player:
    """A tool as the choice sees it."""

    name: str
    abilities: Abilities
    health: Health = Health(State.READY)


def choose(request: Request, players: Sequence[Player], prefer: Mapping[str, Sequence[str]]) -> Choice:
    """Every player ends up either in the order or among those left out, each with its reason."""
    able: list[Player] = []
    left_out: list[Candidate] = []
    for player in players:
        if obstacle := _obstacle(request, player):
            left_out.append(Candidate(player.name, obstacle, 0.0))
        else:
            able.append(player)
    wanted = list(prefer.get(request.kind.value, ()))
    near = not _wants_strength(request)
    ranks = NEAR_FIRST if near else STRONG_FIRST
    able.sort(key=lambda player: (_place(player.name, wanted), _unwell(player), ranks[player.abilities.reach]))
    order = tuple(Candidate(player.name, _reason(request, player, wanted, near)) for player in able)
    return Choice(order, tuple(left_out))


def _obstacle(request: Request, player: Player) -> str:
    """Why this player cannot or may not serve the request; empty when it can."""
    able = player.abilities
    outside = able.reach is Reach.OUTSIDE
    checks = (
        (player.health.state is State.OFF, player.health.reason or "switched off"),
        (request.kind not in able.kinds, f"cannot {request.kind.value}"),
        (able.languages is not None and request.language not in (able.languages or ()), f"does not know {request.language}"),
        (request.tokens > able.context_tokens, f"the request needs about {request.tokens} tokens, it takes {able.context_tokens}"),
        (outside and bool(request.private), request.private),
        (outside and request.offline, "privacy.offline is on"),
    )
    return next((reason for failed, reason in checks if failed), "")


def _wants_strength(request: Request) -> bool:
    return request.kind is not Kind.COMPLETE and request.complexity is not Complexity.SIMPLE


def _place(name: str, wanted: Sequence[str]) -> int:
    return wanted.index(name) if name in wanted else len(wanted)


def _unwell(player: Player) -> bool:
    return player.health.state is State.DOWN


def _reason(request: Request, player: Player, wanted: Sequence[str], near: bool) -> str:
    if player.name in wanted:
        return f"you put it at place {wanted.index(player.name) + 1} for {request.kind.value}"
    if _unwell(player):
        return f"kept for last: {player.health.reason}"
    return WHY[player.abilities.reach, near]
