"""How one tool is doing right now: what the choice, the live view and the status read of the calls that were made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vitals:
    """Figures of one tool for one pace of request (typing, or work that takes its time).

    `p50_ms`, `p95_ms`: whole answers, the last 64 good ones, None before the first. `fast_ms`: what the next answer is expected to
    take, from the last few. `open_until`: seconds of `time.monotonic()`. `failures`: failed or slow calls in a row. `limit`: calls
    it is given at a time. `trend`: 0 steady .. 1 about to fail. `reason`, `remedy`: of the last failure, empty when it is well.
    """

    p50_ms: float | None = None
    p95_ms: float | None = None
    fast_ms: float | None = None
    usable: bool = True
    open_until: float = 0.0
    failures: int = 0
    in_flight: int = 0
    limit: int = 0
    trend: float = 0.0
    calls: int = 0
    reason: str = ""
    remedy: str = ""
