"""What is remembered of one tool's times, for one pace of request: long for the hedge, short for the order."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestra_lsp.engine.rings import trend

KEPT = 64
LATELY = 16  # calls whose success weighs in what is expected
WEIGHT = 0.35  # of the newest call in what is expected
SLOW_LEAST_S, SLOW_FACTOR = 0.3, 3.0
NEW_USUAL = 4  # slow whole answers in a row are no accident: this is how fast the tool is now
CHANGED = 1.4  # times the usual: more than chance
HALF_LIFE_S = 2.0  # in which a tool that is left alone is forgiven half of its slowness
NOMINAL = 16  # pieces of the answer that all times are brought to, so that long answers do not count as slow


@dataclass(frozen=True, slots=True)
class Pace:
    """One class of requests: what a first word and a whole answer usually take before anything is known, in seconds."""

    first_s: float
    whole_s: float
    patience_s: float  # at least this long is waited for the next word before the answer counts as standing still
    hedge_least_s: float
    hedge_most_s: float
    rounds: int  # in which all tools are asked when all fail


TYPING = Pace(first_s=0.25, whole_s=0.4, patience_s=0.5, hedge_least_s=0.05, hedge_most_s=0.8, rounds=8)
#: Explanations, edits and tests: models may think before the first word.
WORKING = Pace(first_s=2.0, whole_s=8.0, patience_s=10.0, hedge_least_s=0.5, hedge_most_s=15.0, rounds=3)


@dataclass(frozen=True, slots=True)
class Timing:
    """One call: seconds to its first word, to its end, and the number of pieces it came in."""

    first_s: float
    whole_s: float
    pieces: int

    @property
    def nominal_s(self) -> float:
        """What an answer of NOMINAL pieces would have taken at this speed."""
        return self.first_s + NOMINAL * (self.whole_s - self.first_s) / max(self.pieces, 1) if self.pieces > 2 else self.whole_s


@dataclass(slots=True)
class History:
    """Changed by `good`, `slow`, `failed` and `lost` alone; everything else reads."""

    pace: Pace
    wholes: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    calls: int = 0
    trend: float = 0.0
    _firsts: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _nominals: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=trend.SEEN))
    _outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=LATELY))  # True: failed
    _slows: int = 0
    _fast: float = 0.0
    _fast_at: float = 0.0
    _first_median: float = 0.0
    _first_p95: float = 0.0
    _usual: float = 0.0

    def __post_init__(self) -> None:
        first, whole = self.pace.first_s, self.pace.whole_s
        # A prior of three calls; the first few real ones push it aside.
        self._firsts.extend((first * 0.7, first, first * 1.5))
        self._nominals.extend((whole * 0.7, whole, whole * 1.5))
        self._measure()
        self._fast = self._usual

    def is_slow(self, timing: Timing) -> bool:
        return self._slows < NEW_USUAL and bool(self.wholes) and timing.nominal_s > max(SLOW_LEAST_S, SLOW_FACTOR * self._usual)

    def good(self, timing: Timing, now: float) -> None:
        if not self.wholes:
            self._firsts.clear()
            self._nominals.clear()
            self._fast = timing.nominal_s
        self.wholes.append(timing.whole_s)
        self._firsts.append(timing.first_s)
        self._nominals.append(timing.nominal_s)
        self._slows = 0
        self._measure()
        self._note(timing.nominal_s, now, failed=False)

    def slow(self, timing: Timing, now: float) -> None:
        """Whole, but far beyond what is usual: it must not become the usual."""
        self._slows += 1
        self._note(timing.nominal_s, now, failed=True)

    def failed(self, now: float) -> None:
        self.calls += 1
        self._outcomes.append(True)
        self._foretell(now)

    def lost(self, waited_s: float, now: float) -> None:
        """Cancelled because another tool was first: it would have taken at least this long."""
        self._note(max(waited_s, self.expected_s(now, failures=False)), now, failed=False)

    def forgive(self) -> None:
        """It is back after a time of being left alone: what went before says nothing about what comes."""
        self._outcomes.clear()
        self._recent.clear()
        self._fast = self._usual

    def expected_s(self, now: float, failures: bool = True) -> float:
        """What the next whole answer should take; the times of the last calls, raised by the share of them that failed."""
        age = max(0.0, now - self._fast_at)
        fast = self._usual + (self._fast - self._usual) * math.exp2(-age / HALF_LIFE_S)
        if not failures or not self._outcomes:
            return fast
        ok = len(self._outcomes) - sum(self._outcomes)
        return fast * (len(self._outcomes) + 1) / (ok + 1)

    def likely_s(self, now: float) -> float:
        """For the choice: the steady median, so that chance does not decide between two tools, unless there has been a change."""
        return self.expected_s(now, failures=False) if self.worsened(now) > CHANGED else self._usual

    def worsened(self, now: float) -> float:
        """How many times its own usual it is expected to take: 1 when all is as ever."""
        return self.expected_s(now, failures=False) / self._usual

    def foretold(self, now: float) -> float:
        """The trend, forgiven like slowness while nobody asks."""
        left = self.trend * math.exp2(-max(0.0, now - self._fast_at) / HALF_LIFE_S)
        return left if left >= trend.WARN else 0.0

    @property
    def first_median_s(self) -> float:
        return self._first_median

    @property
    def first_p95_s(self) -> float:
        return self._first_p95

    def wholes_at(self, share: float) -> float | None:
        """A percentile of the whole answers, in seconds; None before the first."""
        return at(self.wholes, share) if self.wholes else None

    def _note(self, took_s: float, now: float, failed: bool) -> None:
        base = self.expected_s(now, failures=False) if self.calls else took_s
        self._fast, self._fast_at = base + WEIGHT * (took_s - base), now
        self.calls += 1
        self._outcomes.append(failed)
        self._recent.append(took_s)
        self._foretell(now)

    def _foretell(self, now: float) -> None:
        self._fast, self._fast_at = self.expected_s(now, failures=False), now
        self.trend = trend.foretell(list(self._recent), list(self._outcomes), self._usual)

    def _measure(self) -> None:
        self._first_median, self._first_p95 = at(self._firsts, 0.5), at(self._firsts, 0.95)
        self._usual = at(self._nominals, 0.5)


def at(values: Sequence[float] | deque[float], share: float) -> float:
    """A percentile, nearest rank; of the middle two the upper one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
