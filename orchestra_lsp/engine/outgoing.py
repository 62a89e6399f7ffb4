"""What goes out to the tools and what came of it: one prompt, masked at most once, and the attempts to have it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestra_lsp.engine.rings.queue import Priority
from orchestra_lsp.model import Answer, Prompt
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask, waive

Tools = Mapping[str, Tool[MaskedPrompt]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tool that was asked: how long it took and, when it failed, why. `lost`: another one answered first, it was told to stop."""

    tool: str
    took_ms: float
    error: ToolError | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call: the answer, if any tool gave one, and every attempt."""

    answer: Answer | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a call is made, beside its deadline.

    `hedge`: a second tool may be asked while the first is late. `enough`: told what has come so far (masked), says that nothing
    behind it will be used, and the tool is told to stop. `late`: is given an answer that came after the deadline, at most
    `call.LATE_S` seconds after it; without it everything ends at the deadline.
    """

    priority: Priority = Priority.ASKED
    hedge: bool = True
    enough: Callable[[str], bool] | None = None
    late: Callable[[Answer], None] | None = None


class Outgoing:
    """One prompt on its way out: masked at most once, whoever is asked."""

    def __init__(self, prompt: Prompt, vault: Vault, never_send: Sequence[str] = (), personal: Sequence[str] = ()) -> None:
        """`never_send`: globs of files; `personal`: classes of personal data to mask (`trust.personal.CLASSES`)."""
        self.prompt = prompt
        self.vault = vault
        self._never_send = never_send
        self._personal = personal
        self._masked: MaskedPrompt | None = None

    def for_tool(self, tool: Tool[MaskedPrompt]) -> MaskedPrompt:
        """What this tool may see. Raises ToolError when that is nothing."""
        if endpoint := tool.endpoint:
            return waive(self.prompt, endpoint)
        masked = self.masked()
        if masked.refused:
            raise ToolError(tool.name, f"nothing was sent: {masked.refused}", retryable=False)
        return masked

    def masked(self) -> MaskedPrompt:
        """What a tool outside of this machine may see; its `refused` says when that is nothing."""
        if self._masked is None:
            self._masked = mask(self.prompt, self.vault, self._never_send, self._personal)
        return self._masked

    def going_on(self, begun: str) -> Outgoing:
        """The same ask for what comes behind `begun`, the restored beginning of a completion."""
        prompt = replace(self.prompt, prefix=self.prompt.prefix + begun)
        return Outgoing(prompt, self.vault, self._never_send, self._personal)
