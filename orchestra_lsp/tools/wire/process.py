"""A program that runs beside us and is spoken to over its standard input and output; whatever happens, nothing of it stays behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.trust import shelf
from orchestra_lsp.trust.workcopy import MaskedFolder

log = logging.getLogger("orchestra")

#: Longest line that is taken; agents put whole files into one.
MAX_LINE_BYTES = 10_000_000
#: What may wait to be read before the program has to wait as well.
MAX_WAITING_BYTES = 1_000_000
#: What may wait to be written: a prompt fits many times. A program that lets more pile up does not read.
MAX_UNREAD_BYTES = 16_000_000
KEPT_COMPLAINT_BYTES = 16_384
#: How long a killed program may take to disappear. The system does it at once, unless it hangs in a driver.
REAP_SECONDS = 5.0
#: How long one that was told that nothing more comes may take to end by itself.
GRACE_SECONDS = 1.0
OUT, ERR = 1, 2


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start. `folder`: confine it to this copy where the system can; `rubbish`: folders that are removed at its end."""

    tool: str
    what: str  # its name for people
    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(repr=False)
    folder: MaskedFolder | None = None
    rubbish: tuple[Path, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)  # never shown, should it repeat them


class Process:
    """A running program. It belongs to one event loop; `end` must be awaited, and may be more than once."""

    def __init__(self, launch: Launch, transport: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
        self.launch = launch
        self._transport = transport
        self._pipes = pipes
        self._ending: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._transport.get_returncode()

    async def read(self) -> bytes:
        """What it has written since; empty once it has closed its output."""
        return await self._pipes.read()

    def write(self, data: bytes) -> None:
        """Hand it `data`. Raises ToolError when it does not read."""
        pipe = self._input()
        if pipe.get_write_buffer_size() > MAX_UNREAD_BYTES:
            raise trouble.deaf(self.launch.tool, self.launch.what)
        pipe.write(data)

    def close_input(self) -> None:
        """Tell it that nothing more comes."""
        self._input().close()

    @property
    def errors(self) -> str:
        """The end of what it wrote to standard error, as it is: to look for words in, never to be shown or logged."""
        return bytes(self._pipes.complaint).decode("utf-8", "replace")

    def complaint(self) -> str:
        """The line of it that says most, masked."""
        lines = [line for line in self.errors.splitlines() if line.strip()]
        telling = [line for line in lines if trouble.TELLING.search(line)]
        return trouble.masked((telling or lines or [""])[-1], self.launch.secrets)

    async def wait(self) -> None:
        """Until it has ended."""
        await self._pipes.exited.wait()

    async def end(self, grace: float = 0.0) -> None:
        """End it and all that it started: after `grace` seconds by force. Cancelling the caller does not cancel this."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(grace))
        await asyncio.shield(self._ending)

    async def _end(self, grace: float) -> None:
        try:
            self.close_input()
            if grace:
                await self._exited(grace)
            # The group as well when the program is gone: what it started may not be.
            await _kill(self.pid)
            self._pipes.discard()
            if not await self._exited(REAP_SECONDS) or not await self._silent(REAP_SECONDS):
                log.warning("%s: process %d cannot be ended", self.launch.tool, self.pid)
        finally:
            self._transport.close()
            await asyncio.to_thread(_remove, self.launch.rubbish)

    async def _exited(self, seconds: float) -> bool:
        return await _within(self._pipes.exited, seconds)

    async def _silent(self, seconds: float) -> bool:
        """Whether nobody holds its output any more: those who were shut in with it go a moment after it."""
        return await _within(self._pipes.closed, seconds)

    def _input(self) -> asyncio.WriteTransport:
        pipe = self._transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        return pipe


async def start(launch: Launch) -> Process:
    """Start it in a process group of its own. Raises ToolError."""
    loop = asyncio.get_running_loop()
    try:
        argv = await _confined(launch)
        transport, pipes = await loop.subprocess_exec(_Pipes, *argv, cwd=launch.cwd, env=dict(launch.environment), **_group())
    except OSError as error:
        _remove(launch.rubbish)
        raise trouble.not_started(launch.tool, Path(launch.argv[0]).name, error) from None
    except BaseException:
        _remove(launch.rubbish)
        raise
    return Process(launch, transport, pipes)


async def confinable(launch: Launch) -> bool:
    """Whether the system can keep it inside its copy."""
    return await _confined(launch) is not launch.argv


class _Pipes(asyncio.SubprocessProtocol):
    """What comes out of the program: its output waits to be read, of its complaints the end is kept."""

    def __init__(self) -> None:
        self.complaint = bytearray()
        self.exited = asyncio.Event()
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self.closed = asyncio.Event()  # its output, by all who held it
        self._over = False  # nothing more is waited for
        self._discarding = False
        self._reader: asyncio.Future[None] | None = None
        self._pipe: asyncio.ReadTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        pipe = transport.get_pipe_transport(OUT)
        self._pipe = pipe if isinstance(pipe, asyncio.ReadTransport) else None

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == ERR:
            self.complaint += data
            del self.complaint[:-KEPT_COMPLAINT_BYTES]
            return
        if self._discarding:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > MAX_WAITING_BYTES and self._pipe:
            self._pipe.pause_reading()
        self._wake()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        if fd == OUT:
            self.closed.set()
            self._finish()

    def process_exited(self) -> None:
        self.exited.set()
        # What it started may hold its output open; all that it said itself has been read by then.
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._finish)

    async def read(self) -> bytes:
        while not self._chunks:
            if self._over:
                return b""
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        if self._size <= MAX_WAITING_BYTES and self._pipe and not self.closed.is_set():
            self._pipe.resume_reading()
        return chunk

    def discard(self) -> None:
        """Read on to the end, for nobody."""
        self._discarding = True
        self._chunks.clear()
        self._size = 0
        if self._pipe and not self.closed.is_set():
            self._pipe.resume_reading()

    def _finish(self) -> None:
        self._over = True
        self._wake()

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _confined(launch: Launch) -> Sequence[str]:
    """The command line that keeps the program inside its copy, where the system can; else the plain one."""
    if launch.folder is None:
        return launch.argv
    from orchestra_lsp.trust.confine import confined

    # In a thread: the first call tries out what the system has.
    return await asyncio.to_thread(confined, launch.argv, launch.folder) or launch.argv


def _group() -> dict[str, Any]:
    """A group of its own, so that it can be ended together with all that it starts and gets no Ctrl+C of ours."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


async def _kill(pid: int) -> None:
    """The whole group, at once."""
    if sys.platform == "win32":
        # Windows has no signal to a group; this walks the tree of children.
        killer = await asyncio.create_subprocess_exec(
            "taskkill", "/PID", str(pid), "/T", "/F", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await killer.wait()
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        log.debug("process group %d is gone already", pid)
    except PermissionError:
        log.debug("process group %d has only processes left that are ending", pid)  # as macOS says it


def _remove(folders: Sequence[Path]) -> None:
    for folder in folders:
        shelf.remove(folder)
