"""Findings that the code itself asks to be silent about: our own comments and those of other linters.

Ours is `# orchestra: ignore[rule-id] reason`, on the finding's line or above its statement, and `# orchestra: ignore-file[rule-id]`.
A foreign code silences the rule whose page lists it under `aliases`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.model import Buffer, Edit, Finding, Span
from orchestra_lsp.review.page import Page
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.syntax.language import definition
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

_WORDS = (b"orchestra:", b"noqa", b"NOQA", b"nosec", b"nolint", b"eslint-", b"nosemgrep", b"lint:", b"[allow", b"[expect")
_OWN = re.compile(r"orchestra:\s*ignore(?P<file>-file)?(?:\[(?P<codes>[^\]]*)\])?")
_NOQA = re.compile(r"(?i:(?P<file>(?:ruff|flake8):\s*)?noqa)(?P<colon>\s*:\s*(?P<codes>[A-Z]+[0-9]*(?:[,\s]+[A-Z]+[0-9]+)*))?")
_NOSEC = re.compile(r"nosec\b(?P<codes>.*)")
_NOLINT = re.compile(r"nolint(?::(?P<codes>[\w\-, ]*))?")
_ESLINT = re.compile(r"eslint-(?P<what>disable-next-line|disable-line|disable|enable)\b(?P<codes>.*)", re.DOTALL)
_NOSEMGREP = re.compile(r"nosemgrep(?::\s*(?P<codes>[\w.,\- ]+))?")
_STATICCHECK = re.compile(r"lint:(?P<what>file-ignore|ignore)\s+(?P<codes>\S+)")
_ATTRIBUTE = re.compile(r"(?:allow|expect)\s*\((?P<codes>[^)]*)\)")
_FOREIGN_CODE = re.compile(r"\b[A-Z]\d{3}\b")
_FAMILY = re.compile(r"[A-Z]+\d*\Z")
_EVERYWHERE = 1 << 30
_AHEAD = 20  # lines looked at for the code that a comment stands above


@dataclass(frozen=True, slots=True)
class Suppression:
    """Lines (from 0, both inclusive) where some rules are silent. `codes` None: all rules."""

    first: int
    last: int
    codes: frozenset[str] | None

    def covers(self, page: Page, lines: Sequence[int]) -> bool:
        return any(self.first <= line <= self.last for line in lines) and (
            self.codes is None or any(_names(code, page) for code in self.codes)
        )


def suppressions(scene: Scene) -> tuple[Suppression, ...]:
    """All suppressions of a buffer."""
    found: list[Suppression] = []
    enabled: list[tuple[int, Suppression]] = []
    for node in _holders(scene):
        text = decode(scene.text(node))
        place = _Place(scene, node)
        if node.type in ("attribute_item", "inner_attribute_item"):
            found += _from_attribute(text, place)
            continue
        for eslint in _ESLINT.finditer(text):
            _from_eslint(eslint, place, found, enabled)
        found += _from_comment(text, place)
    return (*found, *(suppression for _, suppression in enabled))


def is_suppressed(scene: Scene, known: Sequence[Suppression], page: Page, span: Span) -> bool:
    """Whether a finding of a page is to be silent: by its own first or last line, the first one of its statement or of its markup."""
    if not known:
        return False
    node = scene.root.descendant_for_byte_range(span.start, span.end)
    statement = scene.statement(node).start_byte if node is not None else span.start
    lines = [_line(scene.buffer, at) for at in (span.start, span.end, statement, _commentable(scene.buffer, scene.root, span.start))]
    return any(suppression.covers(page, lines) for suppression in known)


def touches_suppression(data: bytes, span: Span) -> bool:
    """Whether a stretch of text may hold a suppression."""
    text = data[span.start : span.end]
    return any(word in text for word in _WORDS)


def suppression_edit(buffer: Buffer, finding: Finding, reason: str = "") -> Edit:
    """The edit that adds our own comment for a finding: to the one above its line, or on a new line there."""
    start = finding.span.start
    line = _line(buffer, start if buffer.tree is None else _commentable(buffer, buffer.tree.root_node, start))
    line_start = buffer.line_starts[line]
    above = buffer.data[buffer.line_starts[line - 1] : line_start] if line else b""
    known = re.search(rb"orchestra:\s*ignore\[([^\]]*)", above)
    if known and above.lstrip().startswith((b"#", b"//")):
        at = buffer.line_starts[line - 1] + known.end()
        return Edit(Span(at, at), f", {finding.rule}" if known[1].strip() else finding.rule)
    text = buffer.data[line_start:]
    indent = decode(text[: len(text) - len(text.lstrip(b" \t"))])
    newline = "\r\n" if b"\r\n" in buffer.data else "\n"
    comment = f"{definition(buffer.language).line_comment} orchestra: ignore[{finding.rule}]{' ' + reason if reason else ''}"
    return Edit(Span(line_start, line_start), f"{indent}{comment}{newline}")


def _holders(scene: Scene) -> Iterator[Node]:
    """The comments and attributes that hold a word of suppression, each once, in the order of the text."""
    found: dict[int, Node] = {}
    kinds = scene.dialect.kind("comment") | {"attribute_item", "inner_attribute_item"}
    for word in _WORDS:
        at = scene.data.find(word)
        while at >= 0:
            node = scene.root.descendant_for_byte_range(at, at)
            while node is not None and node.type not in kinds:
                node = node.parent
            if node is not None:
                found[node.start_byte] = node
            at = scene.data.find(word, at + len(word))
    return (found[start] for start in sorted(found))


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a comment stands, and which lines it then speaks of."""

    scene: Scene
    node: Node

    @property
    def line(self) -> int:
        return int(self.node.start_point.row)

    @property
    def alone(self) -> bool:
        """Whether nothing stands before it on its line."""
        start = self.scene.buffer.line_starts[_line(self.scene.buffer, self.node.start_byte)]
        return not self.scene.data[start : self.node.start_byte].strip()

    def here(self, codes: frozenset[str] | None) -> Suppression:
        """Its own line, and the next line of code if it stands alone."""
        return Suppression(self.line, self._next() if self.alone else self.line, codes)

    def block(self, codes: frozenset[str] | None) -> Suppression:
        """The same, and all of the definition or statement that starts there."""
        here = self.here(codes)
        node = self._first_node(here.last)
        return Suppression(here.first, max(here.last, node.end_point.row) if node is not None else here.last, codes)

    def _next(self) -> int:
        starts, data = self.scene.buffer.line_starts, self.scene.data
        after = int(self.node.end_point.row) + 1
        for line in range(after, min(after + _AHEAD, len(starts))):
            end = starts[line + 1] if line + 1 < len(starts) else len(data)
            text = data[starts[line] : end].strip()
            if text and not text.startswith((b"//", b"/*", b"# ")):
                return line
        return after

    def _first_node(self, line: int) -> Node | None:
        """The statement or definition that starts on a line."""
        starts, data = self.scene.buffer.line_starts, self.scene.data
        if line >= len(starts):
            return None
        at = starts[line] + len(data[starts[line] :]) - len(data[starts[line] :].lstrip())
        node = self.scene.root.descendant_for_byte_range(at, at)
        statement = self.scene.statement(node) if node is not None else None
        return statement if statement is not None and statement.start_point.row == line else None


