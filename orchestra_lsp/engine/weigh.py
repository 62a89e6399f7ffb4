"""A tool's answer cleaned up and judged where it would stand. Pure, but not quick enough for the event loop: call it in a thread."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.found import Found, dropped
from orchestra_lsp.engine.judge import Verdict, judge
from orchestra_lsp.engine.judging.case import Case, alone, in_place
from orchestra_lsp.engine.polish import chain
from orchestra_lsp.model import Answer, Ask, Kind, Trigger

#: Kinds whose answer is read by a person and not put into the file.
READ = frozenset({Kind.EXPLAIN, Kind.REVIEW})


def weigh(ask: Ask, answer: Answer, several: bool, own: Answer | None = None) -> Found:
    """`own`: the embedded engine's answer to the same ask. What may not be shown comes without its answer, and says why."""
    where = answer.span or ask.span
    found = Found(answer, where, tool=answer.tool, usage=answer.usage, took_ms=answer.latency_ms, raw=answer)
    if ask.kind in READ:
        return found
    if ask.kind is Kind.TEST:
        return _judged(found, alone(ask, answer.text, answer.finish))
    if ask.kind is Kind.NEXT_EDIT:  # it fits its place as it is: no model wrapped it, and it may delete
        return (
            _judged(found, in_place(ask, where, answer.text, answer.finish))
            if answer.span
            else dropped(found, "it is no edit of this text")
        )
    polished = chain.run(chain.Draft(answer.text, where, ask.buffer, ask.kind, several, ask.trigger is Trigger.MANUAL))
    if polished.draft is None:
        return _refused(found, Verdict(0.0, accepted=False, reasons=(polished.dropped_by,), fatal=polished.dropped_by))
    text, span = polished.draft.text, polished.draft.span
    offer = (own.text, own.confidence or 0.0) if own else ("", 0.0)
    placed = replace(found, answer=replace(answer, text=text), span=span)
    return _judged(placed, in_place(ask, span, text, answer.finish, offer), ask.trigger is Trigger.MANUAL)


def case_of(ask: Ask, found: Found) -> Case:
    """The case of an answer that was weighed, to compare it with others."""
    assert found.answer
    return alone(ask, found.answer.text) if ask.kind is Kind.TEST else in_place(ask, found.span, found.answer.text)


def _judged(found: Found, case: Case, by_hand: bool = False) -> Found:
    verdict = judge(case)
    if case.kind is Kind.COMPLETE and not by_hand and verdict.findings:
        # Ghost text is taken without reading a reason.
        verdict = replace(verdict, accepted=False, fatal=verdict.fatal or "; ".join(verdict.reasons))
    return _refused(found, verdict) if verdict.fatal else replace(found, verdict=verdict)


def _refused(found: Found, verdict: Verdict) -> Found:
    return replace(dropped(found, verdict.fatal), verdict=verdict)
