"""Plain words to one command with its arguments, by comparing meanings with each command's phrases. No model is asked."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Protocol

from orchestra_lsp.commands.registry import Parameter
from orchestra_lsp.commands.words.slots import Slots, find_slots, split_instruction
from orchestra_lsp.commands.words.vocabulary import is_foreign, meanings, nearest

SURE: Final = 0.6  # from here on the command is run (or asked for, when it changes something)
MARGIN: Final = 0.085  # a second command so near makes it unsure, but for a sentence that fits a phrase
FITS: Final = 0.9
MAYBE: Final = 0.35  # from here on it is offered as "did you mean"
TYPO: Final = 0.9  # what a misspelled word counts
NAME: Final = 0.9  # for taking an unknown word as the name of a function
ABOUT_NOTHING: Final = 0.75  # for leaving out what the sentence seems to be about
STRAY: Final = 1.3  # weight of a word that no phrase knows: it speaks against understanding anything
TOLD: Final = 0.3  # weight of the same where the code is named and the words may say what to do with it

_SLOT: Final = re.compile(r"\{(\w+)\}")
_NEGATED: Final = re.compile(r"^\s*(?:please |just |and |but |no, )*(?:don'?t|do not|never|no longer)\b(?! understand)", re.IGNORECASE)


class Intent(Protocol):
    """What can be asked for: a command of the registry, or one of a door's own."""

    @property
    def name(self) -> str: ...
    @property
    def phrases(self) -> tuple[str, ...]: ...
    @property
    def parameters(self) -> tuple[Parameter, ...]: ...


