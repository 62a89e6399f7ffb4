"""What all coding agents that run as programs have in common: how they are started, asked, let loose on a copy, and looked after."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from orchestra_lsp.model import Abilities, Health, Kind, Outcome, Piece, Reach, State
from orchestra_lsp.tools.contract import TEXT_KINDS, SignedOut, ToolError
from orchestra_lsp.tools.wire import headless, trouble
from orchestra_lsp.tools.wire.acp import Connection, Order
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.aside import put_aside
from orchestra_lsp.tools.wire.base import ill, unverified
from orchestra_lsp.tools.wire.endpoint import Key, chosen
from orchestra_lsp.tools.wire.environment import scrubbed
from orchestra_lsp.tools.wire.extract import shape_for
from orchestra_lsp.tools.wire.prices import Tariff
from orchestra_lsp.tools.wire.process import GRACE_SECONDS, Launch, confinable, start
from orchestra_lsp.tools.wire.program import Found, Invocation, Program, find, invoked, output_of, secret_values, version_in
from orchestra_lsp.tools.wire.prompt import render
from orchestra_lsp.tools.wire.said import Wanted, pieces
from orchestra_lsp.tools.wire.warm import Warm
from orchestra_lsp.trust import shelf

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.trust.mask import MaskedPrompt
    from orchestra_lsp.trust.reach import Loopback
    from orchestra_lsp.trust.workcopy import MaskedFolder

#: Everything but completing, for which no agent is quick enough.
KINDS = TEXT_KINDS - {Kind.COMPLETE} | {Kind.CHANGE}
WINDOW = 128_000
#: How long an agent may take from its start to its first word; some unpack themselves first.
START_SECONDS = 60.0
CHECK_SECONDS = 30.0

Said = AsyncGenerator[Delta, None]


class AgentTool:
    """A coding agent. Adapters say what it is (`PROGRAM`) and override how it is asked.

    Questions are answered by one process that stays warm, with the person's own home, in an empty folder, and nothing is allowed.
    A change gets a process of its own that sees the throw-away copy and a home of its own.
    """

    PROGRAM: ClassVar[Program]

    def __init__(self, name: str, settings: ToolSettings) -> None:
        """Raises ToolError when the settings leave it nothing to do, or name a key that cannot be had."""
        kinds = KINDS if settings.kinds is None else KINDS & frozenset(map(Kind, settings.kinds))
        if not kinds:
            raise ToolError(name, "the settings leave nothing for it to do", f"add to tools.{name}.kinds or remove it", retryable=False)
        self._name = name
        self._settings = settings
        self._abilities = Abilities(kinds, Reach.OUTSIDE, streaming=True, context_tokens=chosen(settings, "context_tokens", WINDOW))
        self._key = Key(name, settings.key)
        self.tariff = Tariff("", settings.model, settings.price)
        self._warm = Warm(self._connect, name)
        self._turn = asyncio.Lock()

    # --- what adapters say ---

    def acp_arguments(self, change: bool) -> Sequence[str]:  # noqa: ARG002 - most agents are told in the session
        """What is put behind the command that speaks ACP."""
        return ()

    def order(self, cwd: Path, folder: Path | None) -> Order:
        """The session to open; without `folder` it is to answer with a text and may change nothing."""
        return Order(cwd, folder, model=self.model)

    def invocation(self, text: str, change: bool) -> Invocation:  # noqa: ARG002 - adapters need both
        """How it is run for one request. Raises ToolError when it cannot be."""
        raise trouble.foreign(self.name, self.PROGRAM.what, "it speaks ACP alone")

    def reader(self) -> headless.Reader:
        """How its lines are read; one for each run."""
        raise trouble.foreign(self.name, self.PROGRAM.what, "it speaks ACP alone")

    def variables(self) -> frozenset[str]:
        """Of our environment, what it may see beside the usual."""
        return self.PROGRAM.variables

    async def signed_in(self, until: float) -> bool | None:  # noqa: ARG002 - for those who can tell
        """Whether somebody is, for agents that tell without being asked a question; None: it shows otherwise. Raises ToolError."""
        return None

    def settle(self, home: Path) -> None:
        """Put into the home of a change what it needs to find its sign-in, and nothing else."""

    # --- the tool ---

    @property
    def name(self) -> str:
        return self._name

    @property
    def model(self) -> str:
        return self._settings.model

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    @property
    def endpoint(self) -> Loopback | None:
        return None

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        found = self._admit(prompt, deadline, change=False)
        said = self._asked(_text(prompt), deadline) if found.acp else self._run(_text(prompt), None, deadline)
        wanted = Wanted(self.name, self.PROGRAM.what, self.tariff, shape_for(prompt))
        async with aclosing(self._pieces(said, wanted)) as answer:
            async for piece in answer:
                yield piece

    async def change(self, prompt: MaskedPrompt, folder: MaskedFolder, deadline: float) -> AsyncGenerator[Piece, None]:
        found = self._admit(prompt, deadline, change=True)
        (folder.home / "tmp").mkdir(parents=True, exist_ok=True)
        self.settle(folder.home)
        said = self._let_loose(_text(prompt), folder, deadline) if found.acp else self._run(_text(prompt), folder, deadline)
        wanted = Wanted(self.name, self.PROGRAM.what, self.tariff, work=True)
        with put_aside(folder):
            async with aclosing(self._pieces(said, wanted)) as answer:
                async for piece in answer:
                    yield piece

    async def start(self) -> None:
        if self._found(change=False).acp:
            async with self._warm.use(time.monotonic() + START_SECONDS):
                pass

    async def hear(self, receipt: str, outcome: Outcome, accepted: int = 0) -> None:
        """No agent wants to know."""

    async def check(self) -> Health:
        try:
            found = self._found(change=False)
            health = await self._look(found, time.monotonic() + CHECK_SECONDS)
        except SignedOut as error:
            return Health(State.SIGNED_OUT, error.problem, error.remedy or self.PROGRAM.sign_in)
        except ToolError as error:
            return ill(error)
        return unverified(health, self.PROGRAM.unverified) if self.PROGRAM.unverified else health

    async def close(self) -> None:
        await self._warm.close()

    # --- how it is asked ---

    def _admit(self, prompt: MaskedPrompt, deadline: float, change: bool) -> Found:
        if prompt.refused:
            raise ToolError(self.name, prompt.refused, "ask the embedded engine, or run a model on this machine", retryable=False)
        if deadline <= time.monotonic():
            raise trouble.late(self.name)
        return self._found(change)

    def _found(self, change: bool) -> Found:
        """Its program, for a change or for questions."""
        return find(self.name, self.PROGRAM, self._settings, change)

    async def _pieces(self, said: Said, wanted: Wanted) -> AsyncGenerator[Piece, None]:
        try:
            async with aclosing(pieces(said, wanted)) as answer:
                async for piece in answer:
                    yield piece
        except SignedOut as error:
            error.remedy = error.remedy or self.PROGRAM.sign_in
            raise

    async def _asked(self, text: str, deadline: float) -> Said:
        """By the agent that is kept warm, in a session of its own."""
        async with self._in_turn(deadline), self._warm.use(deadline) as connection:
            cwd = Path(tempfile.mkdtemp(dir=connection.peer.process.launch.cwd))
            try:
                session = await connection.open(self.order(cwd, None), deadline)
                async with aclosing(session.prompt(text, deadline)) as deltas:
                    async for delta in deltas:
                        yield delta
            finally:
                shelf.remove(cwd)

    @asynccontextmanager
    async def _in_turn(self, deadline: float) -> AsyncIterator[None]:
        """For agents that hold one conversation at a time."""
        if not self.PROGRAM.alone:
            yield
            return
        begun = time.monotonic()
        try:
            async with asyncio.timeout(deadline - begun):
                await self._turn.acquire()
        except TimeoutError:
            raise trouble.slow(self.name, self.PROGRAM.what, "finish an earlier question", deadline - begun) from None
        try:
            yield
        finally:
            self._turn.release()

    async def _let_loose(self, text: str, folder: MaskedFolder, deadline: float) -> Said:
        """By an agent of its own, which ends with its work."""
        connection = await self._connect(folder, deadline)
        grace = 0.0
        try:
            session = await connection.open(self.order(folder.path, folder.path), deadline)
            async with aclosing(session.prompt(text, deadline)) as deltas:
                async for delta in deltas:
                    yield delta
            grace = GRACE_SECONDS
        finally:
            await connection.close(grace)

    async def _run(self, text: str, folder: MaskedFolder | None, deadline: float) -> Said:
        """Headless: one process for one request."""
        invocation = self.invocation(text, folder is not None)
        launch = await self._launch(invoked(self.name, self._found(folder is not None), invocation), folder)
        if folder and self.PROGRAM.roams and not await confinable(launch):
            why = f"run headless, {self.PROGRAM.what} does not stay in the copy, and this system cannot keep it there"
            raise ToolError(self.name, why, f'install its ACP door and set tools.{self.name}.protocol = "acp"', retryable=False)
        process = await start(launch)
        grace = 0.0
        try:
            async with aclosing(headless.run(process, self.reader(), invocation.told, deadline)) as deltas:
                async for delta in deltas:
                    yield delta
            grace = GRACE_SECONDS if folder else 0.0
        finally:
            await process.end(grace)

    async def _connect(self, folder: MaskedFolder | None = None, until: float | None = None) -> Connection:
        """Start an agent and greet it. Raises ToolError."""
        limit = time.monotonic() + START_SECONDS
        argv = (*self._found(folder is not None).argv, *self.acp_arguments(folder is not None))
        process = await start(await self._launch(argv, folder))
        connection = Connection(process)
        try:
            await connection.greet(limit if until is None else min(until, limit))
        except BaseException:
            await connection.close(0)
            raise
        return connection

    async def _launch(self, argv: tuple[str, ...], folder: MaskedFolder | None) -> Launch:
        """In the copy with a home of its own, or in an empty folder that goes with it."""
        program, key = self.PROGRAM, await self._key.read()
        names = self.variables() | (frozenset() if folder else program.homes)
        environment = scrubbed(names, folder.home if folder else None) | dict(program.environment)
        if key and program.key:
            environment[program.key] = key
        secrets = secret_values(environment, (*self.variables(), program.key))
        if folder:
            return Launch(self.name, program.what, argv, folder.path, environment, folder, (), secrets)
        scratch = await asyncio.to_thread(shelf.make)
        return Launch(self.name, program.what, argv, scratch, environment, None, (scratch,), secrets)

    # --- how it is looked after ---

    async def _look(self, found: Found, until: float) -> Health:
        """Whether it is there, new enough, and signed in as far as it tells without a model being asked. Raises ToolError."""
        if old := await self._too_old(found, until):
            return old
        if await self.signed_in(until) is False:
            raise trouble.signed_out(self.name, self.PROGRAM.what, self.PROGRAM.sign_in)
        if not found.acp:
            return Health(State.READY, "installed; whether it is signed in shows with the first request")
        async with self._warm.use(until) as connection:
            session = await connection.open(self.order(connection.peer.process.launch.cwd, None), until)
            connection.close_session(session.id)
        return Health(State.READY)

    async def _too_old(self, found: Found, until: float) -> Health | None:
        """Of the agent's own program; that of a command of the person's is anybody's."""
        least = self.PROGRAM.least
        if self._settings.command or Path(found.argv[0]).stem not in self.PROGRAM.headless:
            return None
        version = version_in(await output_of(await self._launch((found.argv[0], "--version"), None), until))
        if version is None or version >= least:
            return None
        seen, known = (".".join(map(str, one)) for one in (version, least))
        return Health(State.DEGRADED, f"{self.PROGRAM.what} {seen} is older than {known}, which is known to work", "update it")


def _text(prompt: MaskedPrompt) -> str:
    """All that the agent is told; it has a system prompt of its own, so ours comes first in the question."""
    told = render(prompt)
    return "\n\n".join(part for part in (told.system, told.context, told.question) if part)
