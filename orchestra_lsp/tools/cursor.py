"""Cursor's command line agent, over ACP by `agent acp` or headless by `agent -p`.

Written from Cursor's documentation; not verified against the real program, which runs for nobody without an account. Over ACP it does
not ask before it edits and heeds no flags, only its mode, so questions are asked in the mode that answers, or not at all. A change has
a home of its own with rules that refuse commands and addresses. It finds its sign-in in `tools.<name>.key`, in CURSOR_API_KEY or
CURSOR_AUTH_TOKEN, or, for questions, where `agent login` has put it.
"""

from __future__ import annotations

import json
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

RULES = {"version": 1, "permissions": {"allow": ["Read(**)", "Write(**)"], "deny": ["Shell(*)", "WebFetch(*)", "Mcp(*:*)"]}}


def create(name: str, settings: ToolSettings, shared: Shared) -> Agent:  # noqa: ARG001 - what all adapters are given
    """Raises ToolError when the settings leave it nothing to do."""
    return Cursor(name, settings)


class Cursor(AgentTool):
    """Cursor's agent."""

    PROGRAM: ClassVar[Program] = Program(
        what="Cursor",
        acp=("agent", "acp"),
        headless=("agent",),
        install="install it from cursor.com/cli, so that `agent` is on the PATH",
        sign_in='run: agent login, or set its key to "env:CURSOR_API_KEY"',
        key="CURSOR_API_KEY",
        variables=frozenset({"CURSOR_API_KEY", "CURSOR_AUTH_TOKEN"}),
        homes=frozenset({"CURSOR_CONFIG_DIR"}),
        unverified="Cursor",
        roams=True,
    )

    def order(self, cwd: Path, folder: Path | None) -> Order:
        modes = ("agent", "default") if folder else ("ask", "plan")
        return Order(cwd, folder, modes=modes, mode_needed=folder is None, model=self.model, authenticate="cursor_login")

    def invocation(self, text: str, change: bool) -> Invocation:
        model = ("--model", self.model) if self.model else ()
        allowed = ("--force",) if change else ("--mode=ask",)
        return Invocation(("-p", text, "--output-format", "stream-json", "--trust", *allowed, *model), shown=True)

    def reader(self) -> headless.Reader:
        return _Reader(self.name, self.PROGRAM)

    def settle(self, home: Path) -> None:
        rules = home / ".cursor" / "cli-config.json"
        rules.parent.mkdir(parents=True, exist_ok=True)
        rules.write_text(json.dumps(RULES), encoding="utf-8")


class _Reader:
    """Lines of `--output-format stream-json`. It counts neither tokens nor cost; its failures are on standard error alone."""

    def __init__(self, tool: str, program: Program) -> None:
        self._tool = tool
        self._program = program
        self._text = ""

    def line(self, document: headless.Json) -> Delta:
        match document.get("type"):
            case "assistant":
                self._text = headless.text_of(document["message"]["content"]) or self._text
            case "result":
                told = document.get("result")
                text = told if isinstance(told, str) and told else self._text
                if document.get("is_error"):
                    raise trouble.failed(self._tool, self._program.what, trouble.masked(text))
                return Delta(text, "stop", done=True)
        return Delta()

    def signed_out(self, errors: str) -> bool:
        said = errors.lower()
        return "not logged in" in said or "authentication" in said or "agent login" in said
