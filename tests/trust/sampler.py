"""Random strings that fit a regex: enough of the syntax for the tables in `kinds/`, written so that tests need no stored secrets."""

from __future__ import annotations

import string
from random import Random

_MOST = 24  # extra repetitions of an open-ended piece
_CLASSES = {"d": string.digits, "w": string.ascii_letters + string.digits + "_", "s": " ", "S": string.ascii_letters + string.digits}
_PRINTABLE = string.ascii_letters + string.digits


def sample(pattern: str, random: Random) -> tuple[str, str]:
    """(the whole match, its first group or the whole). Anchors and flags are passed over."""
    reader = _Reader(pattern, random)
    whole = reader.alternatives()
    return whole, reader.groups[0] if reader.groups else whole


class _Reader:
    def __init__(self, pattern: str, random: Random) -> None:
        self.pattern, self.at, self.random = pattern, 0, random
        self.groups: list[str] = []

    def alternatives(self) -> str:
        """One of the `|` parts up to the closing bracket; all are read, so that the position is right."""
        outer, results = self.groups, []
        while True:
            self.groups = []
            results.append((self.sequence(), self.groups))
            if self.peek() != "|":
                break
            self.at += 1
        text, groups = self.random.choice(results)
        self.groups = outer + groups
        return text

    def sequence(self) -> str:
        text = ""
        while (character := self.peek()) and character not in "|)":
            start, kept = self.at, list(self.groups)
            piece = self.atom()
            least, most = self.repetition()
            after = self.at
            if (least, most) == (1, 1):
                text += piece
                continue
            self.groups = kept
            for _ in range(self.random.randint(least, min(most, least + _MOST))):
                self.at = start
                text += self.atom()
            self.at = after
        return text

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def atom(self) -> str:
        character = self.peek()
        self.at += 1
        if character == "(":
            return self.group()
        if character == "[":
            return self.random.choice(self.characters())
        if character == "\\":
            return self.escape()
        if character in "^$":
            return ""
        return "_" if character == "." else character

    def group(self) -> str:
        capturing = self.peek() != "?"
        if not capturing:
            end = self.at + 1
            while self.pattern[end] not in ":)":
                end += 1
            self.at = end + 1
            if self.pattern[end] == ")":  # flags alone
                return ""
        text = self.alternatives()
        self.at += 1
        if capturing:
            self.groups.insert(0, text)
        return text

    def escape(self) -> str:
        character = self.peek()
        self.at += 1
        if character == "x":
            code = self.pattern[self.at : self.at + 2]
            self.at += 2
            return chr(int(code, 16))
        if character in "bBAZz":
            return ""
        if character in "rn":
            return {"r": "", "n": "\n"}[character]
        return self.random.choice(_CLASSES[character]) if character in _CLASSES else character

    def characters(self) -> str:
        negated = self.peek() == "^"
        self.at += negated
        allowed = ""
        while self.peek() != "]" or not allowed:
            character = self.peek()
            self.at += 1
            if character == "\\":
                kind = self.peek()
                allowed += _CLASSES[kind] if kind in _CLASSES else self.escape()
                self.at += kind in _CLASSES
            elif self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] != "]":
                allowed += "".join(map(chr, range(ord(character), ord(self.pattern[self.at + 1]) + 1)))
                self.at += 2
            else:
                allowed += character
        self.at += 1
        if not negated:
            return allowed
        others = "".join(character for character in _PRINTABLE if character not in allowed)
        return others or "".join(character for character in " =\"':;,<>()" if character not in allowed)

    def repetition(self) -> tuple[int, int]:
        character = self.peek()
        if character in ("?", "*", "+"):
            self.at += 1
            least, most = {"?": (0, 1), "*": (0, 10_000), "+": (1, 10_000)}[character]
        elif character == "{" and self.pattern[self.at + 1].isdigit():
            end = self.pattern.index("}", self.at)
            low, comma, high = self.pattern[self.at + 1 : end].partition(",")
            self.at = end + 1
            least, most = int(low), int(high or low) if not comma or high else 10_000
        else:
            return 1, 1
        self.at += self.peek() == "?"
        return least, most
