"""What the conversations with the real server share: an editor with nothing of this machine's own settings, and its text."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.lsp.client import Client, Json

#: Laid over a recorded editor's abilities: diagnostics are then pushed.
PUSHED: Json = {"workspace": {"diagnostics": {"refreshSupport": False}}}


@contextmanager
def editing(folder: Path, editor: str = "vscode", config: str = "", capabilities: Json | None = None, **params: Any) -> Iterator[Client]:
    """An initialized editor in `folder`. `config` is the person's own settings file."""
    settings = folder.parent / f"{folder.name}.config.toml"
    settings.write_text(config, encoding="utf-8")
    env = {"ORCHESTRA_CONFIG": str(settings), "ORCHESTRA_STORE": str(folder.parent / f"{folder.name}.store.sqlite3")}
    with Client(env=env) as client:
        client.initialize(editor, folder, capabilities, **params)
        yield client


def folder_in(tmp: Path, name: str = "work") -> Path:
    folder = tmp.resolve() / name
    folder.mkdir()
    return folder


def column(text: str, offset: int, encoding: str) -> Json:
    """The position of a place in `text` (an index into the str)."""
    before = text[:offset]
    line = before.count("\n")
    start = before.rfind("\n") + 1
    return {"line": line, "character": _units(text[start:offset], encoding)}


def range_of(text: str, word: str, encoding: str = "utf-16") -> Json:
    start = text.index(word)
    return {"start": column(text, start, encoding), "end": column(text, start + len(word), encoding)}


def edited(text: str, edits: Sequence[Json], encoding: str = "utf-16") -> str:
    """The text after an editor has made the edits."""
    lines = text.splitlines(keepends=True) or [""]
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def offset(place: Json) -> int:
        line = lines[place["line"]] if place["line"] < len(lines) else ""
        at = next(index for index in range(len(line) + 1) if _units(line[:index], encoding) >= place["character"])
        return starts[min(place["line"], len(lines))] + at

    for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
        text = text[: offset(edit["range"]["start"])] + edit["newText"] + text[offset(edit["range"]["end"]) :]
    return text


def edits_of(edit: Json, uri: str) -> list[Json]:
    """The text edits of one document in a WorkspaceEdit of either shape."""
    if "documentChanges" in edit:
        return [one for change in edit["documentChanges"] if change.get("textDocument", {}).get("uri") == uri for one in change["edits"]]
    found: list[Json] = edit["changes"][uri]
    return found


def asked_actions(client: Client, uri: str, where: Json, only: Sequence[str] | None = None, trigger: int = 1) -> list[Json]:
    context: Json = {"diagnostics": [], "triggerKind": trigger} | ({"only": list(only)} if only is not None else {})
    found: list[Json] = client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": where, "context": context})
    return found


def resolved(client: Client, action: Json) -> Json:
    if "edit" in action:
        return action
    found: Json = client.request("codeAction/resolve", action)
    return found


def _units(text: str, encoding: str) -> int:
    if encoding == "utf-32":
        return len(text)
    return len(text.encode("utf-8")) if encoding == "utf-8" else len(text.encode("utf-16-le")) // 2


# --- a model ---


class Model:
    """An OpenAI-compatible endpoint on loopback that says `text`, after `delay_s` or when `release` is set."""

    def __init__(self) -> None:
        self.text = "ok"
        self.delay_s = 0.0
        self.asked: list[Any] = []
        self.gone = 0  # clients that left before the answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                time.sleep(outer.delay_s)
                try:
                    self._stream()
                except OSError:
                    outer.gone += 1

            def _stream(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for delta, finish in (({"role": "assistant", "content": outer.text}, None), ({}, "stop")):
                    choice = {"index": 0, "delta": delta, "text": delta.get("content", ""), "finish_reason": finish}
                    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")

            def log_message(self, format: str, *args: Any) -> None:
                """Silent: nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def config(self) -> str:
        """Settings with this model beside the embedded engine."""
        port = self._server.server_address[1]
        return f'[tools.model]\nkind = "openai"\nurl = "http://127.0.0.1:{port}/v1"\nmodel = "m"\nlocal = true\nfill_in_middle = "suffix"\n'

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def model() -> Iterator[Model]:
    made = Model()
    try:
        yield made
    finally:
        made.close()


def titles(actions: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(action["title"]) for action in actions]
