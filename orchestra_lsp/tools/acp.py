"""Any other agent that speaks the Agent Client Protocol, by its command line: Gemini, Codex, Cline, Kilo, OpenCode and more.

With `key = "env:NAME"` it sees that one variable of the environment. A change runs with a home of its own, where an agent that keeps
its sign-in in files finds none, so such an agent needs a key.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from orchestra_lsp.tools.contract import Agent, ToolError
from orchestra_lsp.tools.wire.acp import Order
from orchestra_lsp.tools.wire.agent import AgentTool
from orchestra_lsp.tools.wire.program import Program

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared

#: The names that agents give to a mode in which they only answer.
ANSWERING = ("ask", "read-only", "read_only", "readonly", "plan", "architect", "spec")


def create(name: str, settings: ToolSettings, shared: Shared) -> Agent:  # noqa: ARG001 - what all adapters are given
    """Raises ToolError when it has no command."""
    if not settings.command:
        raise ToolError(name, "no command is set", f'set tools.{name}.command, for instance ["gemini", "--acp"]', retryable=False)
    return AcpAgent(name, settings)


class AcpAgent(AgentTool):
    """One such agent."""

    PROGRAM: ClassVar[Program] = Program(what="the agent", sign_in="run it once in a terminal and sign in, or set its key")

    def order(self, cwd: Path, folder: Path | None) -> Order:
        return Order(cwd, folder, modes=() if folder else ANSWERING, model=self.model)

    def variables(self) -> frozenset[str]:
        form, _, name = self._settings.key.partition(":")
        return frozenset({name.strip()}) if form == "env" else frozenset()
