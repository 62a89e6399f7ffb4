"""Factory's droid, over ACP by `droid exec --output-format acp` or headless by `droid exec`.

Questions are asked headless, with no tool but a list of things to do: over ACP droid heeds no such limit and reads, and runs commands
that read, without asking. Headless, a change may use the tools for files alone, but droid then also writes outside its folder without
asking, so it is let loose that way only where the system can keep it inside; over ACP it asks, and is answered.

It finds its sign-in in `tools.<name>.key`, in FACTORY_API_KEY, or, for questions, where `droid` has put it; a change needs a key,
because what droid keeps renews itself and cannot be copied. Of the person's own models a change gets the settings.
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

TOOLS = "Read,LS,Grep,Glob,Edit,Create,ApplyPatch,TodoWrite"
#: An empty list would mean all of them.
HARMLESS = "TodoWrite"
OWN_MODEL = "custom:"


def create(name: str, settings: ToolSettings, shared: Shared) -> Agent:  # noqa: ARG001 - what all adapters are given
    """Raises ToolError when the settings leave it nothing to do."""
    return Droid(name, settings)


class Droid(AgentTool):
    """Factory droid."""

    PROGRAM: ClassVar[Program] = Program(
        what="Factory droid",
        acp=("droid", "exec", "--output-format", "acp"),
        headless=("droid", "exec"),
        install="run: npm install -g droid",
        sign_in='run `droid` in a terminal and sign in, or set its key to "env:FACTORY_API_KEY"',
        key="FACTORY_API_KEY",
        variables=frozenset({"FACTORY_API_KEY"}),
        environment={"DROID_DISABLE_AUTO_UPDATE": "true", "FACTORY_DROID_AUTO_UPDATE_ENABLED": "false"},
        least=(0, 215, 0),
        questions=("headless", "acp"),
        alone=True,  # sessions at the same time disturb each other's model
        roams=True,
    )

    def acp_arguments(self, change: bool) -> tuple[str, ...]:
        return self._arguments(change)

    def order(self, cwd: Path, folder: Path | None) -> Order:
        # Over ACP the flag for the model is not heeded.
        return Order(cwd, folder, modes=("normal",), model=self.model, authenticate="factory-api-key")

    def invocation(self, text: str, change: bool) -> Invocation:
        allowed = ("--auto", "low") if change else ()
        return Invocation(("-o", "stream-json", *self._arguments(change), *allowed), text.encode("utf-8", "replace"))

    def reader(self) -> headless.Reader:
        return _Reader(self.name, self.PROGRAM)

    def settle(self, home: Path) -> None:
        if not self.model.startswith(OWN_MODEL):
            return
        source = Path.home() / ".factory" / "settings.json"
        try:
            models = json.loads(source.read_text(encoding="utf-8"))["customModels"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise trouble.failed(self.name, self.PROGRAM.what, f"{source} does not describe {self.model}") from error
        target = home / ".factory" / "settings.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=0o600)
        target.write_text(json.dumps({"customModels": models}), encoding="utf-8")

    def _arguments(self, change: bool) -> tuple[str, ...]:
        model = ("-m", self.model) if self.model else ()
        return ("--only-tools", TOOLS if change else HARMLESS, *model)


class _Reader:
    """Lines of `-o stream-json`, and the one line of `-o json`. What it bills are credits, so the cost in dollars is not known."""

    def __init__(self, tool: str, program: Program) -> None:
        self._tool = tool
        self._program = program
        self._said = False

    def line(self, document: headless.Json) -> Delta:
        match document.get("type"):
            case "message" if document.get("role") == "assistant":
                return Delta(self._part(document["text"]))
            case "completion":
                text = "" if self._said else document["finalText"]
                return Delta(text, "stop", headless.usage(document.get("usage")), done=True)
            case "result":
                return self._result(document)
            case "error":
                raise self._failed(document.get("message"))
        return Delta()

    def signed_out(self, errors: str) -> bool:
        return _says_signed_out(errors)

    def _result(self, document: headless.Json) -> Delta:
        if document.get("is_error"):
            raise self._failed(document.get("result"))
        return Delta(document["result"], "stop", headless.usage(document.get("usage")), done=True)

    def _failed(self, told: object) -> Exception:
        said = told if isinstance(told, str) else ""
        if _says_signed_out(said):
            return trouble.signed_out(self._tool, self._program.what, self._program.sign_in)
        return trouble.failed(self._tool, self._program.what, trouble.masked(said))

    def _part(self, text: str) -> str:
        """A new message begins a new paragraph."""
        begins, self._said = self._said, True
        return f"\n\n{text}" if begins else text


def _says_signed_out(text: str) -> bool:
    return "Authentication failed" in text or ("FACTORY_API_KEY" in text and "invalid" in text)
