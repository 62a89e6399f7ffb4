"""Which findings a person wants to see, and how severe they are to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestra_lsp.model import Finding, Severity

if TYPE_CHECKING:
    from orchestra_lsp.config import ReviewSettings

LANGUAGE = "language:"


def apply(findings: Iterable[Finding], settings: ReviewSettings, language: str = "") -> tuple[Finding, ...]:
    """The findings without those of rules, categories or the language that are switched off, with the person's own severities.

    `language` is the buffer's; "language:javascript" switches off typescript and tsx only if they are named as well.
    """
    off = set(settings.rules_off)
    if not settings.enabled or (language and f"{LANGUAGE}{language}" in off):
        return ()
    return tuple(_with_severity(finding, settings) for finding in findings if finding.rule not in off and finding.category not in off)


def _with_severity(finding: Finding, settings: ReviewSettings) -> Finding:
    wanted = settings.severity.get(finding.rule)
    return replace(finding, severity=Severity(wanted)) if wanted is not None else finding
