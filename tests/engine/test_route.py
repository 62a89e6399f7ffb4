"""The choice of tools: every scenario is one line of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from orchestra_lsp.engine.route import Player, Request, choose
from orchestra_lsp.model import Abilities, Complexity, Health, Kind, Reach, State

ALL = frozenset(Kind)
CHAT = ALL - {Kind.COMPLETE}


def player(name: str, kinds: frozenset[Kind] = ALL, reach: Reach = Reach.OUTSIDE, **more: object) -> Player:
    context = more.pop("context", 8000)
    health = more.pop("health", Health(State.READY))
    return Player(name, Abilities(kinds, reach, True, context, **more), health)  # type: ignore[arg-type]


CLAUDE = player("claude", CHAT, context=200_000)
LLAMA = player("llama", ALL, Reach.MACHINE, context=4000)
OPENAI = player("openai")
BAND = (CLAUDE, LLAMA, OPENAI)


def check(request: Request, expected: str, players: Sequence[Player] = BAND, prefer: Mapping[str, Sequence[str]] | None = None) -> None:
    """`expected`: the order, names separated by blanks; every player must be in the order or left out with a reason."""
    choice = choose(request, players, prefer or {})
    assert " ".join(one.tool for one in choice.order) == expected
    assert sorted(one.tool for one in (*choice.order, *choice.left_out)) == sorted(one.name for one in players)
    assert all(one.reason for one in (*choice.order, *choice.left_out))


def request(kind: Kind = Kind.COMPLETE, tokens: int = 1000, complexity: Complexity = Complexity.SIMPLE, **more: object) -> Request:
    return Request(kind, "python", tokens, complexity, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request(), "llama openai"),
        (request(tokens=5000), "openai"),
        (request(tokens=50_000), ""),
        (request(private=".env files are never sent"), "llama"),
        (request(offline=True), "llama"),
        (request(Kind.EXPLAIN), "llama claude openai"),
        (request(Kind.EXPLAIN, complexity=Complexity.COMPLEX), "claude openai llama"),
        (request(Kind.EDIT, complexity=Complexity.MODERATE), "claude openai llama"),
        (request(Kind.EDIT, tokens=50_000, complexity=Complexity.COMPLEX), "claude"),
        (request(Kind.EDIT, offline=True, complexity=Complexity.COMPLEX), "llama"),
    ],
)
def test_order_without_preferences(asked: Request, expected: str) -> None:
    check(asked, expected)


def test_the_persons_order_comes_first_but_never_beats_what_a_tool_can_do() -> None:
    prefer = {"complete": ["claude", "openai"], "explain": ["openai"]}
    check(request(), "openai llama", prefer=prefer)
    check(request(Kind.EXPLAIN), "openai llama claude", prefer=prefer)
    check(request(offline=True), "llama", prefer=prefer)


def test_a_tool_that_is_down_is_kept_for_last_and_one_that_is_off_is_left_out() -> None:
    down = player("llama", ALL, Reach.MACHINE, health=Health(State.DOWN, "nothing listens there"))
    off = player("openai", health=Health(State.OFF, "switched off in the settings"))
    check(request(Kind.EXPLAIN), "claude llama", (CLAUDE, down, off))


def test_a_language_only_one_tool_knows() -> None:
    only_go = player("gopher", languages=frozenset({"go"}))
    check(request(), "llama", (only_go, LLAMA))


def test_reasons_tell_a_person_why() -> None:
    choice = choose(request(tokens=5000, private="the file .env is never sent"), BAND, {})
    said = {one.tool: one.reason for one in choice.left_out}
    assert said == {
        "claude": "cannot complete",
        "llama": "the request needs about 5000 tokens, it takes 4000",
        "openai": "the file .env is never sent",
    }
