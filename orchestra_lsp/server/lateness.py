"""Clear at once, add late: a new finding on the line that is being typed waits until the person pauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestra_lsp.model import Buffer, Finding
from orchestra_lsp.syntax.parse import Change

#: Characters of one keystroke: editors add a closing bracket or quote by themselves.
KEYSTROKE = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """What to show now and what to hold back until the pause."""

    shown: tuple[Finding, ...] = ()
    held: tuple[Finding, ...] = ()


def typed_line(changes: Sequence[Change]) -> int | None:
    """The line (from 0) that a single keystroke changed; None for pastes, accepted completions, new lines and the like."""
    if len(changes) != 1:
        return None
    change = changes[0]
    if change.start_line is None or change.start_line != change.end_line:
        return None
    removed = abs((change.end_column or 0) - (change.start_column or 0))
    if removed > KEYSTROKE or len(change.text) > KEYSTROKE or "\n" in change.text or "\r" in change.text:
        return None
    return change.start_line


def timing(buffer: Buffer, findings: Sequence[Finding], line: int | None, before: Counter[str]) -> Timing:
    """Split findings; `line` is the one being typed, `before` counts the rules shown on it until now.

    A finding counts as known when its rule was already shown on the line: the text it speaks of changes with every key.
    """
    if line is None or line >= len(buffer.line_starts):
        return Timing(tuple(findings))
    known = Counter(before)
    shown, held = [], []
    for finding in findings:
        if not _touches(buffer, finding, line) or known[finding.rule] > 0:
            known[finding.rule] -= _touches(buffer, finding, line)
            shown.append(finding)
        else:
            held.append(finding)
    return Timing(tuple(shown), tuple(held))


def rules_on(buffer: Buffer, findings: Sequence[Finding], line: int) -> Counter[str]:
    """How often each rule is found on a line."""
    return Counter(finding.rule for finding in findings if line < len(buffer.line_starts) and _touches(buffer, finding, line))


def _touches(buffer: Buffer, finding: Finding, line: int) -> bool:
    start = buffer.line_starts[line]
    end = buffer.line_starts[line + 1] if line + 1 < len(buffer.line_starts) else len(buffer.data) + 1
    return finding.span.start < end and finding.span.end >= start
