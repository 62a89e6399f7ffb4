"""Plain words: a fixed set of what people say, and what must not be understood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from orchestra_lsp.cli.word import words
from orchestra_lsp.commands.words.line import command_line
from orchestra_lsp.commands.words.slots import find_slots
from orchestra_lsp.commands.words.understand import SURE, Guess, understand
from orchestra_lsp.commands.words.vocabulary import nearest, stem

THERE = {"parser.py", "app.ts", "main.go", "src", "src/", "service", "tests", "src/parser.py", "src/Reader.java", "src/settings.py"}
WORDS = {name: word for name, word in words().items() if name != "do"}
INTENTS = tuple(WORDS.values())
DEFINED = {"pay", "discount"}
NOTHING = "?"
HEAP = [*WORDS, "the", "parser.py", "slow", "staged", "not", "`x`", '"y', 'z"', ":", "--", "12", ".", "/", "lines", "parse_line", "to"]


def defined(name: str, paths: Sequence[str]) -> bool:
    return name in DEFINED


def line(guess: Guess | None) -> str:
    if guess is None:
        return NOTHING
    return command_line(guess.name, WORDS[guess.name].parameters, guess.arguments).removeprefix("orchestra ")


def understood(sentence: str) -> str:
    return line(understand(sentence, INTENTS, THERE.__contains__, defined).command)


def utterances() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("utterances.txt").read_text(encoding="utf-8").splitlines()
    pairs = [text.rpartition("=>") for text in lines if "=>" in text]
    return [(said.strip(), meant.strip()) for said, _, meant in pairs]


def test_the_set_is_large_and_has_what_must_not_be_understood() -> None:
    said = utterances()
    assert len(said) >= 160
    assert sum(meant == NOTHING for _, meant in said) >= 30
    assert {meant.split()[0] for _, meant in said if meant != NOTHING} == set(WORDS)


@pytest.mark.parametrize(("said", "meant"), utterances(), ids=[said for said, _ in utterances()])
def test_it_is_understood(said: str, meant: str) -> None:
    assert understood(said) == meant


@pytest.mark.parametrize("command", list(WORDS))
def test_every_phrase_of_a_command_means_that_command(command: str) -> None:
    """Otherwise two commands claim the same words."""
    fill = {"{path}": "parser.py", "{paths}": "parser.py", "{symbol}": "parse_line", "{instruction}": "use a loop"}
    for phrase in WORDS[command].phrases:
        for slot, value in fill.items():
            phrase = phrase.replace(slot, value)
        found = understand(phrase, INTENTS, THERE.__contains__, defined)
        assert found.command, phrase
        assert found.command.name == command, phrase


@pytest.mark.parametrize(
    ("said", "near"),
    [("wonder about tests", "write-tests"), ("the settings", "init")],
)
def test_what_is_nearly_understood_is_offered(said: str, near: str) -> None:
    found = understand(said, INTENTS, THERE.__contains__, defined)
    assert found.command is None
    assert near in [guess.name for guess in found.near]


def test_a_refusal_is_not_turned_into_its_opposite() -> None:
    found = understand("don't rewrite parser.py", INTENTS, THERE.__contains__, defined)
    assert found.command is None
    assert found.near[0].name == "rewrite"


def test_a_plain_word_is_a_function_only_where_there_is_one() -> None:
    asked: list[tuple[str, Sequence[str]]] = []

    def look(name: str, paths: Sequence[str]) -> bool:
        asked.append((name, paths))
        return name == "discount"

    assert line(understand("explain discount", INTENTS, THERE.__contains__, look).command) == "explain --symbol discount"
    for sentence in ("explain monads", "explain everything about monads", "write tests for monads", "review monads"):
        found = understand(sentence, INTENTS, THERE.__contains__, look)
        assert (found.command, found.unknown) == (None, "monads"), sentence
    understand("explain discount in src/parser.py", INTENTS, THERE.__contains__, look)
    assert asked[-1] == ("discount", ("src/parser.py",))
    understand("review parser.py", INTENTS, THERE.__contains__, look)
    assert len(asked) == 6


def test_json_is_asked_for_in_words() -> None:
    assert understand("review parser.py as json", INTENTS, THERE.__contains__, defined).json
    assert not understand("review parser.py", INTENTS, THERE.__contains__, defined).json


@settings(max_examples=300, deadline=None)
@given(some.text(max_size=80))
def test_nothing_makes_it_fail(sentence: str) -> None:
    found = understand(sentence, INTENTS, lambda _: False, defined)
    assert found.command is None or found.command.confidence >= SURE


@settings(max_examples=200, deadline=None)
@given(some.lists(some.sampled_from(HEAP), max_size=9))
def test_no_heap_of_known_words_makes_it_fail(heap: list[str]) -> None:
    understand(" ".join(heap), INTENTS, THERE.__contains__, defined)


def test_slots_are_found_and_taken_out() -> None:
    found = find_slots("explain `parse_line` in src/parser.py:10-20 please", THERE.__contains__)
    assert (found.symbol, found.paths, found.lines, found.rest) == ("parse_line", ("src/parser.py",), "10-20", "explain in please")
    assert find_slots("review parser.py, app.ts and main.go.", THERE.__contains__).paths == ("parser.py", "app.ts", "main.go")
    assert find_slots("review my staged changes").staged
    assert find_slots("review this repo").paths == (".",)
    assert find_slots('rewrite a.py to say "hello"').instruction == 'say "hello"'


def test_words_of_one_family_have_one_stem() -> None:
    for family in ("test tests tested testing", "finding findings find", "review reviews reviewed reviewing", "complexity complexities"):
        assert len({stem(word) for word in family.split()}) == 1


def test_slips_of_spelling_are_forgiven_and_short_words_are_not() -> None:
    known = {"review", "explain", "test"}
    assert nearest("reveiw", known) == "review"
    assert nearest("explian", known) == "explain"
    assert nearest("rest", known) == ""
    assert nearest("tst", known) == ""
