"""One rule page: TOML front matter between two `+++` lines, then Markdown. Every fault names file, line and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from orchestra_lsp.model import Category, Confidence, Rule, Safety, Severity
from orchestra_lsp.review.dialect import MARK, dialects
from orchestra_lsp.review.flow.tables import sink_names

FENCE = "+++"
EXAMPLES = "## Examples"
ANY = "any"  # instead of languages: a rule about plain text, which holds in every file
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_LINK = re.compile(r"https?://[^\s<>)\]]+")
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)")

Table = dict[str, Any]
Word = TypeVar("Word", bound=StrEnum)


@dataclass(eq=False)
class PageError(ValueError):
    """A page that cannot be used: where, and what was expected there. `line` counts from 1."""

    path: str
    line: int
    expected: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.expected}"


@dataclass(frozen=True, slots=True)
class Source:
    """Numbered lines of a page's front matter: all of them, or those of one table."""

    path: str
    lines: Sequence[tuple[int, str]]

    def line(self, key: str) -> int:
        """The line of a key, the first one if it stands nowhere."""
        pattern = re.compile(rf"\s*(?:[\w-]+\.)*{re.escape(key.split('.')[-1])}(?:\.[\w.-]+)?\s*=")
        return next((number for number, line in self.lines if pattern.match(line)), self.lines[0][0] if self.lines else 1)

    def error(self, key: str, expected: str) -> PageError:
        return PageError(self.path, self.line(key), expected)


@dataclass(frozen=True, slots=True)
class Where:
    """What the text or the node of one metavariable must be; empty: anything."""

    any: tuple[str, ...] = ()
    text: str = ""
    not_text: str = ""
    kinds: tuple[str, ...] = ()
    not_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matcher:
    """One `[[match]]` table of a page, still as text; `rules/README.md` says what each key means."""

    source: Source
    languages: tuple[str, ...]
    patterns: tuple[str, ...]
    nodes: tuple[str, ...]
    keys: tuple[str, ...]
    context: str
    where: Mapping[str, Where]
    inside: tuple[str, ...] = ()
    not_inside: tuple[str, ...] = ()
    inside_patterns: tuple[str, ...] = ()
    not_inside_patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    not_imports: tuple[str, ...] = ()
    with_arguments: tuple[str, ...] = ()
    without_arguments: tuple[str, ...] = ()
    check: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    report: str = ""
    message: str = ""
    fix: str | Mapping[str, str] = ""
    fix_import: str = ""
    title: str = ""
    safety: Safety = Safety.DISPLAY
    reason: str = ""
    line: str = ""
    text_check: str = ""
    flow: str = ""  # a sink of the tables in taint/
    linear: bool = False  # its regular expressions run in linear time, because the page comes from elsewhere

    def error(self, key: str, expected: str) -> PageError:
        """A fault of this table, blamed on the line of `key` if it has one."""
        return self.source.error(key, expected)


@dataclass(frozen=True, slots=True)
class Page:
    """One rule page. `body` is its Markdown after the front matter and starts at `body_line` (from 1)."""

    path: str
    rule: Rule
    message: str
    link: str
    aliases: tuple[str, ...]
    matchers: tuple[Matcher, ...]
    body: str
    body_line: int


def parse_page(path: str, text: str) -> Page:
    """Read one page; the file's name is the rule's id. Raises PageError."""
    front, body, body_line = _split(path, text)
    sections = _sections(front)
    reader = _Reader(path, sections[0], front)
    table = reader.toml()
    name = re.split(r"[/\\]", path)[-1].removesuffix(".md")
    if not _ID.match(name):
        raise PageError(path, 1, f"the file's name is the rule's id: lower-case words joined by hyphens, not {name!r}")
    reader.known(table, _PAGE_KEYS, "")
    shown = reader.strings(table, "languages", choices=(*dialects(), ANY))
    fix = reader.table(table, "fix")
    fixer = _Reader(path, next((lines for lines in sections if lines and lines[0][1].strip() == "[fix]"), sections[0]), front)
    fixer.known(fix, {"title", "safety", "reason"}, "fix.")
    if fix:
        fixer.safety(fix)
        fixer.text(fix, "title")
    matchers = _matchers(reader, [lines for lines in sections if lines and lines[0][1].strip() == "[[match]]"], table, shown)
    prose = body.split(EXAMPLES)[0].strip()
    rule = Rule(
        id=name,
        title=reader.text(table, "title"),
        languages=shown,
        severity=reader.word(table, "severity", Severity),
        confidence=reader.word(table, "confidence", Confidence),
        category=reader.word(table, "category", Category),
        cwe=reader.numbers(table, "cwe"),
        tags=reader.strings(table, "tags", needed=False),
        fixable=bool(fix),
        description=prose,
    )
    found = _LINK.search(prose.partition("## References")[2])
    link = found[0].rstrip(".,") if found else ""
    aliases = reader.strings(table, "aliases", needed=False)
    return Page(path, rule, reader.text(table, "message"), link, aliases, matchers, body, body_line)


