"""The page of the rule on a finding, and the measures of a function on its name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.model import Buffer, Finding, FunctionFacts, Rule, Span
from orchestra_lsp.server import convert

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

_HEADING = re.compile(r"^##+ +(.+)$", re.MULTILINE)  # editors draw headings as large as a page's, which a popup is not
PAGES = 2  # rules shown at one place; more would not be read


async def hover(ls: OrchestraServer, params: t.HoverParams) -> t.Hover | None:
    session, uri = ls.session, params.text_document.uri
    examined = await session.diagnostics.current(uri)
    buffer = session.documents.buffer(uri)
    if buffer is None:
        return None
    offset = convert.offset_of(session.client, buffer, params.position)
    function = await asyncio.to_thread(_function, buffer, offset)
    found = _found(examined.findings, offset) if examined and examined.buffer.data is buffer.data else []
    span = found[0].span if found else function.name_span if function else None
    if span is None:
        return None
    texts = [page_text(finding, _rule(finding.rule)) for finding in found]
    if function:
        texts.append(function_text(function))
    return t.Hover(convert.markup(session.client.markdown_hover, "\n\n---\n\n".join(texts)), convert.range_of(session.client, buffer, span))


def page_text(finding: Finding, rule: Rule | None) -> str:
    """A finding and the page of its rule, in Markdown."""
    if rule is None:
        return f"**{finding.rule}**\n\n{finding.message}"
    weaknesses = [f"[CWE-{number}](https://cwe.mitre.org/data/definitions/{number}.html)" for number in finding.cwe]
    notes = [f"{finding.category} `{finding.rule}`", f"confidence {finding.confidence}", *weaknesses]
    if finding.link:
        notes.append(f"[about this rule]({finding.link})")
    return "\n\n".join([f"**{rule.title}**", finding.message, _HEADING.sub(r"**\1**", rule.description.strip()), " \u00b7 ".join(notes)])


def function_text(function: FunctionFacts) -> str:
    """What a function measures and what the figures mean, in Markdown."""
    lines = function.end_line - function.start_line + 1
    return (
        f"**{function.name}**: {lines} {'line' if lines == 1 else 'lines'}, parameters: {function.parameters}\n\n"
        f"- cyclomatic complexity **{function.cyclomatic}**: ways through it, at least as many tests\n"
        f"- cognitive complexity **{function.cognitive}**: how hard it is to follow; above 15 most people lose the thread\n"
        f"- nesting **{function.nesting}**: depth of the deepest block"
    )


def _found(findings: Sequence[Finding], offset: int) -> list[Finding]:
    """The findings at a place, the narrowest first."""
    here = [finding for finding in findings if _holds(finding.span, offset)]
    return sorted(here, key=lambda finding: finding.span.end - finding.span.start)[:PAGES]


def _rule(name: str) -> Rule | None:
    from orchestra_lsp.review.pages import rules

    return rules().get(name)


def _function(buffer: Buffer, offset: int) -> FunctionFacts | None:
    """The function whose name stands at a place."""
    from orchestra_lsp.syntax.facts import function_facts

    facts = function_facts(buffer, Span(offset, offset))
    return facts if facts and _holds(facts.name_span, offset) else None


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_HOVER)(hover)
