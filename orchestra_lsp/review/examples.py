"""The examples at the end of a rule page: code whose marked lines are the rule's tests.

A line ending in `# bad` (or `// bad`) must be reported and every other line must not; `# ok` marks the ones that look alike.
`# bad below` marks the next line, where a comment on the line itself would matter. In an example that says `escapes`, `\\r` and `\\uXXXX`
stand for characters that a page should not hold itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestra_lsp.review.dialect import dialects, family
from orchestra_lsp.review.page import EXAMPLES, Page, PageError

_FENCE = re.compile(r"```(\S*)[ \t]*(.*)")
_MARK = re.compile(r"(?:#|//|/\*)\s*(bad|ok)\b( below)?")
_PATH = re.compile(r"path=(\S+)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|r)")
PLAIN = "text"  # the language of an example without a grammar


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced piece of code. `bad` and `ok` are its marked lines (from 0), `fixed` its text after all fixes, None if not shown."""

    language: str
    path: str
    code: str
    line: int
    bad: tuple[int, ...]
    ok: tuple[int, ...]
    fixed: str | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages whose grammar it is for: an example in javascript is one in typescript and tsx as well."""
        if self.language == PLAIN:
            return (PLAIN,)
        return tuple(name for name in dialects() if name == self.language or family(name) == self.language)


def examples(page: Page) -> tuple[Example, ...]:
    """The examples of a page. Raises PageError."""
    found: list[Example] = []
    for language, words, code, line in _fences(page):
        if language not in (*dialects(), PLAIN):
            raise PageError(page.path, line - 1, f"an example names its language: {', '.join(dialects())}; not {language!r}")
        if "fixed" in words.split():
            if not found:
                raise PageError(page.path, line - 1, "a `fixed` example follows the one that it fixes")
            last = found[-1]
            found[-1] = Example(last.language, last.path, last.code, last.line, last.bad, last.ok, code)
            continue
        marks = [(number + bool(mark[2]), mark[1]) for number, text in enumerate(code.splitlines()) if (mark := _MARK.search(text))]
        bad, ok = (tuple(number for number, mark in marks if mark == wanted) for wanted in ("bad", "ok"))
        path = _PATH.search(words)
        code = _unescaped(code) if "escapes" in words.split() else code
        found.append(Example(language, path[1] if path else "", code, line, bad, ok))
    return tuple(found)


def _unescaped(code: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\r", code)


def _fences(page: Page) -> list[tuple[str, str, str, int]]:
    """Language, further words, code and first line (from 1) of each fenced block below the heading of the examples."""
    found: list[tuple[str, str, str, int]] = []
    lines = page.body.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip() == EXAMPLES), len(lines))
    opened: tuple[str, str, int] | None = None
    for number, line in enumerate(lines[start:], start=start):
        fence = _FENCE.match(line)
        if opened is None and fence:
            opened = (fence[1], fence[2], number)
        elif opened is not None and line.strip() == "```":
            code = "\n".join(lines[opened[2] + 1 : number]) + "\n"
            found.append((opened[0], opened[1], code, page.body_line + opened[2] + 1))
            opened = None
    if opened is not None:
        raise PageError(page.path, page.body_line + opened[2], "a fenced example is closed by a line with three backticks")
    return found