@dataclass(frozen=True, slots=True)
class Guess:
    """One command, how sure that is (0..1), and its arguments by parameter name."""

    name: str
    confidence: float
    arguments: Mapping[str, str | bool | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Understood:
    """`command` None: nothing is meant surely enough; `near` are then the likeliest, best first.

    `unknown` is the one word that no command knows, and that is no path and no function either.
    """

    command: Guess | None
    near: tuple[Guess, ...] = ()
    json: bool = False
    unknown: str = ""


def _none_defined(_name: str, _paths: Sequence[str]) -> bool:
    """For who cannot look."""
    return False


def understand(
    sentence: str,
    intents: Sequence[Intent],
    exists: Callable[[str], bool] = os.path.exists,
    defined: Callable[[str, Sequence[str]], bool] = _none_defined,
) -> Understood:
    """Never fails: whatever is not understood comes back without a command.

    `defined` tells whether there is a function of a name in some paths, or anywhere when there are none; it is asked at most twice.
    """
    phrases = _phrases(tuple((intent.name, intent.phrases) for intent in intents))
    whole = _heard(sentence, phrases, exists, defined)
    told, how = split_instruction(sentence)
    # What comes behind "to" is for the tool that does it, not for us to understand.
    begun = _heard(told, phrases, exists, defined) if how else whole
    begun = replace(begun, slots=replace(begun.slots, instruction=whole.slots.instruction))
    guesses = [_guess(intent, begun if _takes(intent, "instruction") else whole, phrases) for intent in intents]
    guesses = sorted(guesses, key=lambda guess: guess.confidence, reverse=True)[:3]
    likely = tuple(guess for guess in guesses if guess.confidence >= MAYBE)
    foreign = is_foreign(whole.slots.rest) and guesses[0].confidence < FITS
    if likely and _sure(likely) and not foreign and not _NEGATED.search(sentence):
        return Understood(likely[0], likely[1:], "json" in whole.slots.switches)
    return Understood(None, likely, unknown=whole.unknown)


def _sure(likely: Sequence[Guess]) -> bool:
    best = likely[0].confidence
    return best >= FITS or (best >= SURE and (len(likely) == 1 or best - likely[1].confidence >= MARGIN))


# --- what was said ---


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: frozenset[str]
    slots: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Phrases:
    """All phrases and all their words by command, and the weight of each word: the fewer commands know it, the more it says."""

    of: Mapping[str, tuple[_Phrase, ...]]
    own: Mapping[str, frozenset[str]]
    weight: Mapping[str, float]


@lru_cache(maxsize=4)
def _phrases(named: tuple[tuple[str, tuple[str, ...]], ...]) -> _Phrases:
    of = {name: tuple(_Phrase(_words(text), frozenset(_SLOT.findall(text))) for text in texts) for name, texts in named}
    own = {name: frozenset(word for phrase in phrases for word in phrase.words) for name, phrases in of.items()}
    spread = Counter(word for words in own.values() for word in words)
    weight = {word: 0.3 + math.log((1 + len(of)) / count) / math.log(1 + len(of)) for word, count in spread.items()}
    return _Phrases(of, own, weight)


def _words(phrase: str) -> frozenset[str]:
    return frozenset(meaning for _, meaning in meanings(_SLOT.sub(" ", phrase)))


@dataclass(frozen=True, slots=True)
class _Heard:
    """Each meaning with how well it was spelled (0: no phrase knows it), and the unknown word if there is just one.

    That is `named` when there is a function of that name, else `unknown`.
    """

    said: Mapping[str, float]
    slots: Slots
    named: str = ""
    unknown: str = ""


def _heard(sentence: str, phrases: _Phrases, exists: Callable[[str], bool], defined: Callable[[str, Sequence[str]], bool]) -> _Heard:
    slots = find_slots(sentence, exists)
    said: dict[str, float] = {}
    strange: list[str] = []
    for word, meaning in meanings(slots.rest):
        known = nearest(meaning, phrases.weight)
        if not known and not slots.paths and exists(word):
            slots = replace(slots, paths=(word,))
            continue
        said[known or meaning] = 1.0 if known == meaning else TYPO if known else 0.0
        strange += [] if known else [word]
    # A name stands behind what is to be done with it.
    behind = len(strange) == 1 and strange[0].isidentifier() and not slots.symbol and len(said) > 1 and next(iter(said.values())) > 0
    if not behind:
        return _Heard(said, slots)
    named = defined(strange[0], slots.paths)
    return _Heard(said, slots, *((strange[0], "") if named else ("", strange[0])))


def _guess(intent: Intent, heard: _Heard, phrases: _Phrases) -> Guess:
    """An unknown word is the name of a function, for a command that takes one, or it is what the sentence is about and is not there."""
    said, slots, factor = heard.said, heard.slots, 1.0
    if heard.named and _takes(intent, "symbol") and not _takes(intent, "instruction"):
        said = {word: spelled for word, spelled in said.items() if spelled}
        slots = replace(slots, symbol=heard.named)
        factor = NAME
    elif heard.unknown and not slots.filled() and any(_takes(intent, slot) for slot in ("path", "paths", "symbol")):
        factor = ABOUT_NOTHING
    scores = [_likeness(phrase, intent, said, slots, phrases) for phrase in phrases.of[intent.name]]
    return Guess(intent.name, round(factor * max(scores, default=0.0), 3), _arguments(intent, slots))


def _takes(intent: Intent, slot: str) -> bool:
    return any(parameter.slot == slot for parameter in intent.parameters)


def _likeness(phrase: _Phrase, intent: Intent, said: Mapping[str, float], slots: Slots, phrases: _Phrases) -> float:
    """How much of the phrase was said, and how much of what was said is in the phrase: their harmonic mean."""
    weight, own = phrases.weight, phrases.own[intent.name]
    common = sum(weight[word] * said.get(word, 0.0) for word in phrase.words)
    wanted = sum(weight[word] for word in phrase.words)
    # A word that another phrase of the same command knows does not speak against this one.
    stray = TOLD if _takes(intent, "instruction") and slots.filled() & {"path", "symbol"} else STRAY
    given = sum(weight[word] * (0.3 if word in own and word not in phrase.words else 1.0) if word in weight else stray for word in said)
    if not common or not wanted or not given:
        return 0.0
    recall, precision = common / wanted, min(1.0, common / given)
    return 2 * recall * precision / (recall + precision) * _fitting(phrase, intent, slots)


def _fitting(phrase: _Phrase, intent: Intent, slots: Slots) -> float:
    """Less likely when the sentence names something that the command cannot take, or lacks what the phrase is about."""
    takes = {parameter.slot for parameter in intent.parameters if parameter.slot}
    takes |= {"path"} if "paths" in takes else {"paths"} if "path" in takes else set()
    filled = slots.filled()
    unusable = bool(filled) and not filled & takes
    lacks = 1.0
    if phrase.slots and not slots.here and not filled & {"path", "paths", "symbol", "staged"}:
        lacks = 0.75 if phrase.slots & {"path", "symbol"} else 0.9
    return lacks * (0.55 if unusable else 1.0)


def _arguments(intent: Intent, slots: Slots) -> Mapping[str, str | bool | tuple[str, ...]]:
    found = {parameter.name: slots.value(parameter.slot) for parameter in intent.parameters if parameter.slot}
    given = {name: value for name, value in found.items() if value is not None}
    if _takes(intent, "paths") and not given:
        return {next(parameter.name for parameter in intent.parameters if parameter.slot == "paths"): (".",)}
    return given
