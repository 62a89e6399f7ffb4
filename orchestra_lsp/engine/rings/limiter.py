"""How many calls a tool is given at a time: one more after a run of good ones, half as many when it is overloaded (AIMD)."""

from __future__ import annotations

from dataclasses import dataclass, replace

LEAST, BEGIN, MOST = 1.0, 4.0, 8.0


@dataclass(frozen=True, slots=True)
class Limiter:
    """Of one tool; the limit is a fraction so that it grows by one for each full round of calls."""

    limit: float = BEGIN


def allowed(limiter: Limiter) -> int:
    return int(limiter.limit)


def succeeded(limiter: Limiter, in_flight: int) -> Limiter:
    """Only a limit that was used is raised: one call at a time says nothing about eight."""
    if in_flight * 2 < limiter.limit or limiter.limit >= MOST:
        return limiter
    return replace(limiter, limit=min(MOST, limiter.limit + 1 / limiter.limit))


def overloaded(limiter: Limiter) -> Limiter:
    return replace(limiter, limit=max(LEAST, limiter.limit / 2))
