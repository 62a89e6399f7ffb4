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


@dataclass(frozen=True, slots=True)
class BeliefRecord:
    """What one piece of feedback adds to one cell of what was learned; see `engine/beliefs.py`. `cap` is not kept."""

    scope: str
    cell: str
    seen: float
    total: float
    expected: float
    at_us: int
    cap: float


@dataclass(frozen=True, slots=True)
class ChoiceRecord:
    """What a choice was made of, so that another way of choosing can be judged by it later."""

    decision_id: str
    at_us: int
    project: str
    request_trigger: str
    tokens: int
    tool: str
    options: str  # JSON: tool -> probability that it would be put first


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One answer to keep over restarts; `text` holds no secret (see engine/kept/disk.py), `key` is a digest of what was asked."""

    key: bytes
    at_us: int
    kind: str
    tool: str
    text: str
    text_digest: bytes
    finish: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class DismissedRecord:
    """A kept answer that the person does not want to see again."""

    key: bytes
    text_digest: bytes


@dataclass(frozen=True, slots=True)
class ReuseRecord:
    """Requests of one kind that were answered without a call; `day` is 2026-01-31, in UTC. Several add up."""

    day: str
    level: str  # "typed along" | "memory" | "in flight" | "disk" | "similar"
    kind: str
    hits: int = 1


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call to a tool, whether its answer was shown or not. `ask_id`: the request; several calls may belong to one."""

    ask_id: str
    process: str
    at_us: int
    kind: str
    tool: str
    outcome: str  # "used" | "rejected" | "compared" | "failed" | "lost"
    latency_ms: float
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    problem: str = ""  # why it failed, in the words a person was shown; free of secrets


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """What a running server says of itself while somebody watches; `status` is JSON."""

    process: str
    at_us: int
    status: str


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """How far one finding has come; `project` and `finding` are digests."""

    project: str
    rule: str
    finding: str
    at_us: int
    state: str  # "shown" | "fixed" | "suppressed" | "ignored"


@dataclass(frozen=True, slots=True)
class TrendRecord:
    """What a review of a whole project found at a commit."""

    project: str
    revision: str
    at_us: int
    files: int
    lines: int
    errors: int
    warnings: int
    infos: int
    hints: int


Learned = DecisionRecord | OutcomeRecord | BeliefRecord | ChoiceRecord
Record = Learned | AnswerRecord | DismissedRecord | ReuseRecord | CallRecord | LiveRecord | RuleRecord | TrendRecord
