"""Everything that goes wrong with an endpoint, told to people: what happened and the one thing to do.

Servers quote what they were sent, so no sentence of theirs is repeated: only words that are known here, and numbers.
"""

from __future__ import annotations

import errno
import math
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestra_lsp.tools.contract import ToolError

if TYPE_CHECKING:
    from orchestra_lsp.tools.wire.endpoint import Endpoint

LONGEST_PAUSE = 86_400.0  # seconds; nobody means a longer Retry-After

#: Words in an error that say more than its status, as the status they mean; the first that occurs counts.
MEANING = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "enforced_spend_limit_reached": 402,
    "permission_error": 403,
    "request_too_large": 413,
    "context_length_exceeded": 413,
    "exceed_context_size_error": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 529,
}
#: Words that only count where there is no status: inside a stream.
VAGUE = {"invalid_request_error": 400, "not_found_error": 404, "api_error": 500, "server_error": 500, "timeout_error": 504}
#: Parameters that an endpoint may refuse and that can be left out.
OPTIONAL = ("max_tokens", "temperature", "stream_options", "stop")
#: How endpoints say that they do not take a parameter at all, rather than its value.
NOT_TAKEN = re.compile(r"support|unknown|unrecogni|unexpected|extra|not permitted|not allowed|deprecated", re.IGNORECASE)
#: How endpoints say that they cannot fill in the middle: vLLM of the parameter, Ollama of the model, llama.cpp of its tokens.
NO_SUFFIX = re.compile(r"does not support insert|suffix is not|infill is not supported|not support infill", re.IGNORECASE)
#: The only words of an error that are repeated; any other could be a quotation of what was sent.
KNOWN = frozenset(
    {*MEANING, *VAGUE, *OPTIONAL, "messages", "model", "prompt", "suffix", "model_not_found", "invalid_value", "invalid_type"}
    | {"unsupported_parameter", "unsupported_value", "unsupported_country_region_territory", "string_above_max_length", "invalid_prompt"}
)
RETRYABLE = frozenset({408, 409, 425, 429})


Details = Mapping[str, Any]


@dataclass(eq=False)
class Refused(ToolError):
    """The endpoint answered with an error. `parameter` is the one of OPTIONAL that it does not take, if it says so.

    `no_suffix`: it says that it cannot take the text after the cursor.
    """

    status: int = 0
    parameter: str = ""
    no_suffix: bool = False


# --- before and while an answer comes ---


def timed_out(endpoint: Endpoint, seconds: float, begun: bool = False) -> ToolError:
    """`begun`: time was left, but the answer stood still."""
    if begun:
        return ToolError(endpoint.tool, f"{endpoint.host} stopped in the middle of its answer", "try again")
    return ToolError(
        endpoint.tool, f"{endpoint.host} did not answer within {seconds:.3g} s", "try again, or give it more time in the settings"
    )


def unreachable(endpoint: Endpoint, error: BaseException) -> ToolError:
    """No answer at all. Looks through the chain of causes for the one that a person can do something about."""
    problem, remedy = _connection(endpoint, list(_chain(error)))
    return ToolError(endpoint.tool, problem, remedy)


def broken_off(endpoint: Endpoint, error: BaseException | None = None) -> ToolError:
    """The answer ended before its end: cut by `error`, or closed without saying why it stopped."""
    why = " (what it sent is not HTTP)" if error and _named(error, "DecodingError") else ""
    return ToolError(endpoint.tool, f"{endpoint.host} broke off in the middle of its answer{why}", "try again")


def elsewhere(endpoint: Endpoint) -> ToolError:
    """A name that stands for this machine led to another one."""
    remedy = f"write 127.0.0.1 in tools.{endpoint.tool}.url"
    return ToolError(endpoint.tool, f"{endpoint.host} is resolved to another machine, so nothing was sent", remedy, retryable=False)


def too_long(endpoint: Endpoint, limit: int) -> ToolError:
    remedy = f"check that tools.{endpoint.tool}.url is a model's endpoint"
    return ToolError(endpoint.tool, f"the answer of {endpoint.host} is larger than {limit:,} bytes", remedy, retryable=False)


