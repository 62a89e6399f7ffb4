"""Roo Code, by its command line or by the socket of its extension; and Zoo Code, its successor, by a configured command.

Roo Code ended in May 2026. This was written from its published types and sources; not verified against the real program, of which
no release is left to install. The command line approves everything by itself, so questions are asked in its mode that changes nothing,
and a change happens in the copy alone. The extension works in the person's own editor: it is asked questions and never for a change.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from orchestra_lsp.model import Health, State
from orchestra_lsp.tools.contract import Agent, ToolError
from orchestra_lsp.tools.wire import headless, roo_socket, trouble
from orchestra_lsp.tools.wire.agent import AgentTool, Said
from orchestra_lsp.tools.wire.answer import Delta
from orchestra_lsp.tools.wire.program import Found, Invocation, Program, find
from orchestra_lsp.tools.wire.roo_socket import Door, usage

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.trust.workcopy import MaskedFolder

SOCKET = "unix:"
#: Its modes: one that only answers, and one that works.
ASK, CODE = "ask", "code"
#: Its words for the counts of a task: prompt, answer, read from the cache, written to it.
COUNTS = ("inputTokens", "outputTokens", "cacheReads", "cacheWrites")
#: Variables in which it looks for the key of each provider.
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "GOOGLE_API_KEY", "VERCEL_AI_GATEWAY_API_KEY", "ROO_API_KEY")


def create(name: str, settings: ToolSettings, shared: Shared) -> Agent:  # noqa: ARG001 - what all adapters are given
    """Raises ToolError when the settings leave it nothing to do."""
    if settings.url and not settings.url.startswith(SOCKET):
        problem = "its address is not that of a socket"
        raise ToolError(name, problem, f'write tools.{name}.url like "unix:/tmp/roo.sock", or remove it', retryable=False)
    return Roo(name, settings)


class Roo(AgentTool):
    """Roo Code."""

    PROGRAM: ClassVar[Program] = Program(
        what="Roo Code",
        headless=("roo",),
        install="it ended in May 2026: use Zoo Code by its command, or Cline and Kilo by the adapter acp; a running extension by its url",
        sign_in='set its key to that of your provider, for instance key = "env:ANTHROPIC_API_KEY"',
        key="ANTHROPIC_API_KEY",
        variables=frozenset(KEYS),
        unverified="Roo Code, which ended in May 2026 (Zoo Code, Cline and Kilo go on),",
        roams=True,
    )

    def __init__(self, name: str, settings: ToolSettings) -> None:
        super().__init__(name, settings)
        self._socket = os.path.expanduser(settings.url.removeprefix(SOCKET))

    def invocation(self, text: str, change: bool) -> Invocation:
        model = ("--model", self.model) if self.model else ()
        manner = ("--mode", CODE if change else ASK, "--ephemeral", "--exit-on-error", "--oneshot")
        return Invocation(("--print", "--output-format", "stream-json", *manner, *model, text), shown=True)

    def reader(self) -> headless.Reader:
        return _Reader(self.name, self.PROGRAM)

    def _found(self, change: bool) -> Found:
        """Its program, else its socket."""
        protocol = self._settings.protocol or "headless"
        try:
            return find(self.name, self.PROGRAM, self._settings.model_copy(update={"protocol": protocol}), change)
        except ToolError:
            if self._socket:
                return Found((self._socket,), acp=False)
            raise

    def _door(self, change: bool) -> Door | None:
        """The socket, when there is no program."""
        if not self._socket or self._found(change).argv != (self._socket,):
            return None
        return Door(self.name, self.PROGRAM.what, self._socket)

    def _run(self, text: str, folder: MaskedFolder | None, deadline: float) -> Said:
        door = self._door(folder is not None)
        if door is None:
            return super()._run(text, folder, deadline)
        if folder is not None:
            problem = "the extension in your editor works on your own files, so it is not let loose on them"
            raise ToolError(self.name, problem, f"install its program, or set tools.{self.name}.command", retryable=False)
        return roo_socket.run(door, text, ASK, deadline)

    async def _look(self, found: Found, until: float) -> Health:
        if door := self._door(change=False):
            await roo_socket.greet(door, until)
            return Health(State.READY)
        return await super()._look(found, until)


class _Reader:
    """Lines of `--output-format stream-json`. A message comes in parts and then once more whole; the result has the final answer."""

    def __init__(self, tool: str, program: Program) -> None:
        self._tool = tool
        self._program = program
        self._said = ""
        self._error = ""

    def line(self, document: headless.Json) -> Delta:
        match document.get("type"):
            case "assistant" if document.get("done") and not document.get("subtype"):
                self._said = document["content"] or self._said
            case "error":
                self._error = str(document.get("content") or self._error)
            case "result":
                return self._result(document)
        return Delta()

    def signed_out(self, complaint: str) -> bool:
        said = f"{complaint} {self._error}".lower()
        return "api key" in said or "not authenticated" in said or "auth login" in said

    def _result(self, document: headless.Json) -> Delta:
        if document.get("success") is False:
            if self.signed_out(""):
                raise trouble.signed_out(self._tool, self._program.what, self._program.sign_in)
            raise trouble.failed(self._tool, self._program.what, trouble.masked(self._error))
        told = document.get("content")
        return Delta(told if isinstance(told, str) and told else self._said, "stop", usage(document.get("cost"), COUNTS), done=True)
