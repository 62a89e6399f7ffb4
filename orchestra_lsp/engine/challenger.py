"""A second way of choosing, by nearest neighbours over what is on record; it is only heard when it would have done better, for sure.

Every logged choice holds the probability of the tool that was put first, so what another policy would have earned can be estimated
without trying it: doubly robust (Dudik, Langford, Li 2011), with weights that are cut off and an interval around the difference.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log2, sqrt
from statistics import fmean, stdev

from orchestra_lsp.engine.beliefs import Belief, Beliefs, Place
from orchestra_lsp.engine.catalogue import Prior
from orchestra_lsp.engine.reward import reward
from orchestra_lsp.model import Outcome
from orchestra_lsp.store.store import Store

log = logging.getLogger("orchestra")

NEIGHBOURS = 25
LEAST_ROWS = 300  # fewer choices on record prove nothing
MOST_ROWS = 3000
MOST_WEIGHT = 20.0  # a tool that was put first once in a hundred times must not decide by one lucky answer
SURE = 1.645  # standard errors: 95 %, one-sided
LEAN = 5.0  # neighbours that the tool's mean over everything counts for
READ = """
SELECT choice.decision_id, kind, language, complexity, request_trigger, tokens, choice.tool, options,
       (SELECT group_concat(outcome, '|') FROM outcome WHERE outcome.decision_id = choice.decision_id)
FROM choice JOIN decision ON decision.id = choice.decision_id
WHERE decision.tool = choice.tool ORDER BY choice.at_us DESC LIMIT ?
"""

#: kind, language, complexity, trigger, size of the prompt (power of two): what neighbours are near in.
Features = tuple[str, str, str, str, int]
WEIGHTS = (8.0, 2.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Logged:
    """One choice on record: who was put first with which probability among whom, and what it earned (0..1)."""

    features: Features
    tool: str
    options: Mapping[str, float]
    earned: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """`gain`: estimated reward per request over the present policy; `low`: the lower end of its 95 % interval."""

    rows: int
    gain: float
    low: float

    @property
    def wins(self) -> bool:
        return self.rows >= LEAST_ROWS and self.low > 0


@dataclass(slots=True)
class Neighbours:
    """What each tool earned near a place, from the rows it was given so far."""

    _near: dict[Features, dict[str, tuple[float, float]]] = field(default_factory=dict)  # sums and counts where exactly this was asked
    _all: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)  # by kind and tool
    _known: dict[Features, dict[str, float]] = field(default_factory=dict)  # until the next row

    def add(self, row: Logged) -> None:
        self._known.clear()
        here = self._near.setdefault(row.features, {})
        total, count = here.get(row.tool, (0.0, 0.0))
        here[row.tool] = (total + row.earned, count + 1)
        whole, seen = self._all.get((row.features[0], row.tool), (0.0, 0.0))
        self._all[row.features[0], row.tool] = (whole + row.earned, seen + 1)

    def expected(self, features: Features, tools: Sequence[str]) -> dict[str, float]:
        """Mean reward of the nearest NEIGHBOURS answers of each tool, leaning on all its answers of the kind; .5 without any."""
        known = self._known.setdefault(features, {})
        if any(tool not in known for tool in tools):
            ranked = sorted(self._near, key=lambda other: _distance(features, other))
            known.update({tool: self._of(tool, features[0], ranked) for tool in tools})
        return {tool: known[tool] for tool in tools}

    def _of(self, tool: str, kind: str, ranked: Sequence[Features]) -> float:
        whole, seen = self._all.get((kind, tool), (0.0, 0.0))
        base = (whole + 0.5 * LEAN) / (seen + LEAN)
        total = count = 0.0
        for place in ranked:
            more, there = self._near[place].get(tool, (0.0, 0.0))
            total, count = total + more, count + there
            if count >= NEIGHBOURS:
                break
        return (total + LEAN * base) / (count + LEAN)


def size_of(tokens: int) -> int:
    return int(log2(max(1, tokens)))


def judge(rows: Sequence[Logged]) -> Judgement:
    """What the neighbours would have earned more than the policy that made `rows`, oldest first.

    Each row is judged by the rows before it alone, so nothing is learned from what is then predicted. The policy's trials are no
    fault of it: what counts is the tool that it put first most often.
    """
    known, gains = Neighbours(), []
    for number, row in enumerate(rows):
        if number >= LEAST_ROWS // 3:  # before, the neighbours know nothing
            expected = known.expected(row.features, list(row.options))
            pick = max(row.options, key=lambda tool: expected[tool])
            favourite = max(row.options, key=lambda tool: row.options[tool])
            gains.append(_worth(row, pick, expected) - _worth(row, favourite, expected))
        known.add(row)
    if len(gains) < 2:
        return Judgement(len(rows), 0.0, -1.0)
    return Judgement(len(rows), fmean(gains), fmean(gains) - SURE * stdev(gains) / sqrt(len(gains)))


def _worth(row: Logged, tool: str, expected: Mapping[str, float]) -> float:
    """What `tool` would have earned: as predicted, put right by what was seen when it was the one that was asked."""
    seen = min(MOST_WEIGHT, 1 / row.options[tool]) * (row.earned - expected[tool]) if tool == row.tool else 0.0
    return expected[tool] + seen


def read_log(store: Store) -> list[Logged]:
    """The choices on record whose outcome is known, oldest first; only those a draw could have made otherwise. Raises sqlite3.Error."""
    found = []
    for _, kind, language, complexity, trigger, tokens, tool, options, told in store.read(READ, (MOST_ROWS,)):
        became = {Outcome(word) for word in (told or "").split("|") if word in set(Outcome)}
        earned = reward(became, over=True)
        chances = {name: chance for name, chance in json.loads(options).items() if chance > 0}
        if earned and chances.get(tool):
            found.append(Logged((kind, language, complexity, trigger, size_of(tokens)), tool, chances, earned.value))
    return found[::-1]


def winner(store: Store) -> Neighbours | None:
    """The challenger's knowledge when it would have done better for sure, else None. Takes about a second; never on an event loop."""
    try:
        rows = read_log(store)
    except sqlite3.Error as error:
        log.warning("the record of choices cannot be read, so no other way of choosing is compared: %s", error)
        return None
    judgement = judge(rows)
    log.info("challenger: %s", judgement)
    if not judgement.wins:
        return None
    known = Neighbours()
    for row in rows:
        known.add(row)
    return known


@dataclass(frozen=True, slots=True)
class Challenged:
    """Beliefs whose means are the neighbours'; how sure they are stays as it was."""

    beliefs: Beliefs
    neighbours: Neighbours
    features: Features

    def about(self, place: Place) -> Callable[[str, Prior], Belief]:
        usual = self.beliefs.about(place)

        def of(tool: str, prior: Prior) -> Belief:
            belief = usual(tool, prior)
            if belief.answers < 1:  # the neighbours know nothing of it either
                return belief
            mean = self.neighbours.expected(self.features, (tool,))[tool]
            return replace(belief, mean=mean, said=f"quality {mean:.2f} (by similar requests)")

        return of


def _distance(one: Features, other: Features) -> float:
    unlike = sum(weight for weight, ours, theirs in zip(WEIGHTS, one, other, strict=False) if ours != theirs)
    return unlike + 0.5 * abs(one[4] - other[4])
