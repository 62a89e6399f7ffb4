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

#: Classes of tokens.
NO_TOKEN, BREAK, NAME, NUMBER, OPENING, CLOSING, QUOTE, OTHER, KEYWORD = range(9)
_KEYWORDS = (
    "if else elif for while in not and or is return def class import from as with try except finally raise assert pass break continue "
    "lambda yield async await global nonlocal del None True False self cls super func go defer select case switch default var const "
    "type struct interface map chan range nil true false package fallthrough err fn let mut pub impl trait enum use mod crate where "
    "match loop move ref dyn unsafe Self Some Ok Err function this new null undefined export extends implements static public private "
    "protected readonly typeof instanceof void throw catch do delete of int string bool float str error number boolean object any"
)
KEYWORDS = frozenset(_KEYWORDS.split())

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


def class_of(token: str) -> int:
    """The token's class, one of those above."""
    first = token[0]
    if first in "\0\x01":
        return NO_TOKEN
    if first == "\n":
        return BREAK
    if is_word(token):
        return KEYWORD if token in KEYWORDS else NAME
    if first.isdigit():
        return NUMBER
    return OPENING if first in "([{" else CLOSING if first in ")]}" else QUOTE if first in "\"'`" else OTHER


def gap_code(blank: str) -> str:
    """The code of white space in front of a token; `spaces` is the way back."""
    if not blank:
        return "\0"
    # Nine blanks would read as a tab; nobody sees the difference of one column.
    return TAB_GAP if blank[0] == "\t" else chr(min(len(blank), 255) if len(blank) != ord(TAB_GAP) else 8)
