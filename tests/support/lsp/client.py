"""An editor for tests: it starts the real server process, keeps documents, answers what the server asks, and records everything.

    with Client() as client:
        client.initialize("vscode", root=tmp_path)
        client.open(tmp_path / "a.py", "import os\n")
        assert client.diagnostics(tmp_path / "a.py")

When the block ends the server is shut down, its exit code checked, and the whole conversation checked against the protocol.
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.lsp import conformance
from tests.support.lsp.wire import ROOT, SERVER, Wire

Json = dict[str, Any]
Answer = Callable[[Any], Any]

CLIENTS = ROOT / "fixtures" / "clients"
WAIT_S = 20.0
LANGUAGES = {".py": "python", ".js": "javascript", ".ts": "typescript", ".tsx": "typescriptreact", ".go": "go", ".rs": "rust"}
LANGUAGES |= {".java": "java", ".c": "c", ".cpp": "cpp"}


def recorded_clients() -> list[str]:
    """Names of the editors whose `initialize` we have."""
    return sorted(path.name.partition(".")[0] for path in CLIENTS.glob("*.initialize.json"))


def recorded_params(name: str) -> Json:
    params: Json = json.loads((CLIENTS / f"{name}.initialize.json").read_text(encoding="utf-8"))["params"]
    return params


class ResponseError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.message = error.get("message")
        self.data = error.get("data")


class Client:
    """One conversation. `answers` says what the server's own requests get, by method: a function of their params."""

    def __init__(
        self, command: Sequence[str] = SERVER, env: Mapping[str, str] | None = None, ended_by_test: bool = False, cwd: Path = ROOT
    ) -> None:
        self.settings: Any = None  # the answer to workspace/configuration, for each section
        self.applied: list[Json] = []  # the params of each workspace/applyEdit
        self.registered: dict[str, Json] = {}  # method -> options, by client/registerCapability
        self.wrong_on_purpose: set[str] = set()  # methods of the server that get an answer the specification does not allow
        self.capabilities: Json = {}  # the server's
        self.ended_by_test = ended_by_test  # killed or cut off: open requests and any exit code are then no fault
        self.answers: dict[str, Answer] = {
            "workspace/configuration": lambda params: [self.settings for _ in params["items"]],
            "workspace/applyEdit": self._apply,
            "workspace/workspaceFolders": lambda params: None,
            "client/registerCapability": self._register,
            "client/unregisterCapability": lambda params: None,
            "window/workDoneProgress/create": lambda params: None,
            "window/showMessageRequest": lambda params: None,
            "window/showDocument": lambda params: {"success": True},
            "workspace/diagnostic/refresh": lambda params: None,
            "workspace/codeLens/refresh": lambda params: None,
            "workspace/inlineCompletion/refresh": lambda params: None,
        }
        self._next_id = 0
        self._versions: dict[str, int] = {}
        self.wire = Wire(command, env, cwd)
        self.wire.on_message = self._hear

    # --- the protocol ---

    def initialize(self, editor: str = "vscode", root: Path | None = None, capabilities: Json | None = None, **params: Any) -> Json:
        """Be `editor`, as recorded, in the folder `root`; `capabilities` is laid over its own. Gives InitializeResult."""
        said = recorded_params(editor) | {"processId": os.getpid(), "rootUri": None, "rootPath": None, "workspaceFolders": None}
        if root is not None:
            said |= {"rootUri": root.as_uri(), "rootPath": str(root), "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}]}
        said["capabilities"] = overlay(said["capabilities"], capabilities or {})
        result: Json = self.request("initialize", said | params)
        self.capabilities = result["capabilities"]
        self.notify("initialized", {})
        return result

    def request(self, method: str, params: Any = None, seconds: float = WAIT_S) -> Any:
        """The result. Raises ResponseError."""
        response = self.answer(self.ask(method, params), seconds)
        if "error" in response:
            raise ResponseError(response["error"])
        return response["result"]

    def ask(self, method: str, params: Any = None, on_purpose: bool = False) -> int:
        """Send a request and do not wait; its id. `on_purpose`: the test breaks a rule with it."""
        self._next_id += 1
        message = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        self.wire.send(message if params is None else {**message, "params": params}, on_purpose)
        return self._next_id

    def answer(self, id: int | str, seconds: float = WAIT_S) -> Json:
        """The whole response to a request."""
        found: Json = self.wire.wait_until(lambda: self._responses(id), seconds, f"no answer to {id}")[0]
        return found

    def error(self, method: str, params: Any = None) -> Json:
        """The error that a request gets."""
        response = self.answer(self.ask(method, params, on_purpose=True))
        assert "error" in response, f"{method} was served: {response}"
        error: Json = response["error"]
        return error

    def notify(self, method: str, params: Any = None, on_purpose: bool = False) -> None:
        message: Json = {"jsonrpc": "2.0", "method": method}
        self.wire.send(message if params is None else {**message, "params": params}, on_purpose)

    def cancel(self, id: int | str) -> None:
        self.notify("$/cancelRequest", {"id": id})

    def heard(self, method: str | None = None) -> list[Json]:
        """Everything the server said so far, or its calls of one method."""
        said = [each.message for each in list(self.wire.said) if each.sender == "server"]
        return said if method is None else [message for message in said if message.get("method") == method]

    def wait_for(self, method: str, fits: Callable[[Any], Any] = lambda params: True, seconds: float = WAIT_S) -> Any:
        """The params of the first call of `method` by the server, past or to come, that fits."""
        return self.wire.wait_until(
            lambda: [m.get("params", {}) for m in self.heard(method) if fits(m.get("params"))], seconds, f"no fitting {method}"
        )[0]

    # --- documents ---

    def open(self, path: Path | str, text: str, language: str | None = None, version: int = 1) -> str:
        """Open a document; its URI."""
        uri = uri_of(path)
        self._versions[uri] = version
        language = language or LANGUAGES.get(Path(uri).suffix, "plaintext")
        self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}})
        return uri

    def change(self, path: Path | str, *changes: Json | str) -> int:
        """Each change is a whole new text, or `{"range": ..., "text": ...}`. Gives the new version."""
        uri = uri_of(path)
        self._versions[uri] += 1
        events = [{"text": change} if isinstance(change, str) else change for change in changes]
        identifier = {"uri": uri, "version": self._versions[uri]}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": events})
        return self._versions[uri]

    def close(self, path: Path | str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri_of(path)}})

    def diagnostics(self, path: Path | str, fits: Callable[[list[Json]], Any] = bool, seconds: float = WAIT_S) -> list[Json]:
        """The diagnostics of a document, pushed or pulled, once they belong to its newest version and `fits` says yes to them."""
        uri = uri_of(path)
        if "diagnosticProvider" in self.capabilities:
            return self._pulled(uri, fits, seconds)
        return self._pushed(uri, fits, seconds)

    # --- the end ---

    def shut_down(self) -> int:
        """Ask the server to end in order; its exit code."""
        self.request("shutdown")
        self.notify("exit")
        return self.wire.wait()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """After a failed test nothing more is checked: the first failure counts."""
        try:
            running = self.wire.process.poll() is None and not self.ended_by_test
            if kind is None and running and self.capabilities:
                code = self.shut_down()
                assert code == 0, f"exit code {code} after shutdown and exit\n{self.wire.stderr()}"
            if kind is None:
                conformance.check(self.wire.said, all_answered=not self.ended_by_test)
                assert "Traceback" not in self.wire.stderr(), self.wire.stderr()
        finally:
            self.wire.destroy()

    # --- inside ---

    def _responses(self, id: int | str) -> list[Json]:
        return [message for message in self.heard() if "method" not in message and message.get("id") == id]

    def _hear(self, message: Json) -> None:
        """In the reading thread: answer what the server asks."""
        if "method" not in message or "id" not in message:
            return
        answer = self.answers.get(message["method"])
        reply: Json = {"jsonrpc": "2.0", "id": message["id"]}
        if answer is None:
            reply["error"] = {"code": -32601, "message": f"{message['method']} is not supported by this client"}
        else:
            reply["result"] = answer(message.get("params"))
        try:
            self.wire.send(reply, message["method"] in self.wrong_on_purpose)
        except (BrokenPipeError, ValueError):
            return  # the server has ended, or its input was closed

    def _apply(self, params: Json) -> Json:
        self.applied.append(params)
        return {"applied": True}

    def _register(self, params: Json) -> None:
        self.registered |= {one["method"]: one.get("registerOptions") or {} for one in params["registrations"]}

    def _pushed(self, uri: str, fits: Callable[[list[Json]], Any], seconds: float) -> list[Json]:
        def fresh(params: Json) -> bool:
            newest = params["uri"] == uri and params.get("version", 0) == self._versions.get(uri, 0)
            return newest and bool(fits(params["diagnostics"]))

        found: list[Json] = self.wait_for("textDocument/publishDiagnostics", fresh, seconds)["diagnostics"]
        return found

    def _pulled(self, uri: str, fits: Callable[[list[Json]], Any], seconds: float) -> list[Json]:
        """Pulls, and again each time the server asks for a refresh."""
        deadline = time.monotonic() + seconds
        while True:
            refreshes = self._refreshes()
            items: list[Json] = self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}}, seconds).get("items", [])
            if fits(items):
                return items
            self._wait_for_refresh(refreshes, deadline - time.monotonic(), f"no fitting diagnostics of {uri}, but {items}")

    def _wait_for_refresh(self, seen: int, seconds: float, what: str) -> None:
        self.wire.wait_until(lambda: self._refreshes() > seen, seconds, what)

    def _refreshes(self) -> int:
        return len(self.heard("workspace/diagnostic/refresh"))


def uri_of(path: Path | str) -> str:
    return path if isinstance(path, str) else path.as_uri()


def overlay(below: Json, above: Json) -> Json:
    """`above` laid over a copy of `below`, object by object."""
    merged = copy.deepcopy(below)
    for key, value in above.items():
        merged[key] = overlay(merged[key], value) if isinstance(value, dict) and isinstance(merged.get(key), dict) else value
    return merged


def place(line: int, character: int) -> Json:
    return {"line": line, "character": character}


def span(start_line: int, start: int, end_line: int, end: int) -> Json:
    return {"start": place(start_line, start), "end": place(end_line, end)}
