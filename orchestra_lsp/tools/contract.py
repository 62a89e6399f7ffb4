"""What every AI tool is: one protocol that they all satisfy, and the one error they all raise."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from orchestra_lsp.model import Abilities, Health, Piece, Prompt
from orchestra_lsp.trust.mask import MaskedPrompt
from orchestra_lsp.trust.reach import Loopback

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

    async def check(self) -> Health:
        """Whether it can be reached and is signed in. Called by `doctor` and health probes, never at start-up."""
        ...

    async def close(self) -> None:
        """Give back connections and processes; calling it twice is harmless."""
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
