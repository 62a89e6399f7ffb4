"""What every AI tool is: one protocol that they all satisfy, and the one error they all raise."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from orchestra_lsp.model import Abilities, Health, Kind, Outcome, Piece, Prompt
from orchestra_lsp.trust.mask import MaskedPrompt
from orchestra_lsp.trust.reach import Loopback
from orchestra_lsp.trust.workcopy import MaskedFolder

#: What any model that answers with one text can be asked for.
TEXT_KINDS = frozenset(Kind) - {Kind.NEXT_EDIT, Kind.CHANGE}

P = TypeVar("P", Prompt, MaskedPrompt, contravariant=True)


class Tool(Protocol[P]):
    """An AI tool. `P` is what it may see: a `Prompt` only in this process, a `MaskedPrompt` everywhere else."""

    @property
    def name(self) -> str:
        """The name in the settings, `[tools.<name>]`."""
        ...

    @property
    def model(self) -> str:
        """The model it asks, for people and for the price table; empty when there is none."""
        ...

    @property
    def abilities(self) -> Abilities: ...

    @property
    def endpoint(self) -> Loopback | None:
        """Proof that it is on this machine and that the user marked it local, so that it may see plain text; else None."""
        ...

    def ask(self, prompt: P, deadline: float) -> AsyncGenerator[Piece, None]:
        """Stream the answer's pieces; the last has `finish` set. One with neither text nor `finish` only shows that more is coming.

        `deadline` is in seconds of `time.monotonic()`. Closing the generator cancels the call at the tool as well.
        Raises ToolError for everything that goes wrong, an empty or cut answer included.
        """
        ...

    async def start(self) -> None:
        """Make ready what takes long (a process, a connection), so that the first `ask` need not wait. Never needed; twice is harmless.

        Raises ToolError."""
        ...

    async def hear(self, receipt: str, outcome: Outcome, accepted: int = 0) -> None:
        """What became of the answer with this `Piece.receipt`; `accepted` UTF-16 units of it when it was partly accepted.

        Tools that do not learn from it do nothing. Never raises.
        """
        ...

    async def check(self) -> Health:
        """Whether it can be reached and is signed in. Called by `doctor` and health probes, never at start-up."""
        ...

    async def close(self) -> None:
        """Give back connections and processes; calling it twice is harmless."""
        ...


@runtime_checkable
class Agent(Tool[MaskedPrompt], Protocol):
    """A tool that can also change files by itself: `Kind.CHANGE`."""

    def change(self, prompt: MaskedPrompt, folder: MaskedFolder, deadline: float) -> AsyncGenerator[Piece, None]:
        """Let it work in a throw-away copy of the workspace; the pieces are what it says, the copy then holds what it did.

        Deadline, cancelling and errors as in `ask`.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignInStep:
    """What the person has to do now: open `url` in a browser and, if there is one, type `code` there."""

    message: str
    url: str = ""
    code: str = ""


@runtime_checkable
class SignsIn(Protocol):
    """A tool that a person signs in to through the editor."""

    def sign_in(self, deadline: float) -> AsyncGenerator[SignInStep, None]:
        """The steps to take, one after the other; ends when signed in. Raises ToolError when that did not come about."""
        ...

    async def sign_out(self) -> None:
        """Raises ToolError."""
        ...


@dataclass(eq=False)
class ToolError(Exception):
    """A tool could not answer: what happened, and the one thing the person can do about it."""

    tool: str
    problem: str
    remedy: str = ""
    retry_after: float | None = None  # seconds the tool asked us to stay away
    retryable: bool = True  # another try at the same tool may succeed

    def __str__(self) -> str:
        return f"{self.tool}: {self.problem}" + (f" ({self.remedy})" if self.remedy else "")


@dataclass(eq=False)
class SignedOut(ToolError):
    """The tool answers only those who have signed in; `remedy` says how."""

    retryable: bool = False


@dataclass(eq=False)
class NothingToSay(ToolError):
    """The tool is well and has no answer to this: for a completion that is an everyday thing."""

    retryable: bool = False
