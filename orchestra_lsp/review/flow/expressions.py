"""What an expression is, given what is known of the variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orchestra_lsp.review.flow import code, constants
from orchestra_lsp.review.flow.assign import store
from orchestra_lsp.review.flow.calls import call
from orchestra_lsp.review.flow.code import Expr
from orchestra_lsp.review.flow.containers import field_key, item_of, items_of, listed, parted, put, read, sliced, some_of
from orchestra_lsp.review.flow.machine import Env, Machine
from orchestra_lsp.review.flow.value import (
    HARMLESS,
    NOTHING,
    UNKNOWN,
    Box,
    Closure,
    Taint,
    Value,
    all_taints,
    constant,
    joined,
    joined_all,
    merged,
    stepped,
    tainted,
)

_MOST_TURNS = 24  # of a comprehension over known items


def evaluate(machine: Machine, expr: Expr, env: Env) -> Value:
    """The value of an expression; names assigned in it are put into `env`. Raises Exhausted."""
    machine.step()
    return _WAYS[type(expr)](machine, expr, env)


def _const(_machine: Machine, expr: code.Const, _env: Env) -> Value:
    return constant(expr.value)


def _name(machine: Machine, expr: code.Name, env: Env) -> Value:
    known = env.get(expr.id)
    if known is not None:
        return known
    return _sourced(machine, _outside(machine, expr.id), expr.at)


def _outside(machine: Machine, name: str) -> Value:
    """A name of the module, of an import or of the language."""
    world = machine.world
    if name not in world.scene.imports.names:
        function = world.function(name)
        if function is not None:
            return Value(closure=Closure(function, {}))
        made = world.klass(name)
        if made is not None:
            return Value(made_class=made, ref=name)
        expr = world.variable(name)
        if expr is not None and len(machine.frames) < 3 and not isinstance(expr, code.Name):
            machine.frames.append(machine.frames[-1])
            try:
                return machine.evaluate(machine, expr, {})
            finally:
                machine.frames.pop()
    return Value(ref=world.ref(name))


def _sourced(machine: Machine, value: Value, at: code.Place) -> Value:
    """A name, with what it brings in from outside."""
    alias = machine.tables.aliases.get(value.ref)
    ref = alias or value.ref
    source = machine.tables.reads.get(ref) if ref else None
    if source is None or not machine.world.imports(source.imports):
        return replace(value, ref=ref) if alias else value
    return Value(taints=(Taint(at, source.what, source.cleaned),), ref=ref, known=True)


def _attr(machine: Machine, expr: code.Attr, env: Env) -> Value:
    owner = machine.evaluate(machine, expr.owner, env)
    key = field_key(expr.name)
    if owner.box is not None and key in owner.box.items:
        return owner.box.items[key]
    if owner.ref or owner.made:
        found = _sourced(machine, Value(ref=f"{owner.ref or owner.made + '()'}.{expr.name}"), expr.at)
        if found.taints:
            return found
        return replace(found, taints=_parts_taints(owner, expr), known=owner.known) if owner.taints else found
    if owner.made_class is not None:
        field = next((value for name, value in owner.made_class.fields if name == expr.name), None)
        if field is not None:
            return machine.evaluate(machine, field, {})
    if owner.box is not None and expr.name in owner.box.items:
        return owner.box.items[expr.name]  # in JavaScript both ways of writing mean the same
    return tainted(_parts_taints(owner, expr), owner.known and bool(owner.taints))


def _parts_taints(owner: Value, expr: code.Attr) -> tuple[Taint, ...]:
    """What a field of data from outside is; a part of what a call made of it, such as a host, still speaks for the whole."""
    return owner.taints if owner.made else parted(owner.taints, constant(expr.name))


def _index(machine: Machine, expr: code.Index, env: Env) -> Value:
    owner = machine.evaluate(machine, expr.owner, env)
    key = machine.evaluate(machine, expr.key, env) if expr.key is not None else None
    if isinstance(owner.const, str | bytes) and key is not None and isinstance(key.const, int):
        text = owner.const
        return constant(text[key.const]) if -len(text) <= key.const < len(text) else NOTHING
    return read(owner, key)


def _slice(machine: Machine, expr: code.Slice, env: Env) -> Value:
    owner = machine.evaluate(machine, expr.owner, env)
    low = machine.evaluate(machine, expr.low, env).const if expr.low is not None else None
    high = machine.evaluate(machine, expr.high, env).const if expr.high is not None else None
    return sliced(owner, low, high)


def _text(machine: Machine, expr: code.Text, env: Env) -> Value:
    parts = [machine.evaluate(machine, part, env) for part in expr.parts]
    return _built(parts, expr.at)


def _built(parts: list[Value], at: code.Place) -> Value:
    """A text of several parts."""
    taints = merged(taint for part in parts for taint in all_taints(part))
    known = all(part.known for part in parts)
    if taints:
        first = parts[0].const if parts else UNKNOWN
        marks = frozenset({"fixed host"}) if isinstance(first, str) and _fixes_host(first) else frozenset()
        return stepped(_safe_behind_host(Value(taints=taints, marks=marks, known=known)), at)
    if all(isinstance(part.const, str) for part in parts):
        return constant(constants.bounded("".join(str(part.const) for part in parts)))
    return HARMLESS if known else NOTHING


def _fixes_host(text: str) -> bool:
    """Whether an address that starts with this text goes where the text says."""
    scheme, found, rest = text.partition("://")
    return bool(found and scheme and ("/" in rest or "?" in rest or "#" in rest)) or (
        text.startswith("/") and len(text) > 1 and text[1] not in "/\\"
    )


def _safe_behind_host(value: Value) -> Value:
    if "fixed host" not in value.marks:
        return value
    return replace(value, taints=tuple(replace(taint, cleaned=taint.cleaned | {"ssrf", "redirect"}) for taint in value.taints))


def _binary(machine: Machine, expr: code.Binary, env: Env) -> Value:
    left, right = machine.evaluate(machine, expr.left, env), machine.evaluate(machine, expr.right, env)
    if expr.sign in ("??", "||"):
        return joined(left, right)
    if expr.sign == "%" and isinstance(left.const, str):
        return _formatted(left, right, expr.at)
    if expr.sign in ("+", "%", "/", "|", "*"):
        first, second = items_of(left) if left.box else None, items_of(right) if right.box else None
        if expr.sign == "+" and first is not None and second is not None:
            return listed([*first, *second])
        folded = constants.binary(expr.sign, left.const, right.const)
        if folded is not UNKNOWN:
            return constant(folded)
        if left.taints or right.taints or left.box or right.box:
            return replace(_built([left, right], expr.at), made="pathlib.Path" if expr.sign == "/" else "")
        return tainted((), left.known and right.known)
    folded = constants.binary(expr.sign, left.const, right.const)
    return constant(folded) if folded is not UNKNOWN else tainted((*left.taints, *right.taints), left.known and right.known)


def _formatted(left: Value, right: Value, at: code.Place) -> Value:
    """`"..." % values`: with %d or %i everywhere nothing but numbers gets in."""
    text = str(left.const)
    signs = [text[spot + 1] for spot, letter in enumerate(text[:-1]) if letter == "%"]
    if signs and all(sign in "dixfF%" for sign in signs):
        return HARMLESS
    return _built([left, right], at)


def _unary(machine: Machine, expr: code.Unary, env: Env) -> Value:
    value = machine.evaluate(machine, expr.value, env)
    if expr.sign == "not":
        known = constants.truth(value.const)
        return constant(not known) if known is not None else HARMLESS
    if isinstance(value.const, int | float):
        return constant(-value.const if expr.sign == "-" else value.const)
    return tainted(value.taints) if expr.sign not in ("-", "+", "~") else NOTHING


def _compare(machine: Machine, expr: code.Compare, env: Env) -> Value:
    left, right = machine.evaluate(machine, expr.left, env), machine.evaluate(machine, expr.right, env)
    folded = constants.compare(expr.sign, left.const, right.const)
    return constant(folded) if folded is not UNKNOWN else HARMLESS


def _logic(machine: Machine, expr: code.Logic, env: Env) -> Value:
    """`a or b` is `b` only when `a` does not hold, and so on."""
    stops = expr.sign in ("or", "||")
    found: list[Value] = []
    for part in expr.parts:
        value = machine.evaluate(machine, part, env)
        known = constants.truth(value.const)
        if known is not None and known != stops and part is not expr.parts[-1]:
            continue
        found.append(value)
        if known is not None and known == stops:
            break
    return joined_all(found)


def _choose(machine: Machine, expr: code.Choose, env: Env) -> Value:
    yes, no = machine.narrow(machine, expr.test, env)
    found = [machine.evaluate(machine, side, known) for side, known in ((expr.yes, yes), (expr.no, no)) if known is not None]
    return joined_all(found)


def _listed(machine: Machine, expr: code.Listed, env: Env) -> Value:
    items: list[Value] = []
    rest: list[Value] = []
    for spot, part in enumerate(expr.items):
        value = machine.evaluate(machine, part, env)
        if spot not in expr.spread:
            items.append(value)
            continue
        known = items_of(value)
        if known is None:
            rest.append(item_of(value))
        else:
            items.extend(known)
    return some_of(joined_all([*items, *rest])) if rest else listed(items)


def _mapped(machine: Machine, expr: code.Mapped, env: Env) -> Value:
    made = Value(box=Box({}), known=True)
    for key, part in expr.pairs:
        value = machine.evaluate(machine, part, env)
        if key is not None:
            known = machine.evaluate(machine, key, env)
            made = put(made, known.const, value)
            made = made.with_taints(known.taints) if known.taints else made
        elif value.box is not None:
            made = joined(made, value)
        else:
            made = made.with_taints(value.taints)
    return made


def _each(machine: Machine, expr: code.Each, env: Env) -> Value:
    source = machine.evaluate(machine, expr.source, env)
    known = items_of(source)
    turns = known if known is not None and len(known) <= _MOST_TURNS else [item_of(source)]
    made: list[Value] = []
    keyed = Value(box=Box({}), known=True)
    certain = known is not None and turns is known
    for item in turns:
        inner: Env | None = dict(env)
        if inner is not None:
            store(machine, expr.target, item, inner)
        for test in expr.tests:
            certain = False
            inner = machine.narrow(machine, test, inner)[0] if inner is not None else None
        if inner is None:
            continue
        value = machine.evaluate(machine, expr.value, inner)
        made.append(value)
        if expr.key is not None:
            keyed = put(keyed, machine.evaluate(machine, expr.key, inner).const, value)
    if expr.key is not None:
        return keyed
    return listed(made) if certain else some_of(joined_all(made))


def _named(machine: Machine, expr: code.Named, env: Env) -> Value:
    value = machine.evaluate(machine, expr.value, env)
    store(machine, expr.target, value, env)
    return value


def _made(machine: Machine, expr: code.Made, env: Env) -> Value:
    machine.nested.append((expr.function, env))
    return Value(closure=Closure(expr.function, env))


def _other(machine: Machine, expr: code.Other, env: Env) -> Value:
    return tainted(taint for part in expr.parts for taint in all_taints(machine.evaluate(machine, part, env)))


_WAYS: dict[type, Callable[..., Value]] = {
    code.Const: _const,
    code.Name: _name,
    code.Attr: _attr,
    code.Index: _index,
    code.Slice: _slice,
    code.Call: call,
    code.Text: _text,
    code.Binary: _binary,
    code.Unary: _unary,
    code.Compare: _compare,
    code.Logic: _logic,
    code.Choose: _choose,
    code.Listed: _listed,
    code.Mapped: _mapped,
    code.Each: _each,
    code.Named: _named,
    code.Made: _made,
    code.Other: _other,
}
