"""llama.cpp's own server: completions by /infill, which shows it the other files too, everything else by its chat."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from orchestra_lsp.model import Health, Kind, State, Usage
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.openai import OpenAI, abilities, templated
from orchestra_lsp.tools.wire import answer, faults
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.base import Question, bearer, ill, line_to
from orchestra_lsp.tools.wire.endpoint import Endpoint, resolve, rooted

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.tools.wire.sse import Event
    from orchestra_lsp.trust.mask import MaskedPrompt

DEFAULT_URL = "http://127.0.0.1:8080"
#: Low, so that the same place gets the same completion.
TEMPERATURE = 0.1
#: The server's own default for `--batch-size`, which /props does not tell.
USUAL_BATCH = 2048
#: Text of another file that is only sent to see whether it arrives.
TRACE = "orchestra-lsp was here"


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when the address is none. Neither key nor model is needed."""
    endpoint = rooted(resolve(name, settings, DEFAULT_URL, root=""), "/v1")
    middle = settings.fill_in_middle
    able = abilities(endpoint, settings, middle, settings.context_tokens)
    return LlamaCpp(line_to(endpoint, settings, shared, bearer), able, middle)


class LlamaCpp(OpenAI):
    """One such server. Text sent to /infill is never read as control tokens, so only templates need that care."""

    CHAT = "/v1/chat/completions"

    def _completion(self, prompt: MaskedPrompt, deadline: float) -> Question:
        path, text = ("/completion", templated(prompt, self._family)) if self._family else ("/infill", _around(prompt))
        limits = {"n_predict": prompt.max_tokens, "t_max_predict_ms": max(1, int((deadline - time.monotonic()) * 1000))}
        body = {**text, **limits, "temperature": TEMPERATURE, "cache_prompt": True, "stream": True}
        return Question(path, body, _Dialect(self._line.endpoint))

    def _explained(self, error: faults.Refused, prompt: MaskedPrompt) -> faults.Refused:
        if prompt.kind is Kind.COMPLETE and error.status in (404, 405):
            error.remedy = f'if {self._line.endpoint.host} is not llama.cpp, set tools.{self.name}.kind = "openai"'
        return self._noted(self._in_its_words(error))

    def _in_its_words(self, error: faults.Refused) -> faults.Refused:
        """What two statuses mean when it is llama.cpp that answers with them."""
        if error.status == 503:
            error.problem = f"llama.cpp at {self._line.endpoint.host} is still loading its model"
            error.remedy = "wait until it has; a large model takes a minute"
        elif error.no_suffix:
            error.problem = "the model there has no control tokens for filling in the middle"
            error.remedy = f'load a model made for code, or set tools.{self.name}.fill_in_middle = "template" or "chat"'
            error.retryable = False
        return error

    async def check(self) -> Health:
        try:
            await self._document("/health")
            _, props = await self._document("/props")
            cramped = Kind.COMPLETE in self.abilities.kinds and self._middle == "suffix" and _cramped(props)
            return await self._arriving(props) if cramped else Health(State.READY)
        except faults.Refused as error:
            if error.no_suffix:
                told = self._in_its_words(error)
                return Health(State.DEGRADED, told.problem, told.remedy)
            if error.status in (404, 405, 501):
                reason = f"{self._line.endpoint.host} does not answer like llama.cpp"
                return Health(State.DEGRADED, reason, f'set tools.{self.name}.kind = "openai", or correct tools.{self.name}.url')
            return ill(self._in_its_words(error))
        except ToolError as error:
            return ill(error)

    async def _arriving(self, props: dict[str, Any]) -> Health:
        """Whether other files reach the model. Only asked in doubt: it takes the place of what a slot remembers. Raises ToolError."""
        extra = [{"filename": "trace", "text": TRACE}]
        body = {"input_prefix": "", "input_suffix": "", "input_extra": extra, "n_predict": 0, "cache_prompt": False, "stream": False}
        _, found = await self._document("/infill", body)
        said = found.get("prompt")
        if not isinstance(said, str) or TRACE in said:
            return Health(State.READY)
        reason = f"its window of {_window(props):,} tokens leaves no room for other files, and it drops them without a word"
        return Health(State.DEGRADED, reason, f"start it with a --ctx-size of {4 * USUAL_BATCH} for each slot, or a smaller --batch-size")


class _Dialect:
    """How /infill and /completion answer: one object for each token, the last with `stop` and the counts."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def event(self, event: Event) -> Delta:
        if event.name not in ("", "message", "error"):
            return Delta()
        document = answer.json_object(event.data)
        if error := document.get("error"):
            raise faults.declared(self._endpoint, error if isinstance(error, dict) else {})
        text = document.get("content")
        if not isinstance(text, str):
            return Delta()
        return self._last(document, text) if document.get("stop") else Delta(text)

    def whole(self, document: dict[str, Any]) -> Delta:
        if error := document.get("error"):
            raise faults.declared(self._endpoint, error if isinstance(error, dict) else {})
        return self._last(document, document["content"])

    def _last(self, document: dict[str, Any], text: str) -> Delta:
        timings = document.get("timings")
        read = answer.count(timings.get("cache_n")) if isinstance(timings, dict) else None
        counts = answer.count(document.get("tokens_evaluated")), answer.count(document.get("tokens_predicted"))
        finish = "length" if document.get("stop_type") == "limit" else "stop"
        return Delta(text, finish, Usage(*counts, cache_read_tokens=read), done=True)


def _around(prompt: MaskedPrompt) -> dict[str, Any]:
    """What /infill is sent: it wants both sides, also when one is empty."""
    extra = [{"filename": one.path, "text": one.text} for one in prompt.snippets]
    stop = {} if prompt.multiline else {"stop": ["\n"]}
    return {"input_prefix": prompt.prefix, "input_suffix": prompt.suffix, "input_extra": extra, **stop}


def _window(props: dict[str, Any]) -> int:
    """Tokens of one slot; 0 when the server does not tell."""
    defaults = props.get("default_generation_settings")
    return answer.count(defaults.get("n_ctx")) or 0 if isinstance(defaults, dict) else 0


def _cramped(props: dict[str, Any]) -> bool:
    """Whether other files may not fit: they get what batch and twice the server's own limit of an answer leave of the window."""
    window = _window(props)
    defaults = props.get("default_generation_settings")
    params = defaults.get("params") if isinstance(defaults, dict) else None
    limit = answer.count(params.get("n_predict")) or 0 if isinstance(params, dict) else 0
    return 0 < window <= USUAL_BATCH + 2 * limit
