"""Assigning to names, entries and attributes, also several at once; a place that keeps data may be a sink itself."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra_lsp.review.flow import code
from orchestra_lsp.review.flow.code import Expr
from orchestra_lsp.review.flow.containers import field_key, item_of, items_of, put, some_of
from orchestra_lsp.review.flow.machine import Env, Machine
from orchestra_lsp.review.flow.value import NOTHING, UNKNOWN, Value, stepped


def store(machine: Machine, target: Expr, value: Value, env: Env) -> None:
    """`target = value`."""
    if isinstance(target, code.Name):
        if target.id not in env:
            _filled(machine, machine.world.ref(target.id), (value,), target.at)
        env[target.id] = stepped(value, target.at)
    elif isinstance(target, code.Listed):
        _unpack(machine, target, value, env)
    elif isinstance(target, code.Mapped):
        _take(machine, target, value, env)
    elif isinstance(target, code.Attr):
        owner = machine.evaluate(machine, target.owner, env)
        _filled(machine, f"{owner.ref or owner.made + '()'}.{target.name}", (value,), target.at)
        replace_in(machine, target.owner, put(owner, field_key(target.name), value), env)
    elif isinstance(target, code.Index):
        owner = machine.evaluate(machine, target.owner, env)
        key = machine.evaluate(machine, target.key, env) if target.key is not None else NOTHING
        _filled(machine, f"{owner.ref or owner.made + '()'}[]", (key, value), target.at)
        if isinstance(target.owner, code.Index) and target.owner.key is not None:
            outer = machine.evaluate(machine, target.owner.key, env)
            machine.report("prototype", outer, target.at, "this assignment", own=True)
        changed = put(owner, key.const, value)
        replace_in(machine, target.owner, changed, env)


def replace_in(machine: Machine, place: Expr, value: Value, env: Env) -> None:
    """Put a changed container back where it was taken from."""
    if isinstance(place, code.Name):
        env[place.id] = value
    elif isinstance(place, code.Attr):
        owner = machine.evaluate(machine, place.owner, env)
        replace_in(machine, place.owner, put(owner, field_key(place.name), value), env)
    elif isinstance(place, code.Index):
        owner = machine.evaluate(machine, place.owner, env)
        key = machine.evaluate(machine, place.key, env).const if place.key is not None else UNKNOWN
        replace_in(machine, place.owner, put(owner, key, value), env)


def _filled(machine: Machine, name: str, values: Sequence[Value], at: code.Place) -> None:
    owner, _, last = name.rpartition(".")
    alias = f"{machine.tables.aliases.get(owner, owner)}.{last}" if owner else last
    stores = machine.tables.stores
    sink = stores.get(name) or stores.get(alias) or stores.get(f"*.{last}") or stores.get(f"{owner}.*")
    if sink is None or not machine.world.imports(sink.imports):
        return
    wanted = values[:1] if sink.mode == "keys" else values
    for value in wanted:
        machine.report(sink.name, value, at, name.removesuffix("[]"), own=sink.mode == "keys")


def _unpack(machine: Machine, target: code.Listed, value: Value, env: Env) -> None:
    known = items_of(value)
    count, stars = len(target.items), sorted(target.spread)
    if known is not None and not stars and len(known) == count:
        parts = known
    elif known is not None and stars and len(known) >= count - 1:
        star, behind = stars[0], count - stars[0] - 1
        middle = known[star : len(known) - behind]
        parts = [*known[:star], some_of(_any(middle)), *known[len(known) - behind :]]
    else:
        parts = [item_of(value)] * count
    for spot, item in enumerate(parts):
        if spot < count:
            store(machine, target.items[spot], item, env)


def _any(items: Sequence[Value]) -> Value:
    return item_of(Value(box=some_of(NOTHING).box)) if not items else _joined(items)


def _joined(items: Sequence[Value]) -> Value:
    made = items[0]
    for item in items[1:]:
        made = item_of(Value(box=put(some_of(made), UNKNOWN, item).box))
    return made


def _take(machine: Machine, target: code.Mapped, value: Value, env: Env) -> None:
    """`const { a, b: c } = value`: read as attributes, so that sources are known by their names."""
    for key, place in target.pairs:
        if isinstance(key, code.Const) and isinstance(key.value, str):
            env_key = "\0taken"
            env[env_key] = value
            found = machine.evaluate(machine, code.Attr(place.at, code.Name(place.at, env_key), key.value), env)
            del env[env_key]
            store(machine, place, found, env)
        else:
            store(machine, place, value, env)
