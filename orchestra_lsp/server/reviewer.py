"""One review of one buffer, in the worker: what is found, and the same as the editor takes it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.model import Buffer, Finding, Severity, Span
from orchestra_lsp.server import convert, logs

if TYPE_CHECKING:
    from orchestra_lsp.config import ReviewSettings
    from orchestra_lsp.review.project import Project
    from orchestra_lsp.server.session import Session

log = logging.getLogger("orchestra")


@dataclass(frozen=True, slots=True)
class Examined:
    """What a review found. `everything` is before the person's own settings: the base of the next review."""

    buffer: Buffer
    everything: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    diagnostics: tuple[t.Diagnostic, ...]  # one for each of `findings`
    whole: bool = True  # False: the review failed, so nothing may be built on it
    project: Project | None = None  # whose rules it was reviewed by

    def select(self, findings: Iterable[Finding]) -> list[t.Diagnostic]:
        wanted = set(map(id, findings))
        return [diagnostic for finding, diagnostic in zip(self.findings, self.diagnostics, strict=True) if id(finding) in wanted]

    def diagnostic(self, finding: Finding) -> t.Diagnostic:
        return self.diagnostics[self.findings.index(finding)]


def examine(base: Examined | None, buffer: Buffer, changed: Sequence[Span], session: Session) -> Examined:
    """Review a buffer, reusing what `base` found in an earlier version of it; `changed` is what is new since then.

    A fault in a rule costs its findings and is logged, it never stops the server.
    """
    settings, client = session.settings, session.client
    whole, project = True, None
    try:
        if settings.review.enabled:
            project = session.projects.of(session.roots, buffer.path, settings.review)
        everything = _everything(base, buffer, changed, project) if project else ()
        demoted = session.projects.demoted.get(project.root, frozenset()) if project else frozenset()
        findings = _demoted(project.wanted(everything, buffer, _with_others(session)), demoted) if project else ()
    except Exception as error:  # noqa: BLE001 - logged; rules are many, and one at fault must not take the others along
        log.error("review of a %s document failed: %s\n%s", buffer.language, logs.describe(error), logs.places(error))
        everything, findings, whole = (), (), False
    tags: Mapping[str, Sequence[str]] = _tags() if findings else {}
    diagnostics = tuple(convert.diagnostic(client, buffer, finding, tags.get(finding.rule, ())) for finding in findings)
    return Examined(buffer, everything, findings, diagnostics, whole, project)


def _everything(base: Examined | None, buffer: Buffer, changed: Sequence[Span], project: Project) -> tuple[Finding, ...]:
    if base is None or not base.whole or base.project is not project:
        return project.check(buffer)
    return project.update(base.everything, base.buffer, buffer, changed)


def _with_others(session: Session) -> ReviewSettings:
    """The settings, with what other servers were seen to tell left to them."""
    review, heard = session.settings.review, session.projects.others
    return review.model_copy(update={"others": [*review.others, *sorted(heard)]}) if heard else review


def _demoted(findings: Sequence[Finding], rules: frozenset[str]) -> tuple[Finding, ...]:
    """What is mostly ignored here is only hinted at; an error stays one."""
    return tuple(
        replace(one, severity=Severity.HINT) if one.rule in rules and one.severity is not Severity.ERROR else one for one in findings
    )


def _tags() -> Mapping[str, Sequence[str]]:
    from orchestra_lsp.review.pages import rules

    return {name: rule.tags for name, rule in rules().items()}
