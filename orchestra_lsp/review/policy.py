"""Which findings a person wants to see, and how severe they are to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from orchestra_lsp.model import Category, Confidence, Finding, Severity

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


def relaxed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is still told of files that are reviewed less strictly, such as tests."""
    strict = (finding for finding in findings if finding.category not in (Category.STYLE, Category.PERFORMANCE))
    return tuple(one if one.confidence is Confidence.HIGH else replace(one, severity=Severity.HINT) for one in strict)


def is_relaxed(path: str, globs: Iterable[str]) -> bool:
    """Whether a path below the project's folder, with forward slashes, is one of these; a glob may be about its last part alone."""
    name = path.rsplit("/", 1)[-1]
    return any(fnmatchcase(path, glob) or fnmatchcase(name, glob) for glob in globs)