_PAGE_KEYS = {"title", "languages", "severity", "confidence", "category", "cwe", "tags", "aliases", "message", "fix", "match"}
_LISTS = (
    *("inside", "not-inside", "inside-pattern", "not-inside-pattern", "not"),
    *("imports", "not-imports", "with-argument", "without-argument", "key"),
)
_TEXTS = ("check", "report", "message", "fix-import", "context", "line", "text", "flow")
_MATCH_KEYS = {*_LISTS, *_TEXTS, "languages", "pattern", "node", "where", "options", "fix", "title", "safety", "reason"}
_WHERE_KEYS = {"any", "text", "not-text", "kind", "not-kind"}


def _split(path: str, text: str) -> tuple[str, str, int]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != FENCE:
        raise PageError(path, 1, f"a rule page starts with a line {FENCE!r} that opens its TOML front matter")
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() == FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    raise PageError(path, len(lines), f"the front matter ends with a second line {FENCE!r}")


def _sections(front: str) -> list[list[tuple[int, str]]]:
    """The numbered lines of a front matter, cut before each table; a table inside a match belongs to the match."""
    sections: list[list[tuple[int, str]]] = [[]]
    for number, line in enumerate(front.splitlines(), start=2):
        if line.startswith("[") and not line.startswith("[match."):
            sections.append([])
        sections[-1].append((number, line))
    return sections


def _matchers(reader: _Reader, sections: list[list[tuple[int, str]]], table: Table, languages: tuple[str, ...]) -> tuple[Matcher, ...]:
    found = table.get("match")
    if not isinstance(found, list) or not found:
        raise reader.error("match", "at least one [[match]] table says what the rule looks for")
    # written as an inline list a match has no section of its own; the top of the page is then blamed
    lines = [*sections, *([reader.lines] * len(found))]
    fix = table.get("fix", {})
    return tuple(_matcher(_Reader(reader.path, own, reader.front), match, fix, languages) for own, match in zip(lines, found, strict=False))


def _matcher(reader: _Reader, match: Table, fix: Table, languages: tuple[str, ...]) -> Matcher:
    reader.known(match, _MATCH_KEYS, "match.")
    patterns = reader.strings(match, "pattern", needed=False)
    nodes = reader.strings(match, "node", needed=False)
    _one_way(reader, match, languages)
    own_fix = match.get("fix", "")
    if not isinstance(own_fix, str | dict):
        raise reader.error("fix", "`fix` is code with the pattern's metavariables, or a table from metavariable to code")
    if own_fix and not fix:
        raise reader.error("fix", "a page with a fix has a [fix] table with `title` and `safety`")
    merged: Table = {**fix, **{key: match[key] for key in ("title", "safety", "reason") if key in match}}
    safety = reader.safety(merged) if merged else Safety.DISPLAY
    listed = {key: reader.strings(match, key, needed=False) for key in _LISTS}
    texts = {key: reader.text(match, key) if key in match else "" for key in _TEXTS}
    return Matcher(
        source=Source(reader.path, reader.lines),
        languages=reader.strings(match, "languages", choices=languages) if "languages" in match else languages,
        patterns=patterns,
        nodes=nodes,
        keys=listed["key"],
        context=texts["context"],
        where=_where(reader, match),
        fix=own_fix,
        options=reader.table(match, "options"),
        title=reader.text(merged, "title") if merged else "",
        safety=safety,
        reason=str(merged.get("reason", "")) if safety is Safety.UNSAFE else "",
        inside=listed["inside"],
        not_inside=listed["not-inside"],
        inside_patterns=listed["inside-pattern"],
        not_inside_patterns=listed["not-inside-pattern"],
        unless=listed["not"],
        imports=listed["imports"],
        not_imports=listed["not-imports"],
        with_arguments=listed["with-argument"],
        without_arguments=listed["without-argument"],
        check=texts["check"],
        report=texts["report"],
        message=texts["message"],
        fix_import=texts["fix-import"],
        line=texts["line"],
        text_check=texts["text"],
        flow=texts["flow"],
    )


