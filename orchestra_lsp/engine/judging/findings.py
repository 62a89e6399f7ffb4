"""An answer must bring no review finding that was not there before; one that brings an injection is demoted and says so."""

from __future__ import annotations

from collections import Counter
from math import prod

from orchestra_lsp.engine.judging.case import Case, Remark
from orchestra_lsp.model import Category, Confidence, Finding, Severity, Span
from orchestra_lsp.review.check import check as review

#: How much a finding takes from the score; what is not named here takes nothing.
SECURITY = {Severity.ERROR: 0.3, Severity.WARNING: 0.4, Severity.INFO: 0.8}
OTHER = {Severity.ERROR: 0.6, Severity.WARNING: 0.8}
UNSURE = 0.5  # a rule that is often wrong takes half of it
NAMED = 3  # findings named in the reason


def check(case: Case) -> Remark | None:
    brought = _brought(case)
    if not brought:
        return None
    factor = prod(map(_factor, brought))
    said = "; ".join(f"{one.rule}: {one.message}" for one in sorted(brought, key=_factor)[:NAMED])
    return Remark(factor, f"brings {len(brought)} review finding{'s' if len(brought) > 1 else ''} ({said})", findings=brought)


def _brought(case: Case) -> tuple[Finding, ...]:
    """Only the functions that the answer touches are read, before and after."""
    after = review(case.after, (case.placed,))
    if not after:
        return ()
    grown = len(case.after.data) - len(case.before.data)
    inside = [one for one in after if one.span.start < case.placed.end and case.placed.start < one.span.end]
    outside = {(one.rule, _back(one.span, case, grown)): one for one in after if one not in inside}
    before = review(case.before, (case.span, *(span for _, span in outside)))
    there = {(one.rule, one.span) for one in before}
    # What stood in the replaced code may stand in the new code as well, in another place of it.
    owed = Counter(one.rule for one in before if one.span.start < case.span.end and case.span.start < one.span.end)
    brought = [one for key, one in outside.items() if key not in there]
    for one in inside:
        if owed[one.rule]:
            owed[one.rule] -= 1
        else:
            brought.append(one)
    return tuple(brought)


def _back(span: Span, case: Case, grown: int) -> Span:
    """Where a stretch outside of the answer stood before."""
    end = case.placed.end
    return Span(span.start - (grown if span.start >= end else 0), span.end - (grown if span.end >= end else 0))


def _factor(finding: Finding) -> float:
    table = SECURITY if finding.category is Category.SECURITY else OTHER
    factor = table.get(finding.severity, 1.0)
    return 1 - (1 - factor) * UNSURE if finding.confidence is Confidence.LOW else factor
