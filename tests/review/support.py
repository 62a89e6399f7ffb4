"""What the tests of this folder share: the built-in pages with their examples, and pages written on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from orchestra_lsp.model import Buffer, Finding
from orchestra_lsp.review import pages
from orchestra_lsp.review.check import check_with
from orchestra_lsp.review.examples import Example, examples
from orchestra_lsp.review.page import ANY, Page, parse_page
from orchestra_lsp.review.table import Table, build_table
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.text import line_at

ENDINGS = {"python": "py", "javascript": "js", "typescript": "ts", "tsx": "tsx", "go": "go", "rust": "rs"}
FRONT = """+++
title = "A rule"
languages = {languages}
severity = "warning"
confidence = "high"
category = "quality"
message = "found $X"
{rest}
+++

## What it does
Finds things.
"""


def buffer(language: str, text: str, path: str = "") -> Buffer:
    path = path or f"/project/code.{ENDINGS.get(language, 'txt')}"
    return open_buffer(f"file://{path}", path, 0, language, text)


def one_page(languages: list[str], rest: str) -> Page:
    """A page with these matchers and nothing else of note."""
    return parse_page("rules/quality/some-rule.md", FRONT.format(languages=languages, rest=rest))


@cache
def own_table(rule: str, language: str) -> Table:
    """A table with a single built-in rule."""
    return build_table(language, [pages.page(rule)])


def cases() -> Iterator[tuple[str, str, Example]]:
    """Every example of every built-in page, once for each language whose grammar it is for."""
    for rule in pages.rules():
        page = pages.page(rule)
        for example in examples(page):
            for language in example.languages:
                if language in page.rule.languages or page.rule.languages == (ANY,):
                    yield rule, language, example


def found_lines(table: Table, code: Buffer) -> list[int]:
    return sorted({line_at(code, finding.span.start) for finding in check_with(table, code)})


def texts(code: Buffer, findings: tuple[Finding, ...]) -> list[str]:
    return [code.data[finding.span.start : finding.span.end].decode() for finding in findings]
