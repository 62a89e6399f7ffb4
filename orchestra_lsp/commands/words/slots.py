"""Finds what a sentence is about: paths, functions, lines, and words that switch something."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from orchestra_lsp.syntax.language import detect

_QUOTED: Final = re.compile(r"`([^`]+)`|\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")
_LINES: Final = re.compile(r"\b(?:on |in )?lines?\s+(\d+)(?:\s*(?:-|to|until|through)\s*(\d+))?", re.IGNORECASE)
_PLACE: Final = re.compile(r":(\d+)(?:-(\d+))?$")
_HERE: Final = re.compile(
    r"\b(?:(?:this|the|my|our|current)\s+(?:whole\s+|entire\s+)?(?:folder|directory|project|repo|repository|workspace|code ?base|package)"
    r"|(?<!is )everything(?: here)?|all (?:the |my )?(?:files|code)|the whole thing)\b",
    re.IGNORECASE,
)
_STAGED: Final = re.compile(
    r"\b(?:(?:i|we) stage\b|what (?:i|we)(?:'ve| have)? (?:just )?(?:staged|added|changed)|what is staged"
    r"|staged(?: (?:changes|files|code|hunks|lines))?"
    r"|(?:git )?index|(?:what )?(?:i am|i'm|we are) about to commit|(?:my|the) (?:next )?commit|before (?:i|we) commit"
    r"|(?:my|the|our) (?:\w+ )?(?:changes|diff|modifications))\b",
    re.IGNORECASE,
)
_SWITCHES: Final = {
    "user": re.compile(r"\b(?:user|global|personal|own|for me|all (?:my )?projects)\b", re.IGNORECASE),
    "force": re.compile(r"\b(?:force|overwrite(?: it)?|anew|again|from scratch|replace it)\b", re.IGNORECASE),
    "json": re.compile(r"\b(?:as|in|to) json\b|--?json\b", re.IGNORECASE),
}
_FUNCTION: Final = re.compile(r"\b(?:function|method|procedure|class|def|func|symbol)\s+([A-Za-z_]\w*(?:\.\w+)*)", re.IGNORECASE)
_CODE_WORD: Final = re.compile(
    r"[A-Za-z_]\w*(?:(?:\.|::)\w+)*\(\)|[A-Za-z]\w*_\w+|_\w+|[a-z]+[A-Z]\w*|[A-Z]\w*[a-z]\w*\.\w+|[A-Z][a-z]+[A-Z]\w*"
)
_INSTRUCTION: Final = re.compile(r"\b(?:to|so that|such that|using|into)\s+(.+)$|:\s+(.+)$", re.IGNORECASE)
_NOT_SYMBOLS: Final = frozenset(
    {"is", "in", "of", "for", "that", "this", "named", "called", "to", "with", "and", "GitHub", "JavaScript", "TypeScript"}
)


@dataclass(frozen=True, slots=True)
class Slots:
    """What was found, and `rest`: the sentence without it. `lines` is "10" or "10-20"."""

    rest: str
    paths: tuple[str, ...] = ()
    symbol: str = ""
    lines: str = ""
    here: bool = False  # the only path is the folder one is in
    staged: bool = False
    instruction: str = ""
    switches: frozenset[str] = field(default_factory=frozenset)

    def filled(self) -> frozenset[str]:
        """Names of the slots that hold something, as phrases write them. A mere "this project" does not count."""
        found = {"path", "paths"} if self.paths and not self.here else set()
        return frozenset(found | ({"symbol"} if self.symbol else set()) | ({"staged"} if self.staged else set()))

    def value(self, slot: str) -> str | bool | tuple[str, ...] | None:
        """What a parameter of this slot gets; None: nothing."""
        values: Mapping[str, str | bool | tuple[str, ...]] = {
            "paths": self.paths,
            "path": self.paths[0] if self.paths else "",
            "symbol": self.symbol,
            "lines": self.lines,
            "staged": self.staged,
            "instruction": self.instruction,
            "force": "force" in self.switches,
            "user": "user" in self.switches,
        }
        return values.get(slot) or None


def find_slots(sentence: str, exists: Callable[[str], bool] = os.path.exists) -> Slots:
    """`exists` tells whether a word without a known ending is a path all the same."""
    instruction = split_instruction(sentence)[1] or sentence.strip().rstrip(".!")
    rest, quoted = _cut_quoted(sentence)
    switches = frozenset(name for name, pattern in _SWITCHES.items() if pattern.search(rest))
    rest = _SWITCHES["json"].sub(" ", _SWITCHES["force"].sub(" ", rest))
    rest, lines = _cut_lines(rest)
    staged = bool(_STAGED.search(rest))
    rest = _STAGED.sub(" ", rest)
    here = bool(_HERE.search(rest))
    rest = _HERE.sub(" ", rest)
    named = _FUNCTION.search(rest)
    paths: list[str] = []
    symbol = named[1] if named and named[1] not in _NOT_SYMBOLS and not _is_path(named[1], exists) else ""
    kept: list[str] = []
    for word in [*rest.split(), *quoted]:
        bare = word.strip("\"'`,;!?()[]").rstrip(".:") if word not in (".", "..") else word
        place = _PLACE.search(bare)
        if place and _is_path(bare[: place.start()], exists):
            lines = lines or "-".join(part for part in place.groups() if part)
            bare = bare[: place.start()]
        if _is_path(bare, exists):
            paths.append(bare)
        elif not symbol and (word in quoted or _CODE_WORD.fullmatch(word.strip("\"'`,;!?.:"))) and bare not in _NOT_SYMBOLS:
            symbol = bare.replace("::", ".")
        elif bare != symbol:
            kept.append(word)
    here = here and not paths and not staged
    return Slots(" ".join(kept), tuple(dict.fromkeys(paths)) or (".",) * here, symbol, lines, here, staged, instruction, switches)


def split_instruction(sentence: str) -> tuple[str, str]:
    """What is to be done with which code, and how: "rewrite a.py to use b" is ("rewrite a.py", "use b")."""
    told = _INSTRUCTION.search(sentence)
    return (sentence[: told.start()], (told[1] or told[2]).strip().rstrip(".!")) if told else (sentence, "")


def _cut_quoted(sentence: str) -> tuple[str, list[str]]:
    quoted = [next(part for part in found.groups() if part) for found in _QUOTED.finditer(sentence)]
    return _QUOTED.sub(" ", sentence), quoted


def _cut_lines(sentence: str) -> tuple[str, str]:
    found = _LINES.search(sentence)
    if not found:
        return sentence, ""
    return _LINES.sub(" lines ", sentence), found[1] + (f"-{found[2]}" if found[2] else "")


def _is_path(word: str, exists: Callable[[str], bool]) -> bool:
    """Written like one, or there is one and the word is no plain word of the sentence."""
    if word in (".", ".."):
        return True
    if not word or word.startswith("-") or " " in word:
        return False
    if "/" in word or "\\" in word:
        return exists(word) or detect("", word, b"") != "text" or word.endswith(("/", "\\"))
    return "." in word and (detect("", word, b"") != "text" or exists(word))
