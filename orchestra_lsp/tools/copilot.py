"""GitHub Copilot by its own language server, run as our child: completions and next edits from masked copies of the documents."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from orchestra_lsp.model import Abilities, Buffer, Health, Kind, Outcome, Piece, Reach, Span, State
from orchestra_lsp.syntax.text import encode
from orchestra_lsp.tools.contract import NothingToSay, SignedOut, SignInStep, Tool, ToolError
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.copilot_server import CopilotServer, Offer, account_health, sign_in_remedy
from orchestra_lsp.tools.wire.environment import scrubbed
from orchestra_lsp.tools.wire.lsp_child import Json, Refused
from orchestra_lsp.tools.wire.mirror import position, span_of
from orchestra_lsp.tools.wire.process import Launch
from orchestra_lsp.tools.wire.program import Program

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.trust.mask import MaskedPrompt

log = logging.getLogger("orchestra")

WHAT = "the Copilot language server"
PROGRAM = Program(WHAT, headless=("copilot-language-server", "--stdio"), install="run: npm install -g @github/copilot-language-server")
KINDS = frozenset({Kind.COMPLETE, Kind.NEXT_EDIT})
#: It takes seconds to start; what takes longer hangs.
START_SECONDS = 45.0
#: After a crash it is left alone for this long, twice as long each time.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 120.0
#: A run of this length that crashed counts as the first crash again.
STEADY_SECONDS = 60.0
CHECK_SECONDS = 4.0
ACCOUNT_SECONDS = 20.0
HEAR_SECONDS = 2.0
NOT_SIGNED_IN = frozenset({1000, 1003})
NO_WAY_TO_GITHUB, NOT_FOR_THIS_FILE = 1001, 1002
#: Cancelled, superseded, or the document moved on meanwhile: nobody waits for an answer any more.
OVERTAKEN = frozenset({-32800, -32801, -32802})
CODE = re.compile(r"[A-Za-z0-9-]{1,32}")
#: How it is asked: as while typing, because for one that is asked for by hand it works out three offers.
AUTOMATIC = 2

Value = TypeVar("Value")


def create(name: str, settings: ToolSettings, _shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when the program is not there."""
    command = settings.command or PROGRAM.headless
    found = shutil.which(command[0])
    if found is None:
        raise trouble.missing(name, command[0], f"{PROGRAM.install}; or set tools.{name}.command")
    kinds = KINDS if settings.kinds is None else KINDS & frozenset(map(Kind, settings.kinds))
    if not kinds:
        raise ToolError(name, "the settings leave nothing for it to do", f"add to tools.{name}.kinds or remove it", retryable=False)
    environment = scrubbed(("GH_COPILOT_TOKEN", "GITHUB_COPILOT_TOKEN"))
    launch = Launch(name, WHAT, (found, *command[1:]), Path.home(), environment)
    return Copilot(launch, Abilities(kinds, Reach.OUTSIDE, streaming=False, context_tokens=settings.context_tokens))


