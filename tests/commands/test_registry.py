"""Every command keeps the same contract, because every door shows them all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestra_lsp.commands import registry
from orchestra_lsp.commands.registry import Arguments, Command, Parameter, Takes, WrongUse, checked_arguments
from orchestra_lsp.commands.words.vocabulary import meanings

COMMANDS = list(registry.commands().values())
each = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def test_there_are_the_commands_that_the_doors_rely_on() -> None:
    expected = (
        "ask-several change doctor document explain facts fix init mask "
        "review review-change rewrite route sign-in sign-out stats status tools top why write-tests"
    )
    assert " ".join(registry.names()) == expected


@each
def test_it_says_what_it_is(command: Command) -> None:
    assert command.title[0].isupper()
    assert not command.title.endswith(".")
    assert command.summary[0].isupper()
    assert command.summary.endswith(".")
    assert len(command.phrases) >= 3
    assert command.places


@each
def test_its_phrases_say_something_and_only_once(command: Command) -> None:
    assert len(set(command.phrases)) == len(command.phrases)
    for phrase in command.phrases:
        assert phrase == phrase.lower()
        assert phrase.strip()


@each
def test_its_parameters_are_unlike_and_explained(command: Command) -> None:
    names = [parameter.name for parameter in command.parameters]
    assert len(set(names)) == len(names)
    assert not {"format", "yes", "help", "uri", "range", "show"} & set(names), "the doors use these themselves"
    for parameter in command.parameters:
        assert parameter.summary.endswith(".")
        assert (parameter.takes is Takes.CHOICE) == bool(parameter.choices)
    bare = [parameter for parameter in command.parameters if parameter.takes in (Takes.PATHS, Takes.PATH, Takes.WORDS)]
    assert len(bare) <= 1, "only one can stand without a name"


def test_no_two_commands_look_the_same() -> None:
    assert len({command.title for command in COMMANDS}) == len(COMMANDS)
    phrases = [phrase for command in COMMANDS for phrase in command.phrases]
    assert len(set(phrases)) == len(phrases)
    assert all(meanings(phrase) for phrase in phrases if "{" not in phrase)


def test_an_unknown_command_is_told_with_those_there_are() -> None:
    with pytest.raises(WrongUse, match=r"There is no command 'fly'.*review"):
        registry.command("fly")
    with pytest.raises(WrongUse):
        registry.command("registry")


def test_names_need_no_import() -> None:
    code = (
        "import sys\nfrom orchestra_lsp.commands import registry\nassert registry.names()\n"
        "assert not [name for name in sys.modules if name == 'orchestra_lsp.commands.review']"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_registry_is_light() -> None:
    """Help and code actions import all commands; what is heavy comes when one of them runs."""
    code = (
        "import sys\nfrom orchestra_lsp.commands import registry\nregistry.commands()\n"
        "heavy = {'pydantic', 'numpy', 'httpx', 'tree_sitter', 're2', 'sqlite3', 'rich', 'typer', 'pygls'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


PARAMETERS = (
    Parameter("paths", Takes.PATHS, "Files."),
    Parameter("name", Takes.TEXT, "A name."),
    Parameter("deep", Takes.FLAG, "Deeply."),
    Parameter("way", Takes.CHOICE, "Which way.", choices=("up", "down")),
)


def test_arguments_are_taken_as_they_are_declared() -> None:
    arguments = checked_arguments("go", PARAMETERS, {"paths": ["a", "b"], "name": "x", "deep": True, "way": "down"})
    assert arguments.paths() == ("a", "b")
    assert arguments.text("name") == "x"
    assert arguments.flag("deep")
    assert arguments.text("way") == "down"
    assert checked_arguments("go", PARAMETERS, {"name": None}) == Arguments({})
    assert Arguments().text("name", "default") == "default"
    assert not Arguments().flag("deep")
    assert Arguments().paths() == ()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"path": "a"}, "go takes no 'path'. It takes: paths, name, deep, way."),
        ({"paths": "a"}, "go: paths must be a list of paths, not 'a'."),
        ({"paths": [1]}, "go: paths must be a list of paths, not [1]."),
        ({"deep": "yes"}, "go: deep must be true or false, not 'yes'."),
        ({"name": 3}, "go: name must be text, not 3."),
        ({"way": "left"}, "go: way is one of up, down, not 'left'."),
    ],
)
def test_what_cannot_be_taken_is_told(given: dict[str, object], problem: str) -> None:
    with pytest.raises(WrongUse) as raised:
        checked_arguments("go", PARAMETERS, given)
    assert str(raised.value) == problem


def test_what_is_required_is_asked_for() -> None:
    needed = (Parameter("words", Takes.WORDS, "What you want.", required=True),)
    with pytest.raises(WrongUse, match=r"do needs words: What you want\."):
        checked_arguments("do", needed, {})
