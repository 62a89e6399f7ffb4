"""What the pages say about flows, as findings: the place, the way there, and one finding only where a pattern saw the same."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.model import Finding, Related, Span
from orchestra_lsp.review.flow.engine import Followed
from orchestra_lsp.review.flow.machine import Found
from orchestra_lsp.review.flow.roots import followed
from orchestra_lsp.review.page import Matcher, Page
from orchestra_lsp.review.scene import Scene, first_line
from orchestra_lsp.review.suppress import is_suppressed, suppressions
from orchestra_lsp.review.template import filled

if TYPE_CHECKING:
    from tree_sitter import Node

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class FlowRule:
    """One `[[match]]` with `flow`."""

    page: Page
    matcher: Matcher


def flow_rules(language: str, pages: Iterable[Page]) -> tuple[FlowRule, ...]:
    """The matches about flow that some pages have for a language."""
    return tuple(FlowRule(page, one) for page in pages for one in page.matchers if one.flow and language in one.languages)


@dataclass(frozen=True, slots=True)
class Flows:
    """The findings about flow, and the places (with their weaknesses) where flow knows that a pattern would be wrong."""

    findings: tuple[Finding, ...] = ()
    harmless: tuple[tuple[Span, frozenset[int]], ...] = ()

    def without_repeated(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings of patterns, without those that a flow reports at the same place, or knows to be none."""
        by_cwe: dict[int, list[Span]] = {}
        for span, numbers in (*((one.span, one.cwe) for one in self.findings), *self.harmless):
            for number in numbers:
                by_cwe.setdefault(number, []).append(span)
        return [one for one in findings if not any(_meets(one.span, span) for number in one.cwe for span in by_cwe.get(number, ()))]


def flows(rules: Sequence[FlowRule], scene: Scene, nodes: Sequence[Node]) -> Flows:
    """What flow says in and below some nodes; findings that a comment silences are left out."""
    if not rules:
        return Flows()
    by_sink: dict[str, list[FlowRule]] = {}
    for rule in rules:
        by_sink.setdefault(rule.matcher.flow, []).append(rule)
    findings: list[Finding] = []
    harmless: list[tuple[Span, frozenset[int]]] = []
    for one in _followed(scene, nodes):
        findings += [
            _finding(rule, scene, found, first_line(scene, Span(*found.at)))
            for found in one.found
            for rule in by_sink.get(found.sink, ())
            if not is_suppressed(scene, suppressions(scene), rule.page, Span(*found.at))
        ]
        for sink, place in one.harmless:
            cwe = frozenset(number for rule in by_sink.get(sink, ()) for number in rule.page.rule.cwe)
            harmless.append((Span(*place), cwe))
    return Flows(tuple(findings), tuple(harmless))


def _meets(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _followed(scene: Scene, nodes: Sequence[Node]) -> list[Followed]:
    try:
        return followed(scene, nodes)
    except Exception as error:
        where = error.__traceback__.tb_lineno if error.__traceback__ else 0
        log.error("flow failed on a %s document: %s (%d)", scene.buffer.language, type(error).__name__, where, exc_info=True)
        return []


def _finding(rule: FlowRule, scene: Scene, found: Found, span: Span) -> Finding:
    about = rule.page.rule
    words = {"WHAT": found.taint.what, "SINK": found.called}
    return Finding(
        rule=about.id,
        message=filled(rule.matcher.message or rule.page.message, words),
        span=span,
        severity=about.severity,
        confidence=about.confidence,
        category=about.category,
        cwe=about.cwe,
        related=_path(scene, found),
        link=rule.page.link,
    )


def _path(scene: Scene, found: Found) -> tuple[Related, ...]:
    """Where the data comes in, what it passes, and where it ends if that is in a helper."""
    places = [(found.taint.origin, f"{found.taint.what} comes in here")]
    places += [(step, "it is passed on here") for step in found.taint.steps if step != found.at]
    if found.deeper is not None:
        places.append((found.deeper, f"it reaches {found.called} here"))
    return tuple(Related(first_line(scene, Span(*place)), message) for place, message in places)
