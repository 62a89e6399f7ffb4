"""Claude Code, over ACP by `claude-agent-acp` or headless by `claude -p`.

Questions get no tools at all. A change gets the tools for files and neither commands nor network; settings, hooks and servers of the
project are not read, as they come with a clone. It finds its sign-in in `tools.<name>.key`, in its own variables, or in the file that
`claude` keeps, of which the home of a change gets the short-lived token and never the one that renews it: renewed in a copy, it would
sign the person out. On macOS that is in the keychain, which a home of its own has not: there a change needs a key.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from orchestra_lsp.tools.contract import Agent
from orchestra_lsp.tools.wire import headless, trouble
from orchestra_lsp.tools.wire.acp import Order
from orchestra_lsp.tools.wire.agent import AgentTool
from orchestra_lsp.tools.wire.answer import Delta, json_object
from orchestra_lsp.tools.wire.program import Invocation, Program, output_of

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared

TOOLS = ("Read", "Glob", "Grep", "LS", "Edit", "MultiEdit", "Write")
REFUSED = ("Bash", "WebFetch", "WebSearch", "Task", "NotebookEdit")
#: A word with "@" before it in a person's code would name a file that it reads and sends, without any tool: attachments are that.
ALONE = (
    *("CLAUDE_CODE_DISABLE_ATTACHMENTS", "CLAUDE_CODE_DISABLE_CLAUDE_MDS", "CLAUDE_CODE_DISABLE_AUTO_MEMORY"),
    *("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER"),
)
#: Its own long instructions are for sitting in a terminal; a question brings its own.
ROLE = "You answer one question of a code editor. The message says how."
#: What its file of credentials holds that renews the sign-in.
RENEWING = ("refreshToken",)


def create(name: str, settings: ToolSettings, shared: Shared) -> Agent:  # noqa: ARG001 - what all adapters are given
    """Raises ToolError when the settings leave it nothing to do."""
    return ClaudeCode(name, settings)


class ClaudeCode(AgentTool):
    """Claude Code."""

    PROGRAM: ClassVar[Program] = Program(
        what="Claude Code",
        acp=("claude-agent-acp",),
        headless=("claude",),
        install="run: npm install -g @agentclientprotocol/claude-agent-acp (or @anthropic-ai/claude-code)",
        sign_in='run `claude` in a terminal and type /login, or set its key to "env:ANTHROPIC_API_KEY"',
        key="ANTHROPIC_API_KEY",
        variables=frozenset(
            {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "CLAUDE_CODE_OAUTH_TOKEN"}
            | {"CLAUDE_CODE_EXECUTABLE", "IS_SANDBOX"}
        ),
        homes=frozenset({"CLAUDE_CONFIG_DIR"}),
        environment=dict.fromkeys(ALONE, "1"),
        least=(2, 1, 0),
    )

    def order(self, cwd: Path, folder: Path | None) -> Order:
        options: dict[str, Any] = {"settingSources": ["user"], "disallowedTools": list(REFUSED), "tools": list(TOOLS) if folder else []}
        if self.model:
            options["model"] = self.model
        meta = {"claudeCode": {"options": options}} | ({} if folder else {"systemPrompt": ROLE})
        # The mode is always set: the person's own settings may have one that asks nobody.
        return Order(cwd, folder, modes=("default",), meta=meta)

    def invocation(self, text: str, change: bool) -> Invocation:
        allowed = ",".join(TOOLS) if change else ""
        arguments = ["-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages", "--no-session-persistence"]
        arguments += ["--setting-sources", "user", "--strict-mcp-config", "--disable-slash-commands"]
        arguments += ["--tools", allowed, "--disallowedTools", ",".join(REFUSED)]
        arguments += ["--permission-mode", "acceptEdits"] if change else ["--permission-mode", "default", "--system-prompt", ROLE]
        arguments += ["--model", self.model] if self.model else []
        return Invocation(tuple(arguments), text.encode("utf-8", "replace"))

    def reader(self) -> headless.Reader:
        return _Reader(self.name, self.PROGRAM)

    async def signed_in(self, until: float) -> bool | None:
        """Over ACP a session opens for everybody, so its own program is asked, where there is one."""
        program = None if self._settings.command else shutil.which(self.PROGRAM.headless[0])
        if program is None:
            return None
        said = await output_of(await self._launch((program, "auth", "status"), None), until)
        try:
            told = json_object(said).get("loggedIn")
        except ValueError:
            return None  # an older version, which does not tell
        return told if isinstance(told, bool) else None

    def settle(self, home: Path) -> None:
        source = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude") / ".credentials.json"
        if self._settings.key or not source.is_file():
            return
        try:
            found = json.loads(source.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise trouble.signed_out(self.name, self.PROGRAM.what, self.PROGRAM.sign_in) from error
        target = home / ".claude" / ".credentials.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=0o600)
        target.write_text(json.dumps(_short_lived(found)), encoding="utf-8")


class _Reader:
    """Lines of `--output-format stream-json`."""

    def __init__(self, tool: str, program: Program) -> None:
        self._tool = tool
        self._program = program
        self._said = False

    def line(self, document: headless.Json) -> Delta:
        match document.get("type"):
            case "stream_event":
                return self._event(document["event"])
            case "assistant" if document.get("error") == "authentication_failed":
                raise trouble.signed_out(self._tool, self._program.what, self._program.sign_in)
            case "result":
                return self._result(document)
        return Delta()

    def signed_out(self, errors: str) -> bool:
        return "/login" in errors

    def _event(self, event: Mapping[str, Any]) -> Delta:
        if event.get("type") == "content_block_start":
            # What it says after it has worked is a new paragraph.
            return Delta("\n\n" if self._said and event["content_block"].get("type") == "text" else "")
        delta = event.get("delta") if event.get("type") == "content_block_delta" else None
        if not isinstance(delta, dict) or delta.get("type") != "text_delta":
            return Delta()
        self._said = True
        return Delta(delta["text"])

    def _result(self, document: headless.Json) -> Delta:
        """Its subtype is "success" even when nobody is signed in; only `is_error` tells."""
        text = document.get("result")
        said = text if isinstance(text, str) else ""
        if document.get("is_error"):
            raise trouble.failed(self._tool, self._program.what, trouble.masked(said or str(document.get("subtype"))))
        finish = "length" if document.get("stop_reason") == "max_tokens" else "stop"
        if document.get("stop_reason") == "refusal":
            raise trouble.declined(self._tool)
        return Delta("" if self._said else said, finish, headless.usage(document.get("usage"), document.get("total_cost_usd")), done=True)


def _short_lived(found: object) -> object:
    """The same without what renews a sign-in, at any depth."""
    if isinstance(found, dict):
        return {name: _short_lived(value) for name, value in found.items() if name not in RENEWING}
    return found
