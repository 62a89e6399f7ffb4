"""Replaying recorded outcomes, and labelled scenarios: the files, their faults, and that the real choice is what runs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from orchestra_lsp.commands.registry import Arguments, Context, WrongUse, command
from orchestra_lsp.commands.result import Table
from orchestra_lsp.config import Loaded, Settings
from orchestra_lsp.engine.replay import Unreadable, read_tasks, replay
from orchestra_lsp.engine.scenarios import BadScenario, judge, read_scenarios

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
HEADER = "task,kind,language,tool,outcome,cost,latency"


def rows(count: int, chances: dict[str, float], kind: str = "edit", seed: int = 1) -> list[str]:
    dice = Random(seed)
    body = [
        f"t{task},{kind},python,{tool},{int(dice.random() < chance)},{0.1 if tool == 'cheap' else 0.4},{dice.randint(500, 900)}"
        for task in range(count)
        for tool, chance in chances.items()
    ]
    return [HEADER, *body]


def route(*words: str) -> Table:
    context = Context(Loaded(Settings()), lambda: pytest.fail("no orchestra is needed"))
    result = asyncio.run(command("route").run(context, Arguments({"paths": words})))
    assert isinstance(result, Table)
    return result


# --- replay ---


def test_the_router_finds_the_best_and_is_held_against_the_others() -> None:
    tasks, notes = read_tasks(rows(500, {"good": 0.85, "poor": 0.3, "bad": 0.1}))
    done = replay(tasks, notes)
    assert done.best_single.tool == "good"
    assert done.random.quality < done.router.quality - 0.2
    assert done.best_single.quality - done.router.quality < 0.08
    assert done.oracle.quality >= done.best_single.quality
    assert done.oracle.adequate == 1
    assert Counter(one.tool for one in done.decisions)["good"] > 400
    assert all(0 < one.propensity <= 1 for one in done.decisions)


def test_a_replay_is_the_same_every_time_and_another_seed_is_another_life() -> None:
    tasks, _ = read_tasks(rows(60, {"a": 0.5, "b": 0.5, "c": 0.5}))
    assert replay(tasks) == replay(tasks)
    assert replay(tasks).decisions != replay(tasks, seed=1).decisions


def test_only_the_chosen_outcome_is_seen() -> None:
    """What the others would have done changes nothing before they are chosen."""
    one, _ = read_tasks([HEADER, *(f"t{n},edit,go,{tool},{int(tool == 'x')},0.1,100" for n in range(40) for tool in "xyz")])
    first = next(number for number, made in enumerate(replay(one).decisions) if made.tool != replay(one).decisions[0].tool)
    never = {"x", "y", "z"} - {made.tool for made in replay(one).decisions[: first + 1]}
    other, _ = read_tasks(
        [HEADER, *(f"t{n},edit,go,{tool},{1 if tool in never else int(tool == 'x')},0.1,100" for n in range(40) for tool in "xyz")]
    )
    assert replay(one).decisions[: first + 1] == replay(other).decisions[: first + 1]


def test_price_counts_among_equals() -> None:
    tasks, _ = read_tasks(rows(400, {"cheap": 0.6, "dear": 0.6}))
    shares = {profile: Counter(one.tool for one in replay(tasks, profile=profile).decisions)["cheap"] for profile in ("economy", "quality")}
    assert shares["economy"] > 300
    assert shares["economy"] > shares["quality"]


def test_runs_of_the_same_tool_count_as_their_mean_and_unknown_kinds_are_told() -> None:
    tasks, notes = read_tasks([HEADER, "a,poetry,text,x,0,,", "a,poetry,text,x,1,0.2,30", "a,poetry,text,y,0.4,0.1,20"])
    assert tasks[0].tried["x"].outcome == 0.5
    assert tasks[0].tried["x"].cost == 0.1
    assert "'poetry' is no kind of request" in notes[0]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "the first line must name"),
        (["task,kind,tool"], "language, outcome, cost, latency is missing"),
        ([HEADER], "no task"),
        ([HEADER, "a,edit,go,x,1.5,0,0"], "line 2: outcome must be between 0 and 1, not 1.5"),
        ([HEADER, "a,edit,go,x,good,0,0"], "line 2: outcome must be a number, not 'good'"),
        ([HEADER, "a,edit,go,x,nan,0,0"], "line 2: outcome must be"),
        ([HEADER, "a,edit,go,x,1,-1,0"], "line 2: cost must be 0 or more, not -1"),
        ([HEADER, "a,edit,go,,1,0,0"], "line 2: task and tool must be named"),
        ([HEADER, "a,edit,go"], "line 2: task and tool must be named"),
        ([HEADER + ",complexity", "a,edit,go,x,1,0,0,hard"], "line 2: 'hard' is not a valid Complexity"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_line(lines: list[str], problem: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_tasks(lines)
    assert problem in str(raised.value)


def test_the_command_gives_all_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text("\n".join(rows(30, {"a": 0.7, "b": 0.4})), encoding="utf-8")
    value = route("replay", str(path)).value
    assert isinstance(value, dict)
    assert {"quality", "cost", "adequate", "best_single", "random", "oracle", "decisions"} <= set(value)
    assert {"task", "tool", "propensity"} == set(value["decisions"][0])
    assert len(value["decisions"]) == 30


def test_it_runs_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a b.csv"
    path.write_text("\n".join(rows(5, {"a": 0.7, "b": 0.4})), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "orchestra_lsp", "route", "replay", str(path), "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(said.stdout)["tasks"] == 5


@pytest.mark.parametrize(
    "words", [("fly",), ("replay",), ("scenarios",), ("replay", "a", "b"), ("explain", "x"), ("replay", "nowhere.csv")]
)
def test_wrong_use_is_told(words: tuple[str, ...]) -> None:
    with pytest.raises(WrongUse):
        route(*words)


# --- scenarios ---


def test_our_own_scenarios() -> None:
    verdicts = [judge(one) for one in read_scenarios((SCENARIOS / "own.toml").read_text("utf-8"), is_json=False)]
    assert len(verdicts) >= 120
    assert [one.name for one in verdicts if one.capable is False] == []
    preferred = [one.preferred for one in verdicts if one.preferred is not None]
    assert sum(preferred) / len(preferred) > 0.9
    assert len({one.name for one in verdicts}) == len(verdicts)


def test_the_example_of_the_readme_is_valid_and_shows_every_field() -> None:
    from orchestra_lsp.engine.scenarios import CASE_FIELDS, TOOL_FIELDS

    text = (SCENARIOS / "README.md").read_text("utf-8").split("```toml\n")[1].split("```")[0]
    assert all(f"{field} = " in text for field in (*TOOL_FIELDS, *CASE_FIELDS))
    assert len(read_scenarios(text + '\n[tools.opus]\nkind = "claude"\n', is_json=False)) == 1


def test_the_command_tells_what_missed(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    tools = {"here": {"kind": "llamacpp"}, "far": {"kind": "openai"}}
    cases = [
        {"name": "right", "offline": True, "able": ["here"], "preferred": "here"},
        {"name": "wrong", "offline": True, "able": ["far"], "preferred": ["far"]},
        {"name": "unlabelled"},
    ]
    path.write_text(json.dumps({"tools": tools, "scenario": cases}), encoding="utf-8")
    table = route("scenarios", str(path))
    assert not table.ok
    assert isinstance(table.value, dict)
    assert (table.value["capability"], table.value["preferred"]) == (0.5, 0.5)
    assert [row[0] for row in table.rows] == ["wrong"]
    assert table.value["cases"][2]["capable"] is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x", "not valid TOML"),
        ("scenario = 3", "at least one case"),
        ("other = 1\nscenario = [{}]", "no field 'other' at the top"),
        ('scenario = [{ name = "a", colour = 1 }]', "scenario 'a': there is no field 'colour'; there are: name,"),
        ('scenario = [{ name = "a", kind = "sing" }]', "kind is one of complete, next_edit"),
        ('scenario = [{ name = "a", tokens = "many" }]', "tokens must be int, not 'many'"),
        ('scenario = [{ name = "a", tokens = true }]', "tokens must be int, not True"),
        ('scenario = [{ name = "a", profile = "rich" }]', "profile is one of economy, balanced, quality"),
        ('scenario = [{ name = "a", tools = ["b"] }]', "there is no tool 'b' among the tools: none"),
        ('scenario = [{ name = "a", able = ["b"] }]', "able names 'b', which is none of its tools"),
        ('scenario = [{ name = "a", learned = { b = 3 } }]', "learned is"),
        ('scenario = [{ name = "a" }]\n[tools.b]\nspeed = 3', "scenario 'a', tool 'b': there is no field 'speed'"),
        ('scenario = [{ name = "a" }]\n[tools.b]\nstate = "sleepy"', "state is one of ready, degraded, down"),
        ('scenario = [{ name = "a" }]\n[tools.b]\nprice = { input = "much" }', "price is {input"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_told(text: str, problem: str) -> None:
    with pytest.raises(BadScenario) as raised:
        read_scenarios(text, is_json=False)
    assert problem in str(raised.value)
