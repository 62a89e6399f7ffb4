"""Whether a call is a sink, and whether outside data reaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestra_lsp.review.flow.code import Place
from orchestra_lsp.review.flow.containers import items_of
from orchestra_lsp.review.flow.machine import Argument, Machine, given
from orchestra_lsp.review.flow.tables import Sink, owned
from orchestra_lsp.review.flow.value import UNKNOWN, Value, all_taints

_SHELLS = frozenset(
    {"sh", "bash", "zsh", "ksh", "dash", "cmd", "cmd.exe", "powershell", "powershell.exe", "pwsh", "python", "python3", "env"}
)
_RECEIVER = "receiver"
_EVERY = "*"
_HAS = "has:"


def check_sinks(machine: Machine, at: Place, full: str, last: str, receiver: Value | None, args: Sequence[Argument]) -> bool:
    """Report what reaches a call; whether it is a sink at all."""
    found = False
    for sink in owned(machine.tables.sinks, full, last):
        if not machine.world.imports(sink.imports):
            continue
        found = True
        if not holds(args, sink.where) or (sink.unless and holds(args, sink.unless)) or not _marked(sink, receiver, args):
            continue
        wanted = _wanted(sink, receiver, args)
        if wanted:
            machine.judge(sink.name, sink.needs, at, [_command(value) for value in wanted] if sink.mode == "argv" else wanted)
        for value in wanted:
            _report(machine, sink, value, at, full.strip(".") or last)
    return found


def holds(args: Sequence[Argument], conditions: Mapping[str, Any]) -> bool:
    """Whether arguments have the wanted values: a constant, the end of a full name, or one of a list of these."""
    for key, wanted in conditions.items():
        value = given(args, int(key) if key.isdigit() else key)
        if value is None or not any(_is(value, one) for one in (wanted if isinstance(wanted, list) else [wanted])):
            return False
    return True


def _is(value: Value, wanted: object) -> bool:
    if isinstance(wanted, str) and wanted.startswith(_HAS):
        key = wanted.removeprefix(_HAS)
        return value.box is not None and key in value.box.items and value.box.items[key].const is not False
    if value.const is not UNKNOWN:
        same = value.const == wanted and isinstance(value.const, bool) == isinstance(wanted, bool)
        return same or (isinstance(value.const, str) and isinstance(wanted, str) and wanted in value.const)
    return isinstance(wanted, str) and bool(value.ref) and value.ref.rpartition(".")[2] == wanted


def _marked(sink: Sink, receiver: Value | None, args: Sequence[Argument]) -> bool:
    if not sink.needs:
        return True
    own = receiver.marks if receiver is not None else frozenset()
    return sink.needs in own or any(sink.needs in arg.value.marks for arg in args)


def _wanted(sink: Sink, receiver: Value | None, args: Sequence[Argument]) -> list[Value]:
    found: list[Value] = []
    for key in sink.arguments:
        if key == _EVERY:
            found += [arg.value for arg in args]
        elif key == _RECEIVER:
            found += [receiver] if receiver is not None else []
        else:
            value = given(args, key)
            found += [value] if value is not None else []
    if any(arg.spread for arg in args) and not found:
        found = [arg.value for arg in args if arg.spread]
    return found


def _report(machine: Machine, sink: Sink, value: Value, at: Place, called: str) -> None:
    if sink.mode == "argv":
        value = _command(value)
    if sink.mode == "whole":
        value = replace(value, taints=tuple(taint for taint in value.taints if not taint.part))
    machine.report(sink.name, value, at, called, own=sink.mode in ("own", "whole"))


def _command(value: Value) -> Value:
    """What of an argument list is run: the program, or the script given to a shell."""
    items = items_of(value) if value.box is not None else None
    if not items:
        return Value(taints=value.taints) if value.box is not None else value
    program = items[0].const
    name = program.replace("\\", "/").rpartition("/")[2] if isinstance(program, str) else ""
    runs = name in _SHELLS and any(item.const in ("-c", "/c", "/C", "-Command", "-e") for item in items)
    run = items if runs else items[:1]
    return Value(taints=tuple(taint for item in run for taint in all_taints(item)), known=all(item.known for item in run))
