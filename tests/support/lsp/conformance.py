"""Whether a conversation keeps to the Language Server Protocol, in both directions.

Always against lsprotocol's types; against the meta model of the specification as well where it lies beside the project.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from lsprotocol import converters, types

from tests.support.lsp.metamodel import find_model
from tests.support.lsp.wire import Said

#: Methods of ours, and of Copilot's that we understand: nothing is known of their parameters.
CUSTOM = ("orchestra/", "textDocument/didShowCompletion", "textDocument/didPartiallyAcceptCompletion", "test/")


def check(said: Iterable[Said], all_answered: bool = True) -> None:
    """Raises AssertionError with every fault. `all_answered`: False for a conversation whose server was ended in its midst."""
    found = list(faults(list(said), all_answered))
    assert not found, "the conversation breaks the protocol:\n" + "\n".join(found[:30])


def faults(said: list[Said], all_answered: bool = True) -> Iterator[str]:
    """One sentence for each fault."""
    asked: dict[tuple[str, str], list[str]] = {}
    for each in said:
        message, sender = each.message, each.sender
        if each.on_purpose:
            _note(asked, each)
            continue
        yield from (f"{sender}: {fault}" for fault in _envelope_faults(message))
        if "method" in message:
            _note(asked, each)
            yield from (f"{sender}: {fault}" for fault in _call_faults(message, sender))
        elif message.get("id") is not None:
            yield from (f"{sender}: {fault}" for fault in _answer_faults(message, sender, asked))
        elif not any(other.on_purpose for other in said):
            yield f"{sender}: a response without an id, though every message had one: {message}"
    if all_answered:
        yield from (
            f"{sender}: never got an answer to {methods}" for (sender, _), methods in asked.items() if methods and sender == "client"
        )


def _note(asked: dict[tuple[str, str], list[str]], each: Said) -> None:
    if isinstance(each.message, dict) and "method" in each.message and isinstance(each.message.get("id"), int | str):
        asked.setdefault((each.sender, json.dumps(each.message["id"])), []).append(each.message["method"])


def _envelope_faults(message: Any) -> Iterator[str]:
    if message.get("jsonrpc") != "2.0":
        yield f"jsonrpc is not 2.0: {message}"
    known = {"jsonrpc", "id", "method", "params"} if "method" in message else {"jsonrpc", "id", "result", "error"}
    if unknown := set(message) - known:
        yield f"a message has no {unknown}"


def _call_faults(message: Any, sender: str) -> Iterator[str]:
    method = message["method"]
    if method.startswith(CUSTOM):
        return
    kind = types.METHOD_TO_TYPES.get(method)
    if kind is None:
        yield f"{method} is not in the specification"
        return
    direction = types.message_direction(method)
    if direction not in ("both", f"{sender}To{'Server' if sender == 'client' else 'Client'}"):
        yield f"{method} goes in the wrong direction"
    if ("id" in message) != (kind[1] is not None):
        yield f"{method} is a {'notification' if kind[1] is None else 'request'}"
    if kind[2] is not None:
        yield from _type_faults(f"{method} params", kind[2], message.get("params"), strict=sender == "server")
        if model := find_model():
            yield from model.params_faults(method, message.get("params"), strict=sender == "server")


def _answer_faults(message: Any, sender: str, asked: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    other = "client" if sender == "server" else "server"
    waiting = asked.get((other, json.dumps(message["id"])))
    if not waiting:
        yield f"an answer to {message['id']!r}, which is not asked or answered already: {message}"
        return
    method = waiting.pop(0)
    if ("error" in message) == ("result" in message):
        yield f"{method}: a response has either a result or an error: {message}"
        return
    if "error" in message:
        yield from _error_faults(method, message["error"])
    elif not method.startswith(CUSTOM) and (kind := types.METHOD_TO_TYPES.get(method)):
        yield from _type_faults(f"{method} result", kind[1], message, strict=sender == "server")
        if model := find_model():
            yield from model.result_faults(method, message["result"], strict=sender == "server")


def _error_faults(method: str, error: Any) -> Iterator[str]:
    if not isinstance(error, dict) or not isinstance(error.get("code"), int) or not isinstance(error.get("message"), str):
        yield f"{method}: an error has a code and a message: {error}"
    elif not error["message"]:
        yield f"{method}: an error without words"


def _type_faults(what: str, kind: Any, value: Any, strict: bool) -> Iterator[str]:
    """`strict`: writing what was read must give the same again, so that nothing unknown is in it."""
    converter = _converter()
    try:
        read = converter.structure(value, kind)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault
        yield f"{what}: {error!r}: {json.dumps(value)[:300]}"
        return
    if strict and _without_nulls(converter.unstructure(read)) != _without_nulls(value):
        yield f"{what}: more than the specification knows: {json.dumps(value)[:300]}"


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def _converter() -> Any:
    converter = converters.get_converter()

    def command_or_action(found: dict[str, Any], _: object) -> types.Command | types.CodeAction:
        kind = types.Command if isinstance(found.get("command"), str) else types.CodeAction
        read: types.Command | types.CodeAction = converter.structure(found, kind)
        return read

    # lsprotocol reads every code action that holds a command as if it were the command itself.
    converter.register_structure_hook(types.Command | types.CodeAction, command_or_action)
    return converter
