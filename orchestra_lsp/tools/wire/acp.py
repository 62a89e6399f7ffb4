"""The Agent Client Protocol, version 1: one agent that has been started, and the sessions that it holds for us."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestra_lsp import __version__
from orchestra_lsp.model import Usage
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import permission, trouble
from orchestra_lsp.tools.wire.answer import Delta, count
from orchestra_lsp.tools.wire.limit import Limit
from orchestra_lsp.tools.wire.process import GRACE_SECONDS, Process
from orchestra_lsp.tools.wire.rpc import METHOD_NOT_FOUND, Json, Peer, RpcError

log = logging.getLogger("orchestra")

VERSION = 1
SIGN_IN_NEEDED = -32000
#: Agents think, and run long tools, without a word; one that is silent for longer has hung.
IDLE_SECONDS = 180.0
#: How long an agent may take to stop a turn that was cancelled, before it is ended.
CANCEL_SECONDS = 5.0
#: The text of one turn: beyond any answer a person asked for.
MAX_TEXT = 8_000_000
#: Neither files nor terminals are offered: agents that ask for them anyway are refused.
CAPABILITIES = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
LENGTH = frozenset({"max_tokens", "max_turn_requests"})


@dataclass(frozen=True, slots=True)
class Order:
    """What a session is wanted for. `folder`: where it may change files; None: nowhere."""

    cwd: Path
    folder: Path | None = None
    modes: tuple[str, ...] = ()  # the first that the agent offers is set
    mode_needed: bool = False  # without one of them it is not asked
    model: str = ""
    authenticate: str = ""  # the method to sign in by, if it takes nobody's attention
    meta: Mapping[str, Any] = field(default_factory=dict)
    noise: re.Pattern[str] | None = None  # chunks of its own chatter that are no part of an answer


class Connection:
    """An agent that speaks with us."""

    def __init__(self, process: Process) -> None:
        self.tool = process.launch.tool
        self.what = process.launch.what
        self.peer = Peer(process, self, self._ended)
        self.about: Json = {}
        self.tired = False  # it did not stop when told to: nothing new is asked of it
        self._sessions: dict[str, Session] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    @property
    def usable(self) -> bool:
        return self.peer.error is None and not self.tired

    async def greet(self, until: float) -> None:
        """Agree on the protocol; `until` is in seconds of `time.monotonic()`. Raises ToolError."""
        ours = {"name": "orchestra-lsp", "title": "Orchestra LSP", "version": __version__}
        params = {"protocolVersion": VERSION, "clientCapabilities": CAPABILITIES, "clientInfo": ours}
        try:
            self.about = await self.peer.request("initialize", params, until)
        except RpcError as error:
            raise self.fault(error) from None
        if (theirs := self.about.get("protocolVersion")) != VERSION:
            raise trouble.foreign(self.tool, self.what, f"it speaks version {str(theirs)[:20]} of the protocol, we speak {VERSION}")

    async def open(self, order: Order, until: float) -> Session:
        """A session of its own for one request. Raises ToolError."""
        try:
            made = await self._new(order, until)
            number = made.get("sessionId")
            if not isinstance(number, str):
                raise trouble.foreign(self.tool, self.what, "it opened a session without a name")
            session = self._sessions[number] = Session(self, number, order)
            try:
                await session.prepare(made, until)
            except BaseException:
                self.close_session(number)
                raise
        except RpcError as error:
            raise self.fault(error) from None
        return session

    async def close(self, grace: float = GRACE_SECONDS) -> None:
        """End the agent, by force after `grace` seconds; twice is harmless."""
        for task in self._stopping:
            task.cancel()
        await self.peer.close(grace)

    def stop(self, session: Session, answer: asyncio.Future[Json]) -> None:
        """Tell the agent to stop its turn; one that does not is ended once nobody else uses it."""
        self.peer.notify("session/cancel", {"sessionId": session.id})
        task = asyncio.create_task(self._stopped(session, answer))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def close_session(self, number: str) -> None:
        """Forget a session, here and, if it can, there."""
        if self._sessions.pop(number, None) and self._can_close():
            closing = self.peer.call("session/close", {"sessionId": number}) if not self.peer.error else None
            if closing:
                closing.add_done_callback(_seen)
        if self.tired and not self._sessions:
            self.give_up()

    def give_up(self) -> None:
        """End the agent, in the background."""
        self.tired = True
        task = asyncio.create_task(self.peer.close(0))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def asked(self, method: str, params: Json) -> Json:
        """What the agent asks of us: permission is answered, everything else is not offered."""
        if method != "session/request_permission":
            raise RpcError(METHOD_NOT_FOUND, f"{method} is not offered")
        session = self._session(params)
        return session.permit(params) if session else {"outcome": {"outcome": "cancelled"}}

    def fault(self, error: RpcError) -> ToolError:
        """What an error of the agent means for the person."""
        if error.code == SIGN_IN_NEEDED:
            return trouble.signed_out(self.tool, self.what, "")
        details = error.data.get("details") if isinstance(error.data, dict) else error.data
        why = f"{error.message}: {details}" if isinstance(details, str) and details else error.message
        return trouble.failed(self.tool, self.what, trouble.masked(why, self.peer.process.launch.secrets))

    def heard(self, method: str, params: Json) -> None:
        """What the agent tells us: an update of a session. Other news, and those of a session that is over, tell nobody."""
        update = params.get("update") if method == "session/update" else None
        if isinstance(update, dict) and (session := self._session(params)):
            session.update(update)

    async def _new(self, order: Order, until: float) -> Json:
        params = {"cwd": str(order.cwd), "mcpServers": [], **({"_meta": dict(order.meta)} if order.meta else {})}
        try:
            return await self.peer.request("session/new", params, until)
        except RpcError as error:
            if error.code != SIGN_IN_NEEDED or not self._offers(order.authenticate):
                raise
            await self._authenticate(order.authenticate, error, until)
        return await self.peer.request("session/new", params, until)

    async def _authenticate(self, method: str, needed: RpcError, until: float) -> None:
        try:
            await self.peer.request("authenticate", {"methodId": method}, until)
        except RpcError as error:
            log.debug("%s: cannot sign in by itself: code %d", self.tool, error.code)
            raise needed from None

    def _offers(self, method: str) -> bool:
        return any(isinstance(one, dict) and one.get("id") == method for one in self.about.get("authMethods") or ())

    def _can_close(self) -> bool:
        able = self.about.get("agentCapabilities")
        sessions = able.get("sessionCapabilities") if isinstance(able, dict) else None
        return isinstance(sessions, dict) and "close" in sessions

    def _session(self, params: Json) -> Session | None:
        number = params.get("sessionId")
        return self._sessions.get(number) if isinstance(number, str) else None

    async def _stopped(self, session: Session, answer: asyncio.Future[Json]) -> None:
        await asyncio.wait([answer], timeout=CANCEL_SECONDS)
        if answer.done():
            _seen(answer)
        else:
            log.info("%s: did not stop when told to", self.tool)
            self.tired = True
        self.close_session(session.id)

    def _ended(self, error: ToolError) -> None:
        log.debug("%s", error)
        for session in self._sessions.values():
            session.wake()


class Session:
    """One conversation, for one request."""

    def __init__(self, connection: Connection, number: str, order: Order) -> None:
        self.id = number
        self._connection = connection
        self._order = order
        self._calls: dict[str, permission.ToolCall] = {}
        self._texts: list[str] = []
        self._size = 0
        self._answer: asyncio.Future[Json] | None = None  # while there is a turn, what it will come to
        self._worked = False  # between what it said last and what it will say next
        self._cost: float | None = None
        self._heard = time.monotonic()
        self._waiting: asyncio.Future[None] | None = None

    async def prepare(self, made: Json, until: float) -> None:
        """Set the mode and the model that were ordered. Raises RpcError, ToolError."""
        peer, options = self._connection.peer, _options(made)
        mode, by_option = _mode(made, options, self._order.modes)
        if mode and by_option:
            await peer.request("session/set_config_option", {"sessionId": self.id, "configId": by_option, "value": mode}, until)
        elif mode:
            await peer.request("session/set_mode", {"sessionId": self.id, "modeId": mode}, until)
        elif self._order.mode_needed:
            why = f"it offers none of the modes {', '.join(self._order.modes)}, without which it is not safe to ask"
            raise trouble.foreign(self._connection.tool, self._connection.what, why)
        if self._order.model and (option := _option(options, "model")):
            params = {"sessionId": self.id, "configId": option["id"], "value": _offered(option, self._order.model)}
            await peer.request("session/set_config_option", params, until)

    async def prompt(self, text: str, until: float) -> AsyncGenerator[Delta, None]:
        """Ask, and stream what it says; the last has `finish` and what it used. Closing it stops the turn. Raises ToolError."""
        begun = time.monotonic()
        limit, peer = Limit(), self._connection.peer
        answer = self._answer = peer.call("session/prompt", {"sessionId": self.id, "prompt": [{"type": "text", "text": text}]})
        answer.add_done_callback(lambda _: self.wake())
        try:
            while not answer.done():
                await self._news(limit, until, begun)
                yield Delta(self._taken())
            yield self._last(await answer)
        except RpcError as error:
            raise self._connection.fault(error) from None
        finally:
            limit.close()
            if answer.done():
                _seen(answer)
                self._connection.close_session(self.id)
            else:
                self._connection.stop(self, answer)

    def permit(self, params: Json) -> Json:
        """The answer to a request for permission, which is only heard in a turn."""
        if self._answer is None or self._answer.done():
            return {"outcome": {"outcome": "cancelled"}}
        call = params.get("toolCall")
        told = call if isinstance(call, dict) else {}
        known = self._calls.get(str(told.get("toolCallId")), permission.ToolCall())
        return permission.outcome(params.get("options"), known.told(told), self._order.folder)

    def update(self, update: Json) -> None:
        """Something the agent says or does; kinds that are not known are signs of life."""
        match update.get("sessionUpdate"):
            case "agent_message_chunk":
                self._add(_text(update.get("content")))
            case "tool_call" | "tool_call_update":
                self._worked = True
                number = str(update.get("toolCallId"))
                self._calls[number] = self._calls.get(number, permission.ToolCall()).told(update)
            case "usage_update":
                self._cost = _dollars(update.get("cost")) or self._cost
        self.wake()

    def wake(self) -> None:
        """There is news."""
        self._heard = time.monotonic()
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def _news(self, limit: Limit, until: float, begun: float) -> None:
        connection = self._connection
        if self._texts:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await limit.wait(self._waiting, min(until, self._heard + IDLE_SECONDS))
        except TimeoutError:
            if time.monotonic() >= until:
                raise trouble.slow(connection.tool, connection.what, "finish", until - begun) from None
            raise trouble.silent(connection.tool, connection.what, IDLE_SECONDS) from None
        finally:
            self._waiting = None
        if self._size > MAX_TEXT:
            connection.give_up()
            raise trouble.too_much(connection.tool, connection.what, MAX_TEXT)

    def _add(self, text: str) -> None:
        if not text or (self._order.noise and self._order.noise.fullmatch(text)):
            return
        if self._worked and self._size:
            text = f"\n\n{text}"
        self._worked = False
        self._size += len(text)
        if self._size <= MAX_TEXT:
            self._texts.append(text)

    def _taken(self) -> str:
        text = "".join(self._texts)
        self._texts.clear()
        return text

    def _last(self, result: Json) -> Delta:
        reason = result.get("stopReason")
        if reason == "refusal":
            raise trouble.declined(self._connection.tool)
        if reason == "cancelled":
            raise trouble.stopped(self._connection.tool, self._connection.what)
        finish = "length" if reason in LENGTH else "stop"
        return Delta(self._taken(), finish, _usage(result.get("usage"), self._cost), done=True)


def _text(content: object) -> str:
    text = content.get("text") if isinstance(content, dict) and content.get("type") == "text" else None
    return text if isinstance(text, str) else ""


def _dollars(cost: object) -> float | None:
    """What the agent says the session cost so far. Agents say 0 where they do not know."""
    if not isinstance(cost, dict) or cost.get("currency") != "USD":
        return None
    amount = cost.get("amount")
    return float(amount) if isinstance(amount, int | float) and not isinstance(amount, bool) and amount > 0 else None


def _usage(told: object, cost: float | None) -> Usage | None:
    """Agents count cached tokens as a part of the prompt or beside it; the total tells which."""
    if not isinstance(told, dict):
        return Usage(cost=cost) if cost is not None else None
    names = ("inputTokens", "outputTokens", "cachedReadTokens", "cachedWriteTokens", "totalTokens")
    fresh, output, read, written, total = (count(told.get(name)) for name in names)
    whole = fresh
    if total is not None and output is not None and fresh is not None:
        whole = max(fresh, total - output)
    return Usage(whole, output, cost, cache_read_tokens=read, cache_write_tokens=written)


def _options(made: Json) -> list[Json]:
    found = made.get("configOptions")
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)] if isinstance(found, list) else []


def _option(options: list[Json], category: str) -> Json | None:
    return next((one for one in options if category in (one.get("category"), one["id"])), None)


def _offered(option: Json, model: str) -> str:
    """The option's own name for a model that people may write otherwise; as it is when the agent offers nothing alike."""
    offered = option.get("options")
    pairs = [(one.get("value"), one.get("name")) for one in offered if isinstance(one, dict)] if isinstance(offered, list) else []
    values = [value for value, name in pairs if isinstance(value, str) and model.lower() in (value.lower(), str(name).lower())]
    near = [value for value, _ in pairs if isinstance(value, str) and value.lower().startswith(model.lower())]
    return next(iter((*values, *near)), model)


def _mode(made: Json, options: list[Json], wanted: tuple[str, ...]) -> tuple[str, str]:
    """The first wanted mode that is offered, and the option to set it by; empty for `session/set_mode`.

    Some agents name their modes by an address whose last part is the name.
    """
    modes = made.get("modes")
    listed = modes.get("availableModes") if isinstance(modes, dict) else None
    offered = [(one.get("id"), "") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if (option := _option(options, "mode")) and isinstance(values := option.get("options"), list):
        offered += [(one.get("value"), option["id"]) for one in values if isinstance(one, dict)]
    for name in wanted:
        for value, by_option in offered:
            if isinstance(value, str) and value.rpartition("#")[2] == name:
                return value, by_option
    return "", ""


def _seen(future: asyncio.Future[Json]) -> None:
    """Nobody waits for it any more; what it came to is looked at, or asyncio would complain."""
    if not future.cancelled():
        future.exception()
