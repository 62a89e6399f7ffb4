"""How far a completion goes: on its line or over several, and where it ends. By the tree where there is one, else by indentation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orchestra_lsp.engine.polish.brackets import open_and_close
from orchestra_lsp.model import Ask, Buffer, Trigger
from orchestra_lsp.syntax.language import definition, names

_CLOSING: Final = b" \t)]};,:'\""
_TAB: Final = 4  # columns
#: Not `(`: what goes on behind it are arguments, and those of a call stay on the line.
_OPENS_BLOCK: Final = re.compile(rb"(?:[{\[]|=>)\Z")
_HEADER: Final = re.compile(
    rb"[ \t]*(?:async |el)?(?:if|for|while|def|class|with|try|se|except|finally|match|case|default)\b.*:\Z", re.DOTALL
)
_COMPOUND: Final = re.compile(
    r"(?:(?:export|public|private|protected|static|async|pub|unsafe)\s+)*"
    r"(?:if|for|while|def|class|with|try|switch|match|func|fn|impl|struct|enum|trait|interface|function|do|loop)\b(?=.)"
)
_CLOSERS: Final = (")", "]", "}")


def multiline(ask: Ask) -> bool:
    """Whether several lines are wanted: asked for by hand, on an empty line, or behind what opens a block that is still empty."""
    data, here = ask.buffer.data, ask.span.start
    start = max(data.rfind(b"\n", 0, here), data.rfind(b"\r", 0, here)) + 1
    ends = [found for found in (data.find(b"\n", here), data.find(b"\r", here)) if found >= 0]
    end = min(ends, default=len(data))
    if data[here:end].strip(_CLOSING):
        return False
    if ask.trigger is Trigger.MANUAL:
        return True
    line = data[start:here]
    if _in_text(ask.buffer, here, line):
        return False
    if not line.strip():
        return True
    return _opens(line.rstrip(), ask.buffer.language) and _indent(_next_line(data, end)) <= _indent(line)


@dataclass(frozen=True, slots=True)
class Room:
    """The block that a completion may fill. `level`: columns of its lines; `opened`: the cursor's line opens it, and they stand deeper."""

    level: int
    opened: bool


@dataclass(frozen=True, slots=True)
class End:
    """Where a completion ends, in characters. `over`: what follows belongs to no offer here; else it may be the next one."""

    at: int
    over: bool


def room_at(buffer: Buffer, offset: int) -> Room:
    start = max(buffer.data.rfind(b"\n", 0, offset), buffer.data.rfind(b"\r", 0, offset)) + 1
    line = buffer.data[start:offset]
    return Room(_indent(line), opened=bool(line.strip()))


def end_of(text: str, room: Room, by_hand: bool = False) -> End | None:
    """Where `text`, inserted at the cursor, leaves its block; unasked also at a blank line and before the next compound statement.

    None while that is not certain: lines of `text` end with a line feed, and the last one may still be growing. What the text
    itself has opened, a bracket or a string over several lines, is never cut through.
    """
    lines = text.split("\n")
    level = room.level if room.opened else room.level + _columns(lines[0])
    at, written = len(lines[0]), bool(lines[0].strip())
    blank = False
    for number, line in enumerate(lines[1:], 1):
        body = line.strip()
        if not body:
            blank = blank or number < len(lines) - 1
        elif written and not _leaves_open(text[:at]):
            columns = _columns(line)
            outside = columns < level or (room.opened and columns == level and not by_hand)
            if outside and not body.startswith(_CLOSERS):
                return End(at, over=True)
            if not by_hand and (blank or (columns == level and _COMPOUND.match(body))):
                return End(at, over=False)
        if body:
            blank, written = False, True
        at += 1 + len(line)
    return None


def enough(ask: Ask, several: bool) -> Callable[[str], bool]:
    """Tells of a completion that streams in whether nothing behind it will be shown. One part more than is shown is kept."""
    if not several:
        return line_ends
    room, by_hand = room_at(ask.buffer, ask.span.start), ask.trigger is Trigger.MANUAL

    def over(text: str) -> bool:
        found = None if "```" in text else end_of(text, room, by_hand)
        if found is None or not _keeps_to(text[: found.at], room):
            return False
        rest = text[found.at :].lstrip("\n")
        return found.over or end_of(rest, Room(0, opened=False), by_hand) is not None

    return over


def line_ends(text: str) -> bool:
    """Whether a completion that stays on its line is over: nothing behind its first line end will be used."""
    first, line_break, _ = text.lstrip("\r\n").partition("\n")
    return bool(line_break and first.strip()) and not first.lstrip().startswith("```")


def _keeps_to(text: str, room: Room) -> bool:
    """Whether the lines stand where they belong: some tools write from the left margin, which is put right only at the end."""
    _, *more = text.split("\n")
    return (room.level == 0 or room.opened or bool(more)) and all(_columns(line) >= room.level for line in more if line.strip())


def _opens(line: bytes, language: str) -> bool:
    if _OPENS_BLOCK.search(line):
        return True
    return bool(_HEADER.match(line)) if language in ("python", "text") else False


def _in_text(buffer: Buffer, offset: int, line: bytes) -> bool:
    """Whether the cursor stands in a comment or a string."""
    if buffer.language not in names():
        return False
    language = definition(buffer.language)
    if language.line_comment and line.lstrip().startswith(language.line_comment.encode()):
        return True
    node = buffer.tree.root_node.descendant_for_byte_range(max(0, offset - 1), offset) if buffer.tree else None
    for _ in range(3):
        if node is None:
            return False
        if node.type in language.kinds["comment"] | language.kinds["string"] and node.start_byte < offset < node.end_byte:
            return True
        node = node.parent
    return False


def _leaves_open(text: str) -> bool:
    quotes = text.count('"""') + text.count("'''") + text.count("`")
    return bool(open_and_close(text)[0]) or quotes % 2 == 1


def _next_line(data: bytes, end: int) -> bytes:
    """The next line below that is not blank."""
    return next((line for line in data[end : end + 2000].splitlines() if line.strip()), b"")


def _indent(line: bytes) -> int:
    return _columns(line.decode("utf-8", "replace"))


def _columns(line: str) -> int:
    space = line[: len(line) - len(line.lstrip(" \t"))]
    return len(space) + (_TAB - 1) * space.count("\t")
