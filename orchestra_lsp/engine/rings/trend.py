"""Whether a tool is about to fail, foretold from its own last calls: is it getting slower, does it fail more often?"""

from __future__ import annotations

import math
from collections.abc import Sequence

SEEN = 10  # calls that are looked at
FEWEST = 5
AHEAD = 3  # calls that are foretold
RISING = 0.78  # of all pairs of calls; 1 in 80 tools that are as ever shows so many among SEEN calls (Kendall)
WARN = 0.5  # from here on it is asked after the others


def foretell(took_s: Sequence[float], failed: Sequence[bool], usual_s: float) -> float:
    """0 steady, WARN .. 1 about to fail, the worse of both signs; `took_s` of good calls and `failed` of all, oldest first.

    Slower: the logarithm of the time is drawn out by its median slope (Theil and Sen, which one slow call does not bend); 1 means
    that it will be three times the usual, where a call counts as failed. Failing: the share of failures, the newest weighing most.
    """
    sign = max(_slower(took_s[-SEEN:], usual_s), _failing(failed[-SEEN:]))
    return sign if sign >= WARN else 0.0


def _slower(took_s: Sequence[float], usual_s: float) -> float:
    count = len(took_s)
    if count < FEWEST or usual_s <= 0:
        return 0.0
    logs = [math.log(max(one, 1e-4)) for one in took_s]
    slopes = sorted((logs[b] - logs[a]) / (b - a) for a in range(count) for b in range(a + 1, count))
    if sum(slope > 0 for slope in slopes) < RISING * len(slopes):
        return 0.0
    slope = slopes[len(slopes) // 2]
    middle = sorted(one - slope * place for place, one in enumerate(logs))[count // 2]
    expected = middle + slope * (count - 1 + AHEAD)
    return min(1.0, max(0.0, (expected - math.log(usual_s)) / math.log(3)))


def _failing(failed: Sequence[bool]) -> float:
    """Two failures among the last five calls are a warning; one alone is not."""
    weights = [0.8**age for age in range(len(failed))]
    share = sum(weight for weight, bad in zip(weights, reversed(failed), strict=True) if bad) / 5
    return min(1.0, share * 2)
