"""Rules about plain text, which hold in every file: what they find, whole or only around an edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from orchestra_lsp.model import Confidence, Severity, Span
from orchestra_lsp.review.page import Matcher, Page

CHECKS: Final = "orchestra_lsp.review.texts"
MOST_BYTES: Final = 1_000_000  # of a text that is read by these rules while it is typed


@dataclass(frozen=True, slots=True)
class TextHit:
    """A place, words for the message, and, where they differ from the page's, how severe and how sure."""

    span: Span
    words: Mapping[str, str]
    severity: Severity | None = None
    confidence: Confidence | None = None


Find = Callable[[bytes, Span], Iterable[TextHit]]  # in the bytes of the whole file, what starts inside the window
Reach = Callable[[bytes, Span], Span]  # how far around touched whole lines a hit may come or go


@dataclass(frozen=True, slots=True, eq=False)
class TextRule:
    """One `[[match]]` of a page without a grammar."""

    page: Page
    matcher: Matcher
    find: Find
    reach: Reach

    def hits(self, data: bytes, window: Span | None = None) -> Iterator[TextHit]:
        yield from self.find(data, window or Span(0, len(data)))


def everything(data: bytes, _touched: Span) -> Span:
    """The reach of a check that depends on the whole file, or is too cheap to care."""
    return Span(0, len(data))


def lines(data: bytes, touched: Span) -> Span:
    """The reach of a check that looks at one line at a time."""
    end = data.find(b"\n", touched.end)
    return Span(data.rfind(b"\n", 0, touched.start) + 1, len(data) if end < 0 else end)


def text_rules(pages: Iterable[Page]) -> tuple[TextRule, ...]:
    """What the pages say of plain text. Raises PageError."""
    return tuple(_rule(page, matcher) for page in pages for matcher in page.matchers if matcher.line or matcher.text_check)


def _rule(page: Page, matcher: Matcher) -> TextRule:
    if matcher.line:
        return TextRule(page, matcher, _by_line(matcher), lines)
    try:
        module = import_module(f"{CHECKS}.{matcher.text_check}")
    except ModuleNotFoundError as error:
        known = f"it would be texts/{matcher.text_check}.py"
        raise matcher.error("text", f"there is no text check {matcher.text_check!r}: {known}") from error
    return TextRule(page, matcher, module.find, module.reach)


def _by_line(matcher: Matcher) -> Find:
    """RE2 takes linear time, so a page from anywhere cannot stall the editor."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        regex = re2.compile(f"(?m){matcher.line}".encode(), options)
    except re2.error as error:
        raise matcher.error("line", f"`line` is a regular expression that RE2 takes: {error}") from error

    def find(data: bytes, window: Span) -> Iterator[TextHit]:
        for found in regex.finditer(data, window.start, window.end):
            if found.end() > found.start():
                yield TextHit(Span(found.start(), found.end()), _groups(found.groupdict()))

    return find


def _groups(named: Mapping[str, bytes | None]) -> dict[str, str]:
    return {name: (text or b"").decode("utf-8", "replace") for name, text in named.items()}
