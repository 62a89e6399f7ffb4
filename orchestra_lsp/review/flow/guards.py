"""What a condition tells: which way it goes, and which data are harmless behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestra_lsp.review.flow import code
from orchestra_lsp.review.flow.code import Expr
from orchestra_lsp.review.flow.constants import truth
from orchestra_lsp.review.flow.tables import owned
from orchestra_lsp.review.flow.value import ALL, NOTHING, UNKNOWN, Box, Taint, Value, joined

if TYPE_CHECKING:
    from orchestra_lsp.review.flow.machine import Env, Machine

_EVERYTHING = frozenset({ALL})
_WIDE = re.compile(r"(?<!\\)\.[*+]|\[\^|\\S|\\W|\\D|\(\?s\)")
_CLOSED = re.compile(r"(?:\$|\\Z|\\z)\)?\Z")
#: What a text cannot do to a sink any more once it lacks some characters.
_HARMLESS = {
    "..": "path",
    "/": "path",
    "\\": "path",
    "'": "sql xpath code",
    '"': "sql xpath code",
    "\n": "header log",
    "\r": "header log",
    "<": "html",
    ">": "html",
    "://": "redirect ssrf",
    "//": "redirect",
    ":": "redirect ssrf",
    ";": "command",
    "&": "command",
    "|": "command",
    "(": "ldap",
    "*": "ldap",
    "{": "template",
}
Branches = tuple["Env | None", "Env | None"]


def narrow(machine: Machine, test: Expr, env: Env) -> Branches:
    """The variables where a condition holds and where it does not; None for what never happens."""
    if isinstance(test, code.Unary) and test.sign == "not":
        yes, no = narrow(machine, test.value, env)
        return no, yes
    if isinstance(test, code.Logic):
        return _logic(machine, test, env)
    value = machine.evaluate(machine, test, env)
    known = truth(value.const)
    if known is not None:
        return (env, None) if known else (None, dict(env))
    if isinstance(test, code.Compare):
        return _compare(machine, test, env)
    if isinstance(test, code.Call):
        return _call(machine, test, env)
    return dict(env), dict(env)


def _logic(machine: Machine, test: code.Logic, env: Env) -> Branches:
    """`a and b`: both hold, or one of them does not."""
    is_or = test.sign in ("or", "||")
    going: Env | None = env
    left: Env | None = None
    for part in test.parts:
        if going is None:
            break
        yes, no = narrow(machine, part, going)
        going, out = (no, yes) if is_or else (yes, no)
        left = merge(left, out)
    return (left, going) if is_or else (going, left)


def merge(one: Env | None, other: Env | None) -> Env | None:
    """What is known where two ways meet."""
    if one is None or other is None:
        return one if other is None else other
    if one is other:
        return one
    found: Env = {}
    for name in {**one, **other}:
        first, second = one.get(name), other.get(name)
        if first is None or second is None:
            found[name] = first or second or NOTHING
        else:
            found[name] = first if first is second else joined(first, second)
    return found


def clean(env: Env, taints: Iterable[Taint], sinks: frozenset[str]) -> Env:
    """The variables after a check of some data: whatever was made of it is harmless for some sinks."""
    checked = {(taint.origin, taint.part) for taint in taints}
    if not checked:
        return dict(env)
    return {name: _clean(value, checked, sinks) for name, value in env.items()}


def _clean(value: Value, checked: set[tuple[code.Place, str]], sinks: frozenset[str], depth: int = 3) -> Value:
    if value.taints and any((taint.origin, taint.part) in checked for taint in value.taints):
        taints = tuple(
            replace(taint, cleaned=taint.cleaned | sinks) if (taint.origin, taint.part) in checked else taint for taint in value.taints
        )
        value = replace(value, taints=taints)
    if value.box is not None and depth > 0:
        items = {key: _clean(item, checked, sinks, depth - 1) for key, item in value.box.items.items()}
        rest = _clean(value.box.rest, checked, sinks, depth - 1) if value.box.rest is not None else None
        value = replace(value, box=Box(items, rest, value.box.exact))
    return value


def _compare(machine: Machine, test: code.Compare, env: Env) -> Branches:
    left, right = machine.evaluate(machine, test.left, env), machine.evaluate(machine, test.right, env)
    positive, sign = test.sign not in ("not in", "!=", "is not", "!=="), test.sign
    inside, outside = dict(env), dict(env)
    if sign in ("in", "not in"):
        if isinstance(left.const, str) and right.taints:
            outside = clean(env, right.taints, harmless(left.const))
        elif left.taints and not right.taints and not isinstance(right.const, str):
            inside = clean(env, left.taints, _EVERYTHING)
    elif sign in ("==", "!=", "===", "!==", "is", "is not"):
        if left.taints and not right.taints and right.const is not None:
            inside = clean(env, left.taints, _EVERYTHING)
        elif right.taints and not left.taints and left.const is not None:
            inside = clean(env, right.taints, _EVERYTHING)
    elif sign in (">", ">=", "<", "<=") and isinstance(test.left, code.Call):
        return _found_at(machine, test, env)
    return (inside, outside) if positive else (outside, inside)


def _found_at(machine: Machine, test: code.Compare, env: Env) -> Branches:
    """`text.find("..") >= 0` and the like, written with a position."""
    callee = test.left.callee if isinstance(test.left, code.Call) else None
    if not isinstance(callee, code.Attr) or callee.name not in ("find", "indexOf", "rfind") or not isinstance(test.left, code.Call):
        return dict(env), dict(env)
    owner = machine.evaluate(machine, callee.owner, env)
    wanted = machine.evaluate(machine, test.left.args[0].value, env).const if test.left.args else UNKNOWN
    free = clean(env, owner.taints, harmless(wanted)) if isinstance(wanted, str) else dict(env)
    return (dict(env), free) if test.sign in (">", ">=") else (free, dict(env))


def harmless(text: str) -> frozenset[str]:
    """The sinks that a text without this one cannot harm."""
    return frozenset(
        sink for mark, sinks in _HARMLESS.items() if text and (text == mark or mark == text.strip("/\\")) for sink in sinks.split()
    )


def _call(machine: Machine, test: code.Call, env: Env) -> Branches:
    """A call as a condition: a known test, a pattern, or a helper whose name says that it validates."""
    callee = test.callee
    name = callee.name if isinstance(callee, code.Attr) else callee.id if isinstance(callee, code.Name) else ""
    owner = machine.evaluate(machine, callee.owner, env) if isinstance(callee, code.Attr) else NOTHING
    args = [machine.evaluate(machine, arg.value, env) for arg in test.args]
    full = f"{owner.ref or (owner.made + '()' if owner.made else '')}.{name}" if isinstance(callee, code.Attr) else machine.world.ref(name)
    about = owner if owner.taints else next((arg for arg in args if arg.taints), NOTHING)
    last = full.rpartition(".")[2]
    for sinks in owned(machine.tables.tests, full, last):
        return clean(env, about.taints, sinks), dict(env)
    special = _SPECIAL.get(last)
    if special is not None:
        return special(env, owner, args)
    if machine.tables.validators.search(name):
        return clean(env, about.taints, _EVERYTHING), dict(env)
    return dict(env), dict(env)


def _matches(env: Env, owner: Value, args: list[Value]) -> Branches:
    """`re.fullmatch(pattern, text)`, or a method of a compiled pattern."""
    about = next((arg for arg in args if arg.taints), NOTHING)
    pattern = args[0].const if args and not args[0].taints else owner.const
    narrow_one = isinstance(pattern, str) and not _WIDE.search(pattern) and bool(_CLOSED.search(pattern))
    return (clean(env, about.taints, _EVERYTHING), dict(env)) if narrow_one else (dict(env), dict(env))


def _matches_whole(env: Env, owner: Value, args: list[Value]) -> Branches:
    about = next((arg for arg in args if arg.taints), NOTHING)
    pattern = args[0].const if args and not args[0].taints else owner.const
    wide = isinstance(pattern, str) and _WIDE.search(pattern)
    return (dict(env), dict(env)) if wide else (clean(env, about.taints, _EVERYTHING), dict(env))


def _starts(env: Env, owner: Value, args: list[Value]) -> Branches:
    """`text.startswith(start)`: of a resolved path its folder is known, of an address its host."""
    if not owner.taints or not args or args[0].taints:
        return dict(env), dict(env)
    start = args[0].const
    if "resolved" in owner.marks:
        return clean(env, owner.taints, frozenset({"path"})), dict(env)
    if isinstance(start, str):
        _, scheme, host = start.partition("://")
        if scheme and "/" in host:
            return clean(env, owner.taints, frozenset({"ssrf", "redirect"})), dict(env)
        if start in ("'", '"'):
            return clean(env, owner.taints, frozenset({"quoted"})), dict(env)
        if start.startswith("/"):
            return clean(env, owner.taints, frozenset({"redirect"})), dict(env)
    return dict(env), dict(env)


def _contains(env: Env, owner: Value, args: list[Value]) -> Branches:
    """`allowed.includes(text)`, `text.includes("..")`."""
    if not args:
        return dict(env), dict(env)
    if owner.taints and isinstance(args[0].const, str):
        return dict(env), clean(env, owner.taints, harmless(args[0].const))
    if args[0].taints and not owner.taints:
        return clean(env, args[0].taints, _EVERYTHING), dict(env)
    return dict(env), dict(env)


_SPECIAL: dict[str, Callable[[Env, Value, list[Value]], Branches]] = {
    "match": _matches,
    "search": _matches,
    "test": _matches,
    "MatchString": _matches,
    "is_match": _matches,
    "fullmatch": _matches_whole,
    "startswith": _starts,
    "startsWith": _starts,
    "starts_with": _starts,
    "HasPrefix": _starts,
    "includes": _contains,
    "has": _contains,
    "contains": _contains,
    "Contains": _contains,
}
