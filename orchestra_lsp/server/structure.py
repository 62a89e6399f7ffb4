"""From raw JSON to lsprotocol's types and back, strictly, and with readable words about what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from cattrs import Converter, IterableValidationError
from cattrs.errors import AttributeValidationNote, ClassValidationError
from lsprotocol import converters, types

from orchestra_lsp.server.messages import Json

Path = tuple[str | int, ...]
NOTHING_SAID: Json = {"processId": None, "rootUri": None, "capabilities": {}}
WORDS = {str: "a string", int: "an integer", bool: "true or false", float: "a number"}


class Unfit(ValueError):
    """Parameters that the method does not take; the message names the field and what was expected there."""


def make_converter() -> Converter:
    """lsprotocol's converter, which would turn null into the text "None"; ours refuses what is not of the right type."""
    converter = Converter()
    for kind in WORDS:
        converter.register_structure_hook(kind, _strict)
    return converters.get_converter(converter)


def params_of(converter: Converter, method: str, raw: object) -> Any:
    """The typed parameters of a message from the client; those of methods the specification does not know stay as they are.

    Raises Unfit.
    """
    kind = _params_type(method)
    if kind is None:
        return raw
    try:
        return converter.structure(raw, kind)
    except Exception as error:
        raise Unfit(_words(error, raw)) from error


def initialize_params(converter: Converter, raw: Json) -> tuple[types.InitializeParams, list[str]]:
    """The parameters of `initialize` without what does not fit in them, and a sentence about each field left out.

    A client newer than our types must still be served, so nothing in them is worth refusing the connection.
    """
    params: Json = {**NOTHING_SAID, **raw}
    if not isinstance(params.get("capabilities"), dict):
        params["capabilities"] = {}
    left_out: list[str] = []
    while True:
        try:
            return converter.structure(params, types.InitializeParams), left_out
        except (ClassValidationError, ValueError, TypeError) as error:
            left_out.append(_words(error, params))
            shorter = _without(params, next(_faults(error))[0])
            params = shorter if shorter != params else dict(NOTHING_SAID)


def result_of(converter: Converter, response: type[Any] | None, raw: object) -> Any:
    """The typed result of one of our own requests, given the type of its whole response. Raises Unfit."""
    if response is None:
        return raw
    try:
        return converter.structure({"id": 0, "jsonrpc": "2.0", "result": raw}, response).result
    except Exception as error:
        raise Unfit(_words(error, {"result": raw}, "answer")) from error


def _params_type(method: str) -> Any:
    kinds = types.METHOD_TO_TYPES.get(method)
    return kinds[2] if kinds else None


def _strict(value: object, kind: type[Any]) -> object:
    if issubclass(kind, Enum):  # the specification's enumerations are subclasses of str and int
        return kind(value)
    fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"expected {WORDS[kind]}")
    return value


def _faults(error: BaseException, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where the parameters do not fit, as paths of JSON names, and what was expected there."""
    if not isinstance(error, ClassValidationError | IterableValidationError):
        yield path, "a value that the specification allows"
        return
    noted, others = error.group_exceptions()
    for inner, note in noted:
        step = _json_name(note.name) if isinstance(note, AttributeValidationNote) else note.index
        if isinstance(inner, ClassValidationError | IterableValidationError):
            yield from _faults(inner, (*path, step))
        else:
            yield (*path, step), WORDS.get(note.type, "a value that the specification allows")
    for inner in others:
        yield from _faults(inner, path)


def _words(error: BaseException, raw: object, name: str = "params") -> str:
    """One sentence about the first fault, found by walking the raw value: no word of the value itself is repeated."""
    path, expected = next(_faults(error))
    here = raw
    for step in path:
        if isinstance(step, int):
            if not isinstance(here, list):
                return f"{name}: expected an array"
            here, name = here[step], f"{name}[{step}]"
            continue
        if not isinstance(here, dict):
            return f"{name}: expected an object"
        name = f"{name}.{step}"
        if step not in here:
            return f"{name} is missing"
        here = here[step]
    if not path and not isinstance(raw, dict):
        expected = "an object"
    return f"{name}: expected {expected}"


def _without(raw: Json, path: Path) -> Json:
    """A copy of `raw` without the value at `path`, or without the nearest value around it."""
    if not path:
        return dict(NOTHING_SAID)
    step, inner = str(path[0]), raw.get(str(path[0]))
    if len(path) > 1 and isinstance(inner, dict) and path[1] in inner:
        return {**raw, step: _without(inner, path[1:])}
    return {key: value for key, value in raw.items() if key != step}


def _json_name(attribute: str) -> str:
    first, *others = attribute.strip("_").split("_")
    return first + "".join(word.capitalize() for word in others)
