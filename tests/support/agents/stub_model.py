"""A model that follows a script, for real agents: Anthropic's Messages and OpenAI's chat on loopback, streamed as the real ones are.

    with stub_model([Step("Read", {"file_path": "a.py"}), Step("Edit", {...})]) as stub:
        ... stub.url, stub.requests, stub.said("a secret")

Each request is answered with the step that its conversation has come to, counted by the tool results in it; after the last with `text`.
Requests that offer none of the script's tools (titles, summaries) get the text at once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One tool call of the script."""

    tool: str
    arguments: Json


@dataclass
class Stub:
    steps: Sequence[Step]
    text: str
    url: str = ""
    requests: list[Json] = field(default_factory=list)
    busy: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event = field(default_factory=threading.Event)  # set: answer; cleared: let them wait

    def said(self, text: str) -> bool:
        """Whether any request held `text`."""
        return any(text in json.dumps(request, ensure_ascii=False) for request in self.requests)

    def tools(self) -> set[str]:
        """Names of all tools that were offered to it."""
        return {name for request in self.requests for name in _tools(request)}

    def next(self, request: Json) -> Step | None:
        self.requests.append(request)
        self.busy.set()
        self.hold.wait(60)
        offered = _tools(request)
        done = _results(request.get("messages", []))
        step = self.steps[done] if done < len(self.steps) else None
        return step if step and step.tool in offered else None


@contextmanager
def stub_model(steps: Sequence[Step] = (), text: str = "Done.") -> Iterator[Stub]:
    stub = Stub(steps, text)
    stub.hold.set()

    class Handler(_Handler):
        model = stub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Stub

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests look at `requests`."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [{"id": "stub", "object": "model"}]})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        path = self.path.partition("?")[0]
        if path.endswith("/messages/count_tokens"):
            self._json({"input_tokens": 100})
        elif path.endswith("/messages"):
            step = self.model.next(request)
            self._stream(_anthropic(step, self.model.text))
        elif path.endswith("/chat/completions"):
            step = self.model.next(request)
            if request.get("stream"):
                self._stream(_openai(step, self.model.text))
            else:
                self._json(_openai_whole(step, self.model.text))
        else:
            self._json({"error": {"type": "not_found_error", "message": "not here"}}, 404)

    def _json(self, document: Json, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: Sequence[str]) -> None:
        try:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            for event in events:
                self.wfile.write(event.encode())
                self.wfile.flush()
        except OSError:
            self.close_connection = True  # the agent went away, as it may
        self.close_connection = True


def _tools(request: Json) -> set[str]:
    return {one.get("name") or one.get("function", {}).get("name") for one in request.get("tools") or []}


def _results(messages: Sequence[Json]) -> int:
    """How many tool results the conversation holds."""
    blocks = [block for one in messages if isinstance(one.get("content"), list) for block in one["content"]]
    anthropic = sum(block.get("type") == "tool_result" for block in blocks if isinstance(block, dict))
    return anthropic + sum(one.get("role") == "tool" for one in messages)


def _anthropic(step: Step | None, text: str) -> list[str]:
    usage = {"input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 50, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "stub", "content": [], "stop_reason": None, "usage": usage}
    if step:
        block: Json = {"type": "tool_use", "id": f"toolu_{step.tool}", "name": step.tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(step.arguments)}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": text}
    stop = {"stop_reason": "tool_use" if step else "end_turn", "stop_sequence": None}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


def _call(step: Step) -> Json:
    return {"id": f"call_{step.tool}", "type": "function", "function": {"name": step.tool, "arguments": json.dumps(step.arguments)}}


def _openai(step: Step | None, text: str) -> list[str]:
    delta: Json = {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **_call(step)}]} if step else {"content": text}
    head = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "stub"}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if step else "stop"}]},
        {**head, "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}},
    ]
    return [*(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks), "data: [DONE]\n\n"]


def _openai_whole(step: Step | None, text: str) -> Json:
    message: Json = {"role": "assistant", "content": None, "tool_calls": [_call(step)]} if step else {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if step else "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    return {"id": "chat-1", "object": "chat.completion", "created": 1, "model": "stub", "choices": [choice], "usage": usage}