def _one_way(reader: _Reader, match: Table, languages: tuple[str, ...]) -> None:
    """A match says in one way what it looks for."""
    if sum(bool(match.get(key)) for key in ("pattern", "node", "line", "text", "flow")) != 1:
        raise reader.error("pattern", "a [[match]] has either `pattern` (code), `node` (kinds of the grammar), `line`, `text` or `flow`")
    if "flow" in match and match["flow"] not in sink_names():
        raise reader.error("flow", f"`flow` names a sink of the tables in taint/: {', '.join(sorted(sink_names()))}")
    if ("line" in match or "text" in match) != (languages == (ANY,)):
        raise reader.error("languages", f'`line` and `text` are for plain text: `languages = ["{ANY}"]`, and nothing else is')
    if "context" in match and MARK not in str(match["context"]):
        raise reader.error("context", f"`context` is code with {MARK!r} where the pattern stands")


def _where(reader: _Reader, match: Table) -> Mapping[str, Where]:
    found: dict[str, Where] = {}
    for name, table in reader.table(match, "where").items():
        if not isinstance(table, dict):
            raise reader.error("where", f"`where.{name}` is a table: where.{name}.kind, .any, .text, .not-text or .not-kind")
        reader.known(table, _WHERE_KEYS, f"where.{name}.")
        for key in ("text", "not-text"):
            reader.regex(table, key, f"where.{name}.{key}")
        found[name] = Where(
            any=reader.strings(table, "any", needed=False),
            text=str(table.get("text", "")),
            not_text=str(table.get("not-text", "")),
            kinds=reader.strings(table, "kind", needed=False),
            not_kinds=reader.strings(table, "not-kind", needed=False),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Reader(Source):
    """Takes values out of a page's front matter and blames what is wrong on its line."""

    front: str

    def toml(self) -> Table:
        try:
            return tomllib.loads(self.front)
        except tomllib.TOMLDecodeError as error:
            found = _TOML_LINE.search(str(error))
            line = int(found[1]) + 1 if found else self.front.count("\n") + 2
            raise PageError(self.path, line, f"valid TOML: {_TOML_LINE.sub('', str(error))}") from error

    def somewhere(self, key: str, expected: str) -> PageError:
        """A fault blamed on the heading of a table, wherever it stands."""
        heading = re.compile(rf"\[+{re.escape(key)}\]+")
        found = next((number for number, line in enumerate(self.front.splitlines(), start=2) if heading.match(line)), 0)
        return PageError(self.path, found, expected) if found else self.error(key, expected)

    def known(self, table: Table, keys: set[str], prefix: str) -> None:
        for key in table:
            if key not in keys:
                raise self.somewhere(key, f"there is no key `{prefix}{key}`; known are {', '.join(sorted(keys))}")

    def text(self, table: Table, key: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"`{key}` is a text that is not empty")
        return value

    def strings(self, table: Table, key: str, needed: bool = True, choices: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = table.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value) or (needed and not value):
            raise self.error(key, f"`{key}` is a list of texts" + (" with at least one entry" if needed else ""))
        for item in value:
            if choices and item not in choices:
                raise self.error(key, f"`{key}` holds {item!r}; known are {', '.join(choices)}")
        return tuple(value)

    def numbers(self, table: Table, key: str) -> tuple[int, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise self.error(key, f"`{key}` is a list of whole numbers")
        return tuple(value)

    def word(self, table: Table, key: str, words: type[Word]) -> Word:
        value = table.get(key)
        if value not in list(words):
            raise self.error(key, f"`{key}` is one of {', '.join(words)}")
        return words(value)

    def safety(self, table: Table) -> Safety:
        found = self.word(table, "safety", Safety)
        if found is Safety.UNSAFE and not table.get("reason"):
            raise self.error("safety", "an unsafe fix gives its `reason`")
        return found

    def table(self, table: Table, key: str) -> Table:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"`{key}` is a table")
        return value

    def regex(self, table: Table, key: str, shown: str) -> None:
        try:
            re.compile(str(table.get(key, "")))
        except re.error as error:
            raise self.error(key, f"`{shown}` is a regular expression: {error}") from error
