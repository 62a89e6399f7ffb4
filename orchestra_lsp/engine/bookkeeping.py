"""What is remembered of every request: the decision for `orchestra why`, its time, and a record in the store. Never text."""

from __future__ import annotations

import json
import time

from orchestra_lsp.engine.decisions import Decision, Decisions
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.route import Request
from orchestra_lsp.engine.tutor import Tutor
from orchestra_lsp.model import Ask, Suggestion
from orchestra_lsp.store.records import ChoiceRecord, DecisionRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.telemetry import Telemetry


class Bookkeeper:
    """Belongs to one event loop; the store writes in its own thread."""

    def __init__(self, telemetry: Telemetry, decisions: Decisions, store: Store | None) -> None:
        self._telemetry = telemetry
        self._decisions = decisions
        self._store = store
        self.tutor: Tutor | None = None

    def note(self, ask: Ask, found: Found, suggestion: Suggestion | None, took_ms: float) -> None:
        """`took_ms`: from the ask to what is shown; not counted when nobody waited."""
        if not ask.background:
            self._telemetry.took(ask.kind.value, took_ms)
        decision = Decision(
            id=suggestion.id if suggestion else ask.id,
            kind=ask.kind,
            language=ask.buffer.language,
            complexity=found.complexity,
            tool=suggestion.tool if suggestion else "",
            reason=found.reason,
            latency_ms=took_ms,
            order=found.choice.order,
            left_out=found.choice.left_out,
            attempts=tuple((one.tool, one.took_ms, str(one.error) if one.error else "") for one in found.attempts),
            dropped=found.dropped,
            cached=bool(suggestion and suggestion.cached),
        )
        self._decisions.add(decision)
        if self.tutor:
            self.tutor.note(ask, found, suggestion)
        if self._store and suggestion:
            self._store.put(_record(decision, suggestion))
            if found.request and found.choice.order and not suggestion.cached:
                self._store.put(_choice(decision, found.request))


def _choice(decision: Decision, request: Request) -> ChoiceRecord:
    return ChoiceRecord(
        decision_id=decision.id,
        at_us=time.time_ns() // 1000,
        project=request.project,
        request_trigger=request.trigger.value,
        tokens=request.tokens,
        tool=decision.order[0].tool,
        options=json.dumps({one.tool: round(one.propensity, 4) for one in decision.order}),
    )


def _record(decision: Decision, suggestion: Suggestion) -> DecisionRecord:
    usage = suggestion.usage
    return DecisionRecord(
        id=decision.id,
        at_us=time.time_ns() // 1000,
        kind=decision.kind.value,
        language=decision.language,
        complexity=decision.complexity.value if decision.complexity else "unknown",
        tool=decision.tool,
        reason=decision.reason,
        propensity=next((one.propensity for one in decision.order if one.tool == decision.tool), 1.0),
        cached=decision.cached,
        latency_ms=decision.latency_ms,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=usage.cost,
    )