def _from_comment(text: str, place: _Place) -> Iterator[Suppression]:
    if own := _OWN.search(text):
        codes = _codes(own["codes"]) if own["codes"] is not None else None
        yield Suppression(0, _EVERYWHERE, codes) if own["file"] else place.here(codes)
    if noqa := _NOQA.search(text):
        codes = _codes(noqa["codes"]) if noqa["codes"] else None
        yield Suppression(0, _EVERYWHERE, codes) if noqa["file"] else Suppression(place.line, place.line, codes)
    if nosec := _NOSEC.search(text):
        yield place.here(frozenset(_FOREIGN_CODE.findall(nosec["codes"])) or None)
    if nolint := _NOLINT.search(text):
        yield place.block(_codes(nolint["codes"]) if nolint["codes"] else None)
    if nosemgrep := _NOSEMGREP.search(text):
        yield place.here(_codes(nosemgrep["codes"]) if nosemgrep["codes"] else None)
    if staticcheck := _STATICCHECK.search(text):
        codes = _codes(staticcheck["codes"])
        yield Suppression(0, _EVERYWHERE, codes) if staticcheck["what"] == "file-ignore" else place.here(codes)


def _from_eslint(found: re.Match[str], place: _Place, done: list[Suppression], enabled: list[tuple[int, Suppression]]) -> None:
    """`eslint-disable` holds until an `eslint-enable` that names the same rules, or all of them."""
    codes = _codes(found["codes"].split(" -- ")[0].removesuffix("*/")) or None
    what, line = found["what"], place.line
    if what == "disable-line":
        done.append(Suppression(line, line, codes))
    elif what == "disable-next-line":
        after = int(place.node.end_point.row) + 1
        done.append(Suppression(after, after, codes))
    elif what == "disable":
        enabled.append((line, Suppression(line, _EVERYWHERE, codes)))
    else:
        for entry in list(enabled):
            if codes is None or entry[1].codes == codes:
                enabled.remove(entry)
                done.append(Suppression(entry[0], line, entry[1].codes))


def _from_attribute(text: str, place: _Place) -> Iterator[Suppression]:
    """`#[allow(...)]` holds for the item that follows, `#![allow(...)]` for what it stands in."""
    found = _ATTRIBUTE.search(text)
    node = place.node
    if not found:
        return
    if node.type == "inner_attribute_item":
        held = node.parent
    else:
        held = node.next_named_sibling
        while held is not None and held.type in ("attribute_item", "line_comment", "block_comment"):
            held = held.next_named_sibling
    if held is not None:
        yield Suppression(place.line, int(held.end_point.row), _codes(found["codes"]))


def _codes(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w@/:.\-]+", text))


def _names(code: str, page: Page) -> bool:
    """Whether a code in a comment means a rule: its id, one of its aliases, an alias' tool, or the family of an alias (`E7`)."""
    if code == page.rule.id:
        return True
    for alias in page.aliases:
        tool, _, name = alias.rpartition(":") if "::" not in alias else ("", "", alias)
        if code in (alias, name) or (tool and code == tool) or code.endswith(f".{name}"):
            return True
        if _FAMILY.match(code) and _FAMILY.match(name) and name.startswith(code):
            return True
    return False


def _line(buffer: Buffer, offset: int) -> int:
    return max(0, bisect_right(buffer.line_starts, offset) - 1)


def _commentable(buffer: Buffer, root: Node, offset: int) -> int:
    """The offset itself, or where the string or markup starts that holds it: a comment can stand above that line."""
    line_start = buffer.line_starts[_line(buffer, offset)]
    node = root.descendant_for_byte_range(line_start, line_start)
    for around in (node, *ancestors(node)) if node is not None else ():
        if around.start_byte < line_start and ("string" in around.type or around.type.startswith("jsx_")):
            offset = around.start_byte
            line_start = buffer.line_starts[_line(buffer, offset)]
    return offset
