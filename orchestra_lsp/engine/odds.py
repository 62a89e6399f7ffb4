"""The probability that each of several tools is put first when a score is drawn for each: the propensity that is logged."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import erf, exp, prod, sqrt
from operator import mul

STEPS = 16
TAIL = 3.0  # standard deviations that count
LEAST = 1e-4  # so that a logged propensity is never nothing for a tool that may be drawn
SQRT2 = sqrt(2.0)
ABOVE_NOTHING = 1.0000001  # keeps what is divided by from being 0


@lru_cache(256)  # while somebody types, nothing of this changes from one key to the next
def first_probabilities(means: tuple[float, ...], deviations: tuple[float, ...]) -> Sequence[float]:
    """For independent normal draws with positive deviations: of each, the chance to be the highest, by the trapezoid rule.

    They sum to 1, within 0.02 of the true value for the deviations that beliefs have (0.015 to 0.15), mostly within 0.006.
    """
    if len(means) == 1:
        return [1.0]
    # Below the best lower end nobody wins: somebody is surely above it.
    low = max(mean - TAIL * deviation for mean, deviation in zip(means, deviations, strict=True))
    high = max(mean + TAIL * deviation for mean, deviation in zip(means, deviations, strict=True))
    step = (high - low) / STEPS
    grid = [low + number * step for number in range(STEPS + 1)]
    below, here = [], []  # twice the chance of being below each grid point; the density there, divided by it
    for mean, deviation in zip(means, deviations, strict=True):
        scale = 1 / (SQRT2 * deviation)
        away = [(at - mean) * scale for at in grid]
        row = [ABOVE_NOTHING + one for one in map(erf, away)]
        below.append(row)
        here.append([scale * exp(-one * one) / under for one, under in zip(away, row, strict=True)])
    everyone = [prod(column) for column in zip(*below, strict=True)]
    odds = [sum(map(mul, row, everyone)) for row in here]
    total = sum(odds)
    return [max(LEAST, one / total) for one in odds]
