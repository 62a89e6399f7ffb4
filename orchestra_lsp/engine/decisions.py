"""What was decided lately and why, for `orchestra why` and the editor's status."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from orchestra_lsp.model import Candidate, Complexity, Kind

KEPT = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """One request: who was chosen and why, who was tried, and what became of the answer.

    `tool` is empty when nothing was offered; `attempts` are (tool, ms, what went wrong or ""); `dropped` says which check
    refused an answer.
    """

    id: str
    kind: Kind
    language: str
    complexity: Complexity | None  # None: the choice did not depend on it
    tool: str
    reason: str
    latency_ms: float
    order: tuple[Candidate, ...] = ()
    left_out: tuple[Candidate, ...] = ()
    attempts: tuple[tuple[str, float, str], ...] = ()
    dropped: str = ""
    cached: bool = False


class Decisions:
    """The last decisions of this process, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Decision] = deque(maxlen=KEPT)

    def add(self, decision: Decision) -> None:
        self._kept.append(decision)

    def last(self, count: int = 10) -> Sequence[Decision]:
        return list(self._kept)[-count:]

    def find(self, decision_id: str) -> Decision | None:
        return next((decision for decision in reversed(self._kept) if decision.id == decision_id), None)