def malformed(endpoint: Endpoint, what: str) -> ToolError:
    """`what` is ours: which part could not be read."""
    return ToolError(
        endpoint.tool,
        f"the answer of {endpoint.host} cannot be read: {what}",
        f"check tools.{endpoint.tool}.url; if it is right, try again",
    )


def empty(endpoint: Endpoint, finish: str) -> ToolError:
    if finish == "length":
        remedy = f"set tools.{endpoint.tool}.model to one that thinks less"
        return ToolError(endpoint.tool, "the model used up its answer before it wrote anything", remedy, retryable=False)
    return ToolError(endpoint.tool, f"{endpoint.host} gave an empty answer", "try again")


def cut(endpoint: Endpoint) -> ToolError:
    return ToolError(endpoint.tool, "the answer reached the limit of tokens before its end", "select less code", retryable=False)


def declined(endpoint: Endpoint) -> ToolError:
    return ToolError(endpoint.tool, "the model declined to answer this", "ask differently, or ask another tool", retryable=False)


# --- answers that are errors ---


def refused(endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> Refused:
    """An answer whose status is not 200."""
    if 300 <= status < 400:
        return _redirect(endpoint, status, headers.get("location", ""))
    told = declared(endpoint, _details(body), status)
    told.retry_after = retry_after(headers, time.time())
    told.parameter = _parameter(status, body)
    told.no_suffix = status in (400, 422, 501) and bool(NO_SUFFIX.search(body.decode("utf-8", "replace")))
    if (wish := headers.get("x-should-retry", "").lower()) in ("true", "false"):
        told.retryable = wish == "true"
    return told


def declared(endpoint: Endpoint, details: Details, status: int = 0) -> Refused:
    """An error as the endpoint describes it, with its HTTP status or in the middle of a stream."""
    words = words_of(details)
    code = details.get("code")
    inside = code if isinstance(code, int) and 400 <= code < 600 else next((VAGUE[word] for word in words if word in VAGUE), 500)
    meaning = next((MEANING[word] for word in MEANING if word in words), status or inside)
    problem, remedy = _meaning(endpoint, meaning, details)
    label = " ".join([*([str(status)] if status else []), *dict.fromkeys(words)])
    retryable = meaning in RETRYABLE or meaning >= 500
    return Refused(endpoint.tool, f"{problem} ({label})" if label else problem, remedy, retryable=retryable, status=meaning)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to stay away; `now` is Unix time, for the form of the header that is a date."""
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return min(milliseconds / 1000, LONGEST_PAUSE)
    value = headers.get("retry-after", "")
    if (seconds := _number(value)) is not None:
        return min(seconds, LONGEST_PAUSE)
    from email.utils import parsedate_to_datetime

    try:
        return min(max(0.0, parsedate_to_datetime(value).timestamp() - now), LONGEST_PAUSE)
    except (ValueError, OverflowError, OSError):
        return None  # absent, or not a date: as if it were not there


def words_of(details: Details) -> list[str]:
    """The known words of an error."""
    found = (details.get(name) for name in ("type", "code", "param"))
    return [word for word in found if isinstance(word, str) and word in KNOWN]


def transport_errors() -> tuple[type[BaseException], ...]:
    """What httpx and the system raise below an answer."""
    import httpx

    return (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)


def _parameter(status: int, body: bytes) -> str:
    """Which of OPTIONAL a 400 or 422 answer complains about; empty when none."""
    text = body.decode("utf-8", "replace")
    if status not in (400, 422) or not NOT_TAKEN.search(text):
        return ""
    named = _details(body).get("param")
    if named in OPTIONAL:
        return str(named)
    return next((one for one in OPTIONAL if re.search(rf"[\"'`]{one}[\"'`]", text)), "")


def _meaning(endpoint: Endpoint, status: int, details: Details) -> tuple[str, str]:
    host, tool = endpoint.host, endpoint.tool
    numbers = [details.get(name) for name in ("n_prompt_tokens", "n_ctx")]
    tokens = " ({:,} of {:,} tokens)".format(*numbers) if all(type(number) is int for number in numbers) else ""
    told = {
        401: (f"{host} does not accept the key", f"check what tools.{tool}.key points at"),
        402: ("the account has no credit left or has reached its spending limit", f"look at the account at {host}"),
        403: ("the key may not use this model or endpoint", f"check tools.{tool}.model and the rights of the key"),
        404: _not_found(endpoint, details),
        413: (f"the request is longer than the model takes{tokens}", f"set tools.{tool}.context_tokens to the model's real window"),
        429: (f"{host} asks us to slow down", "wait a moment"),
        503: (f"{host} is overloaded, or still loading its model", "wait a moment"),
        529: (f"{host} is overloaded", "wait a moment"),
    }
    if status in told:
        return told[status]
    if status >= 500:
        return f"{host} has a fault of its own", "try again later"
    return f"{host} does not accept the request", f"check tools.{tool}.model and tools.{tool}.url"


def _not_found(endpoint: Endpoint, details: Details) -> tuple[str, str]:
    said = details.get("message")
    if endpoint.model and ("model_not_found" in words_of(details) or (isinstance(said, str) and "model" in said.lower())):
        return f"{endpoint.host} does not know the model {endpoint.model}", f"correct tools.{endpoint.tool}.model"
    return f"{endpoint.host} has nothing at this address", f"check tools.{endpoint.tool}.url; most end in /v1"


def _redirect(endpoint: Endpoint, status: int, location: str) -> Refused:
    from urllib.parse import urlsplit

    try:
        target = urlsplit(location).hostname or "another path of its own"
    except ValueError:
        target = "somewhere unreadable"
    remedy = f"if you trust it, put the final address into tools.{endpoint.tool}.url"
    problem = f"{endpoint.host} sends us on to {target}, and redirects are not followed"
    return Refused(endpoint.tool, problem, remedy, retryable=False, status=status)


def _details(body: bytes) -> Details:
    """The error object of a JSON body, whichever of the usual shapes it has; empty when there is none."""
    import json

    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, dict):
        inner = found.get("error")
        return inner if isinstance(inner, dict) else found
    return {}


# --- causes ---


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything below it, groups included."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*(one.exceptions if isinstance(one, BaseExceptionGroup) else ()), one.__cause__, one.__context__]


def _connection(endpoint: Endpoint, causes: list[BaseException]) -> tuple[str, str]:
    host, setting = endpoint.host, f"tools.{endpoint.tool}.url"
    for one in causes:
        if isinstance(one, ssl.SSLCertVerificationError):
            remedy = "if your network inspects TLS, set SSL_CERT_FILE to the file with its certificate"
            return f"the certificate of {host} is not trusted: {one.verify_message}", remedy
        if isinstance(one, ssl.SSLError):
            return f"{host} does not answer with TLS", f"check whether {setting} should begin with http://"
        if isinstance(one, socket.gaierror):
            return f"the name {host} cannot be found", f"check the network and {setting}"
        if isinstance(one, ConnectionRefusedError):
            return f"nothing listens at {host}", f"start the server there, or change {setting}"
        if isinstance(one, OSError) and one.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
            return f"there is no way to {host}", "check the network"
    return _protocol(endpoint, causes[0])


def _protocol(endpoint: Endpoint, error: BaseException) -> tuple[str, str]:
    host, setting = endpoint.host, f"tools.{endpoint.tool}.url"
    if _named(error, "ConnectTimeout"):
        return f"{host} does not take the connection", f"check the network and {setting}"
    if _named(error, "ProxyError"):
        return f"the proxy does not let us reach {host}", "check HTTPS_PROXY and the proxy's password, or add the host to NO_PROXY"
    if _named(error, "LocalProtocolError") or _named(error, "InvalidURL"):
        return "the request cannot be written as HTTP", f"check {setting} and tools.{endpoint.tool}.model for odd characters"
    if _named(error, "RemoteProtocolError") and "disconnected" not in str(error):
        return f"{host} does not answer with HTTP", f"check {setting}"
    return f"{host} closed the connection without an answer", "try again"


def _named(error: BaseException, name: str) -> bool:
    return any(kind.__name__ == name for kind in type(error).__mro__)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
