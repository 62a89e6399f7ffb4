"""The fake providers of `chaos` and `call`, each in a process of its own, ended with the block."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "providers" / "fake_provider.py"


@dataclass(frozen=True, slots=True)
class Provider:
    """One tool's endpoint."""

    tool: str
    base: str

    @property
    def url(self) -> str:
        return f"{self.base}/d/{self.tool}/v1"

    def reset(self, trace: Mapping[str, Any], seed: int) -> None:
        """Take a script and start its clock."""
        self._control("reset", {"trace": trace, "seed": seed})

    def stats(self) -> dict[str, int]:
        found: dict[str, int] = self._control("stats", {})["stats"].get(self.tool, {})
        return found

    def _control(self, what: str, body: Mapping[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.base}/_control/{what}", json.dumps(body).encode())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def providers(names: tuple[str, ...]) -> Iterator[list[Provider]]:
    with ExitStack() as stack:
        yield [Provider(name, stack.enter_context(_process())) for name in names]


@contextmanager
def _process() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
