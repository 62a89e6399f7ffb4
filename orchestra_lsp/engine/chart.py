"""What is known of one tool from calling it: its breaker, its limit, its times, and the calls that are under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from orchestra_lsp.engine.rings import breaker, hedge, limiter
from orchestra_lsp.engine.rings.history import TYPING, WORKING, History, Pace, Timing
from orchestra_lsp.engine.rings.order import Standing
from orchestra_lsp.engine.rings.trend import WARN
from orchestra_lsp.engine.trial import Trial
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.tools.contract import NothingToSay, SignedOut, ToolError
from orchestra_lsp.tools.wire.faults import Refused

OVERLOADED = frozenset({429, 503, 529})
#: The key, the account or the address is at fault: no other request will fare better until a person does something.
ACCOUNT = frozenset({401, 402, 403, 404})
ACCOUNT_PAUSE_S = 60.0
#: The request itself is at fault; it says nothing about the tool.
REQUEST = frozenset({400, 413, 422})
#: A first word later than this many times the usual worst is a failure, whoever was faster.
HOPELESS = 1.5
LIMIT = 4.0  # times the usual worst: so long the first word is waited for before the next tool is asked whatever it costs


@dataclass(slots=True)
class Chart:
    """Of one tool; belongs to one event loop. Decisions are taken by the rings, here they are put together."""

    name: str
    random: Random
    breaker: breaker.Breaker = breaker.CLOSED
    limiter: limiter.Limiter = limiter.Limiter()
    running: set[Trial] = field(default_factory=set)
    error: ToolError | None = None  # the last failure, until it is well again
    heard_at: float = 0.0  # the end of the last call that told something about the tool
    _histories: dict[Pace, History] = field(default_factory=lambda: {pace: History(pace) for pace in (TYPING, WORKING)})

    def standing(self, pace: Pace, now: float) -> Standing:
        known = self._histories[pace]
        probe = breaker.half_open(self.breaker, now)  # what it did before has been paid for: it is tried in its own place
        return Standing(
            self.name,
            usable=breaker.usable(self.breaker, now),
            open_until=self.breaker.open_until,
            expected_s=known.expected_s(now),
            worsened=1.0 if probe else known.worsened(now),
            trend=self.trend(pace, now),
            overdue=any(one.first_s is None and one.hedge_at <= now for one in self.running),
        )

    def vitals(self, pace: Pace, now: float) -> Vitals:
        known = self._histories[pace]
        half, most = known.wholes_at(0.5), known.wholes_at(0.95)
        return Vitals(
            p50_ms=None if half is None else half * 1e3,
            p95_ms=None if most is None else most * 1e3,
            fast_ms=known.likely_s(now) * 1e3 if known.wholes else None,
            usable=breaker.usable(self.breaker, now),
            open_until=self.breaker.open_until if breaker.is_open(self.breaker, now) else 0.0,
            failures=self.breaker.failures,
            in_flight=len(self.running),
            limit=limiter.allowed(self.limiter),
            trend=self.trend(pace, now),
            calls=known.calls,
            reason=self.error.problem if self.error else "",
            remedy=self.error.remedy if self.error else "",
        )

    def trend(self, pace: Pace, now: float) -> float:
        """0 steady .. 1 about to fail."""
        return 0.0 if breaker.half_open(self.breaker, now) else self._histories[pace].foretold(now)

    def hedge_delay(self, pace: Pace, now: float) -> float:
        """Seconds until another tool is asked beside this one."""
        known = self._histories[pace]
        doubtful = self.breaker.failures > 0 or known.worsened(now) > hedge.DOUBTFUL or known.foretold(now) >= WARN
        return hedge.delay(known.first_median_s, known.first_p95_s, doubtful, hedge.Bounds(pace.hedge_least_s, pace.hedge_most_s))

    def first_limit(self, pace: Pace) -> float:
        """Seconds after which a call without a first word counts as failed."""
        return max(pace.patience_s, LIMIT * self._histories[pace].first_p95_s)

    def begun(self, trial: Trial, now: float) -> None:
        self.running.add(trial)
        self.breaker = breaker.started(self.breaker, now)

    def good(self, trial: Trial, pace: Pace, now: float) -> None:
        """A whole answer. One that was slow is good for the caller and bad for the breaker."""
        self.running.discard(trial)
        timing = Timing(trial.first_s if trial.first_s is not None else now - trial.started, now - trial.started, trial.pieces)
        known = self._histories[pace]
        if known.is_slow(timing):
            known.slow(timing, now)
            if trial.late:
                return
            self._bad(now, slow=ToolError(self.name, f"is slow: {timing.whole_s * 1e3:.0f} ms", "nothing to do: the others go first"))
            return
        if self.breaker.open_until > 0:
            known.forgive()
        known.good(timing, now)
        self.heard_at = now
        self.breaker, self.error = breaker.succeeded(self.breaker), None
        self.limiter = limiter.succeeded(self.limiter, len(self.running) + 1)

    def bad(self, trial: Trial, error: ToolError, pace: Pace, now: float) -> None:
        """A failure. What the request itself is to blame for does not count against the tool."""
        self.running.discard(trial)
        if trial.late and error.retry_after is None:
            return  # it has been counted
        if isinstance(error, SignedOut) or (isinstance(error, NothingToSay) and isinstance(self.error, SignedOut)):
            self.error = error if isinstance(error, SignedOut) else None  # no fault of its own, but the person has to know
        status = error.status if isinstance(error, Refused) else 0
        if status in REQUEST or (not error.retryable and not status):
            self.breaker = breaker.abandoned(self.breaker)
            return
        if status in OVERLOADED or error.retry_after is not None:
            self.limiter = limiter.overloaded(self.limiter)
        known = self._histories[pace]
        never_well = not any(one.wholes for one in self._histories.values())
        known.failed(now)
        self.error, self.heard_at = error, now
        hold = error.retry_after if error.retry_after is not None else ACCOUNT_PAUSE_S if status in ACCOUNT else None
        self.breaker = breaker.failed(self.breaker, now, self.random.random(), hold, at_once=never_well)

    def lost(self, trial: Trial, pace: Pace, now: float) -> None:
        """Cancelled because another was faster; without a word for very long it counts as a failure."""
        self.running.discard(trial)
        waited, known = now - trial.started, self._histories[pace]
        known.lost(waited, now)
        probe = self.breaker.probing and waited > trial.hedge_at - trial.started
        if trial.first_s is None and not trial.late and (probe or waited > HOPELESS * known.first_p95_s):
            self.overdue(trial, pace, now)
        else:
            self.breaker = breaker.abandoned(self.breaker)

    def overdue(self, trial: Trial, pace: Pace, now: float) -> None:
        """No word for so long that it counts as a failure, though the call may still be under way."""
        waited = f"{(now - trial.started) * 1e3:.0f} ms"
        self._histories[pace].failed(now)
        self._bad(now, slow=ToolError(self.name, f"did not begin to answer within {waited}", "see whether the endpoint is up"))

    def forget(self, trial: Trial) -> None:
        """The person no longer wants the answer, which says nothing about the tool."""
        self.running.discard(trial)
        self.breaker = breaker.abandoned(self.breaker)

    def still_out(self, now: float) -> None:
        """A probe in the background failed as well: it stays out."""
        if self.breaker.open_until > 0:
            self.breaker = breaker.failed(self.breaker, now, self.random.random(), at_once=True)

    def _bad(self, now: float, slow: ToolError) -> None:
        self.error, self.heard_at = slow, now
        self.breaker = breaker.failed(self.breaker, now, self.random.random())
