"""One review of one buffer, in the worker: what is found, and the same as the editor takes it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.model import Buffer, Finding, Span
from orchestra_lsp.server import convert, logs
from orchestra_lsp.server.client import Client

if TYPE_CHECKING:
    from orchestra_lsp.config import Settings

log = logging.getLogger("orchestra")


@dataclass(frozen=True, slots=True)
class Examined:
    """What a review found. `everything` is before the person's own settings: the base of the next review."""

    buffer: Buffer
    everything: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    diagnostics: tuple[t.Diagnostic, ...]  # one for each of `findings`
    whole: bool = True  # False: the review failed, so nothing may be built on it

    def select(self, findings: Iterable[Finding]) -> list[t.Diagnostic]:
        wanted = set(map(id, findings))
        return [diagnostic for finding, diagnostic in zip(self.findings, self.diagnostics, strict=True) if id(finding) in wanted]

    def diagnostic(self, finding: Finding) -> t.Diagnostic:
        return self.diagnostics[self.findings.index(finding)]


def examine(base: Examined | None, buffer: Buffer, changed: Sequence[Span], settings: Settings, client: Client) -> Examined:
    """Review a buffer, reusing what `base` found in an earlier version of it; `changed` is what is new since then.

    A fault in a rule costs its findings and is logged, it never stops the server.
    """
    whole = True
    try:
        everything = _everything(base, buffer, changed) if settings.review.enabled else ()
        findings = _wanted(everything, buffer, settings)
    except Exception as error:  # noqa: BLE001 - logged; rules are many, and one at fault must not take the others along
        log.error("review of a %s document failed: %s\n%s", buffer.language, logs.describe(error), logs.places(error))
        everything, findings, whole = (), (), False
    tags: Mapping[str, Sequence[str]] = _tags() if findings else {}
    diagnostics = tuple(convert.diagnostic(client, buffer, finding, tags.get(finding.rule, ())) for finding in findings)
    return Examined(buffer, everything, findings, diagnostics, whole)


def _everything(base: Examined | None, buffer: Buffer, changed: Sequence[Span]) -> tuple[Finding, ...]:
    from orchestra_lsp.review.check import check, update

    if base is None or not base.whole:
        return check(buffer)
    return update(base.everything, base.buffer, buffer, changed)


def _wanted(findings: Sequence[Finding], buffer: Buffer, settings: Settings) -> tuple[Finding, ...]:
    """Without what the person switched off."""
    from orchestra_lsp.review.policy import apply

    return apply(findings, settings.review, buffer.language)


def _tags() -> Mapping[str, Sequence[str]]:
    from orchestra_lsp.review.pages import rules

    return {name: rule.tags for name, rule in rules().items()}
