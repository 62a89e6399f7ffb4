"""Learning in front of its bars: 20 seeded people whose best tool collapses at half-time, and some who begin with a wrong prior.

Eight tools answer completions in three languages; an answer is taken and kept with the tool's own probability, else shown and not wanted.
The real choice and the real learner run online and see only what the chosen tool earned; a request comes every minute of simulated time.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from orchestra_lsp.engine.catalogue import Prior, prior
from orchestra_lsp.engine.learn import Learner
from orchestra_lsp.engine.route import Player, Rate, Request, choose
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.model import Abilities, Complexity, Kind, Outcome, Reach

STEPS, SHIFT = 3000, 1500
MEANS = (0.71, 0.66, 0.62, 0.60, 0.55, 0.50, 0.45, 0.40)
COLLAPSED = 0.20
LANGUAGES = ("python", "go", "rust")
SEEDS = 20


@dataclass(frozen=True)
class Person:
    """`shift`: the best tool collapses at half-time. `wrong`: the worst tool begins with the best prior, and the best with the worst."""

    shift: bool = True
    wrong: bool = False
    languages: Sequence[str] = LANGUAGES


def live(person: Person, seed: int) -> list[float]:
    """The chance of a good answer that each of STEPS choices had."""
    dice, clock = Random(seed), [0.0]
    priors = _priors(person.wrong)
    able = Abilities(frozenset(Kind), Reach.OUTSIDE, True, 100_000)
    players = [Player(name, able, rate=Rate(), vitals=Vitals(p50_ms=200), prior=one) for name, one in priors.items()]
    learner = Learner(None, lambda: clock[0], lambda: 1_700_000_000_000_000 + int(clock[0] * 1e6))
    earned = []
    for step in range(STEPS):
        clock[0] += 60
        request = Request(Kind.COMPLETE, dice.choice(person.languages), 1000, Complexity.SIMPLE)
        tool = choose(request, players, None, learner.beliefs, dice).order[0].tool
        chance = COLLAPSED if person.shift and step >= SHIFT and tool == "tool-0" else MEANS[int(tool[-1])]
        learner.expect(str(step), tool, priors[tool], request.place)
        for outcome in (Outcome.ACCEPTED, Outcome.KEPT) if dice.random() < chance else (Outcome.SHOWN, Outcome.DISMISSED):
            learner.hear(str(step), outcome)
        earned.append(chance)
    return earned


def _priors(wrong: bool) -> dict[str, Prior]:
    flat = {f"tool-{number}": 0.5 for number in range(len(MEANS))}
    expected = flat | {"tool-0": 0.2, "tool-7": 0.9} if wrong else flat
    base = prior("openai", "")
    return {name: replace(base, quality=dict.fromkeys(Kind, value), easy=0.0, hard=0.0) for name, value in expected.items()}


def mean(rows: Sequence[Sequence[float]], start: int, end: int) -> float:
    return statistics.fmean(statistics.fmean(row[start:end]) for row in rows)


def learning(seeds: int = SEEDS) -> None:
    """Print the figures beside their bars."""
    shifted = [live(Person(), seed) for seed in range(seeds)]
    single = [live(Person(languages=("python",)), seed) for seed in range(seeds)]
    wrong = [live(Person(shift=False, wrong=True), seed) for seed in range(seeds)]
    right = [live(Person(shift=False), seed) for seed in range(seeds)]
    bar = sorted(MEANS)[-2] - 0.05
    print(f"learning, {len(MEANS)} tools, {STEPS} requests, the best collapses at {SHIFT}, {seeds} seeds: mean chance of a good answer")
    print("                                first 200   200-1000   before   +0-300   +300-600   last 500")
    for name, rows in (("three languages", shifted), ("one language", single)):
        spans = ((0, 200), (200, 1000), (1200, 1500), (1500, 1800), (1800, 2100), (2500, 3000))
        print(f"  {name:28}" + "".join(f"   {mean(rows, *span):.3f}  " for span in spans))
    for name, rows in (("three languages", shifted), ("one language", single)):
        print(f"  {name}: decisions 300 to 600 after the shift {mean(rows, 1800, 2100):.3f}   [bar: {bar:.3f}, the new best - .05]")
    gone, never = mean(wrong, 1500, 1800), mean(right, 1500, 1800)
    print(f"  wrong prior: decisions 1,500 to 1,800 {gone:.3f}, without it {never:.3f}   [bar: gone by 1,500, so at most .02 apart]\n")


if __name__ == "__main__":
    learning()
