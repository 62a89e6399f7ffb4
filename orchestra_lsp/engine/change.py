"""One change of several files by an agent: choose, copy, let it work, compare, put the secrets back. Nothing of the person's is written."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Final, TypeVar

from orchestra_lsp.config import Settings
from orchestra_lsp.engine import route
from orchestra_lsp.engine.decisions import Decision
from orchestra_lsp.engine.ensemble import Ensemble
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.engine.found import Found, unanswered
from orchestra_lsp.engine.outgoing import Attempt
from orchestra_lsp.engine.reconcile import FileChange, reconcile
from orchestra_lsp.model import Buffer, Candidate, Choice, Complexity, Kind, Piece, Prompt, Reach, Span, Usage
from orchestra_lsp.tools.contract import Agent, ToolError
from orchestra_lsp.trust import returned
from orchestra_lsp.trust.confine import confinement
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask
from orchestra_lsp.trust.personal import CLASSES
from orchestra_lsp.trust.returned import Rejected
from orchestra_lsp.trust.workcopy import Copier, Refused, Stopped, WorkCopy, Workspace

log = logging.getLogger("orchestra")

T = TypeVar("T")

#: Where the words of a request come from; no file has this address, so a secret in them is put back only where it stands already.
ADDRESS: Final = "orchestra:change"
SAID_KEPT: Final = 20_000  # characters of what an agent says, from the end


@dataclass(frozen=True, slots=True)
class ChangeAsk:
    """What a person wants changed. `paths` are the files it is about, `tool` the only agent that may do it; empty: whatever fits.

    `deadline` is in seconds of `time.monotonic()`. `opened` gives the open documents, now and again at the end.
    """

    id: str
    instruction: str
    roots: tuple[str, ...]
    deadline: float
    paths: tuple[str, ...] = ()
    tool: str = ""
    opened: Callable[[], Sequence[Buffer]] = tuple


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What came of it. `rejected` cannot be taken over, `conflicts` would overwrite what the person did meanwhile; each with its reason.

    `said`: the agent's own words, placeholders and all. `confined` tells what kept it in its copy. `left_out` counts the files that it
    was not shown, `ignored` the new files that ignore files exclude.
    """

    files: tuple[FileChange, ...]
    tool: str
    reason: str
    said: str = ""
    usage: Usage = Usage()
    rejected: tuple[Rejected, ...] = ()
    conflicts: tuple[Rejected, ...] = ()
    confined: str = ""
    left_out: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A change and how it came about; `result` None: no agent did it."""

    result: ChangeSet | None
    choice: Choice
    attempts: tuple[Attempt, ...]


class Changer:
    """Belongs to one event loop. `settings` may be replaced between two changes."""

    def __init__(self, settings: Settings, ensemble: Ensemble, vault: Vault) -> None:
        self.settings = settings
        self._ensemble = ensemble
        self._vault = vault
        self._copier = Copier(vault)

    async def change(self, ask: ChangeAsk, said: Callable[[str], None]) -> Changed:
        """`said` hears the agent's words as they come. Raises Unanswered when there can be no copy."""
        choice = self._choose(ask)
        attempts: list[Attempt] = []
        for candidate in choice.order:
            if ask.deadline <= time.monotonic():
                break
            tool = self._ensemble.tools.get(candidate.tool)
            if not isinstance(tool, Agent):
                continue
            start = time.perf_counter()
            try:
                # Each gets a copy of its own: what an agent that failed left behind is nobody's starting point.
                result = await self._one(tool, candidate, ask, said)
            except ToolError as error:
                log.info("%s", error)
                attempts.append(Attempt(candidate.tool, (time.perf_counter() - start) * 1e3, error))
            else:
                return Changed(result, choice, (*attempts, Attempt(candidate.tool, (time.perf_counter() - start) * 1e3)))
        return Changed(None, choice, tuple(attempts))

    def _choose(self, ask: ChangeAsk) -> Choice:
        request = route.Request(
            kind=Kind.CHANGE,
            language="text",
            tokens=len(ask.instruction) // 4,
            complexity=Complexity.COMPLEX,
            offline=self.settings.privacy.offline,
        )
        choice = route.choose(request, self._ensemble.players(), route.Taste(self.settings.route.prefer, self.settings.route.profile))
        if not ask.tool:
            return choice
        named = tuple(one for one in choice.order if one.tool == ask.tool)
        left_out = tuple(one for one in choice.left_out if one.tool == ask.tool)
        if not named and not left_out:
            raise Unanswered(f"There is no tool {ask.tool!r}.", "`orchestra doctor` lists those there are.")
        return Choice(named, left_out)

    async def _one(self, tool: Agent, candidate: Candidate, ask: ChangeAsk, said: Callable[[str], None]) -> ChangeSet:
        workspace = Workspace(ask.roots, tuple(ask.opened()), tuple(self.settings.privacy.never_send), self._personal)
        async with self._copied(workspace) as copy:
            # Trying out what the system has starts a program.
            shut = await asyncio.to_thread(confinement)
            pieces = await self._work(tool, self._prompt(tool, ask, copy), copy, ask.deadline, said)
            found = await _away(lambda stop: returned.compare(copy, self._vault, self.settings.privacy.never_send, stop))
        files, conflicts = await asyncio.to_thread(reconcile, found.changes, tuple(ask.opened()))
        return ChangeSet(
            files=files,
            tool=candidate.tool,
            reason=candidate.reason,
            said="".join(piece.text for piece in pieces)[-SAID_KEPT:],
            usage=next((piece.usage for piece in reversed(pieces) if piece.usage), Usage()),
            rejected=found.rejected,
            conflicts=conflicts,
            confined=str(shut),
            left_out=len(copy.left_out),
            ignored=found.ignored,
        )

    @property
    def _personal(self) -> tuple[str, ...]:
        return tuple(CLASSES) if self.settings.experimental.mask_personal else ()

    @asynccontextmanager
    async def _copied(self, workspace: Workspace) -> AsyncIterator[WorkCopy]:
        """A copy that goes away whatever happens. Raises Unanswered."""
        try:
            copy = await _away(lambda stop: self._copier.copy(workspace, stop), late=WorkCopy.remove)
        except Refused as error:
            raise Unanswered(error.problem, error.remedy) from error
        except OSError as error:
            raise Unanswered(f"There is no place for a copy of the workspace: {error}.", "Make room in the temporary folder.") from error
        try:
            yield copy
        finally:
            await asyncio.shield(asyncio.to_thread(copy.remove))

    def _prompt(self, tool: Agent, ask: ChangeAsk, copy: WorkCopy) -> MaskedPrompt:
        """Raises ToolError when it may not leave this machine."""
        if copy.secrets and self.settings.privacy.secrets == "stay" and tool.abilities.reach is Reach.OUTSIDE:
            raise ToolError(
                tool.name, "the workspace holds secrets", 'privacy.secrets = "stay" keeps them here even masked', retryable=False
            )
        named = [_shown(path, copy) for path in ask.paths]
        instruction = f"{ask.instruction}\n\nIt is about: {', '.join(named)}" if named else ask.instruction
        plain = Prompt(Kind.CHANGE, "text", ADDRESS, "", "", "", "", instruction)
        return mask(plain, self._vault, self.settings.privacy.never_send, self._personal)

    async def _work(self, tool: Agent, prompt: MaskedPrompt, copy: WorkCopy, deadline: float, said: Callable[[str], None]) -> list[Piece]:
        """Let it work. Raises ToolError."""
        pieces: list[Piece] = []
        try:
            async with (
                asyncio.timeout(max(0.0, deadline - time.monotonic())),
                aclosing(tool.change(prompt, copy.folder, deadline)) as stream,
            ):
                async for piece in stream:
                    pieces.append(piece)
                    if piece.text:
                        said(piece.text)
        except TimeoutError:
            raise ToolError(tool.name, "did not finish in time", "raise route.change_deadline_ms, or ask for less at once") from None
        if not any(piece.finish for piece in pieces):
            raise ToolError(tool.name, "ended before it was done")
        return pieces


