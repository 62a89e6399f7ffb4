"""What can happen between us and an endpoint, over real sockets: statuses, sizes, redirects, proxies, certificates."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Kind, State
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.tools.wire import faults, http
from orchestra_lsp.tools.wire.endpoint import Endpoint
from tests.support.providers.canned import Canned, answer, canned, stream
from tests.tools.kit import ask, failure, prompt, text_of, tool

ADAPTERS = ("openai", "claude")
ASKED = prompt(Kind.EXPLAIN, selection="return a\n", snippets=())
SECRET_TEXT = "the_text_of_the_prompt"
KEY = "sk-test-0123456789abcdefghij"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def openai_chunk(text: str = "", finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]}


GOOD = stream(openai_chunk("fine"), openai_chunk(finish="stop"), "[DONE]")
GOOD_CLAUDE = stream(
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "fine"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)
GOOD_FOR = {"openai": GOOD, "claude": GOOD_CLAUDE}


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def error(status: str, body: Any = b"", **headers: str) -> bytes:
    return answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status, **headers)


# --- statuses ---

STATUSES = [
    (error("401 Unauthorized", {"error": {"code": "invalid_api_key"}}), "does not accept the key", False),
    (error("402 Payment Required", {"error": {"type": "billing_error"}}), "no credit left", False),
    (error("429 Too Many Requests", {"error": {"code": "insufficient_quota"}}), "no credit left", False),
    (
        error("429 Too Many Requests", {"error": {"type": "rate_limit_error", "code": "enforced_spend_limit_reached"}}),
        "spending limit",
        False,
    ),
    (error("403 Forbidden", {"error": {"type": "permission_error"}}), "may not use", False),
    (
        error("404 Not Found", {"error": {"message": "The model does not exist", "code": "model_not_found"}}),
        "does not know the model m",
        False,
    ),
    (error("404 Not Found", {"error": {"message": "File Not Found", "type": "not_found_error"}}), "nothing at this address", False),
    (error("404 Not Found", b"<html>"), "nothing at this address", False),
    (error("413 Content Too Large"), "longer than the model takes", False),
    (error("400 Bad Request", {"error": {"code": "context_length_exceeded"}}), "longer than the model takes", False),
    (
        error("400 Bad Request", {"error": {"type": "invalid_request_error", "param": "messages"}}),
        "(400 invalid_request_error messages)",
        False,
    ),
    (error("429 Too Many Requests"), "slow down", True),
    (error("500 Internal Server Error"), "a fault of its own", True),
    (error("503 Service Unavailable"), "still loading", True),
    (error("529 Overloaded", {"type": "error", "error": {"type": "overloaded_error"}}), "overloaded", True),
    (error("504 Gateway Timeout"), "a fault of its own", True),
    (error("418 I'm a teapot"), "does not accept the request", False),
    (error("500 Internal Server Error", b"[" * 100_000), "a fault of its own", True),
]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("reply", "problem", "retryable"), STATUSES, ids=[f"{told[1]}-{number}" for number, told in enumerate(STATUSES)])
async def test_every_status_is_told(shared: Shared, adapter: str, reply: bytes, problem: str, retryable: bool) -> None:
    async with canned(reply) as server:
        told = await failure(tool(shared, adapter, url=server.url, model="m"), ASKED)
    assert problem in told.problem
    assert told.retryable == retryable


@pytest.mark.parametrize(
    ("headers", "seconds", "retryable"),
    [
        ({"retry_after": "7"}, 7, True),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25, True),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, True),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT"}, faults.LONGEST_PAUSE, True),
        ({"retry_after": "soon"}, None, True),
        ({"retry_after": "-3"}, None, True),
        ({"retry_after": "nan"}, None, True),
        ({"retry_after": "9e99"}, faults.LONGEST_PAUSE, True),
        ({}, None, True),
        ({"x_should_retry": "false"}, None, False),
    ],
)
async def test_a_pause_that_is_asked_for_is_passed_on(
    shared: Shared, headers: dict[str, str], seconds: float | None, retryable: bool
) -> None:
    async with canned(error("429 Too Many Requests", **headers)) as server:
        told = await failure(tool(shared, "claude", url=server.url, model="m"), ASKED)
    assert told.retry_after == seconds
    assert told.retryable == retryable


@pytest.mark.parametrize(
    ("kind", "problem", "retryable"),
    [
        ("overloaded_error", "overloaded", True),
        ("rate_limit_error", "slow down", True),
        ("api_error", "fault of its own", True),
        ("billing_error", "credit", False),
        ("invalid_request_error", "does not accept", False),
    ],
)
async def test_an_error_in_the_middle_of_a_stream_is_told(shared: Shared, kind: str, problem: str, retryable: bool) -> None:
    async with canned(
        stream({"type": "message_start", "message": {}}, {"type": "error", "error": {"type": kind, "message": "x"}})
    ) as server:
        told = await failure(tool(shared, "claude", url=server.url, model="m"), ASKED)
    assert problem in told.problem
    assert told.retryable == retryable
    async with canned(stream(openai_chunk("a"), {"error": {"type": kind, "message": "x"}})) as server:
        told = await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
    assert problem in told.problem


@pytest.mark.parametrize("target", ["https://elsewhere.example/v1", "/other", "http://[broken"])
async def test_a_redirect_is_not_followed_and_its_target_named(shared: Shared, target: str) -> None:
    async with canned(error("307 Temporary Redirect", location=target)) as server:
        told = await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
        assert len(server.heads) == 1
    assert "redirects are not followed" in told.problem
    assert ("elsewhere.example" in told.problem) == ("elsewhere" in target)
    assert not told.retryable


# --- nothing private is repeated ---

ECHOES = st.sampled_from(["message", "type", "code", "param", "detail", "request"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    st.dictionaries(ECHOES, st.sampled_from([SECRET_TEXT, f"said {SECRET_TEXT}", KEY, f"Incorrect key: {KEY}", "invalid_api_key"])),
    st.sampled_from([400, 401, 404, 422, 429, 500]),
)
def test_what_a_server_quotes_is_not_told(quoted: dict[str, str], status: int) -> None:
    endpoint = Endpoint("it", "m", "https://models.example/v1", "", None, direct=False)
    told = str(faults.refused(endpoint, status, {}, json.dumps({"error": quoted}).encode()))
    assert KEY not in told
    assert SECRET_TEXT not in told


async def test_neither_key_nor_prompt_stands_in_what_is_raised(
    shared: Shared, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the sentence, not in a traceback with its causes, not in the log."""
    import traceback

    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    caplog.set_level("DEBUG")
    echo = error("401 Unauthorized", {"error": {"message": f"Incorrect API key provided: {KEY}; you sent {SECRET_TEXT}"}})
    async with canned(echo, b"no HTTP at all " + KEY.encode() + b"\r\n\r\n") as server:
        one = tool(shared, "openai", url=server.url, model="m", key="env:TEST_MODEL_KEY")
        for _ in range(2):
            told = await failure(one, prompt(Kind.EXPLAIN, selection=SECRET_TEXT))
            shown = "".join(traceback.format_exception(told))
            for private in (KEY, SECRET_TEXT):
                assert private not in str(told)
                assert private not in shown
                assert private not in caplog.text
        assert f"authorization: bearer {KEY.lower()}" in server.heads[0]