class Copilot:
    """Belongs to one event loop. The child is started by the first call (or `start`) and again, after a pause, when it crashed."""

    endpoint = None
    model = ""

    def __init__(self, launch: Launch, abilities: Abilities) -> None:
        self._launch = launch
        self._abilities = abilities
        self._starting: asyncio.Task[CopilotServer] | None = None
        self._began = 0.0
        self._pause = 0.0
        self._not_before = 0.0
        self._closed = False

    @property
    def name(self) -> str:
        return self._launch.tool

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    async def start(self) -> None:
        await self.server(time.monotonic() + START_SECONDS)

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        if prompt.refused:
            raise ToolError(self.name, prompt.refused, "ask the embedded engine, or run a model on this machine", retryable=False)
        server = await self.server(deadline)
        if server.health(self.name).state is State.SIGNED_OUT:
            await self._recheck(server, deadline)
        async with self._told():
            yield await self._within(self._suggestion(server, prompt), deadline, "answer")

    async def hear(self, receipt: str, outcome: Outcome, accepted: int = 0) -> None:
        server = self._running()
        offer = server.offer(receipt) if server else None
        if server is None or offer is None:
            return
        try:
            async with asyncio.timeout(HEAR_SECONDS):
                await _tell(server, offer, receipt, outcome, accepted)
        except (ToolError, TimeoutError) as error:
            log.debug("%s did not hear of an outcome: %s", self.name, error)

    async def check(self) -> Health:
        try:
            server = await self.server(time.monotonic() + START_SECONDS)
            async with self._told():
                return await self._within(self._account(server), time.monotonic() + CHECK_SECONDS, "say how it is")
        except SignedOut as error:
            return Health(State.SIGNED_OUT, error.problem, error.remedy)
        except ToolError as error:
            return Health(State.DOWN, error.problem, error.remedy)

    async def sign_in(self, deadline: float) -> AsyncGenerator[SignInStep, None]:
        server = await self.server(deadline)
        async with self._told():
            begun = await self._within(server.child.request("signIn", {}), deadline, "begin to sign in")
            begun = begun if isinstance(begun, dict) else {}
            if account_health(self.name, begun.get("status")) is None:
                return
            yield self._step(begun)
            done = await self._within(server.child.request("workspace/executeCommand", _command(begun)), deadline, "see you sign in")
        problem = account_health(self.name, done.get("status") if isinstance(done, dict) else None)
        if problem:
            raise ToolError(self.name, problem.reason, problem.remedy, retryable=False)

    async def sign_out(self) -> None:
        server = await self.server(time.monotonic() + START_SECONDS)
        async with self._told():
            await self._within(server.child.request("signOut", {}), time.monotonic() + ACCOUNT_SECONDS, "sign out")

    async def close(self) -> None:
        self._closed = True
        await self._stop()

    # --- the child ---

    async def server(self, deadline: float) -> CopilotServer:
        """The running child; one that is starting goes on doing so when `deadline` is earlier. Raises ToolError."""
        if self._crashed():
            await self._stop()
        if self._starting is None:
            left = self._not_before - time.monotonic()
            if self._closed or left > 0:
                raise ToolError(self.name, f"{WHAT} ended and is not running", "it is started again in a moment", retry_after=max(left, 0))
            self._began = time.monotonic()
            self._starting = asyncio.ensure_future(self._begin())
            self._starting.add_done_callback(self._failed)
        starting = self._starting
        try:
            return await self._within(asyncio.shield(starting), deadline, "start")
        except ToolError:
            if starting.done():
                raise
            # No fault: it takes seconds, and whoever types has a part of one.
            raise NothingToSay(self.name, f"{WHAT} is still starting", "go on typing") from None

    async def _begin(self) -> CopilotServer:
        try:
            async with asyncio.timeout(START_SECONDS):
                return await CopilotServer.begin(self._launch)
        except TimeoutError:
            raise trouble.slow(self.name, WHAT, "start", START_SECONDS) from None

    def _failed(self, task: asyncio.Task[CopilotServer]) -> None:
        """A start that came to nothing counts as a crash; whoever waits for it hears why."""
        if not task.cancelled() and task.exception() is not None:
            self._wait_longer()

    def _running(self) -> CopilotServer | None:
        task = self._starting
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return None if task.result().child.broken else task.result()

    def _crashed(self) -> bool:
        return self._starting is not None and self._starting.done() and self._running() is None

    def _wait_longer(self) -> None:
        steady = time.monotonic() - self._began > STEADY_SECONDS
        self._pause = FIRST_PAUSE_SECONDS if steady or not self._pause else min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._not_before = time.monotonic() + self._pause

    async def _stop(self) -> None:
        task, self._starting = self._starting, None
        if task is None:
            return
        if not task.done():
            task.cancel()
        (found,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(found, CopilotServer):
            if found.child.broken and not self._closed:
                self._wait_longer()
            await found.end()

    async def _within(self, work: Awaitable[Value], deadline: float, what: str) -> Value:
        left = deadline - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                return await work
        except TimeoutError:
            raise trouble.slow(self.name, WHAT, what, left) from None

    # --- what it is asked ---

    async def _suggestion(self, server: CopilotServer, prompt: MaskedPrompt) -> Piece:
        file, path = prompt.uri, prompt.path
        document, told = server.mirror.show(file, path, prompt.language, prompt.prefix + prompt.selection + prompt.suffix)
        for method, params in told:
            server.child.notify(method, params)
        place = position(document, len(encode(prompt.prefix)))
        edit = prompt.kind is Kind.NEXT_EDIT
        where = {"textDocument": {"uri": document.uri, "version": document.version}, "position": place}
        if edit:
            found = await server.child.request("textDocument/copilotInlineEdit", where)
        else:
            found = await server.child.request("textDocument/inlineCompletion", {**where, **_manner(document)})
        for item in _items(found, "edits" if edit else "items"):
            text, span = item.get("text" if edit else "insertText"), span_of(document, item.get("range"))
            if isinstance(text, str) and (span or not edit):
                at = len(encode(prompt.prefix))
                return Piece(text, "stop", span=span or Span(at, at), receipt=server.keep(Offer(item, edit)))
        raise self._nothing(server)

    def _nothing(self, server: CopilotServer) -> ToolError:
        """Why there is no offer: the account may be used up, which is told by status alone."""
        health = server.health(self.name)
        if health.state in (State.DOWN, State.SIGNED_OUT):
            return self._ill(health)
        return NothingToSay(self.name, "it has no suggestion here", "go on typing")

    async def _recheck(self, server: CopilotServer, deadline: float) -> None:
        """The person may have signed in elsewhere since. Raises SignedOut."""
        async with self._told():
            asked = server.child.request("checkStatus", {})
            answer = await self._within(asked, min(deadline, time.monotonic() + CHECK_SECONDS), "say how it is")
        if health := account_health(self.name, answer.get("status") if isinstance(answer, dict) else None):
            raise self._ill(health)

    async def _account(self, server: CopilotServer) -> Health:
        status = await server.child.request("checkStatus", {})
        if health := account_health(self.name, status.get("status") if isinstance(status, dict) else None):
            return health
        heard = server.health(self.name)
        if heard.state is not State.READY:
            return heard
        try:
            quota = await server.child.request("checkQuota", {})
        except Refused as error:  # older servers do not know it; the account is well all the same
            log.debug("%s tells no quota: %s", self.name, error.said)
            return heard
        return _quota(quota) or heard

    def _ill(self, health: Health) -> ToolError:
        kind = SignedOut if health.state is State.SIGNED_OUT else ToolError
        return kind(self.name, health.reason, health.remedy, retryable=False)

    @contextlib.asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """Its error codes in words for people."""
        try:
            yield
        except Refused as error:
            if error.code in NOT_SIGNED_IN:
                remedy = sign_in_remedy(self.name)
                raise SignedOut(self.name, "you are not signed in to GitHub", remedy, retryable=False) from None
            if error.code == NO_WAY_TO_GITHUB:
                problem = "GitHub could not be reached, or did not let you sign in"
                raise ToolError(self.name, problem, "check the network and the proxy, then sign in again") from None
            if error.code == NOT_FOR_THIS_FILE:
                problem = "your organisation's rules keep Copilot from this file"
                raise NothingToSay(self.name, problem, "ask whoever manages Copilot there", retryable=False) from None
            if error.code in OVERTAKEN:
                raise NothingToSay(self.name, "a newer request took its place", "go on typing") from None
            raise

    def _step(self, begun: Json) -> SignInStep:
        """What to do, from its answer; an address or code that looks like none is refused, because a person will open it."""
        url, code = str(begun.get("verificationUri") or "https://github.com/login/device"), str(begun.get("userCode") or "")
        if not url.startswith("https://") or not url.isprintable() or not CODE.fullmatch(code):
            raise trouble.foreign(self.name, WHAT, "it gave no code to sign in with")
        return SignInStep("Sign in to GitHub: open the page and enter the code.", url, code)


async def _tell(server: CopilotServer, offer: Offer, receipt: str, outcome: Outcome, accepted: int) -> None:
    """In the words that it knows; it is silent about everything else."""
    shown = "textDocument/didShowInlineEdit" if offer.edit else "textDocument/didShowCompletion"
    match outcome:
        case Outcome.SHOWN:
            server.child.notify(shown, {"item": offer.item})
        case Outcome.ACCEPTED:
            await server.child.request("workspace/executeCommand", _command(offer.item))
        case Outcome.PARTLY_ACCEPTED if not offer.edit and accepted > 0:
            server.child.notify("textDocument/didPartiallyAcceptCompletion", {"item": offer.item, "acceptedLength": accepted})
        case Outcome.DISMISSED if offer.edit:
            rejected = {"command": "github.copilot.didRejectNextEditSuggestionItem", "arguments": [receipt]}
            await server.child.request("workspace/executeCommand", rejected)


def _items(found: object, name: str) -> list[Json]:
    items = found.get(name) if isinstance(found, dict) else None
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []


def _command(item: Json) -> Json:
    command = item.get("command")
    found = command if isinstance(command, dict) else {}
    return {"command": str(found.get("command") or ""), "arguments": found.get("arguments") or []}


def _manner(document: Buffer) -> Json:
    tabs = b"\n\t" in document.data
    return {"context": {"triggerKind": AUTOMATIC}, "formattingOptions": {"tabSize": 4, "insertSpaces": not tabs}}


def _quota(told: Any) -> Health | None:
    """None while there is some left."""
    completions = told.get("completions") if isinstance(told, dict) else None
    if not isinstance(completions, dict) or completions.get("unlimited") or completions.get("overagePermitted"):
        return None
    left = completions.get("percentRemaining")
    if not isinstance(left, int | float) or left > 0:
        return None
    until = str(told.get("resetDate") or "")[:10]
    reason = "this month's completions are used up" + (f"; there are new ones on {until}" if until else "")
    return Health(State.DOWN, reason, "choose another plan at github.com/settings/copilot, or wait")
