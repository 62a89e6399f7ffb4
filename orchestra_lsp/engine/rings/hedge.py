"""When a second tool is asked beside the first, and how often that may happen: plain functions of values."""

from __future__ import annotations

from dataclasses import dataclass, replace

PER_REQUEST = 0.15  # of a hedge is earned by each request
MOST = 20.0
BEGIN = 2.0
LATE = 1.1  # times its usual worst: later than this a first word is late
DOUBTFUL = 1.25  # times its median, where there is reason to doubt the tool


@dataclass(frozen=True, slots=True)
class Budget:
    """How many hedges may be spent."""

    tokens: float = BEGIN


@dataclass(frozen=True, slots=True)
class Bounds:
    """The shortest and the longest wait for a first word before another tool is asked, in seconds."""

    least: float
    most: float


def earned(budget: Budget) -> Budget:
    return replace(budget, tokens=min(MOST, budget.tokens + PER_REQUEST))


def affordable(budget: Budget) -> bool:
    return budget.tokens >= 1.0


def spent(budget: Budget) -> Budget:
    return replace(budget, tokens=max(0.0, budget.tokens - 1.0))


def delay(median_s: float, p95_s: float, doubtful: bool, bounds: Bounds) -> float:
    """Seconds to wait for the first word; from "The Tail at Scale": hedge once the request is slower than 95 % of its kind."""
    wait = median_s * DOUBTFUL if doubtful else p95_s * LATE
    return min(bounds.most, max(bounds.least, wait))
