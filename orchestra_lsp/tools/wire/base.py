"""What all tools over HTTP have in common: their line to the endpoint, its key, and how they are checked."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestra_lsp.model import Abilities, Health, State
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import answer, faults
from orchestra_lsp.tools.wire.http import Call

if TYPE_CHECKING:
    from orchestra_lsp.tools.wire.endpoint import Endpoint, Key
    from orchestra_lsp.tools.wire.http import Http
    from orchestra_lsp.trust.mask import MaskedPrompt
    from orchestra_lsp.trust.reach import Loopback

CHECK_SECONDS = 4.0
MODEL_NAME = re.compile(r"[\w.:/@+-]{1,100}")


@dataclass(frozen=True, slots=True)
class Line:
    """Everything that is needed to reach one endpoint. `headers` gives the headers for a key, which may be empty."""

    endpoint: Endpoint
    key: Key
    http: Http
    headers: Callable[[str], Mapping[str, str]]

    async def call(self, path: str, deadline: float, body: Mapping[str, Any] | None = None) -> Call:
        """Raises ToolError when the key cannot be had."""
        headers = self.headers(await self.key.read())
        return Call(self.endpoint, path, deadline, headers, None if body is None else json.dumps(body).encode())


@dataclass(frozen=True, slots=True)
class Listed:
    """What an endpoint says of itself: its software, and the names of its models, if it lists them."""

    server: str = ""
    models: tuple[str, ...] = ()


class HttpTool:
    """A tool at the other end of a line. What it can do and how it is asked is the business of the adapters."""

    def __init__(self, line: Line, abilities: Abilities) -> None:
        self._line = line
        self._abilities = abilities

    @property
    def name(self) -> str:
        return self._line.endpoint.tool

    @property
    def model(self) -> str:
        return self._line.endpoint.model

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    @property
    def endpoint(self) -> Loopback | None:
        return self._line.endpoint.machine

    def _admit(self, prompt: MaskedPrompt) -> None:
        """Raises ToolError for a prompt of a file that is never sent; its texts are empty, so nobody could answer it."""
        if prompt.refused:
            raise ToolError(self.name, prompt.refused, "ask the embedded engine, or run a model on this machine", retryable=False)

    async def close(self) -> None:
        """Nothing to give back: the connections belong to the process."""

    def _noted(self, error: faults.Refused) -> faults.Refused:
        """A key that was refused is read anew before the next call: it may have been replaced."""
        if error.status == 401:
            self._line.key.refused()
        return error

    async def _look(self, path: str) -> Listed | Health:
        """Ask the endpoint for its models; what stands in the way is the tool's health."""
        deadline = time.monotonic() + CHECK_SECONDS
        try:
            call = await self._line.call(path, deadline)
            async with self._line.http.open(call) as reply:
                if reply.status != 200:
                    raise await answer.refusal(reply)
                return Listed(reply.headers.get("server", ""), _names(await reply.read()))
        except faults.Refused as error:
            if error.status in (404, 405, 501):
                return Health(State.READY, "reachable; it lists no models, so the key and the model are not checked")
            return Health(State.DEGRADED if error.status == 429 else State.DOWN, error.problem, error.remedy)
        except ToolError as error:
            return Health(State.DOWN, error.problem, error.remedy)

    def _health(self, listed: Listed) -> Health:
        """Whether it has the model, by name or by a name that begins with it (a version without its date)."""
        names, model = listed.models, self.model
        if not names or not model or any(name == model or name.startswith(f"{model}-") for name in names):
            return Health(State.READY)
        known = ", ".join(_near(model, names))
        return Health(
            State.DEGRADED,
            f"{self._line.endpoint.host} does not list the model {model}",
            f"set tools.{self.name}.model, for instance to {known}",
        )


def _names(body: bytes) -> tuple[str, ...]:
    try:
        data = answer.json_object(body).get("data")
    except ValueError:
        return ()  # not a list of models: then there is nothing to compare with
    ids = [one.get("id") for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    return tuple(one for one in ids if isinstance(one, str) and MODEL_NAME.fullmatch(one))


def _near(model: str, names: tuple[str, ...]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(model, names, n=3) or sorted(names)[:3]
