"""Ollama: completions by /api/generate with a suffix, or by our own template where the model has none; the rest by /api/chat.

Written from Ollama's documentation and public bug reports; not verified against the real program.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from orchestra_lsp.model import Abilities, Health, Kind, Piece, State, Usage
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.openai import abilities, messages, suffixed, templated
from orchestra_lsp.tools.wire import answer, faults, fim
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.base import HttpTool, Line, Question, bearer, ill, line_to, names_in, unverified
from orchestra_lsp.tools.wire.endpoint import Endpoint, resolve, rooted
from orchestra_lsp.tools.wire.extract import shape_for

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.tools.wire.sse import Event
    from orchestra_lsp.trust.mask import MaskedPrompt

DEFAULT_URL = "http://127.0.0.1:11434"
#: Loading a model takes seconds, so it stays between the pauses of a person at work.
KEEP_ALIVE = "30m"
TEMPERATURE = 0.1
CHAT_TEMPERATURE = 0.2


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when something that it needs is not set. No key is needed."""
    endpoint = rooted(resolve(name, settings, DEFAULT_URL, root=""), "/v1", "/api")
    if not settings.model:
        raise ToolError(name, "no model is set", f'set tools.{name}.model, for instance to "qwen2.5-coder:1.5b"')
    middle = settings.fill_in_middle
    able = abilities(endpoint, settings, middle, settings.context_tokens)
    return Ollama(line_to(endpoint, settings, shared, bearer), able, middle)


class Ollama(HttpTool):
    """One model of an Ollama. `middle` is how completions are asked: "suffix", "template", "chat" or "off"."""

    def __init__(self, line: Line, abilities: Abilities, middle: str) -> None:
        super().__init__(line, abilities)
        self._middle = middle
        self._family = fim.family_for(self.name, self.model, line.settings.template)
        self._raw = middle == "template"  # or the model turned out to have no template for a suffix

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        self._admit(prompt)
        raw = self._raw
        try:
            async with aclosing(self._answer(self._question(prompt, raw), deadline)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except faults.Refused as error:
            if raw or not error.no_suffix or prompt.kind is not Kind.COMPLETE:
                raise self._explained(error) from None
            self._raw = True
        async with aclosing(self.ask(prompt, deadline)) as again:
            async for piece in again:
                yield piece

    async def check(self) -> Health:
        try:
            _, document = await self._document("/api/tags")
        except ToolError as error:
            return ill(error)
        if "models" not in document:
            reason = f"{self._line.endpoint.host} does not answer like Ollama"
            return Health(State.DEGRADED, reason, f'correct tools.{self.name}.url, or set tools.{self.name}.kind = "openai"')
        if _tagged(self.model) not in names_in(document):
            return ill(self._missing())
        return unverified(Health(State.READY), "Ollama")

    def _question(self, prompt: MaskedPrompt, raw: bool) -> Question:
        dialect = _Dialect(self._line.endpoint)
        if prompt.kind is not Kind.COMPLETE or self._middle == "chat":
            chat = self._body(prompt, {"messages": messages(prompt)}, {"temperature": CHAT_TEMPERATURE})
            return Question("/api/chat", chat, dialect, shape_for(prompt))
        text = self._template(prompt) if raw else self._suffix(prompt)
        stop = {"stop": text.pop("stop")} if "stop" in text else {}
        return Question("/api/generate", self._body(prompt, text, {"temperature": TEMPERATURE, **stop}), dialect)

    def _suffix(self, prompt: MaskedPrompt) -> dict[str, Any]:
        """Both sides; Ollama puts them into the model's template and reads control tokens in either."""
        text = suffixed(prompt)
        for side in ("prompt", "suffix"):
            text[side] = fim.neutral(text[side], self._family) if self._family else text[side]
        # An empty suffix would be read as none, and the text before the cursor as a question.
        return text | {"suffix": text["suffix"] or "\n"}

    def _template(self, prompt: MaskedPrompt) -> dict[str, Any]:
        if not self._family:
            raise fim.unknown(self.name, self.model)
        return templated(prompt, self._family) | {"raw": True}

    def _body(self, prompt: MaskedPrompt, text: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """The window is always the same: with another one Ollama would load the model anew."""
        sizes = {"num_predict": prompt.max_tokens, "num_ctx": self.abilities.context_tokens}
        return {"model": self.model, **text, "stream": True, "keep_alive": KEEP_ALIVE, "options": {**sizes, **options}}

    def _explained(self, error: faults.Refused) -> ToolError:
        return self._missing() if error.status == 404 else self._noted(error)

    def _missing(self) -> ToolError:
        problem = f"Ollama at {self._line.endpoint.host} does not have the model {self.model}"
        return ToolError(self.name, problem, f"run: ollama pull {self.model}", retryable=False)


class _Dialect:
    """How /api/generate and /api/chat answer: a line of JSON for each token, the last with `done` and the counts."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def event(self, event: Event) -> Delta:
        return self.whole(answer.json_object(event.data))

    def whole(self, document: dict[str, Any]) -> Delta:
        if error := document.get("error"):
            raise faults.declared(self._endpoint, error if isinstance(error, dict) else {})
        message = document.get("message")
        text = message.get("content") if isinstance(message, dict) else document.get("response")
        said = text if isinstance(text, str) else ""
        if document.get("done") is not True:
            return Delta(said)
        finish = "length" if document.get("done_reason") == "length" else "stop"
        counts = Usage(answer.count(document.get("prompt_eval_count")), answer.count(document.get("eval_count")))
        return Delta(said, finish, counts, done=True)


def _tagged(model: str) -> str:
    return model if ":" in model else f"{model}:latest"
