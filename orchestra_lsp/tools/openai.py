"""Any endpoint that speaks OpenAI's chat and completions: OpenAI, vLLM, LM Studio, llama.cpp, Ollama, DeepSeek and others.

Templates ("fill_in_middle": "template") follow the documentation of vLLM and LM Studio and are not verified against either.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from orchestra_lsp.model import Abilities, Health, Kind, Piece, State, Usage
from orchestra_lsp.tools.contract import TEXT_KINDS, Tool, ToolError
from orchestra_lsp.tools.wire import answer, faults, fim
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.base import HttpTool, Line, Listed, Question, bearer, line_to
from orchestra_lsp.tools.wire.endpoint import Endpoint, chosen, resolve
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
    window = chosen(settings, "context_tokens", WINDOW if endpoint.base == DEFAULT_URL else settings.context_tokens)
    return OpenAI(line_to(endpoint, settings, shared, bearer), abilities(endpoint, settings, middle, window), middle)


def abilities(endpoint: Endpoint, settings: ToolSettings, middle: str, window: int) -> Abilities:
    """Everything, unless the settings say otherwise. Raises ToolError when nothing is left, or the template is unknown."""
    if middle == "template" and fim.family_for(endpoint.tool, endpoint.model, settings.template) is None:
        raise fim.unknown(endpoint.tool, endpoint.model)
    wanted = TEXT_KINDS & frozenset(map(Kind, settings.kinds or TEXT_KINDS))
    kinds = wanted - ({Kind.COMPLETE} if middle == "off" else set())
    return endpoint.abilities(kinds, window)


class OpenAI(HttpTool):
    """One such endpoint. `middle` is how completions are asked: "suffix", "template", "chat" or "off"."""

    #: Where chat and completions are below the endpoint's address.
    CHAT = "/chat/completions"
    COMPLETIONS = "/completions"
    #: How they are told to stream.
    STREAMING: ClassVar[Mapping[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}

    def __init__(self, line: Line, abilities: Abilities, middle: str) -> None:
        super().__init__(line, abilities)
        self._middle = middle
        self._family = fim.family_for(self.name, self.model, line.settings.template) if middle == "template" else None
        self._refused: set[str] = set()  # parameters that this endpoint turned out not to take

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        self._admit(prompt)
        question = self._question(prompt, deadline)
        for attempt in range(1, TRIES + 1):
            tried = replace(question, body=_without(question.body, self._refused))
            try:
                async with aclosing(self._answer(tried, deadline)) as pieces:
                    async for piece in pieces:
                        yield piece
            except faults.Refused as error:
                if attempt == TRIES or not error.parameter or error.parameter in self._refused:
                    raise self._explained(error, prompt) from None
                self._refused.add(error.parameter)
            else:
                return

    def _question(self, prompt: MaskedPrompt, deadline: float) -> Question:
        """How `prompt` is asked; adapters of other makers say it for completions."""
        if prompt.kind is Kind.COMPLETE and self._middle != "chat":
            return self._completion(prompt, deadline)
        return Question(self.CHAT, self._body(prompt, {"messages": messages(prompt)}), ChatDialect(self._line.endpoint), shape_for(prompt))

    def _completion(self, prompt: MaskedPrompt, deadline: float) -> Question:  # noqa: ARG002 - others tell it the endpoint
        text = templated(prompt, self._family) if self._family else suffixed(prompt)
        return Question(self.COMPLETIONS, self._body(prompt, text), ChatDialect(self._line.endpoint))

    def _body(self, prompt: MaskedPrompt, text: Mapping[str, Any]) -> dict[str, Any]:
        named = {"model": self.model} if self.model else {}
        return {**named, **text, "max_tokens": prompt.max_tokens, "temperature": TEMPERATURE, **self.STREAMING}

    def _explained(self, error: faults.Refused, prompt: MaskedPrompt) -> faults.Refused:
        by_suffix = prompt.kind is Kind.COMPLETE and self._middle == "suffix"
        if by_suffix and error.status in NO_SUFFIX:
            instead = f'set tools.{self.name}.fill_in_middle = "template" or "chat"'
            error.remedy = instead if error.no_suffix else f"{error.remedy}; if it takes no suffix, {instead}"
        return self._noted(error)

    async def check(self) -> Health:
        found = await self._look("/models")
        if isinstance(found, Health):
            return found
        llama = found.server.startswith("llama.cpp")
        if llama and self._middle == "suffix" and Kind.COMPLETE in self.abilities.kinds:
            reason = "llama.cpp ignores the text after the cursor when it is sent as a suffix"
            return Health(State.DEGRADED, reason, f'set tools.{self.name}.kind = "llamacpp", or fill_in_middle = "chat"')
        # llama.cpp serves the one model it has under any name.
        return self._health(Listed() if llama else found)


class ChatDialect:
    """How answers of chat and of completions are read; makers differ only in small things."""

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


def suffixed(prompt: MaskedPrompt) -> dict[str, Any]:
    """The text around the cursor, for an endpoint that takes both sides."""
    body = {"prompt": commented(prompt), "suffix": prompt.suffix}
    return body if prompt.multiline else body | {"stop": ["\n"]}


def templated(prompt: MaskedPrompt, family: fim.Family) -> dict[str, Any]:
    """The text around the cursor, for an endpoint that takes one."""
    filled = fim.fill(prompt, family)
    return {"prompt": filled.prompt, "stop": list(filled.stop)}


def messages(prompt: MaskedPrompt) -> list[dict[str, str]]:
    """The conversation that asks a chat model."""
    told = render(prompt)
    user = f"{told.context}\n{told.question}" if told.context else told.question
    return [{"role": "system", "content": told.system}, {"role": "user", "content": user}]


def _without(body: Mapping[str, Any], refused: set[str]) -> dict[str, Any]:
    renamed = {OTHER_NAME[name]: body[name] for name in refused if name in OTHER_NAME and name in body}
    return {name: value for name, value in body.items() if name not in refused} | renamed


def _text(content: object) -> str:
    if isinstance(content, list):  # some endpoints send parts, as Mistral does
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _finish(reason: object) -> str:
    return "" if not reason else "length" if reason in ("length", "max_tokens", "model_length") else "stop"


def _usage(found: object) -> Usage | None:
    """Counts as OpenAI gives them, or DeepSeek, who names those of its cache otherwise."""
    if not isinstance(found, dict):
        return None
    details = found.get("prompt_tokens_details")
    read = details.get("cached_tokens") if isinstance(details, dict) else found.get("prompt_cache_hit_tokens")
    prompt, said = answer.count(found.get("prompt_tokens")), answer.count(found.get("completion_tokens"))
    return Usage(prompt, said, cache_read_tokens=answer.count(read))
