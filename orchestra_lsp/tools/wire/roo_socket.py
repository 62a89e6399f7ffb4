"""Roo Code's socket: the extension that runs in an editor, asked for one task. Messages are JSON with a form feed behind each."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

from orchestra_lsp.model import Usage
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.answer import Delta, count
from orchestra_lsp.tools.wire.process import MAX_LINE_BYTES

log = logging.getLogger("orchestra")

END = b"\f"
CHUNK_BYTES = 65_536
#: How long it may take to say hello; the editor may be busy.
GREET_SECONDS = 5.0
#: What it asks a person for. Nobody sits there, and nothing is allowed unasked, so the task ends.
NEEDS_SOMEBODY = frozenset({"followup", "command", "tool", "use_mcp_server", "api_req_failed", "mistake_limit_reached"})
#: It answers by a message of one of these kinds.
ANSWERS = frozenset({"text", "completion_result"})
COUNTS = ("totalTokensIn", "totalTokensOut", "totalCacheReads", "totalCacheWrites")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Door:
    """The socket, for which tool, and its owner's name for people."""

    tool: str
    what: str
    path: str


class Frames:
    """Messages from bytes that may be cut anywhere. What is no message is left out: other versions may send it."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Json]:
        """The messages that are complete by now. Raises ValueError for one that is too long."""
        self._waiting += chunk
        *whole, rest = self._waiting.split(END)
        self._waiting = rest
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError("a message is too long")
        for one in whole:
            if (found := _data(bytes(one))) is not None:
                yield found


async def run(door: Door, text: str, mode: str, until: float) -> AsyncGenerator[Delta, None]:
    """Start a task and stream what it says; the last has `finish` set. Leaving early cancels the task. Raises ToolError."""
    connection = await _Connection.open(door, until)
    done = False
    try:
        connection.tell("StartNewTask", {"configuration": {"mode": mode}, "text": text, "newTab": True})
        reader = Task()
        while not done:
            for event in await connection.events(until):
                delta = reader.event(door, event)
                done = done or bool(delta.finish)
                yield delta
    finally:
        if not done:
            connection.tell("CancelTask")
        await connection.close()


async def greet(door: Door, until: float) -> None:
    """Whether somebody answers there. Raises ToolError."""
    connection = await _Connection.open(door, until)
    await connection.close()


def usage(told: object, names: tuple[str, str, str, str]) -> Usage | None:
    """Counts of a task by their names there: prompt, answer, read from the cache, written to it.

    Providers differ in whether the prompt's count has the cached part in it, so where there is one, the prompt's is unknown.
    """
    if not isinstance(told, dict):
        return None
    fresh, output, read, written = (count(told.get(name)) for name in names)
    cost = told.get("totalCost")
    dollars = float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) and cost > 0 else None
    return Usage(None if read or written else fresh, output, dollars, cache_read_tokens=read, cache_write_tokens=written)


class Task:
    """What the events of one task come to. The socket tells of all tasks; ours is the first that is created after it was asked for."""

    def __init__(self) -> None:
        self._id = ""
        self._text = ""
        self._answer = ""

    def event(self, door: Door, event: Json) -> Delta:
        """Raises ToolError."""
        name, payload = event.get("eventName"), event.get("payload")
        first = payload[0] if isinstance(payload, list) and payload else None
        if name in ("taskCreated", "taskStarted") and not self._id and isinstance(first, str):
            self._id = first
        elif name == "message" and isinstance(first, dict) and first.get("taskId") == self._id:
            self._said(door, first.get("message"))
        elif name == "taskAborted" and first == self._id:
            raise trouble.stopped(door.tool, door.what)
        elif name == "taskCompleted" and first == self._id and isinstance(payload, list):
            return Delta(self._answer or self._text, "stop", usage(payload[1] if len(payload) > 1 else None, COUNTS), done=True)
        return Delta()

    def _said(self, door: Door, message: object) -> None:
        if not isinstance(message, dict) or message.get("partial"):
            return
        kind, text = message.get(str(message.get("type"))), message.get("text")
        if message.get("type") == "ask" and kind in NEEDS_SOMEBODY:
            problem = f"{door.what} waits for your answer in its own window ({kind})"
            raise ToolError(door.tool, problem, "ask it there, or let it read files without asking", retryable=False)
        if kind in ANSWERS and isinstance(text, str) and text:
            self._text = text
            self._answer = text if kind == "completion_result" else self._answer


class _Connection:
    def __init__(self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._door = door
        self._reader = reader
        self._writer = writer
        self._frames = Frames()
        self._client = ""

    @classmethod
    async def open(cls, door: Door, until: float) -> _Connection:
        """Connect and wait for the greeting. Raises ToolError."""
        if sys.platform == "win32":
            problem = f"{door.what}'s socket is a named pipe on Windows, which is not supported"
            raise ToolError(door.tool, problem, f"set tools.{door.tool}.command", retryable=False)
        try:
            reader, writer = await asyncio.open_unix_connection(door.path)
        except OSError as error:
            problem = f"nothing listens at {door.path}: {error.strerror or type(error).__name__}"
            raise ToolError(door.tool, problem, "start the editor with ROO_CODE_IPC_SOCKET_PATH set to it") from None
        made = cls(door, reader, writer)
        try:
            await made._greeted(min(until, time.monotonic() + GREET_SECONDS))
        except BaseException:
            await made.close()
            raise
        return made

    def tell(self, name: str, data: Json | None = None) -> None:
        command: Json = {"commandName": name} | ({} if data is None else {"data": data})
        message = {"type": "TaskCommand", "origin": "client", "clientId": self._client, "data": command}
        self._writer.write(json.dumps({"type": "message", "data": message}).encode() + END)

    async def events(self, until: float) -> list[Json]:
        """What has happened since. Raises ToolError."""
        messages = await self._messages(until)
        return [one["data"] for one in messages if one.get("type") == "TaskEvent" and isinstance(one.get("data"), dict)]

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError as error:
            log.debug("%s: its socket did not close cleanly: %s", self._door.tool, error.strerror)

    async def _greeted(self, until: float) -> None:
        while not self._client:
            for message in await self._messages(until):
                if message.get("type") == "Ack" and isinstance(message.get("data"), dict):
                    self._client = str(message["data"].get("clientId") or "")

    async def _messages(self, until: float) -> list[Json]:
        door, left = self._door, until - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                chunk = await self._reader.read(CHUNK_BYTES)
            if not chunk:
                raise trouble.ended(door.tool, door.what, None, "")
            return list(self._frames.feed(chunk))
        except TimeoutError:
            raise trouble.slow(door.tool, door.what, "answer", left) from None
        except OSError:
            raise trouble.ended(door.tool, door.what, None, "") from None
        except ValueError as error:
            raise trouble.foreign(door.tool, door.what, str(error)) from None


def _data(frame: bytes) -> Json | None:
    try:
        found = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    data = found.get("data") if isinstance(found, dict) and found.get("type") == "message" else None
    return data if isinstance(data, dict) else None
