"""GitHub Copilot's command line tool, over ACP by `copilot --acp` or headless; the language server is the adapter `copilot`.

Questions get no tools at all. A change gets those for files and neither commands nor addresses. It finds its sign-in in
`tools.<name>.key`, in the first that is set of its own variables, or, for questions, where `copilot login` has put it; a change has a
home of its own without a keychain, so it needs a key.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from orchestra_lsp.tools.contract import Agent
from orchestra_lsp.tools.wire import headless, trouble
from orchestra_lsp.tools.wire.acp import Order
from orchestra_lsp.tools.wire.agent import AgentTool
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.program import Invocation, Program

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared

TOOLS = "view,edit,create,grep,glob"
#: In the order in which it looks for them.
TOKENS = ("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")
OWN_MODEL = ("BASE_URL", "TYPE", "API_KEY", "BEARER_TOKEN", "WIRE_API", "MODEL_ID", "WIRE_MODEL", "AZURE_API_VERSION")
#: What it says over ACP, as if it were the model, about the tools that it was told to leave out.
NOISE = re.compile(r"Info: (?:Disabled tools|Unknown tool name)[^\n]*")
ALWAYS = ("--no-custom-instructions", "--disable-builtin-mcps", "--no-auto-update", "--no-remote", "--no-ask-user", "--disallow-temp-dir")


def create(name: str, settings: ToolSettings, shared: Shared) -> Agent:  # noqa: ARG001 - what all adapters are given
    """Raises ToolError when the settings leave it nothing to do."""
    return CopilotCli(name, settings)


class CopilotCli(AgentTool):
    """Copilot CLI."""

    PROGRAM: ClassVar[Program] = Program(
        what="Copilot CLI",
        acp=("copilot", "--acp"),
        headless=("copilot",),
        install="run: npm install -g @github/copilot",
        sign_in='run: copilot login; for changes set its key to "env:COPILOT_GITHUB_TOKEN"',
        key=TOKENS[0],
        variables=frozenset(
            {"COPILOT_OFFLINE", "COPILOT_MODEL", "GH_HOST", "COPILOT_GH_HOST"} | {f"COPILOT_PROVIDER_{one}" for one in OWN_MODEL}
        ),
        homes=frozenset({"COPILOT_HOME", "DBUS_SESSION_BUS_ADDRESS"}),  # its keychain is reached over the session's bus
        environment={"COPILOT_AUTO_UPDATE": "false"},
        least=(1, 0, 0),
    )

    def acp_arguments(self, change: bool) -> tuple[str, ...]:
        return self._arguments(change)

    def order(self, cwd: Path, folder: Path | None) -> Order:
        return Order(cwd, folder, modes=("agent",), noise=NOISE)

    def invocation(self, text: str, change: bool) -> Invocation:
        allowed = ("--allow-tool=write",) if change else ()
        return Invocation(("--output-format", "json", "--no-color", *self._arguments(change), *allowed), text.encode("utf-8", "replace"))

    def reader(self) -> headless.Reader:
        return _Reader(self.name, self.PROGRAM)

    def variables(self) -> frozenset[str]:
        token = next((name for name in TOKENS if os.environ.get(name)), TOKENS[0])
        return self.PROGRAM.variables | {token}

    def _arguments(self, change: bool) -> tuple[str, ...]:
        # There is no tool of the name "none"; an empty list would mean all of them.
        tools = (f"--available-tools={TOOLS}",) if change else ("--available-tools=none", "--deny-tool=write")
        model = ("--model", self.model) if self.model else ()
        return (*ALWAYS, *tools, "--deny-tool=shell", "--deny-tool=url", *model)


class _Reader:
    """Lines of `--output-format json`. It counts requests, not tokens, so what an answer cost is not known."""

    def __init__(self, tool: str, program: Program) -> None:
        self._tool = tool
        self._program = program
        self._message = ""
        self._said: set[str] = set()  # the messages of which parts have come

    def line(self, document: headless.Json) -> Delta:
        data = document.get("data")
        match document.get("type"):
            case "assistant.message_delta" if isinstance(data, dict):
                return Delta(self._part(str(data.get("messageId")), data["deltaContent"]))
            case "assistant.message" if isinstance(data, dict) and data.get("messageId") not in self._said:
                return Delta(self._part(str(data.get("messageId")), data["content"]))
            case "session.error" if isinstance(data, dict):
                self._message = str(data.get("message", ""))
            case "result":
                if document.get("exitCode"):
                    raise trouble.failed(self._tool, self._program.what, trouble.masked(self._message))
                return Delta(finish="stop", done=True)
        return Delta()

    def signed_out(self, errors: str) -> bool:
        return "No authentication information" in errors

    def _part(self, message: str, text: str) -> str:
        """A new message begins a new paragraph."""
        begins = bool(text and self._said and message not in self._said)
        if text:
            self._said.add(message)
        return f"\n\n{text}" if begins else text
