"""What a call does: it may bring data in, clean it, pass it on, change a container, run a helper of the file, or be a sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestra_lsp.review.flow import code, constants
from orchestra_lsp.review.flow.assign import replace_in
from orchestra_lsp.review.flow.containers import changed, field_key, item_of, items_of, listed, put, read, some_of
from orchestra_lsp.review.flow.machine import Argument, Env, Machine
from orchestra_lsp.review.flow.sinks import check_sinks, holds
from orchestra_lsp.review.flow.tables import owned
from orchestra_lsp.review.flow.value import (
    ALL,
    NOTHING,
    UNKNOWN,
    Box,
    Closure,
    Taint,
    Value,
    all_taints,
    cleaned,
    constant,
    joined_all,
    merged,
    stepped,
    tainted,
)

_MAKING = frozenset({"map", "flatMap"})  # what they give is made of what the function gives
UNKNOWN_CALL = "?"  # what made a value that may not be a text


@dataclass(frozen=True, slots=True)
class Target:
    """What is called: the callee, its receiver (None for a plain function), its full name and the last part of that."""

    callee: Value
    receiver: Value | None
    full: str
    last: str


def call(machine: Machine, expr: code.Call, env: Env) -> Value:
    """The value of a call; what it changes is put into `env`."""
    target = _target(machine, expr, env)
    args = _arguments(machine, expr, env)
    is_sink = check_sinks(machine, expr.at, target.full, target.last, target.receiver, args)
    result = _known(machine, expr, env, (target, args))
    if result is None:
        result = Value(made=target.full) if is_sink else _passed(machine, expr, target, args)
    handed = _run_callbacks(machine, expr, target, args, is_sink)
    if handed is not None and target.last in _MAKING:
        result = some_of(handed)
    return _marked(machine, expr, env, (target, args), result)


def _target(machine: Machine, expr: code.Call, env: Env) -> Target:
    callee = expr.callee
    if isinstance(callee, code.Attr):
        receiver = machine.evaluate(machine, callee.owner, env)
        found = NOTHING
        if receiver.made_class is not None and callee.name in receiver.made_class.methods:
            owner = receiver if receiver.ref == "" else None
            found = Value(closure=Closure(receiver.made_class.methods[callee.name], {}, owner))
        elif receiver.box is not None and field_key(callee.name) in receiver.box.items:
            found = receiver.box.items[field_key(callee.name)]
        owner_name = receiver.ref or (f"{receiver.made}()" if receiver.made else "")
        full = f"{owner_name}.{callee.name}" if owner_name else f".{callee.name}"
        alias = machine.tables.aliases.get(full, full)
        return Target(found, receiver, alias, callee.name)
    value = machine.evaluate(machine, callee, env)
    full = value.ref if value.closure is None else ""
    return Target(value, None, full, full.rpartition(".")[2])


def _arguments(machine: Machine, expr: code.Call, env: Env) -> list[Argument]:
    found: list[Argument] = []
    for arg in expr.args:
        value = machine.evaluate(machine, arg.value, env)
        known = items_of(value) if arg.spread and not arg.name else None
        if known is not None:
            found += [Argument(item) for item in known]
        elif arg.spread and arg.name == "**" and value.box is not None:
            found += [Argument(item, str(key)) for key, item in value.box.items.items() if isinstance(key, str)]
        else:
            found.append(Argument(value, arg.name, arg.spread, arg.value))
    return found


Made = tuple[Target, list[Argument]]


def _known(machine: Machine, expr: code.Call, env: Env, made: Made) -> Value | None:
    """The result where the call is known: a cleaner, a source, a helper of the file, a container or a constant."""
    target, args = made
    values = [arg.value for arg in args]
    sinks = frozenset[str]().union(*owned(machine.tables.cleaners, target.full, target.last))
    if sinks:
        return (
            Value(made=target.full, known=True)
            if ALL in sinks
            else cleaned(tainted(_everything(target, values), _all_known(target, values)), sinks)
        )
    for source in owned(machine.tables.calls, target.full, target.last):
        if machine.world.imports(source.imports):
            return Value(taints=(Taint(expr.at, source.what, source.cleaned),), made=target.full, known=True)
    if target.callee.closure is not None:
        receiver = target.callee.closure.owner
        given_args = [Argument(receiver, written=getattr(expr.callee, "owner", None)), *args] if receiver is not None else args
        result = machine.invoke(machine, target.callee.closure, given_args, expr.at)
        _write_back(machine, given_args, env)
        return result
    if target.callee.made_class is not None and target.receiver is None:
        return _instance(machine, target.callee, args, expr.at)
    if target.receiver is not None:
        return _method(machine, expr, env, made)
    return _plain(made)


def _write_back(machine: Machine, args: Sequence[Argument], env: Env) -> None:
    """What a helper changed of the containers that it was given."""
    for arg in args:
        if arg.written is not None and arg.value.box is not None and isinstance(arg.written, code.Name | code.Attr):
            replace_in(machine, arg.written, arg.value, env)


def _instance(machine: Machine, made: Value, args: Sequence[Argument], at: code.Place) -> Value:
    owner = made.made_class
    self = Argument(Value(made_class=owner, made=made.ref, box=Box({})))
    start = owner.methods.get("__init__") or owner.methods.get("constructor") if owner is not None else None
    if start is None:
        return self.value.with_taints(taint for arg in args for taint in arg.value.taints)
    machine.invoke(machine, Closure(start, {}), [self, *args], at)
    return self.value


def _method(machine: Machine, expr: code.Call, env: Env, made: Made) -> Value | None:
    """A method of a text, a list, a dictionary and the like."""
    target, args = made
    receiver, values = target.receiver or NOTHING, [arg.value for arg in args]
    place = expr.callee.owner if isinstance(expr.callee, code.Attr) else expr.callee
    if target.last == "get" and receiver.taints and values:
        found = read(receiver, values[0])
        return found.with_taints(values[1].taints) if len(values) > 1 else found
    done = changed(receiver, target.last, values) if receiver.box is not None or receiver.made else None
    if done is not None:
        if done[1] is not receiver:
            replace_in(machine, place, done[1], env)
        return done[0]
    folded = constants.method(receiver.const, target.last, [value.const for value in values])
    if folded is not UNKNOWN:
        return constant(folded)
    if target.last in machine.tables.mutators and any(all_taints(value) for value in values) and not receiver.ref:
        replace_in(machine, place, put(receiver, UNKNOWN, joined_all(values)), env)
        return NOTHING
    if target.last in ("split", "rsplit", "splitlines") and receiver.taints:
        return some_of(tainted(receiver.taints, receiver.known)).with_taints(receiver.taints)
    if isinstance(receiver.const, str) and target.last in ("split", "partition"):
        return _split(receiver.const, target.last, values)
    if target.last == "copy" and receiver.box is not None:
        return receiver
    return None


def _split(text: str, name: str, values: Sequence[Value]) -> Value | None:
    mark = values[0].const if values else None
    if len(values) > 1 or not (mark is None or isinstance(mark, str)) or mark == "" or (name == "partition" and mark is None):
        return None
    parts = text.partition(mark) if name == "partition" and mark is not None else text.split(mark)
    return listed([constant(part) for part in parts])


def _plain(made: Made) -> Value | None:
    """The few functions of the language that matter to what is known."""
    target, args = made
    values = [arg.value for arg in args]
    if target.full in ("str", "String", "string") and len(values) == 1:
        known = values[0].const
        return constant(str(known)) if isinstance(known, int | str) and not isinstance(known, bool) else None
    if target.full in ("list", "tuple", "set", "sorted", "reversed", "iter") and len(values) == 1 and values[0].box is not None:
        return values[0] if target.full in ("list", "tuple", "iter") else some_of(item_of(values[0]))
    if target.full in ("list", "dict", "collections.OrderedDict", "collections.deque") and not values:
        named = listed([])
        return named if target.last in ("list", "deque") else Value(made="dict", box=Box({}), known=True)
    if target.full == "dict":
        made_here = Value(made="dict", box=Box({}), known=True)
        for arg in args:
            made_here = put(made_here, arg.name, arg.value) if arg.name else made_here.with_taints(all_taints(arg.value))
        return made_here
    if target.full == "enumerate" and values:
        return some_of(listed([NOTHING, item_of(values[0])]))
    if target.full == "zip":
        return some_of(listed([item_of(value) for value in values]))
    if target.full == "chr" or target.full == "ord":
        return NOTHING if not any(value.taints for value in values) else None
    if target.full == "next" and values:
        return item_of(values[0])
    return None


def _all_known(target: Target, values: Sequence[Value]) -> bool:
    receiver = target.receiver
    return (receiver is None or receiver.known or bool(receiver.ref)) and all(value.known for value in values)


def _everything(target: Target, values: Sequence[Value]) -> tuple[Taint, ...]:
    own = target.receiver.taints if target.receiver is not None else ()
    return merged((*own, *(taint for value in values for taint in all_taints(value))))


def _passed(machine: Machine, expr: code.Call, target: Target, args: Sequence[Argument]) -> Value:
    """The result of a call nothing is known of: made of what it was given, unless it looks something up."""
    values = [arg.value for arg in args]
    receiver = target.receiver
    text = isinstance(receiver.const if receiver is not None else None, str)
    if receiver is not None and receiver.taints:
        known = receiver.known and all(value.known for value in values)
        passed = Value(taints=merged((*receiver.taints, *(taint for value in values for taint in all_taints(value)))), known=known)
        return stepped(passed, expr.at)
    held = all_taints(receiver) if receiver is not None and not receiver.ref else ()
    if target.last in machine.tables.lookups and not text:
        return Value(taints=held, made=target.full or UNKNOWN_CALL)
    taints = merged((*held, *(taint for value in values for taint in all_taints(value))))
    made = "" if text else target.full or UNKNOWN_CALL
    pure = (receiver is not None and not receiver.ref) or target.full.startswith(machine.tables.pure)
    known = pure and _all_known(target, values)
    if any(owned(machine.tables.restoring, target.full, target.last)):
        taints = tuple(replace(taint, cleaned=taint.cleaned & {ALL}) for taint in taints)
    return stepped(Value(taints=taints, made=made, known=known), expr.at)


def _run_callbacks(machine: Machine, expr: code.Call, target: Target, args: Sequence[Argument], is_sink: bool) -> Value | None:
    """Functions given to a call are run with what it hands on, the items of its receiver or nothing known; what they give."""
    found: Value | None = None
    for arg in args:
        if arg.value.closure is None or not isinstance(arg.written, code.Made):
            continue
        item = NOTHING
        if not is_sink and target.last in machine.tables.each:
            sources = [target.receiver, *(other.value for other in args if other is not arg)]
            item = joined_all(item_of(one) for one in sources if one is not None)
        found = machine.invoke(machine, arg.value.closure, [Argument(item)], expr.at)
    return found


def _marked(machine: Machine, expr: code.Call, env: Env, made: Made, result: Value) -> Value:
    """The result with what the call switches on in it, or in its receiver."""
    target, args = made
    for mark in owned(machine.tables.marks, target.full, target.last):
        if not holds(args, mark.where) or not machine.world.imports(mark.imports):
            continue
        machine.marked.setdefault(mark.mark, []).append(expr.at)
        if mark.on == "result":
            result = replace(result, marks=result.marks | {mark.mark})
        elif target.receiver is not None and isinstance(expr.callee, code.Attr):
            receiver = target.receiver
            replace_in(machine, expr.callee.owner, replace(receiver, marks=receiver.marks | {mark.mark}), env)
    # an address keeps its host, and a file its folder, when it is only read again
    kept = {mark for arg in args[:1] for mark in arg.value.marks if target.last in ("str", "Request", "normpath", "join")}
    return replace(result, marks=result.marks | kept) if kept and target.last in ("str", "Request") else result
