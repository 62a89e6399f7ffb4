"""Deterministic fake AI provider for tests and chaos benchmarks (standard library only, loopback only).

One process serves any number of named *deployments*, each with its own latency model and faults:

    POST /d/<name>/v1/chat/completions   OpenAI chat (JSON, or SSE with "stream": true)
    POST /d/<name>/v1/completions        OpenAI legacy completions; "suffix" makes it fill-in-the-middle
    POST /d/<name>/beta/completions      the same, where DeepSeek has it
    POST /d/<name>/v1/fim/completions    Mistral's fill-in-the-middle (JSON or SSE)
    POST /d/<name>/v1/messages           Anthropic messages (JSON or SSE)
    POST /d/<name>/infill                llama.cpp's fill-in-the-middle (JSON or SSE)
    POST /d/<name>/api/generate          Ollama (NDJSON, or JSON with "stream": false); "suffix" is the text after the cursor
    POST /d/<name>/api/chat              Ollama's chat
    GET  /d/<name>/v1/models, /api/tags, /health, /props    health probes
    (without the /d/<name> prefix the deployment is "default")

    GET  /_control/stats                 counters per deployment and per fault kind
    POST /_control/reset                 {"seed": int?, "trace": {...}?}: restart clock, counters, trace

It speaks raw HTTP/1.1 on asyncio streams rather than through a framework, because half of the faults (TCP reset,
hang before the status line, truncated chunked body) cannot be produced cleanly above the socket.

A trace is plain JSON, so that another implementation can be run on the very same one:

    {"seed": 7,
     "deployments": {"a": {"ttft_ms": 120, "sigma": 0.35, "tpot_ms": 4, "tokens": 24}},
     "faults": [{"deployment": "a", "kind": "http_error", "p": 0.01},
                {"deployment": "a", "kind": "hang", "p": 1.0, "from": 20, "until": 26}]}

`from`/`until` are seconds since the last reset; absent means always. The first fault that fires wins, in listed order
(`slow` does not win: it multiplies the latency and goes on). Every draw for the n-th request of a deployment comes
from Random("seed:deployment:n"), or from the client's `x-request-key` header instead of n when it sends one, so a
repeat is exact whatever the interleaving of the deployments.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

Json = dict[str, Any]

KINDS = {
    "slow": "multiply the latency by `factor`",
    "http_error": "answer `status` (default 503) at once",
    "rate_limit": "429 with Retry-After: `retry_after` seconds (default 2)",
    "refuse": "TCP reset before any byte of the response",
    "hang": "accept the request and never answer",
    "reset_mid_stream": "TCP reset half-way through the body",
    "hang_mid_stream": "stop sending half-way and keep the socket open",
    "truncate": "clean close half-way: no finish_reason, no [DONE] / message_stop",
    "malformed_json": "200 whose JSON is cut short (one broken SSE event when streaming)",
    "garbage_sse": "unknown events, comments, a split UTF-8 character and CRLF mixed into a valid stream",
    "empty": "200 with an empty completion",
}


@dataclass(frozen=True)
class Fault:
    kind: str
    deployment: str = "*"
    p: float = 1.0
    start: float = 0.0
    until: float = float("inf")
    status: int = 503
    retry_after: float = 2.0
    factor: float = 8.0

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Fault:
        raw = {("start" if k == "from" else k): v for k, v in raw.items()}
        unknown = set(raw) - {f.name for f in fields(cls)}
        if unknown or raw.get("kind") not in KINDS:
            raise ValueError(f"bad fault {raw}: unknown {sorted(unknown) or raw.get('kind')}")
        return cls(**raw)


@dataclass(frozen=True)
class Deployment:
    ttft_ms: float = 50.0  # median time to first token; log-normal with `sigma`
    sigma: float = 0.3
    tpot_ms: float = 2.0  # time per output token
    tokens: int = 16
    text: str = ""  # what it says instead of random words; behind a prompt that ends with its beginning, the rest of it


@dataclass
class Plan:
    """What happens to one request, drawn before anything is sent."""

    ttft: float
    tpot: float
    tokens: int
    fault: Fault | None
    text: str = ""


@dataclass
class Provider:
    seed: int = 0
    deployments: dict[str, Deployment] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    t0: float = field(default_factory=time.monotonic)
    seen: Counter[str] = field(default_factory=Counter)
    stats: dict[str, Counter[str]] = field(default_factory=dict)
    inflight: Counter[str] = field(default_factory=Counter)

    def load(self, trace: dict[str, Any] | None = None, seed: int | None = None) -> None:
        if trace is not None:
            self.seed = trace.get("seed", self.seed)
            self.deployments = {k: Deployment(**v) for k, v in trace.get("deployments", {}).items()}
            self.faults = [Fault.parse(f) for f in trace.get("faults", [])]
        if seed is not None:
            self.seed = seed
        self.t0 = time.monotonic()
        self.seen.clear()
        self.stats.clear()

    def plan(self, name: str, key: str | None) -> Plan:
        n = self.seen[name]
        self.seen[name] += 1
        rng = random.Random(f"{self.seed}:{name}:{key if key is not None else n}")
        d = self.deployments.get(name, Deployment())
        scale, hit, now = rng.lognormvariate(0.0, d.sigma), None, time.monotonic() - self.t0
        for f in self.faults:
            draw = rng.random()  # drawn even when the fault does not apply: keeps later draws aligned
            if f.deployment not in ("*", name) or not f.start <= now < f.until or draw >= f.p:
                continue
            if f.kind == "slow":
                scale *= f.factor
                self.count(name, "slow")
            elif hit is None:
                hit = f
        return Plan(d.ttft_ms / 1e3 * scale, d.tpot_ms / 1e3 * max(1.0, scale), d.tokens, hit, d.text)

    def count(self, name: str, what: str) -> None:
        self.stats.setdefault(name, Counter())[what] += 1


# --- bodies ---


def words(text: str, n: int) -> list[str]:
    """A completion that depends only on the prompt, so caches and consensus can be tested for equality."""
    rng = random.Random(text)
    vocab = ("return", "self", "value", "=", "(", ")", "if", "result", "for", "item", "in", "items", ":", "naïve")
    return [("" if i == 0 else " ") + rng.choice(vocab) for i in range(n)]


def text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(p.get("text", "") for p in content if isinstance(p, dict))
    return content if isinstance(content, str) else ""


def openai_error(status: int, kind: str, message: str) -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": kind if status == 429 else None}}


def anthropic_error(status: int, kind: str, message: str) -> Json:
    kind = {429: "rate_limit_error", 529: "overloaded_error", 400: "invalid_request_error"}.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}}


def sse(data: Any, event: str | None = None) -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


class Dialect:
    """One wire format: how a finished answer, a stream and an error look."""

    def __init__(self, body: dict[str, Any], deployment: str, tokens: int) -> None:
        self.body, self.model = body, body.get("model", deployment)
        self.prompt = self.prompt_text()
        limit = self.limit() or tokens
        self.parts = words(self.prompt, max(0, min(tokens, limit)))
        self.id = f"fake-{deployment}-{random.Random(self.prompt).getrandbits(32):08x}"
        self.n_in, self.n_out = max(1, len(self.prompt) // 4), len(self.parts)
        self.stop = "length" if limit < tokens else "stop"

    def say(self, text: str) -> None:
        """Answer with `text`, as a model would: it goes on where the text before the cursor ends."""
        before = self.prompt.partition("\x00")[0]
        begun = next((size for size in range(len(text) - 1, 0, -1) if before.endswith(text[:size])), 0)
        size = max(1, len(text) // max(1, len(self.parts)))
        self.parts = [text[at : at + size] for at in range(begun, len(text), size)]
        self.n_out = len(self.parts)

    media = "text/event-stream"
    garbage = b': keep-alive\r\n\r\nevent: x_unknown\r\ndata: {"type": "x_unknown"}\r\n\r\n'

    def limit(self) -> int:
        return self.body.get("max_tokens") or self.body.get("max_completion_tokens") or 0

    def prompt_text(self) -> str:
        raise NotImplementedError

    def whole(self) -> Json:
        raise NotImplementedError

    def head(self) -> Iterable[bytes]:
        raise NotImplementedError

    def piece(self, text: str) -> bytes:
        raise NotImplementedError

    def tail(self) -> Iterable[bytes]:
        raise NotImplementedError

    error = staticmethod(openai_error)


class OpenAIChat(Dialect):
    kind, chunk = "chat.completion", "chat.completion.chunk"

    def prompt_text(self) -> str:
        return "\n".join(text_of(m.get("content")) for m in self.body.get("messages", []))

    def usage(self) -> Json:
        return {"prompt_tokens": self.n_in, "completion_tokens": self.n_out, "total_tokens": self.n_in + self.n_out}

    def frame(self, kind: str, choices: list[Json]) -> Json:
        return {"id": self.id, "object": kind, "created": 1700000000, "model": self.model, "choices": choices}

    def whole(self) -> Json:
        msg = {"role": "assistant", "content": "".join(self.parts)}
        choice = {"index": 0, "message": msg, "finish_reason": self.stop, "logprobs": None}
        return self.frame(self.kind, [choice]) | {"usage": self.usage()}

    def delta(self, delta: Json, finish: str | None = None) -> bytes:
        return sse(self.frame(self.chunk, [{"index": 0, "delta": delta, "finish_reason": finish}]))

    def head(self) -> Iterable[bytes]:
        yield self.delta({"role": "assistant", "content": ""})

    def piece(self, text: str) -> bytes:
        return self.delta({"content": text})

    def tail(self) -> Iterable[bytes]:
        yield self.delta({}, self.stop)
        if (self.body.get("stream_options") or {}).get("include_usage"):
            yield sse(self.frame(self.chunk, []) | {"usage": self.usage()})
        yield sse("[DONE]")


class OpenAICompletion(OpenAIChat):
    """Legacy completions. With `suffix` the answer is the middle: it must not repeat either side."""

    kind = chunk = "text_completion"

    def prompt_text(self) -> str:
        p = self.body.get("prompt", "")
        return "".join(p if isinstance(p, list) else [p]) + "\x00" + (self.body.get("suffix") or "")

    def whole(self) -> Json:
        choice = {"index": 0, "text": "".join(self.parts), "finish_reason": self.stop, "logprobs": None}
        return self.frame(self.kind, [choice]) | {"usage": self.usage()}

    def delta(self, delta: Json, finish: str | None = None) -> bytes:
        text = delta.get("content", "")
        return sse(self.frame(self.kind, [{"index": 0, "text": text, "finish_reason": finish, "logprobs": None}]))

    def head(self) -> Iterable[bytes]:
        return ()


class AnthropicMessages(Dialect):
    error = staticmethod(anthropic_error)

    def prompt_text(self) -> str:
        system = text_of(self.body.get("system"))
        return "\n".join([system, *(text_of(m.get("content")) for m in self.body.get("messages", []))])

    def message(self, content: list[Json], stop: str | None, n_out: int) -> Json:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": self.n_in, "output_tokens": n_out},
        }

    @property
    def reason(self) -> str:
        return "max_tokens" if self.stop == "length" else "end_turn"

    def whole(self) -> Json:
        return self.message([{"type": "text", "text": "".join(self.parts)}], self.reason, self.n_out)

    def head(self) -> Iterable[bytes]:
        yield sse({"type": "message_start", "message": self.message([], None, 1)}, "message_start")
        yield sse(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            "content_block_start",
        )
        yield sse({"type": "ping"}, "ping")

    def piece(self, text: str) -> bytes:
        return sse(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
            "content_block_delta",
        )

    def tail(self) -> Iterable[bytes]:
        yield sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
        yield sse(
            {
                "type": "message_delta",
                "delta": {"stop_reason": self.reason, "stop_sequence": None},
                "usage": {"output_tokens": self.n_out},
            },
            "message_delta",
        )
        yield sse({"type": "message_stop"}, "message_stop")


class MistralFim(OpenAIChat):
    """Prompt and suffix in, chat chunks out; the counts come with the last of them, unasked."""

    def prompt_text(self) -> str:
        return f"{self.body.get('prompt', '')}\x00{self.body.get('suffix') or ''}"

    def tail(self) -> Iterable[bytes]:
        last = {"index": 0, "delta": {"content": ""}, "finish_reason": self.stop}
        yield sse(self.frame(self.chunk, [last]) | {"usage": self.usage()})
        yield sse("[DONE]")


class LlamaInfill(Dialect):
    """llama.cpp: no [DONE], the last object has `stop` and the counts."""

    def limit(self) -> int:
        return self.body.get("n_predict") or 0

    def prompt_text(self) -> str:
        return f"{self.body['input_prefix']}\x00{self.body['input_suffix']}"

    def whole(self) -> Json:
        kind = "limit" if self.stop == "length" else "eos"
        counts = {"tokens_evaluated": self.n_in, "tokens_predicted": self.n_out, "timings": {"cache_n": 0, "prompt_n": self.n_in}}
        return {"index": 0, "content": "".join(self.parts), "stop": True, "stop_type": kind, "prompt": self.prompt, **counts}

    def head(self) -> Iterable[bytes]:
        return ()

    def piece(self, text: str) -> bytes:
        return sse({"index": 0, "content": text, "stop": False, "id_slot": -1})

    def tail(self) -> Iterable[bytes]:
        yield sse(self.whole() | {"content": ""})


class OllamaGenerate(Dialect):
    """Ollama: a line of JSON for each token; the last has `done` and the counts, durations in ns."""

    media = "application/x-ndjson"
    garbage = b'\r\n\n{"model": "m", "x_unknown": {"done": true}}\r\n'

    def limit(self) -> int:
        return (self.body.get("options") or {}).get("num_predict") or 0

    def prompt_text(self) -> str:
        return f"{self.body.get('prompt', '')}\x00{self.body.get('suffix') or ''}"

    def said(self, text: str) -> Json:
        return {"response": text}

    def line(self, text: str, **more: Any) -> bytes:
        frame = {"model": self.model, "created_at": "2024-01-01T00:00:00.000000000Z", **self.said(text), "done": False, **more}
        return json.dumps(frame, ensure_ascii=False).encode() + b"\n"

    def closing(self) -> Json:
        durations = {"total_duration": 9_000_000, "load_duration": 1_000_000, "prompt_eval_duration": 2_000_000, "eval_duration": 6_000_000}
        return {"done": True, "done_reason": self.stop, "prompt_eval_count": self.n_in, "eval_count": self.n_out, **durations}

    def whole(self) -> Json:
        found: Json = json.loads(self.line("".join(self.parts), **self.closing()))
        return found

    def head(self) -> Iterable[bytes]:
        return ()

    def piece(self, text: str) -> bytes:
        return self.line(text)

    def tail(self) -> Iterable[bytes]:
        yield self.line("", **self.closing())

    @staticmethod
    def error(status: int, kind: str, message: str) -> Json:
        return {"error": message}


class OllamaChat(OllamaGenerate):
    def prompt_text(self) -> str:
        return "\n".join(text_of(m.get("content")) for m in self.body.get("messages", []))

    def said(self, text: str) -> Json:
        return {"message": {"role": "assistant", "content": text}}


ROUTES: dict[str, type[Dialect]] = {
    "/v1/chat/completions": OpenAIChat,
    "/v1/completions": OpenAICompletion,
    "/beta/completions": OpenAICompletion,
    "/v1/fim/completions": MistralFim,
    "/v1/messages": AnthropicMessages,
    "/infill": LlamaInfill,
    "/api/generate": OllamaGenerate,
    "/api/chat": OllamaChat,
}


def probes(name: str) -> dict[str, Json]:
    """What deployment `name` says of itself."""
    return {
        "/v1/models": {"object": "list", "data": [{"id": name, "object": "model"}]},
        "/api/tags": {"models": [{"name": f"{name}:latest", "model": f"{name}:latest", "details": {"family": "fake"}}]},
        "/health": {"status": "ok"},
        "/props": {"default_generation_settings": {"n_ctx": 8192, "params": {"n_predict": -1}}},
    }


REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    529: "Overloaded",
}


# --- server ---


class Abort(Exception):
    """Drop the connection with a TCP reset."""


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, _, v in (ln.partition(":") for ln in lines if ln)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path.split("?", 1)[0], headers, body)


class Server:
    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        return await asyncio.start_server(self.connection, host, port, limit=1 << 22, backlog=1024)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while request := await read_request(reader):
                await self.answer(request, reader, writer)
                await writer.drain()
        except Abort:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() now sends RST
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError):
            pass  # CancelledError only at shutdown: ending quietly keeps asyncio from logging every open connection
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()

    @staticmethod
    def send_json(writer: asyncio.StreamWriter, status: int, obj: Any, cut: bool = False, **headers: str) -> None:
        data = obj if isinstance(obj, bytes) else json.dumps(obj).encode()
        data = data[: len(data) // 2] if cut else data
        extra = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
        writer.write(
            f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}\r\ncontent-type: application/json\r\n"
            f"{extra}content-length: {len(data)}\r\n\r\n".encode()
            + data
        )

    async def answer(self, rq: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        p = self.provider
        if rq.path.startswith("/_control/"):
            if rq.path.endswith("/reset"):
                args = json.loads(rq.body or b"{}")
                p.load(args.get("trace"), args.get("seed"))
            return self.send_json(writer, 200, {"elapsed_s": round(time.monotonic() - p.t0, 3), "stats": p.stats, "inflight": p.inflight})
        name, path = "default", rq.path
        if path.startswith("/d/"):
            name, _, rest = path[3:].partition("/")
            path = "/" + rest
        if rq.method == "GET" and path in probes(name):
            return self.send_json(writer, 200, probes(name)[path])
        dialect = ROUTES.get(path)
        if dialect is None or rq.method != "POST":
            return self.send_json(writer, 404, openai_error(404, "not_found", rq.path))
        try:
            body = json.loads(rq.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return self.send_json(writer, 400, dialect.error(400, "invalid_request_error", "body is not JSON"))

        plan = p.plan(name, rq.headers.get("x-request-key"))
        p.count(name, "requests")
        p.count(name, plan.fault.kind if plan.fault else "ok")
        p.inflight[name] += 1
        said = dialect(body, name, plan.tokens)
        if plan.text:
            said.say(plan.text)
        work = asyncio.ensure_future(self.act(said, plan, writer))
        gone = asyncio.ensure_future(self.client_gone(reader))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                p.count(name, "client_cancelled")
                raise ConnectionResetError
            work.result()
        finally:
            p.inflight[name] -= 1
            for task in (work, gone):
                task.cancel()

    @staticmethod
    async def client_gone(reader: asyncio.StreamReader) -> None:
        while not reader.at_eof() and reader.exception() is None:  # a hedging client must see its loser cancelled
            await asyncio.sleep(0.05)

    async def act(self, d: Dialect, plan: Plan, writer: asyncio.StreamWriter) -> None:
        fault, kind = plan.fault, plan.fault.kind if plan.fault else None
        if kind == "refuse":
            raise Abort
        if kind == "hang":
            await asyncio.Event().wait()
        if fault and kind == "http_error":
            return self.send_json(writer, fault.status, d.error(fault.status, "server_error", "fake outage"))
        if fault and kind == "rate_limit":
            return self.send_json(
                writer,
                429,
                d.error(429, "rate_limit_exceeded", "fake rate limit"),
                retry_after=f"{fault.retry_after:g}",
            )
        if kind == "empty":
            d.parts, d.n_out = [], 0
        if d.body.get("stream", d.media == "application/x-ndjson"):  # Ollama streams unless told not to
            return await self.stream(d, plan, kind, writer)
        await asyncio.sleep(plan.ttft + plan.tpot * len(d.parts))
        data = json.dumps(d.whole()).encode()
        if kind in ("reset_mid_stream", "hang_mid_stream", "truncate"):
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data[: len(data) // 2]
            )
            await self.break_off(kind, writer)
        return self.send_json(writer, 200, data, cut=kind == "malformed_json")

    async def stream(self, d: Dialect, plan: Plan, kind: str | None, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {d.media}\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        await asyncio.sleep(plan.ttft)
        n, half = 0, max(1, len(d.parts) // 2)
        async for chunk, is_piece in self.events(d, plan):
            if is_piece and n == half:
                if kind in ("reset_mid_stream", "hang_mid_stream", "truncate"):
                    await self.break_off(kind, writer)
                if kind == "malformed_json":
                    chunk = chunk[: len(chunk) // 2] + b"\n\n"
            if kind == "garbage_sse":
                chunk = d.garbage + chunk
                cut = next((i for i, byte in enumerate(chunk) if byte >= 0xC3), len(chunk) // 2) + 1
                for part in (chunk[:cut], chunk[cut:]):
                    self.chunk(writer, part)
                    await writer.drain()
            else:
                self.chunk(writer, chunk)
                await writer.drain()
            n += is_piece
        writer.write(b"0\r\n\r\n")

    @staticmethod
    def chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
        if data:
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    @staticmethod
    async def events(d: Dialect, plan: Plan) -> AsyncIterator[tuple[bytes, bool]]:
        for chunk in d.head():
            yield chunk, False
        for part in d.parts:
            await asyncio.sleep(plan.tpot)
            yield d.piece(part), True
        for chunk in d.tail():
            yield chunk, False

    @staticmethod
    async def break_off(kind: str, writer: asyncio.StreamWriter) -> None:
        await writer.drain()
        if kind == "hang_mid_stream":
            await asyncio.Event().wait()
        if kind == "truncate":
            raise ConnectionResetError  # FIN, body shorter than announced
        raise Abort


@contextlib.asynccontextmanager
async def running(trace: dict[str, Any] | None = None, port: int = 0) -> AsyncIterator[tuple[str, Provider]]:
    """`async with running(trace) as (base_url, provider):` for use inside a test."""
    provider = Provider()
    provider.load(trace or {})
    server = await Server(provider).serve(port=port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", provider
    finally:
        server.close()


async def main() -> None:
    ap = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--trace", help="JSON file")
    ap.add_argument("--seed", type=int)
    ap.add_argument("--until-eof", action="store_true", help="stop when standard input is closed")
    args = ap.parse_args()
    trace = json.loads(Path(args.trace).read_text(encoding="utf-8")) if args.trace else {}
    if args.seed is not None:
        trace["seed"] = args.seed
    async with running(trace, args.port) as (url, _):
        print(url, flush=True)  # the parent reads this line to learn the port
        await (asyncio.to_thread(sys.stdin.buffer.read) if args.until_eof else asyncio.Event().wait())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
