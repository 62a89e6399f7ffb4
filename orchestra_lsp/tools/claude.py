"""Claude over Anthropic's Messages API, and every other endpoint that speaks it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestra_lsp.model import Health, Kind, Piece, Usage
from orchestra_lsp.tools.contract import TEXT_KINDS, Tool, ToolError
from orchestra_lsp.tools.wire import answer, faults
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.base import HttpTool, Question, line_to
from orchestra_lsp.tools.wire.endpoint import Endpoint, chosen, resolve, rooted
from orchestra_lsp.tools.wire.extract import shape_for
from orchestra_lsp.tools.wire.prompt import render
from orchestra_lsp.tools.wire.reported import TOOL

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.tools.wire.sse import Event
    from orchestra_lsp.trust.mask import MaskedPrompt

DEFAULT_URL = "https://api.anthropic.com"
#: The small, quick model: editing asks for answers within seconds. Any other is one setting away.
DEFAULT_MODEL = "claude-haiku-4-5"
#: The window of Claude's models, unless the settings say otherwise.
WINDOW = 200_000
VERSION = "2023-06-01"
#: Without a place for text after the cursor, completing by conversation takes too long for typing, so it is not offered unasked.
KINDS = TEXT_KINDS - {Kind.COMPLETE}
EVENTS = frozenset({"message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "error"})
REMEMBER = {"cache_control": {"type": "ephemeral"}}
#: A review is told by calling our tool, so that its form can be relied on.
REPORTING = {"tools": [TOOL], "tool_choice": {"type": "tool", "name": TOOL["name"]}}


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when something that it needs is not set. On this machine no key is needed."""
    # Other makers give their address with or without it, as the environment of their own tools wants it.
    endpoint = rooted(resolve(name, settings, DEFAULT_URL, DEFAULT_MODEL), "/v1")
    if not settings.key and not endpoint.direct:
        raise ToolError(name, "no key is set", f'set tools.{name}.key = "env:ANTHROPIC_API_KEY"')
    kinds = KINDS if settings.kinds is None else TEXT_KINDS & frozenset(map(Kind, settings.kinds))
    window = chosen(settings, "context_tokens", WINDOW if endpoint.base == DEFAULT_URL else settings.context_tokens)
    return Claude(line_to(endpoint, settings, shared, _headers), endpoint.abilities(kinds, window))


class Claude(HttpTool):
    """One endpoint of the Messages API."""

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        self._admit(prompt)
        question = Question(
            "/v1/messages", _body(self.model, prompt), _Dialect(self._line.endpoint, prompt.kind is Kind.REVIEW), shape_for(prompt)
        )
        try:
            async with aclosing(self._answer(question, deadline)) as pieces:
                async for piece in pieces:
                    yield piece
        except faults.Refused as error:
            raise self._noted(error) from None

    async def check(self) -> Health:
        found = await self._look("/v1/models?limit=1000")
        return found if isinstance(found, Health) else self._health(found)


class _Dialect:
    """Counts come in two parts: the prompt's with the first event (which may be missing), the answer's with the last."""

    def __init__(self, endpoint: Endpoint, reports: bool) -> None:
        """`reports`: what our tool is called with is the answer."""
        self._endpoint = endpoint
        self._reports = reports
        self._usage = Usage()

    def event(self, event: Event) -> Delta:
        if event.name and event.name not in EVENTS:
            return Delta()  # ping, and what may come in future
        document = answer.json_object(event.data)
        match document.get("type"):
            case "message_start":
                return self._counted(document["message"].get("usage"))
            case "content_block_start":
                return Delta(_text(document["content_block"], self._reports))
            case "content_block_delta":
                return Delta(_text(document["delta"], self._reports))
            case "message_delta":
                counted = self._counted(document.get("usage"))
                return Delta(finish=self._finish(document["delta"].get("stop_reason")), usage=counted.usage)
            case "message_stop":
                return Delta(done=True)
            case "error":
                raise faults.declared(self._endpoint, document.get("error") or {})
        return Delta()

    def whole(self, document: dict[str, Any]) -> Delta:
        if document.get("type") == "error":
            raise faults.declared(self._endpoint, document.get("error") or {})
        text = "".join(_text(block, self._reports) for block in document["content"])
        return Delta(text, self._finish(document.get("stop_reason")) or "stop", self._counted(document.get("usage")).usage, done=True)

    def _counted(self, usage: dict[str, Any] | None) -> Delta:
        """The prompt's tokens are those that were read anew, written to the cache and read from it."""
        if not usage:
            return Delta()
        fresh, output = answer.count(usage.get("input_tokens")), answer.count(usage.get("output_tokens"))
        if fresh is not None:
            written = answer.count(usage.get("cache_creation_input_tokens"))
            read = answer.count(usage.get("cache_read_input_tokens"))
            whole = fresh + (written or 0) + (read or 0)
            self._usage = replace(self._usage, input_tokens=whole, cache_read_tokens=read, cache_write_tokens=written)
        if output is not None:
            self._usage = replace(self._usage, output_tokens=output)
        return Delta(usage=self._usage)

    def _finish(self, reason: object) -> str:
        if reason == "refusal":
            raise faults.declined(self._endpoint)
        if reason in ("max_tokens", "model_context_window_exceeded", "pause_turn"):
            return "length"
        return "stop" if reason else ""


def _headers(key: str) -> dict[str, str]:
    return {"content-type": "application/json", "anthropic-version": VERSION} | ({"x-api-key": key} if key else {})


def _body(model: str, prompt: MaskedPrompt) -> dict[str, Any]:
    """What stays the same comes first and is marked, so that the endpoint need not read it again."""
    told = render(prompt)
    context = [{"type": "text", "text": told.context, **REMEMBER}] if told.context else []
    return {
        "model": model,
        "max_tokens": prompt.max_tokens,
        "system": [{"type": "text", "text": told.system, **REMEMBER}],
        "messages": [{"role": "user", "content": [*context, {"type": "text", "text": told.question}]}],
        "stream": True,
        **(REPORTING if prompt.kind is Kind.REVIEW else {}),
    }


def _text(block: dict[str, Any], reports: bool) -> str:
    """The text of a block or delta; thoughts and signatures have none. With `reports` only what our tool is called with counts."""
    match block:
        case {"type": "input_json_delta", "partial_json": str(part)} if reports:
            return part
        case {"type": "tool_use", "input": {**fields}} if reports and fields:
            return json.dumps(fields)
        case {"type": "text" | "text_delta", "text": str(text)}:
            return text
    return ""
