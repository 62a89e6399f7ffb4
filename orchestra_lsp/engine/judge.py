"""What an answer is worth where it would stand: every check of `judging/` says its part, and the score ranks answers.

An answer that breaks the code is never shown. One that is rejected otherwise is shown only when there is nothing better, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from orchestra_lsp.engine.judging import agreement, complete, findings, names, purpose, repeats, syntax
from orchestra_lsp.engine.judging.case import MOST_BYTES, Case, Remark, in_place
from orchestra_lsp.model import Ask, Buffer, Edit, Finding, Kind, Span
from orchestra_lsp.syntax.parse import errors_in, open_buffer, splice

START: Final = 0.8  # of an answer that nothing speaks for or against
ACCEPTED: Final = 0.5

Check = Callable[[Case], Remark | None]

_CODE: Final[tuple[Check, ...]] = (syntax.check, complete.check, repeats.check, purpose.check, findings.check, names.check)
#: The checks of each kind of code. Documentation adds no names, and what a test uses is often made elsewhere.
CHECKS: Final[Mapping[Kind, tuple[Check, ...]]] = {
    Kind.COMPLETE: (syntax.check, repeats.check, findings.check, names.check, agreement.check),
    Kind.NEXT_EDIT: (syntax.check, findings.check, names.check),
    Kind.EDIT: _CODE,
    Kind.TEST: (syntax.check, complete.check, purpose.check),
    Kind.DOCUMENT: (syntax.check, complete.check, repeats.check, purpose.check),
    Kind.NEXT_EDIT: (syntax.check,),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` 0..1 ranks; `accepted` ends the search for a better answer; `fatal` is why it may not be shown, or empty.

    `reasons` say what spoke for or against it, `findings` (of the text with the answer in it) are those it brings.
    """

    score: float
    accepted: bool
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fatal: str = ""


UNJUDGED: Final = Verdict(START, accepted=True)


def judge(case: Case) -> Verdict:
    """Pure; stops at the first fatal fault. Kinds that are read and not put into code are not judged, huge files only parsed."""
    remarks: list[Remark] = []
    checks = CHECKS.get(case.kind, ())
    for check in checks if len(case.after.data) <= MOST_BYTES else checks[:1]:
        if remark := check(case):
            remarks.append(remark)
            if remark.fatal:
                return Verdict(0.0, accepted=False, reasons=(remark.reason,), fatal=remark.reason)
    score = min(1.0, START * prod(remark.factor for remark in remarks))
    brought: Sequence[Finding] = [finding for remark in remarks for finding in remark.findings]
    return Verdict(round(score, 3), score >= ACCEPTED, tuple(remark.reason for remark in remarks), tuple(brought))


def objection(buffer: Buffer, span: Span, text: str) -> str:
    """Why `text` in place of `span` would break the code; empty when it would not. For offers that are made at every keystroke."""
    if buffer.tree is None:
        return ""
    before = errors_in(buffer)
    after = errors_in(splice(buffer, (Edit(span, text),)))
    return f"adds {_count(after - before)}" if after > before else ""


def brings(ask: Ask, span: Span, text: str) -> str:
    """Which review findings `text` would bring; empty when it brings none that counts. Reads the functions it touches: some ms."""
    if len(ask.buffer.data) > MOST_BYTES:
        return ""
    remark = findings.check(in_place(ask, span, text))
    return remark.reason if remark else ""


def objection_alone(language: str, text: str) -> str:
    """The same for text that becomes a file of its own, as tests do."""
    broken = errors_in(open_buffer("", "", 0, language, text))
    return f"has {_count(broken)}" if broken else ""


def _count(errors: int) -> str:
    return f"{errors} syntax error{'s' if errors > 1 else ''}"
