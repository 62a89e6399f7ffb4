"""Every rule page is its own test: its marked lines, its fixes, and what a person reads."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from orchestra_lsp.model import Buffer, Edit, Finding, Safety
from orchestra_lsp.review import pages
from orchestra_lsp.review.check import check_with
from orchestra_lsp.review.dialect import family
from orchestra_lsp.review.examples import PLAIN, Example, examples
from orchestra_lsp.review.fix import compatible, fix_all_with
from orchestra_lsp.review.page import ANY
from orchestra_lsp.review.table import Table
from orchestra_lsp.syntax.parse import errors_in, splice
from tests.review.support import buffer, cases, found_lines, own_table

CASES = list(cases())
each_example = pytest.mark.parametrize(
    ("rule", "language", "example"), CASES, ids=[f"{rule}-{name}-{one.line}" for rule, name, one in CASES]
)
each_page = pytest.mark.parametrize("rule", pages.rules())
HEADINGS = ["## What it does", "## Why it is bad", "## How to fix", "## References"]
LEAST = 3


@each_example
def test_the_marked_lines_are_found_and_no_others(rule: str, language: str, example: Example) -> None:
    code = buffer(language, example.code, example.path)
    assert not errors_in(code), f"line {example.line}: the example does not parse as {language}"
    assert found_lines(own_table(rule, language), code) == list(example.bad)


@each_example
def test_each_fix_removes_its_finding_and_breaks_nothing(rule: str, language: str, example: Example) -> None:
    table, code = own_table(rule, language), buffer(language, example.code, example.path)
    before = check_with(table, code)
    for finding in before:
        if finding.fix is not None:
            after = splice(code, finding.fix.edits)
            assert errors_in(after) == 0, finding.fix
            assert len(check_with(table, after)) < len(before), finding.fix


@each_example
def test_all_fixes_together_give_what_the_page_shows(rule: str, language: str, example: Example) -> None:
    if example.fixed is not None:
        code = buffer(language, example.code, example.path)
        assert fixed(own_table(rule, language), code) == example.fixed


def fixed(table: Table, code: Buffer) -> str:
    """The text after all fixes, the unsafe ones too, made as fix-all makes the safe ones."""
    for _ in range(10):
        edits = compatible([as_safe(finding) for finding in check_with(table, code) if finding.fix])
        if not edits:
            break
        code = splice(code, edits)
    return code.data.decode()


def as_safe(finding: Finding) -> Finding:
    assert finding.fix is not None
    return replace(finding, fix=replace(finding.fix, safety=Safety.SAFE))


@each_example
def test_fixing_all_twice_is_fixing_all_once(rule: str, language: str, example: Example) -> None:
    table, code = pages.table(language), buffer(language, example.code, example.path)
    edits = fix_all_with(table, code, check_with(table, code))
    assert apart(edits)
    once = splice(code, edits)
    assert errors_in(once) == 0
    assert fix_all_with(table, once, check_with(table, once)) == ()


def apart(edits: tuple[Edit, ...]) -> bool:
    return all(one.span.end <= other.span.start for one, other in pairwise(edits))


@each_page
def test_each_language_has_examples_of_both_kinds(rule: str) -> None:
    page = pages.page(rule)
    bad: Counter[str] = Counter()
    fine: Counter[str] = Counter()
    for example in examples(page):
        bad[example.language] += len(example.bad)
        fine[example.language] += len(example.ok)
    for name in {PLAIN if language == ANY else family(language) for language in page.rule.languages}:
        assert bad[name] >= LEAST, f"{name}: at least {LEAST} lines marked bad"
        assert fine[name] >= LEAST, f"{name}: at least {LEAST} lines marked ok"


@each_page
def test_a_fixable_rule_shows_its_fix_and_offers_one(rule: str) -> None:
    page = pages.page(rule)
    shown = any(example.fixed is not None and example.fixed != example.code for example in examples(page))
    assert shown == page.rule.fixable


@each_page
def test_the_page_tells_what_why_and_how(rule: str) -> None:
    page = pages.page(rule)
    assert [line for line in page.rule.description.splitlines() if line.startswith("## ")] == HEADINGS
    assert page.link.startswith("https://")
    assert page.rule.category == Path(page.path).parent.name
    assert "```" not in page.rule.description


@each_example
def test_messages_and_titles_are_filled_in(rule: str, language: str, example: Example) -> None:
    for finding in check_with(own_table(rule, language), buffer(language, example.code, example.path)):
        for text in (finding.message, finding.fix.title if finding.fix else "x"):
            assert text
            assert "``" not in text
            assert not re.search(r"\$[A-Z]+\b", text)


def test_the_first_rules_cover_languages_and_areas() -> None:
    found = Counter((family(language), rule.category) for rule in pages.rules().values() for language in set(map(family, rule.languages)))
    for name in ("python", "javascript", "go", "rust"):
        assert all(found[name, area] for area in ("security", "performance", "quality", "style")), name
    fixable = sum(rule.fixable for rule in pages.rules().values())
    assert fixable * 2 >= len(pages.rules())
