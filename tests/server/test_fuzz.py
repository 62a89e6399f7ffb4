"""Random messages at a real server: it lives, and every request is answered exactly once.

Runs for about five seconds; ORCHESTRA_FUZZ_SECONDS makes it longer, ORCHESTRA_FUZZ_SEED repeats a run.
"""

from __future__ import annotations

import copy
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.lsp.client import Client
from tests.support.lsp.wire import SERVER

TINY = (sys.executable, "-m", "tests.support.lsp.tiny_app")
SECONDS = float(os.environ.get("ORCHESTRA_FUZZ_SECONDS", "5"))
LEAST = 100  # requests, however slow the machine is
SEED = int(os.environ.get("ORCHESTRA_FUZZ_SEED", time.time_ns() % 1_000_000))
METHODS = [
    *("textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave", "textDocument/hover"),
    *(
        "textDocument/completion",
        "completionItem/resolve",
        "textDocument/inlineCompletion",
        "textDocument/codeAction",
        "codeAction/resolve",
    ),
    *("textDocument/codeLens", "textDocument/diagnostic", "workspace/executeCommand", "workspace/didChangeConfiguration", "initialize"),
    *(
        "workspace/didChangeWatchedFiles",
        "workspace/didChangeWorkspaceFolders",
        "$/setTrace",
        "$/cancelRequest",
        "initialized",
        "$/progress",
    ),
    *(
        "textDocument/didShowCompletion",
        "textDocument/didPartiallyAcceptCompletion",
        "window/workDoneProgress/cancel",
        "unknown",
        "",
        "$/x",
    ),
]
TEXTS = ["", "x = 1\n", "def f(:\n  pass", "😀\r\né\r", "\ud800", "a" * 5000, "\0", "import os\nos.system(input())\n"]
NONSENSE = [None, True, -1, 2**40, 1.5, "", "text", [], {}, [[[[]]]], {"jsonrpc": "2.0", "id": 1, "method": "x"}]


class Fuzz:
    """A source of messages: sometimes right, mostly nearly right, sometimes nonsense."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.uris = [(folder / name).as_uri() for name in ("a.py", "b.rs", "c.txt")] + ["untitled:1", "file:///%ff", "nonsense", ""]
        self.commands = ["orchestra.facts", "orchestra.review", "orchestra.accepted", "orchestra.none", ""]

    def message(self) -> dict[str, Any]:
        method = self.random.choice(METHODS)
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": self.mutated(self.params())}
        if self.random.random() < 0.05:
            del message["params"]
        return message

    def params(self) -> dict[str, Any]:
        pick = self.random.choice
        span = {"start": self.place(), "end": self.place()}
        document = {
            "uri": pick(self.uris),
            "version": self.random.randint(-2, 9),
            "languageId": pick(["python", "rust", "x"]),
            "text": pick(TEXTS),
        }
        changes = [{"range": span, "text": pick(TEXTS)}, {"text": pick(TEXTS)}]
        return {
            "textDocument": document,
            "position": self.place(),
            "range": span,
            "context": {"triggerKind": pick([1, 2]), "diagnostics": pick([[], [{"range": span, "message": "m", "code": "x"}]])},
            "contentChanges": changes[: self.random.randint(0, 2)],
            "command": pick(self.commands),
            "arguments": pick([[], [{}], [{"uri": pick(self.uris), "range": span}], [1]]),
            "settings": pick([None, {}, {"orchestra": {"review": {"enabled": pick([True, 5])}}}]),
            "changes": [{"uri": pick(self.uris), "type": pick([1, 2, 3])}],
            "event": {"added": [], "removed": []},
            "id": pick([1, 2, "x", self.random.randint(1, 500)]),
            "token": pick(["t", 1]),
            "value": pick(["off", "verbose", 1]),
            "label": "l",
            "title": "t",
            "item": {"insertText": "x", "command": {"title": "", "command": "orchestra.accepted", "arguments": [{"id": "x"}]}},
        }

    def place(self) -> dict[str, int]:
        return {"line": self.random.choice([0, 0, 1, 2, 99999]), "character": self.random.choice([0, 1, 3, 99999])}

    def mutated(self, value: Any) -> Any:
        """`value` with, now and then, something else somewhere in it."""
        roll = self.random.random()
        if roll < 0.01:
            return self.nonsense()
        if isinstance(value, dict):
            return {key: self.mutated(item) for key, item in value.items() if self.random.random() > 0.01}
        return [self.mutated(item) for item in value] if isinstance(value, list) else value

    def nonsense(self) -> Any:
        return copy.deepcopy(self.random.choice(NONSENSE))

    def garbage(self) -> bytes:
        """A body that is no message, in a right frame; or bytes that are no frame, and end a line."""
        body = json.dumps(self.message()).encode()
        bodies = [body[: self.random.randint(0, len(body))], b"", b"[]", b"\xff\xfe", b"[" * 5000, self.random.randbytes(20), body[1:]]
        body = self.random.choice(bodies)
        if self.random.random() < 0.7:
            return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        return self.random.randbytes(50).replace(b"\n", b"") + b"\r\n"


@pytest.mark.timeout(60 + 3 * SECONDS)
@pytest.mark.parametrize(("command", "share"), [(TINY, 0.3), (SERVER, 0.7)], ids=["tiny", "real"])
def test_any_messages_leave_the_server_alive_and_every_request_answered(command: tuple[str, ...], share: float, tmp_path: Path) -> None:
    fuzz = Fuzz(SEED, tmp_path)
    print(f"ORCHESTRA_FUZZ_SEED={SEED}")
    with Client(command, {"ORCHESTRA_CONFIG": str(tmp_path / "none.toml")}) as client:
        client.initialize(fuzz.random.choice(["vscode", "neovim", "lsp4ij"]), root=tmp_path)
        asked: list[int] = []
        deadline = time.monotonic() + SECONDS * share
        while time.monotonic() < deadline or len(asked) < LEAST:
            asked += [id for _ in range(20) if (id := send(client, fuzz)) is not None]
            for id in asked[-5:]:
                client.answer(id, 30)
        for id in asked:
            client.answer(id, 30)
        assert client.wire.process.poll() is None


def send(client: Client, fuzz: Fuzz) -> int | None:
    """The id, if it was a request."""
    roll = fuzz.random.random()
    if roll < 0.05:
        client.wire.send_garbage(fuzz.garbage())
        return None
    message = fuzz.message()
    if roll < 0.6:
        return client.ask(message["method"], message.get("params"), on_purpose=True)
    if message["method"] != "exit":
        client.notify(message["method"], message.get("params"), on_purpose=True)
    return None