async def test_a_refused_key_is_read_again(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", "sk-old")
    async with canned(error("401 Unauthorized"), GOOD_CLAUDE) as server:
        one = tool(shared, "claude", url=server.url, model="m", key="env:TEST_MODEL_KEY")
        await failure(one, ASKED)
        monkeypatch.setenv("TEST_MODEL_KEY", "sk-new")
        assert text_of(await ask(one, ASKED)) == "fine"
        assert ["x-api-key: sk-old" in server.heads[0], "x-api-key: sk-new" in server.heads[1]] == [True, True]


# --- sizes and shapes of answers ---


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
    event = b'data: {"choices":[{"delta":{"content":"' + b"x" * 4000 + b'"}}]}\n\n'
    for _ in range(10_000_000 // len(event) + 1):
        writer.write(event)
        await writer.drain()
    await reader.read()


async def _one_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ")
    for _ in range(160):
        writer.write(b"x" * 65_536)
        await writer.drain()
    await reader.read()


BIG = json.dumps({"choices": [{"message": {"content": "x" * 10_000_000}, "finish_reason": "stop"}]}).encode()


@pytest.mark.parametrize("reply", [_endless, _one_line, answer(BIG)], ids=["stream", "line", "document"])
async def test_ten_megabytes_are_an_error_and_not_kept(shared: Shared, reply: Any) -> None:
    async with canned(reply) as server:
        told = await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
        assert await server.all_closed()
    assert "larger than" in told.problem or "cannot be read" in told.problem


ODD = [
    (answer(b"<html>Sign in</html>", media="text/html; charset=utf-8"), "web page"),
    (answer(b"", media="text/event-stream"), "broke off"),
    (answer(b"hello", media="text/plain"), "broke off"),
    (answer(b"[]"), "cannot be read"),
    (answer(b'{"a": 1}'), "empty"),
    (answer(b"[" * 200_000), "cannot be read"),
    (answer(b""), "broke off"),
    (error("204 No Content"), "does not accept the request"),
    (stream("[DONE]"), "broke off"),
    (stream({"choices": [7]}), "cannot be read"),
    (stream("{}", "1"), "cannot be read"),
    (stream(openai_chunk(finish="stop"), "[DONE]"), "empty"),
    (stream(openai_chunk(finish="length"), "[DONE]"), "before it wrote anything"),
    (stream(openai_chunk(finish="content_filter")), "declined"),
    (stream(openai_chunk("<think>hm"), openai_chunk(finish="length")), "before it wrote anything"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-encoding: gzip\r\n\r\nhello", "not HTTP"),
    (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "does not answer with HTTP"),
]


@pytest.mark.parametrize(("reply", "problem"), ODD, ids=[f"{told[1]}-{number}" for number, told in enumerate(ODD)])
async def test_odd_answers_are_told(shared: Shared, reply: bytes, problem: str) -> None:
    async with canned(reply) as server:
        told = await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
    assert problem in told.problem


WHOLE = {"choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
UNUSUAL = [
    answer(json.dumps(WHOLE).encode()),
    stream(openai_chunk("fi"), openai_chunk("ne", "stop")),
    stream(openai_chunk("fi"), {"x": 1}, {"choices": [], "usage": None}, openai_chunk("ne", "stop"), "not JSON"),
    stream({"choices": [{"delta": {"content": [{"type": "text", "text": "fine"}]}, "finish_reason": "stop"}]}),
    stream({"choices": [{"delta": {"reasoning_content": "hm"}}]}, openai_chunk("<think>a</think>\n"), openai_chunk("fine", "stop")),
]


@pytest.mark.parametrize("reply", UNUSUAL, ids=range(len(UNUSUAL)))
async def test_unusual_answers_are_understood(shared: Shared, reply: bytes) -> None:
    async with canned(reply) as server:
        assert text_of(await ask(tool(shared, "openai", url=server.url, model="m"), ASKED)) == "fine"


async def test_a_character_cut_in_two_escapes_comes_whole(shared: Shared) -> None:
    halves = [
        r'{"choices":[{"delta":{"content":"a\ud83d"}}]}',
        r'{"choices":[{"delta":{"content":"\ude00 \ud800."},"finish_reason":"stop"}]}',
    ]
    async with canned(stream(*halves)) as server:
        assert text_of(await ask(tool(shared, "openai", url=server.url, model="m"), ASKED)) == "a\U0001f600 \ufffd."


# --- parameters that an endpoint does not take ---


async def test_what_an_endpoint_refuses_is_left_out_from_then_on(shared: Shared) -> None:
    replies = [
        error("400 Bad Request", {"error": {"message": "no", "param": "max_tokens", "code": "unsupported_parameter"}}),
        error("400 Bad Request", {"error": {"message": "'temperature' does not support 0.2", "param": "temperature"}}),
        error("422 Unprocessable Entity", {"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]}),
        GOOD,
    ]
    async with canned(*replies) as server:
        one = tool(shared, "openai", url=server.url, model="m")
        assert text_of(await ask(one, ASKED)) == "fine"
        assert text_of(await ask(one, ASKED)) == "fine"
        sent = [json.loads(body) for body in server.bodies]
    assert len(sent) == 5
    assert "max_tokens" in sent[0]
    for body in sent[3:]:
        assert not {"max_tokens", "temperature", "stream_options"} & set(body)
        assert body["max_completion_tokens"] == 8


async def test_an_endpoint_that_refuses_without_end_is_given_up(shared: Shared) -> None:
    async with canned(error("400 Bad Request", {"error": {"param": "temperature", "message": "unsupported"}})) as server:
        await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
        assert len(server.heads) == 2


async def test_a_limit_that_is_only_too_large_stays_a_limit(shared: Shared) -> None:
    async with canned(
        error("400 Bad Request", {"error": {"param": "max_tokens", "message": "too large", "code": "invalid_value"}})
    ) as server:
        await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
        assert len(server.heads) == 1


async def test_an_endpoint_without_suffix_says_what_to_set(shared: Shared) -> None:
    async with canned(error("400 Bad Request", {"message": "suffix is not supported"})) as server:
        one = tool(shared, "openai", url=server.url, model="m")
        assert (await failure(one)).remedy == 'set tools.it.fill_in_middle = "template" or "chat"'
        assert "fill_in_middle" not in (await failure(one, ASKED)).remedy
        assert server.heads[0].startswith("POST /v1/completions ")


# --- time and cancelling ---


async def test_a_server_that_never_reads_costs_only_the_deadline(shared: Shared) -> None:
    done = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    start = time.monotonic()
    told = await failure(
        tool(shared, "openai", url=url, model="m", local=True), prompt(Kind.EXPLAIN, selection="x" * 20_000_000), seconds=1.5
    )
    assert "did not answer within" in told.problem
    assert time.monotonic() - start < 6
    done.set()
    server.close()
    await asyncio.sleep(0.05)


async def _no_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD.replace(b"content-length", b"x-length").replace(b"data: [DONE]\n\n", b""))
    await reader.read()


async def test_a_whole_text_does_not_wait_for_counts_that_never_come(shared: Shared) -> None:
    async with canned(_no_end) as server:
        start = time.monotonic()
        assert text_of(await ask(tool(shared, "openai", url=server.url, model="m"), ASKED, seconds=30)) == "fine"
        assert time.monotonic() - start < 3
        assert await server.all_closed()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
    while not reader.at_eof():
        writer.write(b": wait\n\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_signs_of_life_do_not_move_the_deadline(shared: Shared) -> None:
    async with canned(_drip) as server:
        start = time.monotonic()
        told = await failure(tool(shared, "claude", url=server.url, model="m"), ASKED, seconds=0.5)
        assert "did not answer within 0.5 s" in told.problem
        assert time.monotonic() - start < 3
        assert await server.all_closed()


async def test_closing_early_closes_the_socket_at_once(shared: Shared) -> None:
    from orchestra_lsp.trust.mask import Vault, mask

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: " + json.dumps(openai_chunk("a")).encode() + b"\n\n")
        await writer.drain()
        await reader.read()

    async with canned(slowly) as server:
        one = tool(shared, "openai", url=server.url, model="m")
        async with aclosing(one.ask(mask(ASKED, Vault()), time.monotonic() + 30)) as pieces:
            assert (await anext(pieces)).text == "a"
        assert await server.all_closed()


async def test_a_connection_that_went_stale_is_replaced_without_a_word(shared: Shared) -> None:
    """Servers close idle connections when they like, also at the very moment the next request is written."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with canned(GOOD, hang_up, GOOD) as server:
        one = tool(shared, "openai", url=server.url, model="m")
        assert text_of(await ask(one, ASKED)) == "fine"
        assert text_of(await ask(one, ASKED)) == "fine"
        assert server.connections == 2


async def test_a_fresh_connection_that_is_hung_up_is_not_tried_again(shared: Shared) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with canned(hang_up) as server:
        told = await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
        assert server.connections == 1
    assert "closed the connection" in told.problem


# --- reaching it ---


async def test_nobody_there(shared: Shared) -> None:
    async with canned(GOOD) as server:
        url = server.url
    told = await failure(tool(shared, "openai", url=url, model="m"), ASKED)
    assert told.problem == f"nothing listens at {url.removeprefix('http://')}"
    assert "tools.it.url" in told.remedy


async def test_an_unknown_name(shared: Shared) -> None:
    told = await failure(tool(shared, "openai", url="http://no-such-host.invalid/v1", model="m"), ASKED)
    assert told.problem == "the name no-such-host.invalid cannot be found"


async def test_http_where_tls_is_wanted(shared: Shared) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    told = await failure(tool(shared, "openai", url=url, model="m"), ASKED)
    server.close()
    assert "does not answer with TLS" in told.problem


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that exists for these tests only."""
    return trustme.CA()


def _own_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


async def test_a_certificate_nobody_vouches_for(shared: Shared, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with canned(GOOD, tls=_own_tls(authority)) as server:
        told = await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)
    assert "not trusted" in told.problem
    assert "SSL_CERT_FILE" in told.remedy


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_the_certificates_of_the_environment_are_trusted(
    shared: Shared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: trustme.CA, variable: str
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv(variable, str(tmp_path / "authority.pem"))
    async with canned(GOOD, tls=_own_tls(authority)) as server:
        assert text_of(await ask(tool(shared, "openai", url=server.url, model="m"), ASKED)) == "fine"


async def test_certificates_that_are_none_are_told(shared: Shared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for content in (None, "no certificate"):
        path = tmp_path / "certificates.pem"
        if content:
            path.write_text(content, encoding="utf-8")
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        told = await failure(tool(shared, "openai", url="https://models.example", model="m"), ASKED)
        assert "SSL_CERT_FILE" in told.problem


async def _proxied(monkeypatch: pytest.MonkeyPatch, server: Canned) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, server.url)


async def test_an_outside_endpoint_is_reached_through_the_proxy(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    async with canned(GOOD, error("407 Proxy Authentication Required")) as proxy:
        await _proxied(monkeypatch, proxy)
        assert text_of(await ask(tool(shared, "openai", url="http://models.invalid/v1", model="m"), ASKED)) == "fine"
        assert proxy.heads[0].startswith("POST http://models.invalid/v1/chat/completions ")
        told = await failure(tool(shared, "openai", url="https://models.invalid/v1", model="m"), ASKED)
        assert proxy.heads[1].startswith("CONNECT models.invalid:443 ")
        assert "proxy" in told.problem


@pytest.mark.parametrize("local", [True, False])
async def test_this_machine_is_never_reached_through_a_proxy(shared: Shared, monkeypatch: pytest.MonkeyPatch, local: bool) -> None:
    async with canned(GOOD) as proxy, canned(GOOD) as server:
        await _proxied(monkeypatch, proxy)
        for host in ("127.0.0.1", "localhost"):
            url = server.url.replace("127.0.0.1", host)
            assert text_of(await ask(tool(shared, "openai", url=url, model="m", local=local), ASKED)) == "fine"
        assert not proxy.connections
        assert len(server.heads) == 2


@pytest.mark.parametrize("proxy", ["socks5://user:hunter2@127.0.0.1:1", "gopher://x:hunter2@y", "http://[bad:hunter2"])
async def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    shared: Shared, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    told = await failure(tool(shared, "openai", url="http://models.invalid/v1", model="m"), ASKED)
    assert "proxy" in told.problem
    assert "hunter2" not in str(told)


async def test_a_local_name_that_leads_elsewhere_gets_nothing() -> None:
    class Stream:
        closed = False

        def get_extra_info(self, what: str) -> object:
            return {"server_addr": ("192.0.2.7", 80)}[what]

        async def aclose(self) -> None:
            self.closed = True

    endpoint = Endpoint("it", "m", "http://x.localhost/v1", "", None, direct=True)
    stream = Stream()
    with pytest.raises(Exception, match="another machine"):
        await http._Watch(endpoint)("connection.connect_tcp.complete", {"return_value": stream})
    assert stream.closed


# --- requests and checks ---


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_what_is_sent(shared: Shared, monkeypatch: pytest.MonkeyPatch, adapter: str) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    async with canned(GOOD_FOR[adapter]) as server:
        await ask(tool(shared, adapter, url=server.url, model="m", key="env:TEST_MODEL_KEY"), prompt(Kind.EXPLAIN, selection="x = 1\n"))
        head, body = server.heads[0], json.loads(server.bodies[0])
    assert body["model"] == "m"
    assert body["stream"] is True
    assert body["max_tokens"] == 8
    if adapter == "claude":
        assert head.startswith("POST /v1/messages ")
        assert "anthropic-version: 2023-06-01" in head
        assert body["system"][-1]["cache_control"] == {"type": "ephemeral"}
        first, last = body["messages"][0]["content"]
        assert "def subtract" in first["text"]
        assert first["cache_control"]
        assert "x = 1\n" in last["text"]
    else:
        assert head.startswith("POST /v1/chat/completions ")
        assert [message["role"] for message in body["messages"]] == ["system", "user"]
        assert body["stream_options"] == {"include_usage": True}


CHECKS = [
    (answer(b'{"data": [{"id": "m"}]}'), State.READY),
    (answer(b'{"data": [{"id": "m-20260101"}]}'), State.READY),
    (answer(b'{"data": [{"id": "n"}, {"id": "<b>"}, 3]}'), State.DEGRADED),
    (answer(b'{"data": []}'), State.READY),
    (answer(b"nonsense"), State.READY),
    (error("404 Not Found"), State.READY),
    (error("401 Unauthorized"), State.DOWN),
    (error("429 Too Many Requests"), State.DEGRADED),
    (error("503 Service Unavailable"), State.DOWN),
    (b"nonsense\r\n\r\n", State.DOWN),
]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("reply", "state"), CHECKS, ids=range(len(CHECKS)))
async def test_a_check_tells_how_it_is(shared: Shared, adapter: str, reply: bytes, state: State) -> None:
    async with canned(reply) as server:
        health = await tool(shared, adapter, url=server.url, model="m").check()
        assert server.heads[0].startswith("GET /v1/models")
    assert health.state is state
    assert bool(health.remedy) == (state is not State.READY)
