"""An answer must not say again what stands right above or below it."""

from __future__ import annotations

from collections.abc import Callable

from orchestra_lsp.engine.judging.case import Case, Remark, says_something, solid
from orchestra_lsp.model import Kind
from orchestra_lsp.syntax.text import decode

WINDOW = 4000  # bytes around the place
MOST = 40  # lines compared
SOME, MUCH = 0.7, 0.4  # taken for one line that says something, and for several
MANY = 2  # lines that are much
BLOCK = 2  # lines of a completion that stand above it as a block


def check(case: Case) -> Remark | None:
    if case.kind is Kind.TEST:
        return None
    data, span = case.before.data, case.span
    ours = solid(case.text.splitlines())
    above = solid(decode(data[max(0, span.start - WINDOW) : span.start]).splitlines())[-MOST:]
    below = solid(decode(data[span.end : span.end + WINDOW]).splitlines())[:MOST]
    head = _most(ours, above, lambda count: ours[:count] == above[-count:])
    tail = _most(ours, below, lambda count: ours[-count:] == below[:count])
    again = sum(map(says_something, ours[:head])) + sum(map(says_something, ours[len(ours) - tail :]))
    if case.kind is Kind.COMPLETE and len(ours) >= BLOCK and _holds(above, ours):
        again = max(again, len(ours))
    if not again:
        return None
    return Remark(MUCH if again >= MANY else SOME, f"repeats {again} line{'s' if again > 1 else ''} that stand right beside it")


def _most(ours: list[str], theirs: list[str], same: Callable[[int], bool]) -> int:
    return next((count for count in range(min(len(ours), len(theirs), MOST), 0, -1) if same(count)), 0)


def _holds(lines: list[str], block: list[str]) -> bool:
    said = any(map(says_something, block))
    return said and any(lines[at : at + len(block)] == block for at in range(max(0, len(lines) - 3 * len(block)), len(lines)))
