"""When the embedded engine keeps silent, whatever it knows: inside a word, in comments, and where an offer would say nothing new."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestra_lsp.syntax.language import definition, names
from orchestra_lsp.tools.local.cursor import Cursor
from orchestra_lsp.tools.local.lexer import comment_marker, is_comment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from orchestra_lsp.model import Buffer
    from orchestra_lsp.tools.local.decode import Step

#: Inside a string only offers at least this likely are made.
SURE_IN_STRING = 0.6
#: An offer of nothing but closing brackets must be at least this likely: editors close brackets themselves.
SURE_CLOSING = 0.9
_MIN_CHARACTERS = 2
#: On an empty line nobody waits for a lone `if` or `return`.
_MIN_LINE_START = 8
_MAX_LINE = 500  # longer lines are generated or data

_CLOSERS = re.compile(r"[\s)\]}>;,'\"`:]*\Z")
_AFTER_CURSOR = re.compile(r"\s*[)>}\]\"'`]*\s*[:{;,]?\s*\Z")
#: Languages in which an apostrophe also means something else than a string (a lifetime, a digit separator).
_APOSTROPHE_IS_NO_QUOTE = frozenset({"rust", "c", "cpp", "text"})
_CHARACTER_LITERAL = re.compile(r"'(\\.[^']*|[^'\\])'")
_DOCUMENTING = ('"""', "'''")
_EMBEDDED_CODE = frozenset({"interpolation", "template_substitution"})


def silence(left: str, right: str, language: str) -> str:
    """Why nothing is offered between these parts of a line, whatever stands around it; "" when something may be."""
    if len(left) + len(right) > _MAX_LINE:
        return "the line is too long"
    if right[:1].isalnum() or right[:1] == "_":
        return "inside a word"
    if is_comment(left.strip() or " ", language):
        return "inside a comment"
    return ""


def in_text(left: str, language: str, buffer: Buffer | None, offset: int) -> str:
    """ "comment", "text" (a string over several lines), "string" or "" for code."""
    quoting = _quoting(left, language)
    if quoting or buffer is None or buffer.tree is None or buffer.language not in names():
        return quoting
    kinds = definition(buffer.language).kinds
    for node in _outwards(buffer.tree.root_node.descendant_for_byte_range(max(0, offset - 1), offset)):
        if node.type in kinds["comment"] and node.end_byte >= offset:
            return "comment"
        if node.type in kinds["string"] and node.start_byte < offset < node.end_byte:
            return "text" if node.start_point.row != node.end_point.row else "string"
    return ""


def closes_only(right: str) -> bool:
    """Whether only closing brackets and the like stand right of the cursor."""
    return _AFTER_CURSOR.match(right) is not None


def worthless(text: str, confidence: float, cursor: Cursor, ended: bool) -> str:
    """Why `text` is not worth offering at this cursor; "" when it is. `ended`: as in `engine.Offer`."""
    if len(text.strip()) < _MIN_CHARACTERS:
        return "too short"
    if not ended and not cursor.left.strip() and len(text.strip()) < _MIN_LINE_START:
        return "too little of a line"
    if _CLOSERS.match(text) and confidence < SURE_CLOSING:
        return "closes brackets only"
    right = cursor.right.strip()
    if right and text.strip() == right:
        return "stands right of the cursor"
    first = (cursor.left + text.split("\n", 1)[0] + cursor.right).strip()
    if first == cursor.below.strip():
        return "stands on the next line"
    if not cursor.left.strip() and first == cursor.above.strip():
        return "repeats the line above"
    return ""


def opens_block(text: str) -> bool:
    """Whether what is offered goes on on the lines below, so that it cannot parse as it stands."""
    opened = 0
    for character in text:
        # One that closes what was opened left of the cursor makes up for nothing.
        opened = opened + 1 if character in "([{" else max(0, opened - 1) if character in ")]}" else opened
    return opened > 0 or text.endswith((":", "->", "=>"))


def without_loose_end(steps: Sequence[Step]) -> Sequence[Step]:
    """Without operators and opening brackets at the end: an offer that stops in mid-line stops behind a word or a bracket."""
    end = len(steps)
    while end and steps[end - 1].text.strip() and not (_is_word_end(steps[end - 1].text) or _CLOSERS.match(steps[end - 1].text)):
        end -= 1
    return steps[:end]


def without_half_string(steps: Sequence[Step], left: str, language: str) -> Sequence[Step]:
    """Without the words of a string that begins in them and does not end: half a message is nobody's next line."""
    if _quoting(left, language):
        return steps
    end = len(steps)
    while end > 1 and _quoting(left + "".join([step.text for step in steps[: end - 1]]), language):
        end -= 1
    return steps[:end] if _quoting(left + "".join([step.text for step in steps]), language) else steps


def _is_word_end(text: str) -> bool:
    return text[-1].isalnum() or text[-1] == "_"


def _outwards(node: Node | None) -> Iterator[Node]:
    for _ in range(6):
        if node is None or node.type in _EMBEDDED_CODE:
            return
        yield node
        node = node.parent


def _quoting(left: str, language: str) -> str:
    """Like `in_text`, for what began on this line."""
    quotes = '"`' if language in _APOSTROPHE_IS_NO_QUOTE else "\"'`"
    if language == "text":
        return ""
    at = 0
    while at < len(left):
        character = left[at]
        if comment := _comment_at(left, at, language):
            if comment < 0:
                return "comment"
            at += comment
        elif language == "python" and left.startswith(_DOCUMENTING, at):
            close = left.find(character * 3, at + 3)
            if close < 0:
                return "text"
            at = close + 3
        elif character in quotes:
            at = _string_end(left, at)
            if at < 0:
                return "string"
        elif character == "'" and (literal := _CHARACTER_LITERAL.match(left, at)):
            at = literal.end()
        else:
            at += 1
    return ""


def _comment_at(left: str, at: int, language: str) -> int:
    """Length of the comment that starts here, -1 when it does not end on this line, 0 when there is none."""
    marker = comment_marker(language)
    if marker and left.startswith(marker, at):
        return -1
    if marker == "//" and left.startswith("/*", at):
        close = left.find("*/", at + 2)
        return close + 2 - at if close >= 0 else -1
    return 0


def _string_end(left: str, at: int) -> int:
    """Where the string that starts here has ended, -1 when it has not."""
    quote = left[at]
    at += 1
    while at < len(left):
        if left[at] == quote:
            return at + 1
        at += 2 if left[at] == "\\" else 1
    return -1
