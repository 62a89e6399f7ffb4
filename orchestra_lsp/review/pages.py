"""All rule pages: read once, compiled for each language at its first review."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from orchestra_lsp.model import Rule
from orchestra_lsp.review.page import Page, PageError, parse_page
from orchestra_lsp.review.table import Table, build_table

_FOLDER = Path(__file__).with_name("rules")


def rules() -> Mapping[str, Rule]:
    """All built-in rules by id."""
    return MappingProxyType({name: page.rule for name, page in pages().items()})


def page(rule: str) -> Page:
    """The page of a rule. Raises KeyError for an unknown one."""
    return pages()[rule]


@cache
def pages() -> Mapping[str, Page]:
    """All built-in pages by rule id, in alphabetical order."""
    return read_pages(_FOLDER)


@cache
def table(language: str) -> Table:
    """The built-in rules of a language, compiled; empty for a language without any."""
    return build_table(language, (page for page in pages().values() if language in page.rule.languages))


def read_pages(folder: Path) -> Mapping[str, Page]:
    """The pages `<area>/<rule-id>.md` below a folder. Raises PageError for the first fault and OSError for an unreadable file."""
    found: dict[str, Page] = {}
    for path in sorted(folder.glob("*/*.md"), key=lambda path: path.stem):
        read = parse_page(str(path), path.read_text(encoding="utf-8"))
        if read.rule.id in found:
            raise PageError(str(path), 1, f"a rule id that is not taken: {found[read.rule.id].path} has it too")
        found[read.rule.id] = read
    return MappingProxyType(found)
