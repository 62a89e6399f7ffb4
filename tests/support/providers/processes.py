"""Model providers as processes of their own: a real llama.cpp server with a tiny random model, and a provider with faults.

    with llama_cpp() as url: ...
    with fake_provider({"faults": [...]}) as provider: provider.url, provider.stats(), provider.reset({...})

Both listen on loopback only, end with the block, and end by themselves when this process dies (their standard input closes, or
after ten minutes).
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START_SECONDS = 60.0

Trace = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FakeProvider:
    """A running provider. Deployment `name` is below `url_of(name)`, in the formats of OpenAI and Anthropic."""

    url: str

    def url_of(self, deployment: str) -> str:
        return f"{self.url}/d/{deployment}/v1"

    def reset(self, trace: Trace, seed: int = 0) -> None:
        """Clear the counters and restart the clock with other deployments and faults."""
        self._control("reset", {"trace": trace, "seed": seed})

    def stats(self) -> dict[str, dict[str, int]]:
        """Counters for each deployment: requests, client_cancelled, ok, and each kind of fault."""
        stats: dict[str, dict[str, int]] = self._control("stats", {})["stats"]
        return stats

    def in_flight(self) -> dict[str, int]:
        """Requests for each deployment that are being answered."""
        busy: dict[str, int] = self._control("stats", {})["inflight"]
        return busy

    def _control(self, what: str, body: Trace) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}/_control/{what}", json.dumps(body).encode())
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def fake_provider(trace: Trace | None = None) -> Iterator[FakeProvider]:
    with _process([str(HERE / "fake_provider.py"), "--until-eof"]) as url:
        provider = FakeProvider(url)
        provider.reset(trace or {})
        yield provider


@contextmanager
def llama_cpp(context: int = 8192, batch: int = 256) -> Iterator[str]:
    """The base address of a real llama.cpp server, without /v1. Its wire format is exact and its text is noise.

    Each of its two slots has half of `context` tokens; `batch` of them are kept for the file being completed.
    """
    sizes = ["--context", str(context), "--batch", str(batch)]
    with _process([str(HERE / "llamacpp" / "serve.py"), "--until-eof", *sizes]) as url:
        yield url


@contextmanager
def _process(arguments: Sequence[str]) -> Iterator[str]:
    """Start a script that prints its address as its first line; end it with the block."""
    process = subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    guard = threading.Timer(START_SECONDS, process.kill)
    guard.start()
    try:
        url = process.stdout.readline().strip()
        guard.cancel()
        assert url.startswith("http://127.0.0.1:"), f"{arguments[0]} did not start; run it by hand to see why"
        yield url
    finally:
        guard.cancel()
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        process.stdout.close()
