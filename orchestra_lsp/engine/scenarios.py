"""Labelled scenarios: which tools may serve a request, and which one a thoughtful developer would want; the real choice is held to them.

A file is TOML or JSON. `tools` describes the tools by name, `scenario` lists the cases; everything but a case's name has a default, and a
field that does not exist is an error. `fixtures/scenarios/README.md` shows all fields.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from orchestra_lsp.engine.beliefs import Beliefs
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.route import READ, Player, Rate, Request, Taste, choose
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.engine.weights import PROFILES
from orchestra_lsp.model import Abilities, Choice, Complexity, Health, Kind, Reach, State, Trigger
from orchestra_lsp.tools.wire.prices import row_for

W = TypeVar("W", bound=StrEnum)

MILLION: Final = 1_000_000
NEAR: Final = {"local": Reach.PROCESS, "llamacpp": Reach.MACHINE, "ollama": Reach.MACHINE}
TEXT_KINDS: Final = frozenset(Kind) - {Kind.NEXT_EDIT, Kind.CHANGE}
#: Field -> what it must be, in words; `_value` checks the type.
TOOL_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "kind": str,
    "model": str,
    "reach": str,
    "can": list,
    "languages": list,
    "context_tokens": int,
    "price": dict,
    "p50_ms": (int, float),
    "state": str,
    "usable": bool,
    "trend": (int, float),
}
CASE_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "name": str,
    "note": str,
    "tools": (list, dict),
    "kind": str,
    "language": str,
    "tokens": int,
    "complexity": str,
    "trigger": str,
    "private": (bool, str),
    "secret": bool,
    "stay": bool,
    "offline": bool,
    "budget_left": (int, float),
    "thrift": (int, float),
    "limit_ms": (int, float),
    "profile": str,
    "prefer": list,
    "down": list,
    "signed_out": list,
    "off": list,
    "learned": dict,
    "able": list,
    "preferred": (str, list),
}
STATES: Final = {"down": State.DOWN, "signed_out": State.SIGNED_OUT, "off": State.OFF}


class BadScenario(ValueError):
    """What is wrong, in which scenario or tool."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`able` None: not labelled. `preferred`: any of them may come first; empty: not labelled."""

    name: str
    request: Request
    players: tuple[Player, ...]
    taste: Taste
    beliefs: Beliefs
    able: frozenset[str] | None
    preferred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the choice did with one scenario. `capable`, `preferred` None: not labelled."""

    name: str
    picked: str  # empty: nobody
    wanted: tuple[str, ...]
    capable: bool | None
    preferred: bool | None
    choice: Choice


def read_scenarios(text: str, is_json: bool) -> list[Scenario]:
    """Raises BadScenario."""
    try:
        document = json.loads(text) if is_json else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadScenario(f"the file is not valid {'JSON' if is_json else 'TOML'}: {error}") from error
    if not isinstance(document, dict):
        raise BadScenario("the file must hold `tools` and a list `scenario`")
    if extra := set(document) - {"tools", "scenario", "scenarios"}:
        raise BadScenario(f"there is no field {min(extra)!r} at the top; there are: tools, scenario")
    cases = document.get("scenario", document.get("scenarios"))
    if not isinstance(cases, list) or not cases:
        raise BadScenario("the file must hold a list `scenario` with at least one case")
    tools = document.get("tools", {})
    if not isinstance(tools, dict):
        raise BadScenario("`tools` must be a table of tools by name")
    return [_scenario(case, tools, number) for number, case in enumerate(cases, start=1)]


def judge(scenario: Scenario) -> Verdict:
    """Put one scenario to the choice, without trials."""
    choice = choose(scenario.request, scenario.players, scenario.taste, scenario.beliefs)
    picked = choice.order[0].tool if choice.order else ""
    capable = None if scenario.able is None else _is_capable(scenario, choice)
    preferred = picked in scenario.preferred if scenario.preferred else None
    return Verdict(scenario.name, picked, scenario.preferred, capable, preferred, choice)


def _is_capable(scenario: Scenario, choice: Choice) -> bool:
    """The first one is able, and so is everybody in the order but those that are kept for last because they are down."""
    able = scenario.able or frozenset()
    unwell = {one.name for one in scenario.players if one.health.state is State.DOWN or (one.vitals and not one.vitals.usable)}
    well = [one.tool for one in choice.order if one.tool not in unwell]
    if not able:
        return not well
    return choice.order[0].tool in able if choice.order and set(well) <= able else False


def _scenario(case: object, tools: Mapping[str, Any], number: int) -> Scenario:
    if not isinstance(case, dict):
        raise BadScenario(f"scenario {number} must be a table")
    where = f"scenario {case.get('name') or number!r}"
    _check(case, CASE_FIELDS, where)
    named = case.get("tools", list(tools))
    described = named if isinstance(named, dict) else {name: {} for name in named}
    players = []
    for name, own in described.items():
        if name not in tools and not own:
            raise BadScenario(f"{where}: there is no tool {name!r} among the tools: {', '.join(tools) or 'none'}")
        players.append(_player(name, {**tools.get(name, {}), **own}, where))
    for state, health in STATES.items():
        players = [_with_state(one, health) if one.name in case.get(state, ()) else one for one in players]
    request = _request(case, where)
    _check_names(case, [one.name for one in players], where)
    profile = case.get("profile", "balanced")
    if profile not in PROFILES:
        raise BadScenario(f"{where}: profile is one of {', '.join(PROFILES)}, not {profile!r}")
    preferred = case.get("preferred", [])
    return Scenario(
        name=str(case.get("name", number)),
        request=request,
        players=tuple(players),
        taste=Taste({request.kind.value: case.get("prefer", [])}, profile),
        beliefs=_beliefs(case.get("learned", {}), players, request, where),
        able=frozenset(case["able"]) if "able" in case else None,
        preferred=(preferred,) if isinstance(preferred, str) else tuple(preferred),
    )


def _request(case: Mapping[str, Any], where: str) -> Request:
    kind = _word(Kind, case.get("kind", "complete"), "kind", where)
    # Only completions come by themselves.
    trigger = _word(Trigger, case.get("trigger", "automatic" if kind is Kind.COMPLETE else "manual"), "trigger", where)
    private = case.get("private", False)
    usual_ms = 60_000.0 if kind is not Kind.COMPLETE else 1500.0 if trigger is Trigger.AUTOMATIC else 5000.0
    return Request(
        kind=kind,
        language=case.get("language", "python"),
        tokens=case.get("tokens", 1000 if kind is Kind.COMPLETE else 3000),
        complexity=_word(Complexity, case.get("complexity", "simple"), "complexity", where),
        private=private if isinstance(private, str) else "this file is never sent" if private else "",
        offline=case.get("offline", False),
        secret=case.get("secret", False),
        stay=case.get("stay", False),
        trigger=trigger,
        limit_ms=float(case.get("limit_ms", usual_ms)),
        budget_left=case.get("budget_left"),
        thrift=float(case.get("thrift", 1.0)),
        judged=kind in READ,
    )


def _player(name: str, fields: Mapping[str, Any], where: str) -> Player:
    where = f"{where}, tool {name!r}"
    _check(fields, TOOL_FIELDS, where)
    adapter, model = fields.get("kind", name), fields.get("model", "")
    reach = _word(Reach, fields.get("reach", NEAR.get(adapter, Reach.OUTSIDE)), "reach", where)
    usual = frozenset({Kind.COMPLETE}) if reach is Reach.PROCESS else TEXT_KINDS
    can = frozenset(_word(Kind, one, "can", where) for one in fields["can"]) if "can" in fields else usual
    languages = frozenset(fields["languages"]) if "languages" in fields else None
    state = _word(State, str(fields.get("state", "ready")).replace("_", " "), "state", where)
    ms = fields.get("p50_ms")
    vitals = Vitals(p50_ms=float(ms) if ms is not None else None, usable=fields.get("usable", True), trend=float(fields.get("trend", 0.0)))
    abilities = Abilities(can, reach, streaming=True, context_tokens=fields.get("context_tokens", 8192), languages=languages)
    return Player(name, abilities, _health(state), vitals, _rate(fields, adapter, model, reach, where), prior(adapter, model, reach))


def _rate(fields: Mapping[str, Any], adapter: str, model: str, reach: Reach, where: str) -> Rate | None:
    price = fields.get("price")
    if price is not None:
        if set(price) - {"input", "output"} or not all(isinstance(one, int | float) and one >= 0 for one in price.values()):
            raise BadScenario(f"{where}: price is {{input = ..., output = ...}} in US dollars for a million tokens, not {price!r}")
        return Rate(price.get("input", 0.0) / MILLION, price.get("output", 0.0) / MILLION)
    if reach is not Reach.OUTSIDE:
        return Rate()
    row = row_for(adapter, model, 0, datetime.now(UTC))
    if row is None or row.input is None or row.output is None:
        return Rate() if row and row.unit == "included" else None
    return Rate(row.input / MILLION, row.output / MILLION)


def _health(state: State) -> Health:
    reasons = {State.DOWN: "it does not answer", State.SIGNED_OUT: "signed out", State.OFF: "switched off"}
    return Health(state, reasons.get(state, ""))


def _with_state(player: Player, state: State) -> Player:
    return Player(player.name, player.abilities, _health(state), player.vitals, player.rate, player.prior)


def _beliefs(learned: Mapping[str, Any], players: Sequence[Player], request: Request, where: str) -> Beliefs:
    beliefs = Beliefs()
    priors = {one.name: one.prior for one in players}
    for tool, said in learned.items():
        known = priors.get(tool)
        if known is None or not isinstance(said, dict) or set(said) != {"answers", "quality"}:
            raise BadScenario(
                f"{where}: learned is {{tool = {{answers = 40, quality = 0.3}}}} for a tool of the scenario, not {tool} = {said!r}"
            )
        answers = float(said["answers"])
        beliefs.add(beliefs.increments(tool, known, request.place, (answers, answers * float(said["quality"])), 1))
    return beliefs


# --- checks ---


def _check(fields: Mapping[str, Any], known: Mapping[str, type | tuple[type, ...]], where: str) -> None:
    for name, value in fields.items():
        if name not in known:
            raise BadScenario(f"{where}: there is no field {name!r}; there are: {', '.join(known)}")
        wanted = known[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in (wanted if isinstance(wanted, tuple) else (wanted,))):
            words = " or ".join(one.__name__ for one in (wanted if isinstance(wanted, tuple) else (wanted,)))
            raise BadScenario(f"{where}: {name} must be {words}, not {value!r}")


def _check_names(case: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    preferred = case.get("preferred", [])
    for field in ("down", "signed_out", "off", "able", "preferred"):
        for name in [preferred] if field == "preferred" and isinstance(preferred, str) else case.get(field, []):
            if name not in names:
                raise BadScenario(f"{where}: {field} names {name!r}, which is none of its tools: {', '.join(names)}")


def _word(words: type[W], value: str, field: str, where: str) -> W:
    try:
        return words(value)
    except ValueError as error:
        raise BadScenario(f"{where}: {field} is one of {', '.join(words)}, not {value!r}") from error
