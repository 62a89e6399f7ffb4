"""What all tools over HTTP have in common: their line to the endpoint, its key, and how they are checked."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orchestra_lsp.model import Abilities, Health, Outcome, Piece, State
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import answer, faults
from orchestra_lsp.tools.wire.endpoint import Endpoint, Key
from orchestra_lsp.tools.wire.http import Call
from orchestra_lsp.tools.wire.prices import Tariff

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.tools.wire.answer import Dialect
    from orchestra_lsp.tools.wire.extract import Shape
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
    settings: ToolSettings

    async def call(self, path: str, deadline: float, body: Mapping[str, Any] | None = None) -> Call:
        """Raises ToolError when the key cannot be had."""
        headers = self.headers(await self.key.read())
        return Call(self.endpoint, path, deadline, headers, None if body is None else json.dumps(body).encode())


def line_to(endpoint: Endpoint, settings: ToolSettings, shared: Shared, headers: Callable[[str], Mapping[str, str]]) -> Line:
    """Raises ToolError when the key cannot be had."""
    return Line(endpoint, Key(endpoint.tool, settings.key), shared.http, headers, settings)


def bearer(key: str) -> dict[str, str]:
    """The headers of every endpoint that takes its key as OpenAI does."""
    return {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})


@dataclass(frozen=True, slots=True)
class Question:
    """One way to ask an endpoint: where, with what, how the answer is read, and how it is made fit for the file."""

    path: str
    body: Mapping[str, Any] = field(repr=False)
    dialect: Dialect
    shape: Shape | None = None


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
        host = "" if line.endpoint.direct else urlsplit(line.endpoint.base).hostname or ""
        self.tariff = Tariff(host, line.endpoint.model, line.settings.price)

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

    async def _answer(self, question: Question, deadline: float) -> AsyncGenerator[Piece, None]:
        """Ask, and stream the answer with what it cost. Raises ToolError."""
        call = await self._line.call(question.path, deadline, question.body)
        pieces = answer.pieces(self._line.http, call, question.dialect, question.shape)
        async with aclosing(pieces):
            async for piece in pieces:
                yield replace(piece, usage=self.tariff.priced(piece.usage)) if piece.usage else piece

    def _admit(self, prompt: MaskedPrompt) -> None:
        """Raises ToolError for a prompt of a file that is never sent; its texts are empty, so nobody could answer it."""
        if prompt.refused:
            raise ToolError(self.name, prompt.refused, "ask the embedded engine, or run a model on this machine", retryable=False)

    async def start(self) -> None:
        """Nothing to make ready: the first request opens the connection."""

    async def hear(self, receipt: str, outcome: Outcome, accepted: int = 0) -> None:
        """None of these endpoints wants to know."""

    async def close(self) -> None:
        """Nothing to give back: the connections belong to the process."""

    def _noted(self, error: faults.Refused) -> faults.Refused:
        """A key that was refused is read anew before the next call: it may have been replaced."""
        if error.status == 401:
            self._line.key.refused()
        return error

    async def _look(self, path: str) -> Listed | Health:
        """Ask the endpoint for its models; what stands in the way is the tool's health."""
        try:
            server, document = await self._document(path)
        except faults.Refused as error:
            if error.status in (404, 405, 501):
                return Health(State.READY, "reachable; it lists no models, so the key and the model are not checked")
            return ill(error)
        except ToolError as error:
            return ill(error)
        return Listed(server, names_in(document))

    async def _document(self, path: str, body: Mapping[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """The name of the endpoint's software and the object at `path`; empty when it is none. Raises ToolError."""
        call = await self._line.call(path, time.monotonic() + CHECK_SECONDS, body)
        async with self._line.http.open(call) as reply:
            if reply.status != 200:
                raise await answer.refusal(reply)
            software, whole = reply.headers.get("server", ""), await reply.read()
        try:
            return software, answer.json_object(whole)
        except ValueError:
            return software, {}  # nothing that could be compared with

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


def unverified(health: Health, what: str) -> Health:
    """Says of a tool that is well that nobody has ever tried its adapter with the real thing."""
    if health.state is not State.READY:
        return health
    return Health(
        State.READY,
        f"{health.reason or 'reachable'}; the adapter follows the documentation of {what} and has not been tried with the real one",
    )


def ill(error: ToolError) -> Health:
    """What an error means for the tool's health."""
    slow = isinstance(error, faults.Refused) and error.status == 429
    return Health(State.DEGRADED if slow else State.DOWN, error.problem, error.remedy)


def names_in(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the models that are listed, as OpenAI ("data", "id") or as Ollama does ("models", "name")."""
    data, name = (document.get("data"), "id") if "data" in document else (document.get("models"), "name")
    found = [one.get(name) for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    return tuple(one for one in found if isinstance(one, str) and MODEL_NAME.fullmatch(one))


def _near(model: str, names: tuple[str, ...]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(model, names, n=3) or sorted(names)[:3]
