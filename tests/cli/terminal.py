"""The real command line as a process of its own, and a model server on this machine that says what a test wants."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ORCHESTRA = (sys.executable, "-m", "orchestra_lsp")
ROOT = Path(__file__).parents[2]
SHOP = ROOT / "fixtures" / "projects" / "shop"


@dataclass(frozen=True)
class Terminal:
    """A person without settings of their own, in a folder. `settings` is written to their file."""

    folder: Path
    home: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRA_")}
        own = {"ORCHESTRA_CONFIG": str(self.home / "config.toml"), "ORCHESTRA_STORE": str(self.home / "store.sqlite3")}
        return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **own, **(extra or {})}

    def run(self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*ORCHESTRA, *arguments],
            input=stdin,
            capture_output=True,
            timeout=60,
            cwd=self.folder,
            env=self.environment(extra),
            check=False,
        )

    def out(self, *arguments: str, code: int = 0, stdin: bytes = b"") -> str:
        """Standard output of a run that must end with `code`."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout.decode()

    def err(self, *arguments: str, code: int) -> str:
        done = self.run(*arguments)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stderr.decode()

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.out(*arguments, code=code))

    def settings(self, text: str) -> None:
        (self.home / "config.toml").write_text(text, encoding="utf-8")


@contextmanager
def model_server(text: str) -> Iterator[str]:
    """The base address of a chat endpoint whose every answer is `text`."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            chunks = [
                {"choices": [{"index": 0, "delta": {"content": text}}]},
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            ]
            body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
            self._answer(body.encode(), "text/event-stream")

        def do_GET(self) -> None:
            self._answer(json.dumps({"data": [{"id": "small"}]}).encode(), "application/json")

        def _answer(self, body: bytes, media: str) -> None:
            self.send_response(200)
            self.send_header("content-type", media)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the tests' output is for people."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def with_model(url: str) -> str:
    return f'[tools.here]\nkind = "openai"\nurl = "{url}"\nmodel = "small"\nlocal = true\n'
