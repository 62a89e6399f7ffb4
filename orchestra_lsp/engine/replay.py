"""Replays recorded outcomes through the real choice and the real learning, online: only the chosen tool's outcome is seen.

The file is CSV with a header: `task` (a name), `kind`, `language`, `tool`, `outcome` (0..1), `cost` (US dollars), `latency` (ms); one row
for each tool that was tried on a task, several when it was tried repeatedly. `complexity`, `trigger` and `tokens` are optional columns.
Tasks come in the order of the file. Cost and latency of a tool are learned from what was chosen, too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from random import Random

from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.learn import Learner
from orchestra_lsp.engine.route import Player, Rate, Request, Taste, choose
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.engine.weights import USUAL_ANSWER
from orchestra_lsp.model import Abilities, Complexity, Kind, Reach, Trigger

COLUMNS = ("task", "kind", "language", "tool", "outcome", "cost", "latency")
OPTIONAL = ("complexity", "trigger", "tokens")
EPS = 0.1  # how much worse than the best an adequate pick may be
LIMIT_MS, TYPING_MS = 60_000.0, 1500.0
STEP_S = 60.0  # between two tasks, for what fades with time
WORTH = 2.0  # times its mean price: what a recorded piece of work is worth beside its price
MEMORY = 20  # calls by which a tool's price and time are known
ALIASES = {
    "completion": Kind.COMPLETE,
    "fim": Kind.COMPLETE,
    "next-edit": Kind.NEXT_EDIT,
    "explanation": Kind.EXPLAIN,
    "question": Kind.EXPLAIN,
    "fix": Kind.EDIT,
    "refactor": Kind.EDIT,
    "rewrite": Kind.EDIT,
    "generate": Kind.EDIT,
    "tests": Kind.TEST,
    "doc": Kind.DOCUMENT,
    "docs": Kind.DOCUMENT,
    "agent": Kind.CHANGE,
}


class Unreadable(ValueError):
    """What is wrong with the file, and in which line."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one tool for one task: means over its rows, and each row's outcome."""

    outcome: float
    cost: float
    latency: float
    runs: tuple[tuple[float, float, float], ...]  # outcome, cost, latency


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    request: Request
    tried: Mapping[str, Tried]


@dataclass(frozen=True, slots=True)
class Decided:
    """One choice of the replay; `propensity` is the probability with which `tool` was put first."""

    task: str
    tool: str
    propensity: float


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the tasks; `adequate` is the share of picks at most `eps` worse than the task's best.

    `tool`: the one that is always used.
    """

    quality: float
    cost: float
    adequate: float
    latency: float
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    tasks: int
    tools: tuple[str, ...]
    eps: float
    router: Score
    best_single: Score
    random: Score
    oracle: Score
    decisions: tuple[Decided, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Figures:
    """What was seen of one tool's price and time, the newest counting most."""

    calls: int = 0
    cost: float = 0.0
    latency: float = 0.0

    def add(self, cost: float, latency: float) -> None:
        self.calls += 1
        share = 1 / min(self.calls, MEMORY)
        self.cost += share * (cost - self.cost)
        self.latency += share * (latency - self.latency)


def replay(tasks: Sequence[Task], notes: Sequence[str] = (), profile: str = "balanced", eps: float = EPS, seed: int = 0) -> Replayed:
    """Choose for task after task, learn from what came of it, and compare. The same `seed` gives the same decisions."""
    dice = Random(seed)
    figures: dict[str, _Figures] = {}
    decisions: list[Decided] = []
    # Time goes on by the task, so that a replay is the same on every machine.
    learner = Learner(now_us=lambda: int((len(decisions) + 1) * STEP_S * 1e6))
    taste = Taste(profile=profile)
    for task in tasks:
        players = [_player(tool, task.request, figures) for tool in task.tried]
        seen = [one.cost for one in figures.values()]
        # Recorded tasks may be whole days of work: what is dear shows from the others.
        request = replace(task.request, usual_price=WORTH * sum(seen) / len(seen) if seen else 0.0)
        first = choose(request, players, taste, learner.beliefs, dice).order[0]
        outcome, cost, latency = dice.choice(task.tried[first.tool].runs)
        learner.earned(first.tool, prior(first.tool, first.tool), task.request.place, outcome)
        figures.setdefault(first.tool, _Figures()).add(cost, latency)
        decisions.append(Decided(task.name, first.tool, first.propensity))
    tools = tuple(sorted({tool for task in tasks for tool in task.tried}))
    always = [_score([(task, task.tried[tool]) for task in tasks if tool in task.tried], eps, tool) for tool in _everywhere(tasks, tools)]
    best = max(always, key=lambda one: (one.quality, -one.cost))
    router = _score([(task, task.tried[made.tool]) for task, made in zip(tasks, decisions, strict=True)], eps)
    oracle = _score([(task, max(task.tried.values(), key=lambda one: (one.outcome, -one.cost))) for task in tasks], eps)
    blind = _mean([_score([(task, one) for one in task.tried.values()], eps) for task in tasks])
    return Replayed(len(tasks), tools, eps, router, best, blind, oracle, tuple(decisions), tuple(notes))


