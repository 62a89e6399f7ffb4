"""Offers for an empty function or below a comment what a neighbour of nearly the same name does, with the names changed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from orchestra_lsp.model import Ask, Buffer
from orchestra_lsp.syntax.language import definition, names
from orchestra_lsp.syntax.outline import outline_of
from orchestra_lsp.syntax.scope import enclosing
from orchestra_lsp.syntax.text import decode, line_at, line_bounds

MOST_BYTES: Final = 300_000  # of a file
FILES: Final = 8
MOST_LINES: Final = 25
LEAST_ALIKE: Final = 0.5  # share of the words of a name
#: A lone neighbour, and what a second one adds that would write the same; estimates.
ONE, AGREED, PER_SHARE = 0.35, 0.25, 0.25
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PARAMETER = re.compile(r"[A-Za-z_$][\w$]*")
_DOCSTRING = re.compile(r"\s*(?:[rRuU]?(\"\"\"|''').*?\1)?\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Intention:
    """`confidence` 0..1 is an estimate; `like`: the name that it is modelled on."""

    text: str
    like: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Model:
    """A neighbour: its name or comment, the names of its parameters, and what it does, at the left margin."""

    name: str
    parameters: tuple[str, ...]
    body: str
    near: float  # 0..1: the same file, the nearest place


def intended(ask: Ask) -> Intention | None:
    """What belongs at the cursor, on an empty line; None when no neighbour says it. Pure; not for the event loop."""
    buffer = ask.buffer
    if buffer.language not in names() or len(buffer.data) > MOST_BYTES:
        return None
    start, end = line_bounds(buffer.data, buffer.line_starts, line_at(buffer, ask.span.start))
    left = decode(buffer.data[start : ask.span.start])
    if left.strip() or buffer.data[ask.span.start : end].strip():
        return None
    wanted = _empty_function(buffer, ask.span.start, left) or _comment_above(buffer, start)
    if wanted is None:
        return None
    models = list(_comments(ask, start)) if wanted.near < 0 else list(_functions(ask))
    return _best(wanted, models, left)


def _best(wanted: _Model, models: Sequence[_Model], indent: str) -> Intention | None:
    words = _WORDS.findall(wanted.name)
    found: list[tuple[float, float, str, str]] = []
    for model in models:
        theirs = _WORDS.findall(model.name)
        if len(theirs) != len(words) or model.name == wanted.name:
            continue
        alike = sum(one.lower() == other.lower() for one, other in zip(words, theirs, strict=True)) / len(words)
        if alike < LEAST_ALIKE:
            continue
        swaps = {old: new for old, new in zip(theirs, words, strict=True) if old.lower() != new.lower()}
        text = _changed(model, swaps, wanted.parameters)
        if text != model.body and 0 < text.count("\n") + 1 <= MOST_LINES:
            found.append((alike, model.near, text, model.name))
    if not found:
        return None
    alike, _, text, like = max(found)
    agreed = sum(other == text for _, _, other, _ in found) > 1
    placed = textwrap.indent(text, indent)[len(indent) :]
    return Intention(placed, like, min(0.95, ONE + PER_SHARE * alike + AGREED * agreed))


def _changed(model: _Model, swaps: Mapping[str, str], parameters: tuple[str, ...]) -> str:
    text = model.body
    if len(parameters) == len(model.parameters):
        renamed = {old: new for old, new in zip(model.parameters, parameters, strict=True) if old != new}
        if renamed:
            pattern = r"(?<![\w.])(?:" + "|".join(map(re.escape, renamed)) + r")(?!\w)"
            text = re.sub(pattern, lambda match: renamed[match.group()], text)
    forms: dict[str, str] = {}
    for old, new in swaps.items():
        if len(old) > 1:
            forms |= {old.lower(): new.lower(), old.capitalize(): new.capitalize(), old.upper(): new.upper()}
    if not forms:
        return text
    # Words inside of names: neither cut out of a longer word, nor when a letter of the same case follows.
    pattern = "|".join(rf"(?<![A-Za-z]){re.escape(old)}(?![a-z])|(?<=[a-z]){re.escape(old)}(?![a-z])" for old in forms)
    return re.sub(pattern, lambda match: forms[match.group()] if _begins(match) else match.group(), text)


def _begins(match: re.Match[str]) -> bool:
    """Whether the match begins a word of its name: behind a small letter only a capital does."""
    before = match.string[match.start() - 1 : match.start()]
    return not before.isalpha() or match.group()[0].isupper()


def _empty_function(buffer: Buffer, offset: int, left: str) -> _Model | None:
    around = [one for one in enclosing(buffer, offset) if one.kind == "function"]
    if not around or not around[0].name:
        return None
    scope = around[0]
    head = decode(buffer.data[scope.span.start : offset])
    header, parameters = _header(head, scope.name)
    if header < 0:
        return None
    column = scope.span.start - buffer.line_starts[line_at(buffer, scope.span.start)]
    below = next((line for line in decode(buffer.data[offset : offset + 4000]).splitlines()[1:] if line.strip()), "")
    filled = len(below) - len(below.lstrip()) > column and not below.lstrip().startswith("}")
    comment = definition(buffer.language).line_comment or "#"
    written = "\n".join(line for line in head[header:].split("\n") if not line.lstrip().startswith(comment))
    if filled or len(left) <= column or not _DOCSTRING.match(written):
        return None
    return _Model(scope.name, parameters, "", 0.0)


def _header(head: str, name: str) -> tuple[int, tuple[str, ...]]:
    """Where the header of a function ends, behind its colon or brace, and its parameters; -1 when it does not end."""
    at = head.find("(", head.find(name))
    depth, close = 0, -1
    for index in range(at, len(head)) if at >= 0 else ():
        depth += (head[index] in "([{") - (head[index] in ")]}")
        if depth == 0:
            close = index
            break
    opens = re.compile(r"[^\n]*?[:{][ \t]*$", re.MULTILINE).match(head, close + 1) if close >= 0 else None
    return (opens.end(), _parameters(head[at + 1 : close])) if opens else (-1, ())


def _parameters(text: str) -> tuple[str, ...]:
    found = (_PARAMETER.search(part) for part in text.split(","))
    return tuple(match.group() for match in found if match)


def _functions(ask: Ask) -> Iterator[_Model]:
    """Functions with a body of this file and of other open files in the same language."""
    others = (one for one in ask.neighbours if one.language == ask.buffer.language and len(one.data) <= MOST_BYTES)
    for number, buffer in enumerate((ask.buffer, *islice(others, FILES))):
        outline = outline_of(buffer)
        for function in outline.functions if outline else ():
            distance = abs(function.span.start - ask.span.start) / (len(buffer.data) + 1)
            if function.span.start <= ask.span.start <= function.span.end and number == 0:
                continue
            header, parameters = _header(decode(buffer.data[function.span.start : function.span.end]), function.name)
            body = _body(buffer, function.body.start, function.body.end)
            if header >= 0 and body:
                yield _Model(function.name, parameters, body, (1.0 - distance) / (1 + number))


def _body(buffer: Buffer, start: int, end: int) -> str:
    """What a function does, at the left margin: without braces and docstring."""
    text = decode(buffer.data[start:end])
    if text.startswith("{"):
        text = text.removeprefix("{").removesuffix("}")
    else:
        text = decode(buffer.data[buffer.line_starts[line_at(buffer, start)] : start]) + text
    text = textwrap.dedent(text.replace("\r\n", "\n").strip("\n").rstrip())
    return re.sub(r"\A[rRuU]?(\"\"\"|''').*?\1\s*", "", text, count=1, flags=re.DOTALL)


def _comment_above(buffer: Buffer, start: int) -> _Model | None:
    line = decode(buffer.data[: max(0, start)][-400:]).splitlines()[-1:]
    comment = definition(buffer.language).line_comment or "#"
    said = line[0].strip() if line else ""
    return _Model(said.lstrip(comment), (), "", -1.0) if said.startswith(comment) and len(_WORDS.findall(said)) > 1 else None


def _comments(ask: Ask, start: int) -> Iterator[_Model]:
    """Comments of this file with the lines below them, up to a blank one."""
    comment = definition(ask.buffer.language).line_comment or "#"
    lines = decode(ask.buffer.data).splitlines()
    here = line_at(ask.buffer, start)
    for number, line in enumerate(lines[:-1]):
        if number == here - 1 or not line.strip().startswith(comment):
            continue
        body = []
        for below in lines[number + 1 : number + 1 + MOST_LINES]:
            if not below.strip() or below.strip().startswith(comment) or _indent(below) < _indent(line):
                break
            body.append(below)
        if body:
            yield _Model(line.strip().lstrip(comment), (), textwrap.dedent("\n".join(body)), 1 / (1 + abs(number - here)))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
