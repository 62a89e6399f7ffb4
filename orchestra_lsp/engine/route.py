"""Which tools may serve a request, in which order, and why: plain functions of values.

First the filter: what a tool can and may do. Then a score for each that is left: expected quality - price - time, where quality is what
was learned (`beliefs.py`) on top of the catalogue, and the person's profile says how much price and time weigh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from orchestra_lsp.engine.beliefs import Belief, Beliefs, Place
from orchestra_lsp.engine.catalogue import Prior, prior
from orchestra_lsp.engine.cost import money
from orchestra_lsp.engine.odds import first_probabilities
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.engine.weights import USUAL_ANSWER, Weights, weights_for
from orchestra_lsp.model import Abilities, Candidate, Choice, Complexity, Health, Kind, Reach, State, Trigger

FORETOLD = 0.15  # of quality, taken off a tool that is about to fail (`Vitals.trend` 1)
#: Draws are made from this much of the deviation. 1 is plain Thompson sampling, which spends more on trials than it learns when the tools
#: lie close together: with half of it simulated people were better off from the first 200 requests on (`tests/bench/learning.py`).
#: A tool that has answered little is drawn with nearly all of it: UNKNOWN answers are half-way.
UNKNOWN = 10.0
BOLDNESS = 0.5
#: Where everybody is dear, as for a long file, dear is more usual; but a dollar stays a dollar.
LENIENCE = 0.75
DEAREST = 4.0  # times the usual price: beyond it, dearer is not worse
#: Answers that are read: nobody says whether they were any good, so a trial would teach nothing.
READ = frozenset({Kind.EXPLAIN, Kind.REVIEW})
SECRET_STAYS = "a secret is in the text, and a tool on this machine can serve"


@dataclass(frozen=True, slots=True)
class Request:
    """What the choice depends on.

    `private`: empty, or why this text may not leave the machine. `secret`: there is a secret in it; `stay`: then it never leaves, not
    even masked. `limit_ms`: the time there is. `budget_left`: US dollars, None without a budget; `thrift`: how much more than usual
    price counts. `project`: a key of `learn.project_key`. `judged`: what its answer was worth will be known in any case.
    `usual_price`: US dollars of a middling tool, 0 by the kind.
    """

    kind: Kind
    language: str
    tokens: int
    complexity: Complexity
    private: str = ""
    offline: bool = False
    secret: bool = False
    stay: bool = False
    trigger: Trigger = Trigger.AUTOMATIC
    limit_ms: float = 1500.0
    budget_left: float | None = None
    thrift: float = 1.0
    project: str = ""
    judged: bool = False
    usual_price: float = 0.0

    @property
    def place(self) -> Place:
        return Place(self.kind, self.language, self.complexity, self.project)

    @property
    def harmless(self) -> bool:
        """Whether a worse answer costs little, so that a tool may be tried that is not believed to be the best."""
        if self.kind in (Kind.COMPLETE, Kind.NEXT_EDIT):
            return self.trigger is Trigger.AUTOMATIC
        return self.complexity is Complexity.SIMPLE and (self.judged or self.kind not in READ)


@dataclass(frozen=True, slots=True)
class Rate:
    """What a tool costs, in US dollars for a token."""

    input: float = 0.0
    output: float = 0.0


@dataclass(frozen=True, slots=True)
class Player:
    """A tool as the choice sees it. `rate` None: not known; a tool that is not outside costs nothing. `prior` None: by its name."""

    name: str
    abilities: Abilities
    health: Health = Health(State.READY)
    vitals: Vitals | None = None
    rate: Rate | None = None
    prior: Prior | None = None


@dataclass(frozen=True, slots=True)
class Taste:
    """What the person set: an order of their own by kind, and a profile."""

    prefer: Mapping[str, Sequence[str]] = field(default_factory=dict)
    profile: str = "balanced"


@dataclass(slots=True)
class _Rated:
    """A player that can serve, with its figures.

    `place`: in the person's own order, behind it when it is not named there; `wish` says so.
    """

    player: Player
    belief: Belief
    cost: float | None
    ms: float
    place: int
    wish: str
    unwell: str
    score: float = 0.0


class Believer(Protocol):
    """Who knows what is believed of a tool at one place."""

    def about(self, place: Place) -> Callable[[str, Prior], Belief]: ...


def choose(
    request: Request, players: Sequence[Player], taste: Taste | None = None, beliefs: Believer | None = None, dice: Random | None = None
) -> Choice:
    """Every player ends up either in the order or among those left out, each with its reason.

    Without `dice`, and for requests where a worse answer would hurt, the order is by expectation and certain (propensity 1).
    """
    taste = taste or Taste()
    able, left_out = _able(request, players)
    if not able:
        return Choice((), tuple(left_out))
    wanted = taste.prefer.get(request.kind.value, ())
    rated = _rated(request, able, wanted, beliefs or Beliefs())
    _score(request, rated, weights_for(request.kind, request.trigger, taste.profile))
    rated.sort(key=lambda one: (one.place, bool(one.unwell), -one.score))
    best = rated[0]
    open_to_all = [one for one in rated if (one.place, one.unwell) == (len(wanted), "")]
    if dice is None or not request.harmless or best not in open_to_all or len(open_to_all) == 1:
        order = tuple(_candidate(one, number, len(rated), float(number == 0)) for number, one in enumerate(rated))
        return Choice(order, tuple(left_out))
    return Choice(_drawn(open_to_all, rated[len(open_to_all) :], dice), tuple(left_out))


# --- the filter ---


def _able(request: Request, players: Sequence[Player]) -> tuple[list[Player], list[Candidate]]:
    able: list[Player] = []
    left_out: list[Candidate] = []
    for player in players:
        if obstacle := _obstacle(request, player):
            left_out.append(Candidate(player.name, obstacle, 0.0))
        else:
            able.append(player)
    if request.secret and any(one.abilities.reach is not Reach.OUTSIDE and not _unwell(one) for one in able):
        left_out += [Candidate(one.name, SECRET_STAYS, 0.0) for one in able if one.abilities.reach is Reach.OUTSIDE]
        able = [one for one in able if one.abilities.reach is not Reach.OUTSIDE]
    return able, left_out


def _obstacle(request: Request, player: Player) -> str:
    """Why this player cannot or may not serve the request; empty when it can."""
    able, state = player.abilities, player.health.state
    if state is State.OFF:
        return player.health.reason or "switched off"
    if state is State.SIGNED_OUT:
        return player.health.reason or "signed out"
    if request.kind not in able.kinds:
        return f"cannot {request.kind.value}"
    if able.languages is not None and request.language not in able.languages:
        return f"does not know {request.language}"
    if request.tokens > able.context_tokens:
        return f"the request needs about {request.tokens} tokens, it takes {able.context_tokens}"
    if able.reach is not Reach.OUTSIDE:
        return ""
    if request.private:
        return request.private
    if request.offline:
        return "privacy.offline is on"
    if request.secret and request.stay:
        return "a secret is in the text, and privacy.secrets keeps it on this machine"
    return _too_dear(request, player)


def _too_dear(request: Request, player: Player) -> str:
    left = request.budget_left
    if left is None:
        return ""
    cost = _cost(request, player)
    if cost is None or cost <= left:
        return ""  # what nobody knows is not taken for too much: most such tools are paid by the month
    return f"would cost about {money(cost)}, and {money(max(0.0, left))} of today's budget is left"


def _unwell(player: Player) -> str:
    """Why the player is kept for last: a tool that is down may be up again, so it is never left out altogether."""
    if player.health.state is State.DOWN:
        return player.health.reason or "down"
    if player.vitals and not player.vitals.usable:
        return player.vitals.reason or "it failed just now"
    return ""


def _uncounted(request: Request, player: Player) -> str:
    """Why a tool goes last, but goes, when there is no money left."""
    spent = request.budget_left is not None and request.budget_left <= 0
    return "today's budget is spent, and it cannot count a price that is unknown" if spent and _cost(request, player) is None else ""


# --- the score ---


def _rated(request: Request, able: Sequence[Player], wanted: Sequence[str], beliefs: Believer) -> list[_Rated]:
    believed = beliefs.about(request.place)
    found = []
    for player in able:
        known = player.prior or prior(player.name, player.name, player.abilities.reach)
        vitals = player.vitals
        ms = (vitals.fast_ms or vitals.p50_ms if vitals else None) or known.p50_ms[request.kind]
        at = wanted.index(player.name) if player.name in wanted else len(wanted)
        wish = f"you put it at place {at + 1} for {request.kind.value}; " if at < len(wanted) else ""
        belief = believed(player.name, known)
        last = _unwell(player) or _uncounted(request, player)
        found.append(_Rated(player, belief, _cost(request, player), ms, at, wish, last))
    return found


def _score(request: Request, rated: Sequence[_Rated], weights: Weights) -> None:
    known = [one.cost for one in rated if one.cost is not None]
    usual = request.usual_price or weights.usual_price
    if known and (mean := sum(known) / len(known)) > usual:
        usual *= (mean / usual) ** LENIENCE
    price, time = weights.price * request.thrift / usual, weights.time / max(1.0, request.limit_ms)
    for one in rated:
        # A price that is not known counts as a usual one.
        dear = price * min(DEAREST * usual, usual if one.cost is None else one.cost)
        one.score = one.belief.mean - dear - time * min(one.ms, request.limit_ms)
        if one.player.vitals:
            one.score -= FORETOLD * one.player.vitals.trend


def _cost(request: Request, player: Player) -> float | None:
    if player.rate is None:
        return None if player.abilities.reach is Reach.OUTSIDE else 0.0
    return request.tokens * player.rate.input + USUAL_ANSWER[request.kind] * player.rate.output


def _drawn(fit: Sequence[_Rated], rest: Sequence[_Rated], dice: Random) -> tuple[Candidate, ...]:
    """Thompson sampling: each score is drawn from what is believed of it, so a tool is tried as often as it may be the best one.

    The Beta beliefs are drawn from by the normal distribution of the same mean and deviation: with the 9 answers that the catalogue
    counts for the two are close, and the propensities are those of the draw that is really made.
    """
    spread = [one.belief.deviation * (BOLDNESS + (1 - BOLDNESS) / (1 + one.belief.answers / UNKNOWN)) for one in fit]
    odds = first_probabilities(tuple([round(one.score, 3) for one in fit]), tuple([max(0.001, round(one, 3)) for one in spread]))
    drawn = sorted(((dice.gauss(one.score, spread[number]), number) for number, one in enumerate(fit)), reverse=True)
    count = len(fit) + len(rest)
    order = []
    for place, (_, number) in enumerate(drawn):
        one = fit[number]
        if place == 0 and number:  # `fit` is in the order of expectation
            one.wish = "tried now and then, for it may be the best: "
        order.append(_candidate(one, place, count, odds[number]))
    return (*order, *(_candidate(one, len(order) + number, count, 0.0) for number, one in enumerate(rest)))


# --- for people ---


def _candidate(one: _Rated, number: int, count: int, propensity: float) -> Candidate:
    player, belief = one.player, one.belief
    if one.wish:
        lead = one.wish
    elif one.unwell:
        lead = f"kept for last: {one.unwell}; "
    else:
        lead = f"best of {count}: " if number == 0 and count > 1 else ""
    near = ", on this machine" if player.abilities.reach is not Reach.OUTSIDE else ""
    cost = "price unknown" if one.cost is None else f"about {money(one.cost)}" if one.cost else "free"
    return Candidate(player.name, f"{lead}{belief}, about {one.ms:.0f} ms, {cost}{near}", propensity)
