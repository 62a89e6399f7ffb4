"""Takes out of a chat answer what belongs into the file: no fence, no talk around it, no thinking aloud."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.model import Kind

if TYPE_CHECKING:
    from orchestra_lsp.trust.mask import MaskedPrompt

#: Kinds that a person reads; their answer is left as it is.
READ = frozenset({Kind.EXPLAIN, Kind.REVIEW})
#: Kinds that take the place of the selection.
REPLACING = frozenset({Kind.EDIT, Kind.DOCUMENT})
#: A fence of Markdown: up to three blanks, three or more of one mark, and behind an opening one perhaps a language.
FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\r\n]*?)[ \t]*\r?")
GREETING = re.compile(r"(?:sure|certainly|of course|okay|absolutely)\b[^\n]*[.:!]\n[ \t]*\n", re.IGNORECASE)
OPEN, CLOSE = "<think>", "</think>"


def extract(kind: Kind, text: str) -> str:
    """The part of `text` meant for the file: the largest fenced block, else all of it. A block that is not closed counts."""
    if kind in READ:
        return text.strip()
    blocks = _blocks(text.split("\n"))
    if blocks:
        return "\n".join(max(blocks, key=lambda lines: sum(map(len, lines)))).removesuffix("\r")
    bare = GREETING.sub("", text.lstrip("\n"), count=1) if GREETING.match(text.lstrip("\n")) else text
    return bare if kind is Kind.COMPLETE else bare.strip("\n")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a whole chat answer is made fit for the file. `ending` is a line end that the file needs behind it."""

    kind: Kind
    ending: str = ""

    @property
    def may_be_cut(self) -> bool:
        """Half a rewritten selection would delete the other half; half a completion is still one."""
        return self.kind is Kind.COMPLETE

    def apply(self, text: str) -> str:
        found = extract(self.kind, text)
        return found + self.ending if found and not found.endswith("\n") else found


def shape_for(prompt: MaskedPrompt) -> Shape | None:
    """None when the answer is for reading and can stream as it is."""
    if prompt.kind in READ:
        return None
    needs_ending = prompt.kind is Kind.TEST or (prompt.kind in REPLACING and prompt.selection.endswith("\n"))
    return Shape(prompt.kind, "\n" if needs_ending else "")


class Thoughts:
    """Leaves out a model's thinking aloud, `<think>...</think>` before the answer, from text that streams in."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"  # then "inside" or "after"

    def feed(self, text: str) -> str:
        """The part of the answer that is known not to be a thought."""
        if self._state == "after":
            return text
        self._held += text
        start = self._held.lstrip()
        if self._state == "start" and start.startswith(OPEN):
            self._state = "inside"
        elif self._state == "start" and not OPEN.startswith(start):
            return self._release(self._held)
        if self._state == "inside" and CLOSE in self._held:
            rest = self._held.partition(CLOSE)[2].lstrip("\n")
            # Blank lines behind the thought may still be on their way.
            return self._release(rest) if rest else ""
        return ""

    def rest(self) -> str:
        """What was held back and turned out to be no thought, at the end of the answer."""
        return self._held if self._state == "start" else ""

    def _release(self, text: str) -> str:
        self._state, self._held = "after", ""
        return text


def _blocks(lines: list[str]) -> list[list[str]]:
    """The contents of the outermost fenced blocks; a fence with a language inside a block opens one that is nested."""
    found: list[list[str]] = []
    marks: list[str] = []
    for line in lines:
        fence = FENCE.fullmatch(line)
        if not marks:
            if fence:
                marks.append(fence["mark"])
                found.append([])
            continue
        if fence and _closes(fence, marks[-1]):
            marks.pop()
        elif fence and fence["info"] and fence["mark"] == marks[-1]:
            marks.append(fence["mark"])
        if marks:
            found[-1].append(line)
    return found


def _closes(fence: re.Match[str], mark: str) -> bool:
    return not fence["info"] and fence["mark"].startswith(mark)
