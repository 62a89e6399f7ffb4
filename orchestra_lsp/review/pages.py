"""All rule pages: read once, and only what a language needs is parsed and compiled for its first review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from orchestra_lsp.model import Rule
from orchestra_lsp.review.page import ANY, Page, PageError, parse_page
from orchestra_lsp.review.table import Table, build_table

FOLDER = Path(__file__).with_name("rules")


@cache
def rules() -> Mapping[str, Rule]:
    """All built-in rules by id, in alphabetical order."""
    return MappingProxyType({name: page(name).rule for name in _texts()})


@cache
def page(rule: str) -> Page:
    """The page of a built-in rule. Raises KeyError for an unknown one and PageError for a fault in it."""
    return parse_page(*_texts()[rule])


@cache
def table(language: str) -> Table:
    """The built-in rules of a language, compiled, those about plain text among them; "text" has only these."""
    return build_table(language, of_language(language))


def of_language(language: str) -> Iterator[Page]:
    """The built-in pages of a language, with those about plain text."""
    # looking for the name first spares parsing the pages of other languages, half of the time of a first review
    wanted = {language, ANY}
    mentioned = (name for name, (_, text) in _texts().items() if any(f'"{one}"' in text for one in wanted))
    return (found for name in mentioned if not wanted.isdisjoint((found := page(name)).rule.languages))


def read_pages(folder: Path) -> Mapping[str, Page]:
    """The pages `<area>/<rule-id>.md` below a folder. Raises PageError for the first fault and OSError for an unreadable file."""
    return MappingProxyType({name: parse_page(path, text) for name, (path, text) in _read(folder).items()})


@cache
def _texts() -> Mapping[str, tuple[str, str]]:
    return _read(FOLDER)


def _read(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Path and text of each page by rule id."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(folder.glob("*/*.md"), key=lambda path: path.stem):
        if path.stem in found:
            raise PageError(str(path), 1, f"a rule id that is not taken: {found[path.stem][0]} has it too")
        found[path.stem] = (str(path), path.read_text(encoding="utf-8"))
    return found
