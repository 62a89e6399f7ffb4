"""The rows of the store as frozen values. Times are microseconds since the epoch, in UTC."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One answered request. Tokens and cost None: unknown."""

    id: str
    at_us: int
    kind: str
    language: str
    complexity: str
    tool: str
    reason: str
    propensity: float
    cached: bool
    latency_ms: float
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What became of a decision; several for one decision in the order they happened."""

    decision_id: str
    at_us: int
    outcome: str


Record = DecisionRecord | OutcomeRecord
