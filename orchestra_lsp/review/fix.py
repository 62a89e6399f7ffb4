"""Repairing everything that can be repaired safely, in one change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestra_lsp.model import Buffer, Edit, Finding, Safety, Span
from orchestra_lsp.review import pages
from orchestra_lsp.review.check import check_with
from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.imports import imports_of, tidied
from orchestra_lsp.review.table import Table
from orchestra_lsp.syntax.parse import errors_in, splice
from orchestra_lsp.syntax.text import decode, encode

_ROUNDS = 10  # a fix can uncover another one, inside it or by it; real code needs two rounds


def fix_all(buffer: Buffer, findings: Sequence[Finding]) -> tuple[Edit, ...]:
    """The edits that make every safe fix of these findings, and those that they uncover of the same rules.

    They do not overlap, leave no syntax error that was not there, and a second call on the result has nothing to do.
    """
    return fix_all_with(pages.table(buffer.language), buffer, findings)


def fix_all_with(table: Table, buffer: Buffer, findings: Sequence[Finding]) -> tuple[Edit, ...]:
    """`fix_all` by the rules of another table."""
    rules = {finding.rule for finding in findings}
    pieces: tuple[Piece, ...] = (Piece(0, len(buffer.data), None),)
    now = buffer
    for _ in range(_ROUNDS):
        edits = compatible(findings)
        if not edits:
            break
        after = splice(now, edits)
        if errors_in(after) > errors_in(now):
            break
        for edit in reversed(edits):
            pieces = replaced(pieces, edit)
        now = after
        findings = [finding for finding in check_with(table, now) if finding.rule in rules]
    made = to_edits(pieces, len(buffer.data))
    rules_of = dialect(buffer.language)
    return tidied(buffer.data, imports_of(buffer, rules_of), made) if rules_of is not None and made else made


def compatible(findings: Sequence[Finding]) -> tuple[Edit, ...]:
    """The edits of the safe fixes that can be made together, earlier findings first; sorted, and each edit once."""
    taken: list[Edit] = []
    for finding in sorted(findings, key=lambda finding: finding.span):
        if finding.fix is None or finding.fix.safety is not Safety.SAFE:
            continue
        wanted = [edit for edit in finding.fix.edits if edit not in taken]
        if not any(_conflict(edit.span, other.span) for edit in wanted for other in taken):
            taken += wanted
    return tuple(sorted(taken, key=lambda edit: edit.span))


def _conflict(one: Span, other: Span) -> bool:
    """Whether two edits cannot be made together: they share a byte, or it is open which of two at one place comes first."""
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the edited text: bytes of the original, or (`text`) new ones."""

    start: int
    end: int
    text: bytes | None

    @property
    def size(self) -> int:
        return self.end - self.start if self.text is None else len(self.text)

    def part(self, start: int, end: int) -> Piece:
        """Bytes `start` to `end` of the piece itself."""
        if self.text is None:
            return Piece(self.start + start, self.start + end, None)
        return Piece(0, 0, self.text[start:end])


def replaced(pieces: tuple[Piece, ...], edit: Edit) -> tuple[Piece, ...]:
    """The pieces after one edit of the text that they make."""
    made: list[Piece] = []
    written, at = False, 0
    for piece in pieces:
        before, after = edit.span.start - at, edit.span.end - at
        if before > 0:
            made.append(piece.part(0, min(before, piece.size)))
        if not written and before <= piece.size:
            made.append(Piece(0, 0, encode(edit.text)))
            written = True
        if after < piece.size:
            made.append(piece.part(max(0, after), piece.size))
        at += piece.size
    if not written:
        made.append(Piece(0, 0, encode(edit.text)))
    return tuple(piece for piece in made if piece.size)


def to_edits(pieces: Sequence[Piece], size: int) -> tuple[Edit, ...]:
    """The edits of the original text, of `size` bytes, that give the pieces."""
    edits: list[Edit] = []
    at, text = 0, b""
    for piece in (*pieces, Piece(size, size, None)):
        if piece.text is not None:
            text += piece.text
            continue
        if piece.start > at or text:
            edits.append(Edit(Span(at, piece.start), decode(text)))
        at, text = piece.end, b""
    return tuple(edits)
