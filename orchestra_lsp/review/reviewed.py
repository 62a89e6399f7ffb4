"""One file and what is wrong with it, as reports and baselines take it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orchestra_lsp.model import Buffer, Finding, Severity
from orchestra_lsp.syntax.text import line_at, line_bounds

#: Severities, the worst first.
ORDER: Final = tuple(Severity)
FINGERPRINT_LENGTH: Final = 32  # hexadecimal digits


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One file and what is wrong with it; `path` as the person wrote it."""

    path: str
    buffer: Buffer
    findings: tuple[Finding, ...]


def at_least(severity: Severity, level: Severity) -> bool:
    """Whether a severity is as bad as the level, or worse."""
    return ORDER.index(severity) <= ORDER.index(level)


def failing(findings: Iterable[Finding], level: Severity | None) -> bool:
    """Whether a gate that fails on this level, or on worse, fails on these; None: on nothing."""
    return level is not None and any(at_least(finding.severity, level) for finding in findings)


def fingerprints(buffer: Buffer, findings: Sequence[Finding]) -> list[str]:
    """One for each finding: of its rule, its line without white space at the ends and runs of it, and which of several equal ones it is.

    They outlive everything that happens to other lines of the file, its indentation and its name.
    """
    seen: Counter[tuple[str, bytes]] = Counter()
    found: dict[int, str] = {}
    for number in sorted(range(len(findings)), key=lambda number: findings[number].span):
        finding = findings[number]
        start, end = line_bounds(buffer.data, buffer.line_starts, line_at(buffer, finding.span.start))
        line = b" ".join(buffer.data[start:end].split())
        occurrence = seen[finding.rule, line]
        seen[finding.rule, line] += 1
        text = b"\0".join((finding.rule.encode(), line, str(occurrence).encode()))
        found[number] = hashlib.sha256(text).hexdigest()[:FINGERPRINT_LENGTH]
    return [found[number] for number in range(len(findings))]
