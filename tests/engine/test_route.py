"""The choice of tools: every scenario is one line of a table. More of them, with labels, are in `fixtures/scenarios`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.beliefs import Beliefs
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.odds import first_probabilities
from orchestra_lsp.engine.route import Player, Rate, Request, Taste, choose
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.model import Abilities, Choice, Complexity, Health, Kind, Reach, State, Trigger

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


def check(request: Request, expected: str, players: Sequence[Player] = BAND, taste: Taste | None = None) -> Choice:
    """`expected`: the order, names separated by blanks; every player must be in the order or left out with a reason."""
    choice = choose(request, players, taste)
    assert " ".join(one.tool for one in choice.order) == expected
    assert sorted(one.tool for one in (*choice.order, *choice.left_out)) == sorted(one.name for one in players)
    assert all(one.reason for one in (*choice.order, *choice.left_out))
    assert [one.propensity for one in choice.order] == [1.0, 0.0, 0.0][: len(choice.order)]
    return choice


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
        (request(secret=True), "llama"),
        (request(secret=True, tokens=5000), "openai"),
        (request(secret=True, stay=True, tokens=5000), ""),
        (request(Kind.EXPLAIN, complexity=Complexity.COMPLEX, limit_ms=60_000), "claude openai llama"),
        (request(Kind.EDIT, complexity=Complexity.MODERATE, limit_ms=60_000), "claude openai llama"),
        (request(Kind.EDIT, tokens=50_000, complexity=Complexity.COMPLEX), "claude"),
        (request(Kind.EDIT, offline=True, complexity=Complexity.COMPLEX), "llama"),
        (request(budget_left=0.0), "llama openai"),  # nobody knows what openai costs: it goes last, but goes
        (request(budget_left=1.0), "llama openai"),
    ],
)
def test_order_without_preferences(asked: Request, expected: str) -> None:
    check(asked, expected)


def test_the_persons_order_comes_first_but_never_beats_what_a_tool_can_do() -> None:
    taste = Taste({"complete": ["claude", "openai"], "explain": ["openai"]})
    check(request(), "openai llama", taste=taste)
    check(request(Kind.EXPLAIN, complexity=Complexity.COMPLEX), "openai claude llama", taste=taste)
    check(request(offline=True), "llama", taste=taste)


def test_a_tool_that_is_down_is_kept_for_last_and_one_that_is_off_or_signed_out_is_left_out() -> None:
    down = player("llama", ALL, Reach.MACHINE, health=Health(State.DOWN, "nothing listens there"))
    off = player("openai", health=Health(State.OFF, "switched off in the settings"))
    out = player("copilot", health=Health(State.SIGNED_OUT, "nobody has signed in"))
    choice = check(request(Kind.EXPLAIN), "claude llama", (down, CLAUDE, off, out))
    assert "kept for last: nothing listens there" in choice.order[1].reason
    assert [one.reason for one in choice.left_out] == ["switched off in the settings", "nobody has signed in"]


def test_an_open_breaker_and_a_foretold_failure_count() -> None:
    twin = replace(OPENAI, name="twin", vitals=Vitals(p50_ms=600))
    check(request(), "openai twin", (replace(OPENAI, vitals=Vitals(p50_ms=500)), twin))
    check(request(), "twin openai", (replace(OPENAI, vitals=Vitals(p50_ms=500, trend=1.0)), twin))
    check(request(), "twin openai", (replace(OPENAI, vitals=Vitals(p50_ms=500, usable=False)), twin))


def test_a_language_only_one_tool_knows() -> None:
    only_go = player("gopher", languages=frozenset({"go"}))
    check(request(), "llama", (only_go, LLAMA))


def test_reasons_tell_a_person_why() -> None:
    choice = choose(request(tokens=5000, private="the file .env is never sent"), BAND)
    assert {one.tool: one.reason for one in choice.left_out} == {
        "claude": "cannot complete",
        "llama": "the request needs about 5000 tokens, it takes 4000",
        "openai": "the file .env is never sent",
    }
    cheap = replace(OPENAI, rate=Rate(1e-7, 2e-7))
    order = choose(request(), (cheap, player("twin"))).order
    assert order[0].reason == "best of 2: quality 0.25 (an estimate), about 600 ms, about $0.00011"
    assert order[1].reason == "quality 0.25 (an estimate), about 600 ms, price unknown"


def test_the_budget_leaves_out_what_costs_more_than_is_left() -> None:
    dear = replace(player("dear"), rate=Rate(1e-5, 5e-5))
    choice = choose(request(budget_left=0.01), (dear, LLAMA))
    assert [one.tool for one in choice.order] == ["llama"]
    assert choice.left_out[0].reason == "would cost about $0.013, and $0.01 of today's budget is left"


@pytest.mark.parametrize(("profile", "expected"), [("economy", "cheap dear"), ("quality", "dear cheap")])
def test_the_profile_weighs_price(profile: str, expected: str) -> None:
    cheap = Player("cheap", OPENAI.abilities, rate=Rate(1e-7, 5e-7), prior=prior("claude", "claude-haiku-5-5"))
    dear = Player("dear", OPENAI.abilities, rate=Rate(4e-6, 2e-5), prior=prior("claude", "claude-opus-5-5"))
    check(request(Kind.EDIT, 3000, limit_ms=60_000), expected, (cheap, dear), Taste(profile=profile))


def test_who_asks_by_hand_gets_the_better_one_and_who_types_the_nearer_one() -> None:
    small = Player("small", LLAMA.abilities, prior=prior("llamacpp", "qwen2.5-coder-1.5b"))
    large = Player("large", LLAMA.abilities, prior=prior("ollama", "qwen2.5-coder:32b"))
    check(request(), "small large", (large, small))
    check(request(trigger=Trigger.MANUAL, limit_ms=5000), "large small", (small, large))


# --- trials ---


def players(count: int) -> list[Player]:
    return [replace(player(f"t{number}"), vitals=Vitals(p50_ms=200 + 40 * number)) for number in range(count)]


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        (request(), True),
        (request(trigger=Trigger.MANUAL), False),
        (request(Kind.EDIT), True),
        (request(Kind.EDIT, complexity=Complexity.MODERATE), False),
        (request(Kind.EXPLAIN), False),
        (request(Kind.EXPLAIN, judged=True), True),
    ],
)
def test_trials_only_where_a_worse_answer_costs_little(asked: Request, tried: bool) -> None:
    dice = Random(1)
    firsts = {choose(asked, players(3), None, None, dice).order[0].tool for _ in range(60)}
    assert (len(firsts) > 1) is tried


def test_a_trial_never_leaves_the_policy() -> None:
    dice = Random(2)
    band = (CLAUDE, LLAMA, OPENAI, player("down", health=Health(State.DOWN, "it broke")))
    for _ in range(200):
        choice = choose(request(private="never sent"), band, None, None, dice)
        assert [one.tool for one in choice.order] == ["llama"]
        choice = choose(request(), band, None, None, dice)
        assert choice.order[-1].tool == "down"
        assert choice.order[-1].propensity == 0.0
        first = choose(request(), band, Taste({"complete": ["openai"]}), None, dice).order[0]
        assert (first.tool, first.propensity) == ("openai", 1.0)


def test_propensities_are_what_they_say() -> None:
    dice, band, beliefs = Random(3), players(5), Beliefs()
    for number, one in enumerate(band):
        known = prior(one.name, one.name)
        beliefs.add(beliefs.increments(one.name, known, request().place, (30.0 * number, 9.0 * number), 1))
    firsts = Counter(choose(request(), band, None, beliefs, dice).order[0].tool for _ in range(4000))
    said = {one.tool: one.propensity for one in choose(request(), band, None, beliefs, dice).order}
    assert sum(said.values()) == pytest.approx(1.0, abs=0.01)
    for tool, propensity in said.items():
        assert firsts[tool] / 4000 == pytest.approx(propensity, abs=0.03)


@given(st.lists(st.tuples(st.floats(-0.5, 1), st.floats(0.02, 0.25)), min_size=1, max_size=8))
def test_odds_are_a_distribution_and_the_order_of_equal_doubt_is_that_of_the_means(given_: list[tuple[float, float]]) -> None:
    means = [mean for mean, _ in given_]
    odds = first_probabilities(tuple(means), tuple(deviation for _, deviation in given_))
    assert sum(odds) == pytest.approx(1.0, abs=0.002)
    assert all(0 < one <= 1 for one in odds)
    even = first_probabilities(tuple(means), (0.1,) * len(means))
    assert even[means.index(max(means))] == pytest.approx(max(even))


def test_settings_that_leave_no_tool_are_told() -> None:
    choice = choose(request(Kind.CHANGE), [player("a", CHAT - {Kind.CHANGE}), player("b", frozenset())], None, None, Random(1))
    assert choice.order == ()
    assert len(choice.left_out) == 2
    assert choose(request(), []) == Choice(())
