"""Following one function: its parameters, its body, the helpers it calls and the functions made in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestra_lsp.review.flow import code
from orchestra_lsp.review.flow.code import Function, Place
from orchestra_lsp.review.flow.containers import listed, some_of
from orchestra_lsp.review.flow.expressions import evaluate
from orchestra_lsp.review.flow.guards import narrow
from orchestra_lsp.review.flow.machine import DEEPEST_CALL, Argument, Env, Exhausted, Found, Frame, Machine
from orchestra_lsp.review.flow.statements import execute
from orchestra_lsp.review.flow.tables import Handler, Request, Tables
from orchestra_lsp.review.flow.value import NOTHING, Closure, Taint, Value, all_taints, joined, joined_all, tainted
from orchestra_lsp.review.flow.world import World

_MOST_NESTED = 200  # functions inside one function that are followed by themselves
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Followed:
    """What was found in a function, and the sinks in it (sink, place) that nothing harmful reaches for certain."""

    found: tuple[Found, ...]
    harmless: frozenset[tuple[str, Place]]


def follow(world: World, tables: Tables, function: Function, owner: Value | None = None) -> Followed:
    """What reaches a sink in a function and in those made inside it. `owner` is what a method is called on.

    A function too large to be followed to its end gives what was found up to there.
    """
    machine = Machine(world, tables, evaluate, invoke, narrow)
    try:
        _start(machine, function, {}, owner)
        done = 0
        while done < min(len(machine.nested), _MOST_NESTED):
            inner, around = machine.nested[done]
            done += 1
            if inner.at not in machine.ran:
                _start(machine, inner, around, None)
    except Exhausted:
        return Followed(tuple(machine.found.values()), frozenset())
    harmless = frozenset(place for place, is_so in machine.harmless.items() if is_so and place not in machine.found)
    return Followed(tuple(machine.found.values()), harmless)


def invoke(machine: Machine, closure: Closure, args: Sequence[Argument], at: Place) -> Value:
    """The value of a call of a function of this file; containers that it changes are changed in `args`. Raises Exhausted."""
    function = closure.function
    if len(machine.frames) > DEEPEST_CALL or any(frame.function.at == function.at and frame.at is not None for frame in machine.frames):
        return tainted(taint for arg in args for taint in all_taints(arg.value))
    machine.step()
    env: Env = {**closure.around}
    _bind(machine, function, args, env)
    frame = Frame(function, at)
    final = _run(machine, frame, env)
    ends = [*frame.leaving, *([final] if final is not None else [])]
    _write_back(function, args, ends)
    _write_around(closure, ends)
    returns = frame.returns if final is None or not frame.returns else [*frame.returns]
    return joined_all(returns)


def _run(machine: Machine, frame: Frame, env: Env) -> Env | None:
    machine.ran.add(frame.function.at)
    machine.frames.append(frame)
    try:
        return execute(machine, frame.function.body, env)
    finally:
        machine.frames.pop()


def _start(machine: Machine, function: Function, around: Mapping[str, Value], owner: Value | None) -> None:
    """Follow a function that nobody in this file needs to call: a handler, or one that reads from outside itself."""
    handler = _handler(machine, function)
    env: Env = {**around}
    for spot, param in enumerate(function.params):
        env[param.name] = _outer(machine, function, (spot, param), handler)
    if owner is not None and function.params:
        env[function.params[0].name] = owner
    _run(machine, Frame(function, None, handler if handler is not None and _returns(machine, function, handler) else None), env)


def _bind(machine: Machine, function: Function, args: Sequence[Argument], env: Env) -> None:
    """Give the arguments of a call to the parameters."""
    plain = [arg for arg in args if not arg.name]
    named = {arg.name: arg.value for arg in args if arg.name}
    for spot, param in enumerate(function.params):
        if param.kind == "*":
            env[param.name] = listed([arg.value for arg in plain[spot:]])
        elif param.kind == "**":
            known = [value for name, value in named.items() if name not in {other.name for other in function.params}]
            env[param.name] = some_of(joined_all(known))
        elif param.name in named:
            env[param.name] = named[param.name]
        elif spot < len(plain) and not any(arg.spread for arg in plain[: spot + 1]):
            value = plain[spot].value
            env[param.name] = value if value is not NOTHING else _outer(machine, function, (spot, param), None)
        elif any(arg.spread for arg in plain):
            env[param.name] = tainted(taint for arg in plain if arg.spread for taint in all_taints(arg.value))
        elif param.default is not None:
            env[param.name] = machine.evaluate(machine, param.default, {})
        else:
            env[param.name] = _outer(machine, function, (spot, param), None)


def _write_back(function: Function, args: Sequence[Argument], ends: Sequence[Env]) -> None:
    """What the function did to the containers it was given."""
    plain = [arg for arg in args if not arg.name and not arg.spread]
    for param, arg in zip(function.params, plain, strict=False):
        found = [end[param.name] for end in ends if param.name in end]
        if found and any(value.box is not None and value.box is not arg.value.box for value in found) and not param.kind:
            arg.value = joined_all(found)


def _write_around(closure: Closure, ends: Sequence[Env]) -> None:
    """What it did to the containers of the function around it."""
    if not isinstance(closure.around, dict) or not closure.around:
        return
    own = {param.name for param in closure.function.params}
    for name, known in [*closure.around.items()]:
        for end in ends:
            value = end.get(name)
            if name not in own and value is not None and value is not known and (value.box is not None or value.taints):
                closure.around[name] = joined(closure.around[name], value)


def _outer(machine: Machine, function: Function, param: tuple[int, code.Param], handler: Handler | None) -> Value:
    """What a parameter is that nobody in the file gives: the request, data of it, or nothing known."""
    spot, one = param
    for request in machine.tables.requests:
        if _is_request(machine, request, function, spot, one):
            return Value(ref=request.ref)
    if one.name in machine.tables.receivers:
        return Value(ref=one.name)
    if handler is not None and not _WORD.findall(one.type)[:1] and not handler.named:
        return Value(taints=(Taint(_head(function), handler.what),), known=True) if one.default is None or not handler.safe else NOTHING
    if handler is not None and not handler.safe.intersection(_WORD.findall(one.type)):
        made = _WORD.findall(_called(one.default))
        if handler.safe.intersection(made):
            return NOTHING
        if not handler.named or _is_in_route(machine, function, one.name):
            return Value(taints=(Taint(_head(function), handler.what, part=one.name),), known=True)
    return NOTHING


def _head(function: Function) -> Place:
    """Where a function starts: as much of it as is shown."""
    return function.at


def _called(default: code.Expr | None) -> str:
    if isinstance(default, code.Call) and isinstance(default.callee, code.Name | code.Attr):
        return default.callee.id if isinstance(default.callee, code.Name) else default.callee.name
    return ""


def _is_request(machine: Machine, request: Request, function: Function, spot: int, param: code.Param) -> bool:
    if not machine.world.imports(request.imports) or len(function.params) < request.least:
        return False
    if request.types and request.types.intersection(_WORD.findall(param.type)):
        return True
    return param.name in request.names and (request.position is None or request.position == spot)


def _handler(machine: Machine, function: Function) -> Handler | None:
    """How a function is made a handler of requests, if it is."""
    for decorator in function.decorators:
        callee = decorator.callee if isinstance(decorator, code.Call) else decorator
        name = callee.name if isinstance(callee, code.Attr) else callee.id if isinstance(callee, code.Name) else ""
        for handler in machine.tables.handlers:
            if name in handler.names and machine.world.imports(handler.imports):
                return handler
    return None


def _written(machine: Machine, function: Function) -> str:
    data = machine.world.scene.data
    return " ".join(data[one.at[0] : one.at[1]].decode(errors="replace") for one in function.decorators)


def _returns(machine: Machine, function: Function, handler: Handler) -> bool:
    return bool(handler.returns) and handler.returns_if in _written(machine, function)


def _is_in_route(machine: Machine, function: Function, name: str) -> bool:
    """Whether the route has a place for a parameter that takes any text: `/<name>`, not `/<int:name>`."""
    return (
        re.search(rf"<(?:(?:string|path|default|any)[^:<>]*:)?\s*{re.escape(name)}\s*>|\{{{re.escape(name)}\b", _written(machine, function))
        is not None
    )
