"""Findings by the rules about plain text: of a whole buffer, or brought up to date around an edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestra_lsp.model import Buffer, Finding, Span
from orchestra_lsp.review.chunk import Shift, joined, lines_around
from orchestra_lsp.review.plain import MOST_BYTES, TextHit, TextRule
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.suppress import is_suppressed, suppressions, touches_suppression
from orchestra_lsp.review.template import filled

_OWN = b"orchestra: ignore"


def text_findings(rules: Sequence[TextRule], buffer: Buffer, scene: Scene | None, windows: Sequence[Span] | None = None) -> list[Finding]:
    """All of them, or those in some stretches of whole lines. `scene` tells comments from code where there is a grammar."""
    if len(buffer.data) > MOST_BYTES:
        return []
    found: list[Finding] = []
    for rule in rules:
        for window in windows or [Span(0, len(buffer.data))]:
            found += _found(rule, buffer, window)
    return _heard(rules, found, buffer, scene)


def update_texts(
    rules: Sequence[TextRule], before: Sequence[Finding], buffers: tuple[Buffer, Buffer], scene: Scene | None
) -> list[Finding]:
    """The findings of the new buffer, given those of the old one: what no edit reached is only moved along."""
    old, new = buffers
    shift = Shift.between(old.data, new.data)
    touched, touched_before = (
        lines_around(buffer.data, Span(shift.start, end)) for buffer, end in ((new, shift.new_end), (old, shift.old_end))
    )
    silence = touches_suppression(new.data, touched) or touches_suppression(old.data, touched_before)
    if silence or max(len(old.data), len(new.data)) > MOST_BYTES:
        return text_findings(rules, new, scene)
    fresh: list[Finding] = []
    kept: list[Finding] = []
    for rule in rules:
        reach = joined([rule.reach(new.data, touched), shift.forth_span(rule.reach(old.data, touched_before))])
        gone = shift.back_span(reach)
        own = [finding for finding in before if finding.rule == rule.page.rule.id]
        kept += [shift.moved(one) for one in own if one.span.end <= gone.start or one.span.start >= gone.end]
        fresh += _found(rule, new, reach)
    return [*kept, *_heard(rules, fresh, new, scene)]


def _found(rule: TextRule, buffer: Buffer, window: Span) -> Iterator[Finding]:
    for hit in rule.find(buffer.data, window):
        yield _finding(rule, hit)


def _finding(rule: TextRule, hit: TextHit) -> Finding:
    about = rule.page.rule
    return Finding(
        rule=about.id,
        message=filled(rule.matcher.message or rule.page.message, hit.words),
        span=hit.span,
        severity=hit.severity or about.severity,
        confidence=hit.confidence or about.confidence,
        category=about.category,
        cwe=about.cwe,
        link=rule.page.link,
    )


def _heard(rules: Sequence[TextRule], found: list[Finding], buffer: Buffer, scene: Scene | None) -> list[Finding]:
    """Without those that a comment silences."""
    if not found:
        return found
    if scene is None:
        return [finding for finding in found if not _silenced(buffer.data, finding)]
    known = suppressions(scene)
    pages = {rule.page.rule.id: rule.page for rule in rules}
    return [finding for finding in found if not is_suppressed(scene, known, pages[finding.rule], finding.span)]


def _silenced(data: bytes, finding: Finding) -> bool:
    """Whether our own comment stands on the line or the one above: all there is where no grammar tells comments from text."""
    start = data.rfind(b"\n", 0, finding.span.start) + 1
    above = data.rfind(b"\n", 0, max(0, start - 1)) + 1
    end = data.find(b"\n", finding.span.end)
    here = data[above : len(data) if end < 0 else end]
    _, mark, rest = here.partition(_OWN)
    named = rest.split(b"\n", 1)[0]
    return bool(mark) and (not named.startswith(b"[") or finding.rule.encode() in named[1:].split(b"]", 1)[0].replace(b",", b" ").split())