def decision(ask_id: str, changed: Changed, took_ms: float) -> Decision:
    """What `orchestra why` tells of it."""
    result = changed.result
    return Decision(
        id=ask_id,
        kind=Kind.CHANGE,
        language="",
        complexity=None,
        tool=result.tool if result else "",
        reason=result.reason if result else "",
        latency_ms=took_ms,
        order=changed.choice.order,
        left_out=changed.choice.left_out,
        attempts=tuple((one.tool, one.took_ms, str(one.error) if one.error else "") for one in changed.attempts),
    )


def not_changed(changed: Changed) -> Unanswered:
    """Why no agent did it, and what to do."""
    told = unanswered(Kind.CHANGE, Found(None, Span(0, 0), choice=changed.choice, attempts=changed.attempts))
    if changed.attempts or changed.choice.left_out:
        return told
    return replace(told, remedy="Add a coding agent under [tools.<name>] in your settings; see README, `Change with an agent`.")


def _shown(path: str, copy: WorkCopy) -> str:
    """The path in the copy of what the person named. Raises Unanswered when the agent does not see it."""
    found = copy.find(path)
    if not found:
        raise Unanswered(f"{path} lies outside of the workspace.", "Open its folder.")
    if found == "." or found in copy.files or any(name.startswith(f"{found}/") for name in copy.files):
        return found
    reason = next((one.reason for one in copy.left_out if one.path == path), "your ignore files exclude it, or nothing in it is text")
    raise Unanswered(f"{path} is not shown to agents: {reason}.", "Name another file.")


async def _away(work: Callable[[Callable[[], bool]], T], late: Callable[[T], None] | None = None) -> T:
    """Work in a thread that ends soon after this is cancelled, and is waited for; `late` undoes what it made all the same."""
    stop = Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop.is_set))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        (done,) = await asyncio.gather(task, return_exceptions=True)
        if late is not None and not isinstance(done, BaseException):
            late(done)
        elif isinstance(done, BaseException) and not isinstance(done, Stopped):
            log.info("a change was cancelled: %s", done)
        raise
