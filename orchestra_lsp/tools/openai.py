"""Any endpoint that speaks OpenAI's chat and completions: OpenAI, llama.cpp, vLLM, LM Studio, Ollama, DeepSeek and others."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from orchestra_lsp.model import Abilities, Health, Kind, Piece, State, Usage
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.wire import answer, faults
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.base import HttpTool, Line, Listed
from orchestra_lsp.tools.wire.endpoint import Endpoint, Key, chosen, resolve
from orchestra_lsp.tools.wire.extract import shape_for
from orchestra_lsp.tools.wire.prompt import commented, render

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.tools.wire.sse import Event
    from orchestra_lsp.trust.mask import MaskedPrompt

DEFAULT_URL = "https://api.openai.com/v1"
TEMPERATURE = 0.2
#: OpenAI's newer models take the limit only under its new name, most other endpoints only under its old one.
OTHER_NAME = {"max_tokens": "max_completion_tokens"}
TRIES = 1 + len(faults.OPTIONAL)
#: The window of OpenAI's chat models, unless the settings say otherwise.
WINDOW = 128_000
#: How endpoints answer that have no completions, or none with a suffix.
NO_SUFFIX = frozenset({400, 404, 405, 422, 501})


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when something that it needs is not set. On this machine neither key nor model is needed."""
    endpoint = resolve(name, settings, DEFAULT_URL)
    if not settings.key and endpoint.base == DEFAULT_URL:
        raise ToolError(name, "no key is set", f'set tools.{name}.key = "env:OPENAI_API_KEY", or tools.{name}.url')
    if not settings.model and not endpoint.direct:
        raise ToolError(name, "no model is set", f"set tools.{name}.model")
    # OpenAI's own chat models take no suffix.
    middle = chosen(settings, "fill_in_middle", "chat" if endpoint.base == DEFAULT_URL else settings.fill_in_middle)
    kinds = frozenset(map(Kind, settings.kinds or Kind)) - ({Kind.COMPLETE} if middle == "off" else set())
    line = Line(endpoint, Key(name, settings.key), shared.http, _headers)
    window = chosen(settings, "context_tokens", WINDOW if endpoint.base == DEFAULT_URL else settings.context_tokens)
    return OpenAI(line, endpoint.abilities(kinds, window), middle)


class OpenAI(HttpTool):
    """One such endpoint. `middle` is how completions are asked: "suffix", "chat" or "off"."""

    def __init__(self, line: Line, abilities: Abilities, middle: str) -> None:
        super().__init__(line, abilities)
        self._middle = middle
        self._refused: set[str] = set()  # parameters that this endpoint turned out not to take

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        self._admit(prompt)
        by_suffix = prompt.kind is Kind.COMPLETE and self._middle == "suffix"
        path, wanted = ("/completions", _suffix_body(prompt)) if by_suffix else ("/chat/completions", _chat_body(prompt))
        shape = None if by_suffix else shape_for(prompt)
        for attempt in range(1, TRIES + 1):
            body = {"model": self.model} | wanted if self.model else wanted
            call = await self._line.call(path, deadline, _without(body, self._refused))
            try:
                async with aclosing(answer.pieces(self._line.http, call, _Dialect(self._line.endpoint), shape)) as pieces:
                    async for piece in pieces:
                        yield piece
            except faults.Refused as error:
                if attempt == TRIES or not error.parameter or error.parameter in self._refused:
                    raise self._noted(error, by_suffix) from None
                self._refused.add(error.parameter)
            else:
                return

    def _noted(self, error: faults.Refused, by_suffix: bool = False) -> faults.Refused:
        if by_suffix and error.status in NO_SUFFIX:
            error.remedy += f'; if it takes no suffix, set tools.{self.name}.fill_in_middle = "chat"'
        return super()._noted(error)

    async def check(self) -> Health:
        found = await self._look("/models")
        if isinstance(found, Health):
            return found
        llama = found.server.startswith("llama.cpp")
        if llama and self._middle == "suffix" and Kind.COMPLETE in self.abilities.kinds:
            reason = "llama.cpp ignores the text after the cursor when it is sent as a suffix"
            return Health(State.DEGRADED, reason, f'set tools.{self.name}.fill_in_middle = "chat"')
        # llama.cpp serves the one model it has under any name.
        return self._health(Listed() if llama else found)


class _Dialect:
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def event(self, event: Event) -> Delta:
        if event.data.strip() == "[DONE]":
            return Delta(done=True)
        if event.name not in ("", "message", "error"):
            return Delta()  # an extension that we do not know
        return self._delta(answer.json_object(event.data))

    def whole(self, document: dict[str, Any]) -> Delta:
        found = self._delta(document)
        return Delta(found.text, found.finish or "stop", found.usage, done=True)

    def _delta(self, document: dict[str, Any]) -> Delta:
        if error := document.get("error"):
            raise faults.declared(self._endpoint, error if isinstance(error, dict) else {})
        usage = _usage(document.get("usage"))
        choices = document.get("choices")
        if not choices:
            return Delta(usage=usage)
        choice = choices[0]
        said = choice.get("delta") or choice.get("message") or {"content": choice.get("text")}
        finish = choice.get("finish_reason")
        if finish == "content_filter" or said.get("refusal"):
            raise faults.declined(self._endpoint)
        return Delta(_text(said.get("content")), _finish(finish), usage)


def _headers(key: str) -> dict[str, str]:
    return {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})


def _suffix_body(prompt: MaskedPrompt) -> dict[str, Any]:
    body = {"prompt": commented(prompt), "suffix": prompt.suffix, **_common(prompt)}
    return body if prompt.multiline else body | {"stop": ["\n"]}


def _chat_body(prompt: MaskedPrompt) -> dict[str, Any]:
    told = render(prompt)
    user = f"{told.context}\n{told.question}" if told.context else told.question
    return {"messages": [{"role": "system", "content": told.system}, {"role": "user", "content": user}], **_common(prompt)}


def _common(prompt: MaskedPrompt) -> dict[str, Any]:
    streaming = {"stream": True, "stream_options": {"include_usage": True}}
    return {"max_tokens": prompt.max_tokens, "temperature": TEMPERATURE, **streaming}


def _without(body: dict[str, Any], refused: set[str]) -> dict[str, Any]:
    renamed = {OTHER_NAME[name]: body[name] for name in refused if name in OTHER_NAME and name in body}
    return {name: value for name, value in body.items() if name not in refused} | renamed


def _text(content: object) -> str:
    if isinstance(content, list):  # some endpoints send parts, as Mistral does
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _finish(reason: object) -> str:
    return "" if not reason else "length" if reason in ("length", "max_tokens") else "stop"


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    return Usage(answer.count(found.get("prompt_tokens")), answer.count(found.get("completion_tokens")))
