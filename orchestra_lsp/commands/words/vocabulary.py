"""Words by their meaning: stems, synonyms, and near misses of spelling."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Final

_WORD: Final = re.compile(r"[a-z0-9_'.-]+")
_QUESTION: Final = re.compile(r"^\s*(?:what|why|how|which|where|who|when|is|are|was|were|does|did|would)\b", re.IGNORECASE)
_LEAST: Final = 3  # letters of a stem
_SHORT: Final = 4  # letters; shorter words are too easily mistaken for one another
_NEAR: Final = 0.8  # share of letters that a misspelled word has in common with the right one


@dataclass(frozen=True, slots=True)
class Synonyms:
    """`same` maps a stem to the stem that stands for it, `turns` are replaced before words are looked at."""

    same: Mapping[str, str]
    turns: tuple[tuple[re.Pattern[str], str], ...]
    foreign: frozenset[str]
    empty: frozenset[str]


@cache
def synonyms() -> Synonyms:
    table = tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text(encoding="utf-8"))
    same = {stem(word): stem(words[0]) for words in table["same"] for word in words}
    turns = tuple((re.compile(pattern), meant) for pattern, meant in table["turns"])
    return Synonyms(same, turns, frozenset(table["foreign"].split()), frozenset(table["empty"].split()))


def meanings(sentence: str) -> list[tuple[str, str]]:
    """The words that carry meaning in order, each with the stem that stands for it."""
    known = synonyms()
    lowered = sentence.lower()
    for turn, meant in known.turns:
        lowered = turn.sub(meant, lowered)
    words = (word.partition("'")[0].strip(".-") for word in _WORD.findall(lowered))
    pairs = ((word, stem(word)) for word in words if word and word not in known.empty)
    return [(word, known.same.get(found, found)) for word, found in pairs]


def is_foreign(sentence: str) -> bool:
    """Whether it asks for something outside of all commands, by its first word of meaning."""
    if _QUESTION.match(sentence):
        return False
    first = next((word for word in _WORD.findall(sentence.lower()) if word not in synonyms().empty), "")
    return first in synonyms().foreign


def stem(word: str) -> str:
    """The word without its endings, roughly: enough to bring testing, tests and tested together."""
    if word.endswith("ies") and len(word) > _SHORT:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) >= _SHORT:
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) >= _LEAST:
            return base[:-1] if len(base) > _LEAST and base[-1] == base[-2] and base[-1] not in "sl" else base.removesuffix("e")
    return word.removesuffix("e") if len(word) > _SHORT else word


def nearest(word: str, known: Collection[str]) -> str:
    """The known word that `word` is, or was probably meant to be; empty when there is none."""
    if word in known:
        return word
    if len(word) < _SHORT:
        return ""
    close = [(_likeness(word, other), other) for other in known if len(other) >= _SHORT and abs(len(other) - len(word)) <= 2]
    best = max(close, default=(0.0, ""))
    return best[1] if best[0] >= _NEAR else ""


def _likeness(one: str, other: str) -> float:
    if sorted(one) == sorted(other):  # letters in another order are the commonest slip
        return 0.95
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