def read_tasks(lines: Iterable[str]) -> tuple[list[Task], list[str]]:
    """The tasks of a CSV file, and what had to be guessed. Raises Unreadable with the line."""
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise Unreadable(f"the first line must name the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing")
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    requests: dict[str, Request] = {}
    notes: dict[str, None] = {}
    for row in reader:
        line = reader.line_num
        task, tool = (row["task"] or "").strip(), (row["tool"] or "").strip()
        if not task or not tool:
            raise Unreadable(f"line {line}: task and tool must be named")
        requests.setdefault(task, _request(row, line, notes))
        seen = (_number(row, "outcome", line, 1.0), _number(row, "cost", line), _number(row, "latency", line))
        rows.setdefault(task, {}).setdefault(tool, []).append(seen)
    if not rows:
        raise Unreadable("there is no task in it")
    return [Task(name, requests[name], {tool: _tried(runs) for tool, runs in tools.items()}) for name, tools in rows.items()], list(notes)


def _request(row: Mapping[str, str | None], line: int, notes: dict[str, None]) -> Request:
    named = (row["kind"] or "").strip().lower()
    try:
        kind = ALIASES[named] if named in ALIASES else Kind(named.replace("-", "_"))
    except ValueError:
        kind = Kind.EDIT
        notes[f"{named!r} is no kind of request that is known; it counts as edit (known: {', '.join(Kind)})"] = None
    try:
        complexity = Complexity((row.get("complexity") or Complexity.SIMPLE).strip().lower())
        trigger = Trigger((row.get("trigger") or Trigger.AUTOMATIC).strip().lower())
    except ValueError as error:
        raise Unreadable(f"line {line}: {error}") from error
    limit = TYPING_MS if kind is Kind.COMPLETE else LIMIT_MS
    tokens = int(_number(row, "tokens", line)) if row.get("tokens") else 0
    return Request(kind, (row["language"] or "text").strip().lower(), tokens, complexity, trigger=trigger, limit_ms=limit, judged=True)


def _number(row: Mapping[str, str | None], column: str, line: int, most: float = inf) -> float:
    written = (row[column] or "").strip()
    if not written and column in ("cost", "latency"):
        return 0.0
    try:
        value = float(written)
    except ValueError as error:
        raise Unreadable(f"line {line}: {column} must be a number, not {written!r}") from error
    if not 0 <= value <= most or value == inf:
        raise Unreadable(f"line {line}: {column} must be {'between 0 and 1' if most == 1 else '0 or more'}, not {written}")
    return value


def _tried(runs: Sequence[tuple[float, float, float]]) -> Tried:
    outcome, cost, latency = (sum(column) / len(runs) for column in zip(*runs, strict=True))
    return Tried(outcome, cost, latency, tuple(runs))


def _player(tool: str, request: Request, figures: Mapping[str, _Figures]) -> Player:
    """Everybody can do everything in a replay; price and time are what was seen so far."""
    abilities = Abilities(frozenset(Kind), Reach.OUTSIDE, streaming=True, context_tokens=max(1, request.tokens))
    seen = figures.get(tool)
    if seen is None:
        return Player(tool, abilities)
    return Player(tool, abilities, vitals=Vitals(p50_ms=seen.latency), rate=Rate(output=seen.cost / USUAL_ANSWER[request.kind]))


def _everywhere(tasks: Sequence[Task], tools: Sequence[str]) -> list[str]:
    """The tools that were tried on the most tasks, which is all of them in a whole table."""
    counts = {tool: sum(tool in task.tried for task in tasks) for tool in tools}
    return [tool for tool in tools if counts[tool] == max(counts.values())]


def _score(picks: Sequence[tuple[Task, Tried]], eps: float, tool: str = "") -> Score:
    adequate = [one.outcome >= max(other.outcome for other in task.tried.values()) - eps - 1e-9 for task, one in picks]
    columns = ([one.outcome for _, one in picks], [one.cost for _, one in picks], adequate, [one.latency for _, one in picks])
    quality, cost, share, latency = (sum(column) / len(picks) for column in columns)
    return Score(quality, cost, share, latency, tool)


def _mean(scores: Sequence[Score]) -> Score:
    columns = zip(*((one.quality, one.cost, one.adequate, one.latency) for one in scores), strict=True)
    quality, cost, adequate, latency = (sum(column) / len(scores) for column in columns)
    return Score(quality, cost, adequate, latency)
