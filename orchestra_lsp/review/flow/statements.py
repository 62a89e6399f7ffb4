"""Statement by statement: what is known of the variables after each, over branches, loops and errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestra_lsp.review.flow import code
from orchestra_lsp.review.flow.assign import store
from orchestra_lsp.review.flow.code import Stmt
from orchestra_lsp.review.flow.constants import compare
from orchestra_lsp.review.flow.containers import item_of, items_of, listed
from orchestra_lsp.review.flow.guards import clean, merge
from orchestra_lsp.review.flow.machine import Env, Machine
from orchestra_lsp.review.flow.tables import owned
from orchestra_lsp.review.flow.value import NOTHING, UNKNOWN, Closure, Value, all_taints

_TURNS = 2  # a loop is gone through twice: what the first turn leaves, the second finds
_MOST_TURNS = 8  # over a list whose items are all known


def execute(machine: Machine, body: Sequence[Stmt], env: Env | None) -> Env | None:
    """What is known after the statements; None if their end is never reached. Raises Exhausted."""
    for statement in body:
        if env is None:
            return None
        env = _WAYS[type(statement)](machine, statement, env)
    return env


def _assign(machine: Machine, statement: code.Assign, env: Env) -> Env | None:
    if statement.sign:
        value = machine.evaluate(machine, code.Binary(statement.at, statement.sign, statement.targets[0], statement.value), env)
    else:
        value = machine.evaluate(machine, statement.value, env)
    for target in statement.targets:
        store(machine, target, value, env)
    return env


def _do(machine: Machine, statement: code.Do, env: Env) -> Env | None:
    machine.evaluate(machine, statement.value, env)
    return _after(machine, statement.value, env)


def _after(machine: Machine, expr: code.Expr, env: Env) -> Env:
    """A call that raises for bad data has checked it once it is over."""
    if not isinstance(expr, code.Call):
        return env
    callee = expr.callee
    last = callee.name if isinstance(callee, code.Attr) else callee.id if isinstance(callee, code.Name) else ""
    if machine.world.ref(last).rpartition(".")[2] not in machine.tables.raising:
        return env
    owner = machine.evaluate(machine, callee.owner, env) if isinstance(callee, code.Attr) else NOTHING
    full = f"{owner.ref}.{last}" if isinstance(callee, code.Attr) else machine.world.ref(last)
    for sinks in owned(machine.tables.raising, full, full.rpartition(".")[2]):
        about = owner if owner.taints else machine.evaluate(machine, expr.args[0].value, env) if expr.args else NOTHING
        return clean(env, about.taints, sinks)
    return env


def _if(machine: Machine, statement: code.If, env: Env) -> Env | None:
    yes, no = machine.narrow(machine, statement.test, env)
    return merge(execute(machine, statement.yes, yes), execute(machine, statement.no, no))


def _loop(machine: Machine, statement: code.Loop, env: Env) -> Env | None:
    frame = machine.frames[-1]
    frame.exits.append([])
    after: Env | None = env
    if statement.source is not None and statement.target is not None:
        after = _walk(machine, statement, env)
    else:
        for _ in range(_TURNS):
            going, done = (after, None) if statement.test is None else machine.narrow(machine, statement.test, dict(after or {}))
            if going is None:
                after = done
                break
            turned = execute(machine, statement.body, dict(going))
            after = merge(merge(turned, done), after if statement.test is not None else None)
            after = merge(after, _left(frame.exits[-1]))
            if after is None:
                break
    left = _left(frame.exits.pop())
    return merge(execute(machine, statement.after, after), left)


def _left(exits: Sequence[Env]) -> Env | None:
    found: Env | None = None
    for env in exits:
        found = merge(found, env)
    return found


def _walk(machine: Machine, statement: code.Loop, env: Env) -> Env | None:
    source = machine.evaluate(machine, statement.source, env) if statement.source is not None else NOTHING
    known = items_of(source)
    certain = known is not None and len(known) <= _MOST_TURNS and not source.taints
    turns = known if certain and known is not None else [item_of(source)] * _TURNS
    after: Env | None = env
    for item in turns:
        before = dict(after or {})
        given = listed([NOTHING, item]) if statement.indexed else item
        if statement.target is not None:
            store(machine, statement.target, given, before)
        turned = execute(machine, statement.body, before)
        after = merge(turned, _left(machine.frames[-1].exits[-1])) if certain else merge(after, turned)
        if after is None:
            return None
    return after


def _return(machine: Machine, statement: code.Return, env: Env) -> Env | None:
    value = machine.evaluate(machine, statement.value, env) if statement.value is not None else NOTHING
    frame = machine.frames[-1]
    frame.returns.append(value)
    frame.leaving.append(env)
    if frame.handler is not None and frame.handler.returns:
        sent = _sent(value)
        if sent is not None:
            machine.report(frame.handler.returns, sent, statement.at, "return", own=True)
    return None


def _sent(value: Value) -> Value | None:
    """What of a returned value is sent as text: the value itself, or the first of several; not what some call made."""
    items = items_of(value) if value.box is not None and not value.taints else None
    if items:
        value = items[0]
    return None if value.made or value.box is not None else value


def _leave(machine: Machine, statement: code.Leave, env: Env) -> Env | None:
    if statement.value is not None:
        machine.evaluate(machine, statement.value, env)
    frame = machine.frames[-1]
    if statement.word in ("break", "continue") and frame.exits:
        frame.exits[-1].append(env)
    return None


def _try(machine: Machine, statement: code.Try, env: Env) -> Env | None:
    before = dict(env)
    after = execute(machine, statement.body, env)
    # an error may come before or after what the body did
    failed = merge(before, after) or before
    after = execute(machine, statement.after, after)
    for handler in statement.handlers:
        after = merge(after, execute(machine, handler, dict(failed)))
    if statement.final:
        done = execute(machine, statement.final, dict(after if after is not None else failed))
        return done if after is not None else None
    return after


def _match(machine: Machine, statement: code.Match, env: Env) -> Env | None:
    subject = machine.evaluate(machine, statement.subject, env)
    after: Env | None = None
    falling: Env | None = None
    frame = machine.frames[-1]
    frame.exits.append([])
    open_end = True
    for arm in statement.arms:
        fits = _fits(machine, arm, subject, env)
        if fits is False and falling is None:
            continue
        start = _entered(machine, arm, subject, env) if fits is not False else None
        if start is not None and arm.test is not None:
            start = machine.narrow(machine, arm.test, start)[0]
        done = execute(machine, arm.body, merge(start, falling))
        falling = done if arm.falls else None
        after = after if arm.falls else merge(after, done)
        if fits is True and arm.test is None:
            open_end = False
            if not arm.falls:
                break
    after = merge(merge(after, falling), _left(frame.exits.pop()))
    return merge(after, env) if open_end else after


def _fits(machine: Machine, arm: code.Arm, subject: Value, env: Env) -> bool | None:
    """Whether an arm is taken; None if that is not known."""
    if arm.values is None:
        return None if arm.binds and arm.test is None and subject.const is UNKNOWN and len(arm.binds) > 1 else True
    results = [compare("==", subject.const, machine.evaluate(machine, value, env).const) for value in arm.values]
    if any(result is True for result in results):
        return True
    return False if all(result is False for result in results) else None


def _entered(machine: Machine, arm: code.Arm, subject: Value, env: Env) -> Env:
    inside = dict(env)
    if arm.values and all(machine.evaluate(machine, value, env).const is not UNKNOWN for value in arm.values):
        inside = clean(inside, all_taints(subject), frozenset({"*"}))
    for name in arm.binds:
        inside[name] = subject
    return inside


def _define(machine: Machine, statement: code.Define, env: Env) -> Env | None:
    env[statement.function.name] = Value(closure=Closure(statement.function, env))
    machine.nested.append((statement.function, env))
    return env


def _define_class(machine: Machine, statement: code.DefineClass, env: Env) -> Env | None:
    env[statement.made.name] = Value(made_class=statement.made, ref=statement.made.name)
    for method in statement.made.methods.values():
        machine.nested.append((method, env))
    return env


def _block(machine: Machine, statement: code.Block, env: Env) -> Env | None:
    return execute(machine, statement.body, env)


_WAYS: dict[type, Callable[..., Env | None]] = {
    code.Assign: _assign,
    code.Do: _do,
    code.If: _if,
    code.Loop: _loop,
    code.Return: _return,
    code.Leave: _leave,
    code.Try: _try,
    code.Match: _match,
    code.Define: _define,
    code.DefineClass: _define_class,
    code.Block: _block,
}
