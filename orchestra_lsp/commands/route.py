"""How tools are chosen: what is believed of them, and how the choice does on recorded outcomes or labelled scenarios."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Place, Takes, WrongUse
from orchestra_lsp.commands.result import Result, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestra_lsp.engine.beliefs import Beliefs
    from orchestra_lsp.engine.explain import Row
    from orchestra_lsp.engine.replay import Replayed, Score
    from orchestra_lsp.engine.scenarios import Verdict

USAGE = "Say: route explain, route replay FILE.csv, or route scenarios FILE."
BELIEFS = ("tool", "asked for", "where", "quality", "answers", "catalogue", "scope")
SCORES = ("policy", "quality", "cost", "adequate", "latency")
CASES = ("scenario", "picked", "wanted", "able", "why")
MOST_BYTES = 200_000_000


async def run(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.engine.explain import believed

    action, *files = arguments.paths() or ("explain",)
    if action == "explain" and not files:
        orchestra = context.orchestra()
        beliefs = orchestra.beliefs if orchestra.beliefs.cells else await asyncio.to_thread(_recorded, context)
        return _explain(believed(orchestra.players(), beliefs), context.loaded.settings.route.learn)
    if action not in ("replay", "scenarios") or len(files) != 1:
        raise WrongUse(USAGE)
    text = _read(files[0])
    if action == "scenarios":
        return await asyncio.to_thread(_scenarios, files[0], text)
    profile = arguments.text("profile", context.loaded.settings.route.profile)
    return await asyncio.to_thread(_replay, files[0], text, profile)


def _read(name: str) -> str:
    path = Path(name)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WrongUse(f"{name} is larger than {MOST_BYTES // 1_000_000} MB.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WrongUse(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise WrongUse(f"{name} is not UTF-8 text.") from error


# --- replay ---


def _replay(name: str, text: str, profile: str) -> Table:
    from orchestra_lsp.engine.replay import Unreadable, read_tasks, replay

    try:
        tasks, notes = read_tasks(text.splitlines())
    except Unreadable as error:
        raise WrongUse(f"{name}: {error}.") from error
    done = replay(tasks, notes, profile)
    rows = tuple(
        (label, f"{one.quality:.3f}", f"{one.cost:.4f}", f"{one.adequate:.1%}", f"{one.latency:.0f}")
        for label, one in (
            ("router", done.router),
            (f"best single ({done.best_single.tool})", done.best_single),
            ("random", done.random),
            ("oracle", done.oracle),
        )
    )
    told = (*done.notes, f"adequate: at most {done.eps} worse than the best tool of the task; profile {profile}")
    return Table(f"{done.tasks} tasks, {len(done.tools)} tools", SCORES, rows, _replayed(done, profile), told)


def _replayed(done: Replayed, profile: str) -> object:
    return {
        "tasks": done.tasks,
        "tools": list(done.tools),
        "profile": profile,
        "eps": done.eps,
        **_score(done.router),
        "best_single": {"tool": done.best_single.tool, **_score(done.best_single)},
        "random": _score(done.random),
        "oracle": _score(done.oracle),
        "decisions": [{"task": one.task, "tool": one.tool, "propensity": round(one.propensity, 6)} for one in done.decisions],
        "notes": list(done.notes),
    }


def _score(score: Score) -> dict[str, float]:
    return {
        "quality": round(score.quality, 6),
        "cost": round(score.cost, 8),
        "adequate": round(score.adequate, 6),
        "latency": round(score.latency, 3),
    }


# --- scenarios ---


def _scenarios(name: str, text: str) -> Table:
    from orchestra_lsp.engine.scenarios import BadScenario, judge, read_scenarios

    try:
        verdicts = [judge(one) for one in read_scenarios(text, is_json=name.endswith(".json"))]
    except BadScenario as error:
        raise WrongUse(f"{name}: {error}.") from error
    capable = [one.capable for one in verdicts if one.capable is not None]
    preferred = [one.preferred for one in verdicts if one.preferred is not None]
    missed = tuple(_case_row(one) for one in verdicts if one.capable is False or one.preferred is False)
    title = f"{len(verdicts)} scenarios: {_share(capable)} capable, {_share(preferred)} preferred"
    value = {
        "scenarios": len(verdicts),
        "capability": _mean(capable),
        "preferred": _mean(preferred),
        "cases": [_case(one) for one in verdicts],
    }
    return Table(title, CASES, missed, value, ok=all(capable))


def _share(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)}"


def _mean(right: list[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def _case_row(one: Verdict) -> tuple[str, ...]:
    reason = one.choice.order[0].reason if one.choice.order else "; ".join(f"{out.tool}: {out.reason}" for out in one.choice.left_out)
    return one.name, one.picked or "nobody", ", ".join(one.wanted), "no" if one.capable is False else "yes", reason


def _case(one: Verdict) -> object:
    return {
        "name": one.name,
        "picked": one.picked or None,
        "capable": one.capable,
        "preferred": one.preferred,
        "wanted": list(one.wanted),
        "order": [{"tool": tool.tool, "reason": tool.reason, "propensity": tool.propensity} for tool in one.choice.order],
        "left_out": [{"tool": tool.tool, "reason": tool.reason} for tool in one.choice.left_out],
    }


# --- beliefs ---


def _recorded(context: Context) -> Beliefs:
    """What is on record, for a terminal, where nothing was learned yet."""
    from orchestra_lsp.commands.parts.recorded import recorded
    from orchestra_lsp.engine.learn import Learner

    try:
        with recorded(context) as store:
            learner = Learner(store)
            learner.load()
            return learner.beliefs
    except WrongUse:  # there is no record yet: what the catalogue expects is all there is
        return Learner().beliefs


def _explain(found: Sequence[Row], learns: bool) -> Table:
    rows = tuple(
        (one.tool, one.kind, one.place, f"{one.quality:.2f}", f"{one.answers:.0f}", f"{one.expected:.2f}", one.scope) for one in found
    )
    notes = [] if learns else ["route.learn is off: only the catalogue's estimates count."]
    value = [
        {
            "tool": one.tool,
            "kind": one.kind,
            "place": one.place,
            "quality": round(one.quality, 4),
            "deviation": round(one.deviation, 4),
            "answers": round(one.answers, 2),
            "catalogue": round(one.expected, 4),
            "scope": one.scope,
        }
        for one in found
    ]
    return Table("What is believed of the tools", BELIEFS, rows, value, tuple(notes))


COMMAND = Command(
    name="route",
    title="Show what is believed of the tools",
    summary="Show what was learned of the tools; replay recorded outcomes or labelled scenarios.",
    phrases=(
        "route explain",
        "explain the routing",
        "what did you learn about the tools",
        "which tool is best for me",
        "show the beliefs about the tools",
        "how good are the tools",
    ),
    run=run,
    parameters=(
        Parameter("paths", Takes.PATHS, "explain; or replay FILE.csv; or scenarios FILE."),
        Parameter("profile", Takes.CHOICE, "How much price and time weigh in a replay.", choices=("balanced", "economy", "quality")),
    ),
    places=frozenset(Place),
)
