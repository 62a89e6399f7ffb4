"""JSON-RPC in plain dictionaries: reading one body, writing one body, the error codes. Standard library only, for the door."""

from __future__ import annotations

import json

Json = dict[str, object]
Id = str | int

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
CANCELLED = -32800

ERROR = 1  # MessageType of window/showMessage and window/logMessage
WARNING = 2


class Fault:
    """A body that is no message, and the error response it gets; `id` is None when it could not be read."""

    __slots__ = ("code", "id", "problem")

    def __init__(self, code: int, problem: str, id: Id | None = None) -> None:
        self.code = code
        self.problem = problem
        self.id = id


def parse(body: bytes) -> Json | Fault:
    """One message, checked as far as JSON-RPC goes: afterwards a `method` is a string and the `id` beside it a string or an integer."""
    try:
        message = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Fault(PARSE_ERROR, "the message is not UTF-8")
    except RecursionError:
        return Fault(PARSE_ERROR, "the message is nested too deeply")
    except ValueError as error:
        return Fault(PARSE_ERROR, f"the message is not JSON: {_where(error)}")
    if isinstance(message, list):
        return Fault(INVALID_REQUEST, "batches are not part of the Language Server Protocol; send one message at a time")
    if not isinstance(message, dict):
        return Fault(INVALID_REQUEST, "a message is a JSON object")
    return _checked(message)


def encode(message: Json) -> bytes:
    """The body of one message: compact, and ASCII, so that lone surrogates survive. Raises ValueError or TypeError for what is no JSON."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")


def is_request(message: Json) -> bool:
    return "method" in message and "id" in message


def is_response(message: Json) -> bool:
    return "method" not in message


def result(id: Id, value: object) -> Json:
    return {"jsonrpc": "2.0", "id": id, "result": value}


def failure(id: Id | None, code: int, problem: str, data: object = None) -> Json:
    error: Json = {"code": code, "message": problem}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": id, "error": error}


def notification(method: str, params: object) -> Json:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _checked(message: Json) -> Json | Fault:
    id, method = message.get("id"), message.get("method")
    if "method" not in message:
        # Never answered with its id, which may be that of a request of the client's own; some clients leave an empty result out.
        return message if "id" in message else Fault(INVALID_REQUEST, "a message has a method, or an id and a result or an error")
    answer_to: Id | None = id if isinstance(id, str | int) and is_id(id) else None
    if "id" in message and answer_to is None:
        return Fault(INVALID_REQUEST, "the id of a request is a string or an integer")
    if not isinstance(method, str):
        return Fault(INVALID_REQUEST, "the method of a message is a string", answer_to)
    if message.get("jsonrpc") != "2.0":
        return Fault(INVALID_REQUEST, 'a message says "jsonrpc": "2.0"', answer_to)
    return message


def _where(error: ValueError) -> str:
    """What the decoder said and where, without any of the text."""
    position = getattr(error, "pos", None)
    return f"{getattr(error, 'msg', 'a number is too long')} at character {position}" if position is not None else "a number is too long"
