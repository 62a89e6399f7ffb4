"""One lexer for every language: words, numbers, operators and single characters, line by line.

White space is no token. The gap in front of a token is kept beside it, and each line break becomes a token that says
how the indentation changes, so that text can be put together again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from orchestra_lsp.syntax.language import definition, names

#: Longest stretch of a line that is read; longer lines are generated or data.
MAX_LINE = 400

TAB_GAP = "\t"
#: Line breaks by what the next line of code does: same indentation, one level in, one to three levels out.
SAME, DEEPER = "\n=", "\n>"
SHALLOWER = ("\n<1", "\n<2", "\n<3")
BREAKS = (SAME, DEEPER, *SHALLOWER)
#: Stands between files and for words never seen: it matches nothing.
NOTHING = "\0"

_OPERATORS = "<<= >>= **= //= === !== ... ..= <=> ?? ?. :: := -> => == != <= >= && || ++ -- += -= *= /= %= &= |= ^= <- ** // << >> .. /* */"
_TOKEN = re.compile(r'([ \t]*)("""|\'\'\'|' + r"[^\W\d]\w*|\d[\w.]*|" + "|".join(map(re.escape, _OPERATORS.split())) + r"|\S)")
_BLOCK_COMMENT = re.compile(r"/\*|\*/|\* |\*$")


@dataclass(frozen=True, slots=True)
class Line:
    """The tokens of one line. `indent` counts columns of leading white space (a tab is 4); -1: nothing but space or a comment."""

    indent: int
    tokens: tuple[str, ...]
    gaps: str  # one character for each token: TAB_GAP, or its code is the number of spaces in front


EMPTY = Line(-1, (), "")


def lex(line: str, language: str) -> Line:
    """The tokens of `line` (without its line break). Lines that are only a comment count as empty."""
    body = line[:MAX_LINE].strip()
    if not body or is_comment(body, language):
        return EMPTY
    found = _TOKEN.findall(body)
    return Line(indent_of(line), tuple([token for _, token in found]), "".join([gap_code(blank) for blank, _ in found]))


def is_comment(body: str, language: str) -> bool:
    """Whether a line that starts with `body` is a comment as a whole."""
    marker = comment_marker(language)
    return bool(marker) and (body.startswith(marker) or (marker == "//" and _BLOCK_COMMENT.match(body) is not None))


@cache
def comment_marker(language: str) -> str:
    """What starts a comment that ends with the line; empty for a language we do not know."""
    return definition(language).line_comment if language in names() else ""


def indent_of(line: str) -> int:
    """Columns of leading white space; a tab counts as 4."""
    space = line[: len(line) - len(line.lstrip(" \t"))]
    return len(space) + 3 * space.count("\t")


def spaces(gap: str) -> str:
    """The white space that `gap` stands for."""
    return "\t" if gap == TAB_GAP else " " * min(ord(gap), 80)


def is_word(token: str) -> bool:
    return token[0].isalpha() or token[0] == "_"


def gap_code(blank: str) -> str:
    """The code of white space in front of a token; `spaces` is the way back."""
    if not blank:
        return "\0"
    # Nine blanks would read as a tab; nobody sees the difference of one column.
    return TAB_GAP if blank[0] == "\t" else chr(min(len(blank), 255) if len(blank) != ord(TAB_GAP) else 8)
