"""A project's own rule pages, `.orchestra/rules/**/*.md`. They come with a clone, so they may warn and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from orchestra_lsp.model import Buffer, Category, Confidence, Finding, Safety, Severity, Span
from orchestra_lsp.review import pages
from orchestra_lsp.review.page import ANY, Matcher, Page, PageError, parse_page
from orchestra_lsp.review.table import build_table
from orchestra_lsp.syntax.text import decode, line_bounds

FOLDER: Final = (".orchestra", "rules")
RULE: Final = "rule-page"  # under this name the faults of a page are told
MOST_PAGES: Final = 500
MOST_BYTES: Final = 100_000
TRUST: Final = "it comes from this project's own rules"


def own_pages(root: str) -> tuple[tuple[Page, ...], tuple[PageError, ...]]:
    """The pages that can be used, and what is wrong with the others."""
    found: dict[str, Page] = {}
    problems: list[PageError] = []
    for path in _files(Path(root, *FOLDER)):
        try:
            page = read_page(str(path), _text(path))
            if page.rule.id in found:
                raise PageError(str(path), 1, f"a rule id that is not taken: {found[page.rule.id].path} has it too")
            found[page.rule.id] = page
        except PageError as error:
            problems.append(error)
    return tuple(found.values()), tuple(problems)


def read_page(path: str, text: str) -> Page:
    """One page, tried in all its languages. Raises PageError for what is wrong, or what such a page may not say."""
    page = parse_page(path, text)
    if page.rule.id in pages.rules():
        raise PageError(path, 1, f"a rule id that is not taken: there is a built-in rule {page.rule.id!r}")
    severity = Severity.WARNING if page.rule.severity is Severity.ERROR else page.rule.severity
    matchers = tuple(_restricted(matcher) for matcher in page.matchers)
    page = replace(page, rule=replace(page.rule, severity=severity), matchers=matchers)
    for language in page.rule.languages:
        build_table("text" if language == ANY else language, [page])
    return page


def is_own_page(root: str, path: str) -> bool:
    folder = os.path.join(os.path.abspath(root), *FOLDER) + os.sep
    return bool(root) and path.endswith(".md") and os.path.abspath(path).startswith(folder)


def page_findings(buffer: Buffer) -> tuple[Finding, ...]:
    """What is wrong with a page that is being written: at most the first fault."""
    try:
        read_page(buffer.path, decode(buffer.data))
    except PageError as error:
        line = min(max(error.line - 1, 0), len(buffer.line_starts) - 1)
        start, end = line_bounds(buffer.data, buffer.line_starts, line)
        message = f"This rule page cannot be used: {error.expected}"
        return (Finding(RULE, message, Span(start, end), Severity.ERROR, Confidence.HIGH, Category.QUALITY),)
    return ()


def _restricted(matcher: Matcher) -> Matcher:
    """Without our Python, in linear time, and with fixes that are only made one by one."""
    for key, value in (("check", matcher.check), ("text", matcher.text_check), ("flow", getattr(matcher, "flow", ""))):
        if value:
            raise matcher.error(
                key, f"a project's own page cannot name a `{key}`; say it with `pattern`, `node` or `line` and their conditions"
            )
    if matcher.safety is not Safety.SAFE:
        return replace(matcher, linear=True)
    return replace(matcher, linear=True, safety=Safety.UNSAFE, reason=TRUST)


def _files(folder: Path) -> Iterator[Path]:
    """Links are not followed: what is read as a page belongs to the project."""
    there = (path for path in sorted(folder.rglob("*.md")) if path.is_file() and not path.is_symlink())
    return islice((path for path in there if path.name != "README.md"), MOST_PAGES)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PageError(str(path), 1, f"a page of at most {MOST_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PageError(str(path), 1, f"a file that can be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PageError(str(path), 1, "text in UTF-8") from error
