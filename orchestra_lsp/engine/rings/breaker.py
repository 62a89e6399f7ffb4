"""When a tool is left alone after failures or slow calls, and when it is tried again: plain functions of values.

States are closed, open until a moment, and half-open (that moment has passed) with one probe at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

THRESHOLD = 2  # failed or slow calls in a row
FIRST_OPEN_S, LONGEST_OPEN_S = 1.0, 8.0  # while a person types, eight seconds are long
LONGEST_HELD_S = 86_400.0  # by the tool's own wish, or because its account is at fault


@dataclass(frozen=True, slots=True)
class Breaker:
    """Of one tool. `held`: it said itself when to come back, so that it is not called before, whatever happens to the others."""

    failures: int = 0
    open_until: float = 0.0  # seconds of the monotonic clock; 0: closed
    backoff_s: float = FIRST_OPEN_S
    held: bool = False
    probing: bool = False


def is_open(breaker: Breaker, now: float) -> bool:
    # A clock that was set back must not lock a tool away for ever.
    return 0 < breaker.open_until - now <= LONGEST_HELD_S


def half_open(breaker: Breaker, now: float) -> bool:
    """It was open and may be tried again."""
    return breaker.open_until > 0 and not is_open(breaker, now)


def usable(breaker: Breaker, now: float) -> bool:
    return not is_open(breaker, now) and not (breaker.probing and half_open(breaker, now))


def started(breaker: Breaker, now: float) -> Breaker:
    """A call goes out; the first one behind an open time is the probe."""
    return replace(breaker, probing=True) if half_open(breaker, now) else breaker


def abandoned(breaker: Breaker) -> Breaker:
    """A call ended without telling anything about the tool."""
    return replace(breaker, probing=False) if breaker.probing else breaker


def succeeded(breaker: Breaker) -> Breaker:
    return breaker if breaker == CLOSED else CLOSED


def failed(breaker: Breaker, now: float, draw: float, hold_s: float | None = None, at_once: bool = False) -> Breaker:
    """After a failed or slow call. `draw`: uniform in 0..1. `hold_s`: how long the tool asked us to stay away.

    The open time is drawn from the upper half of the backoff, which doubles each time.
    """
    failures = breaker.failures + 1
    if hold_s is None and failures < THRESHOLD and not at_once:
        return replace(breaker, failures=failures, probing=False)
    pause = breaker.backoff_s * (0.5 + draw / 2)
    until = now + min(LONGEST_HELD_S, max(hold_s or 0.0, pause))
    if is_open(breaker, now):
        # Calls that were under way when it opened tell nothing new; they only ever make it longer by the tool's own wish.
        longer = hold_s is not None and until > breaker.open_until
        kept = until if longer else breaker.open_until
        return replace(breaker, failures=failures, probing=False, open_until=kept, held=breaker.held or longer)
    return Breaker(failures, until, min(LONGEST_OPEN_S, breaker.backoff_s * 2), held=hold_s is not None)


CLOSED = Breaker()
