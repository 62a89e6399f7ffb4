"""Requests through the language server while its three tools fail on cue, beside LiteLLM's Router on the same script:

    python tests/bench/chaos.py [--seeds N ...] [--parts remote litellm floor] [--requests N] [--litellm PYTHON]

Manual inline completions, reuse off, deadline 5 s, as many documents at once as DOCUMENTS, each with a person's pause between two
asks. An empty or cut answer counts as none. One seed takes about a minute for each part.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client import Client, Json
from faults import SCRIPTS, TEXT, TOOLS, script
from providers import Provider, providers

HERE = Path(__file__).resolve().parent
DOCUMENTS = 4
PAUSE_S = 0.2  # between an answer and the next ask of the same document, on average
DEADLINE_S = 5.0
SEEDS = (901, 902, 903, 904, 905)
REQUESTS = 620  # of each seed at least
FUNCTIONS = 40
FIRST_LINE = 4  # of the first function; each has SIZE lines
SIZE = 8
SERVER = (sys.executable, "-m", "orchestra_lsp.server.door")
BARS = {
    "remote": "answered 99.9   <=500 ms 97   p95 420   p99 750   attempts 1.2   CPU 9",
    "floor": "answered 100   p95 500   remote 95 % of what answered within 500 ms",
    "litellm": "",
}


Terms = tuple[int, int, str]  # the seed, how many requests at least, the script


@dataclass(slots=True)
class Score:
    """What became of the requests of one run; `ms` holds the answered ones."""

    asked: int = 0
    ms: list[float] = field(default_factory=list)
    attempts: float = 0.0
    cpu_ms: float = 0.0
    memory_mb: float = 0.0
    notes: dict[str, int] = field(default_factory=dict)
    floor: bool = False  # with the embedded engine; every other document is strange to it

    def row(self) -> tuple[float, ...]:
        lost = [DEADLINE_S * 1e3] * (self.asked - len(self.ms))
        took = sorted([*self.ms, *lost])
        within = sum(one <= 500 for one in took) / self.asked
        return (len(self.ms) / self.asked * 100, within * 100, _at(took, 0.5), _at(took, 0.95), _at(took, 0.99), self.attempts, self.cpu_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--parts", nargs="*", choices=list(BARS), default=list(BARS))
    parser.add_argument("--requests", type=int, default=REQUESTS, help="of each seed at least")
    parser.add_argument("--litellm", help="a Python that has litellm; default: one is made in the folder for temporary files")
    parser.add_argument("--scripts", nargs="*", choices=list(SCRIPTS), default=list(SCRIPTS), help="see faults.py")
    given = parser.parse_args()
    for name in given.scripts:
        run(given.seeds, given.parts, given.requests, given.litellm, name)


def run(seeds: Sequence[int], parts: Sequence[str], requests: int, litellm: str | None = None, name: str = "usual") -> None:
    size = f"{DOCUMENTS} documents at a time, >= {requests} requests for each of {len(seeds)} seeds, deadline {DEADLINE_S:g} s"
    print(f"chaos, the {name} script: {size}")
    scores: dict[str, list[Score]] = {part: [] for part in parts}
    python = (litellm or _litellm()) if "litellm" in parts else ""
    with providers(TOOLS) as tools:
        for seed in seeds:
            for part in parts:
                terms = (seed, requests, name)
                score = _litellm_run(python, tools, terms) if part == "litellm" else _server_run(part, tools, terms)
                scores[part].append(score)
                print(
                    f"  seed {seed} {part:8} {_line(score.row())}   n {score.asked} load {os.getloadavg()[0]:.1f} {score.notes or ''}",
                    flush=True,
                )
    for part, found in scores.items():
        rows = [score.row() for score in found]
        median = [statistics.median(column) for column in zip(*rows, strict=True)]
        print(
            f"median  {part:8} {_line(median)}   n {sum(score.asked for score in found)}"
            + (f"   [bar: {BARS[part]}]" if BARS[part] else "")
        )
        if part == "floor":
            remote, local = (sum(score.notes.get(f"{kind}, strange", 0) for score in found) for kind in ("whole", "local"))
            print(f"        {part:8} stays remote without a confident local offer {remote / max(1, remote + local):.1%}   [bar: 95 %]")
        if memory := max((score.memory_mb for score in found), default=0):
            print(f"        {part:8} memory over idle {memory:.0f} MB   [bar: 60]")


def _line(row: Sequence[float]) -> str:
    names = ("answered %", "<=500 ms %", "p50", "p95", "p99", "attempts", "CPU ms")
    return "   ".join(f"{name} {value:.{2 if name in ('answered %', 'attempts') else 1}f}" for name, value in zip(names, row, strict=True))


# --- through the language server ---


class Driver(Client):
    """Several requests at once over one connection."""

    def ask(self, path: Path, line: int) -> int:
        self._next += 1
        place = {"line": line, "character": 4}
        params = {"textDocument": {"uri": path.as_uri()}, "position": place, "context": {"triggerKind": 1}}
        self._send({"jsonrpc": "2.0", "id": self._next, "method": "textDocument/inlineCompletion", "params": params})
        return self._next

    def next_answer(self, until: float) -> tuple[float, int, Any] | None:
        """When it came, to which request, and the result; None when `until` (seconds of `time.perf_counter()`) has passed."""
        while True:
            try:
                at, message = self._take(until)
            except TimeoutError:
                return None
            if "id" in message and "method" not in message:
                return at, message["id"], message.get("result")


def _server_run(part: str, tools: Sequence[Provider], terms: Terms) -> Score:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        (folder / "none.toml").write_text(_settings(tools, floor=part == "floor"), encoding="utf-8")
        paths = [folder / f"module_{number}.py" for number in range(DOCUMENTS)]
        for number, path in enumerate(paths):
            path.write_text(document(number, strange=part == "floor" and number % 2 == 0), encoding="utf-8")
        with Driver(SERVER, folder) as client:
            client.initialize()
            for path in paths:
                client.open(path)
            client.wait_for(lambda message: message.get("method") == "textDocument/publishDiagnostics")
            _warm(client, tools, paths[0])
            return _drive(client, tools, paths, terms, part == "floor")


def _warm(client: Driver, tools: Sequence[Provider], path: Path) -> None:
    """One request, so that what is imported for the first one is not counted."""
    for tool in tools:
        tool.reset({"deployments": {tool.tool: {"ttft_ms": 5, "tpot_ms": 0.5, "text": TEXT}}}, 0)
    for _ in range(3):
        client.ask(path, FIRST_LINE + 3)
        client.next_answer(time.perf_counter() + 20)


def _drive(client: Driver, tools: Sequence[Provider], paths: Sequence[Path], terms: Terms, floor: bool) -> Score:
    seed, requests, name = terms
    plan, rng, score = script(seed, name), random.Random(seed), Score(floor=floor)
    for tool in tools:
        tool.reset(plan["tools"][tool.tool], seed)
    cpu, idle = client.cpu_s(), client.rss_mb()
    begun = time.perf_counter()
    ready = [(begun + rng.expovariate(1 / PAUSE_S), number) for number in range(len(paths))]
    heapq.heapify(ready)
    asked: dict[int, tuple[float, int]] = {}
    while ready or asked:
        now = time.perf_counter()
        if ready and ready[0][0] <= now:
            _, number = heapq.heappop(ready)
            if now - begun > plan["seconds"] and score.asked >= requests:
                continue
            request = client.ask(paths[number], FIRST_LINE + SIZE * rng.randrange(FUNCTIONS) + 3)
            asked[request] = (time.perf_counter(), number)
            score.asked += 1
            continue
        found = client.next_answer(ready[0][0] if ready else now + 10)
        if found and found[1] in asked:
            sent, number = asked.pop(found[1])
            _count(score, number, found[2], (found[0] - sent) * 1e3)
            heapq.heappush(ready, (time.perf_counter() + rng.expovariate(1 / PAUSE_S), number))
    score.cpu_ms = (client.cpu_s() - cpu) * 1e3 / score.asked
    score.attempts = sum(tool.stats().get("requests", 0) for tool in tools) / score.asked
    score.memory_mb = client.rss_mb() - idle
    return score


def _count(score: Score, number: int, result: Any, ms: float) -> None:
    """An answer is whole when it ends as the tools' answer does; anything else is the embedded engine's, or cut."""
    items = (result or {}).get("items") or []
    text = items[0]["insertText"] if items else ""
    kind = "whole" if text.rstrip().endswith(TEXT[-20:]) else "local" if text and score.floor else "cut" if text else "none"
    named = f"{kind}, strange" if score.floor and number % 2 == 0 else kind
    score.notes[named] = score.notes.get(named, 0) + 1
    if kind in ("whole", "local") and ms <= DEADLINE_S * 1e3:
        score.ms.append(ms)


def _settings(tools: Sequence[Provider], floor: bool) -> str:
    local = "" if floor else "[tools.local]\nenabled = false\n"
    head = "[completion]\ncache = false\nmanual_deadline_ms = 5000\n[index]\nenabled = false\n"
    return head + local + "".join(f'[tools.{tool.tool}]\nkind = "openai"\nurl = "{tool.url}"\nmodel = "m"\n' for tool in tools)


def document(number: int, strange: bool = False) -> str:
    """A module of FUNCTIONS functions, each with an empty line where its loop belongs.

    `strange`: no name and no word occurs twice, so that the embedded engine has nothing to learn from.
    """
    body = "".join(_function(number, place, strange) for place in range(FUNCTIONS))
    return f"# \nimport os\n\n\n{body}"


def _function(number: int, place: int, strange: bool) -> str:
    if not strange:
        head = f'def keep_{number}_{place}(values, limit):\n    """Twice the values above the limit."""\n    result = []\n    \n'
        return f"{head}    return result\n\n\n# {place}\n"
    rng = random.Random(f"{number}:{place}")
    name, about, first, last = ("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(4))
    head = f'def {name}(values, limit, result):\n    """{about.title()}."""\n    {first} = {place}\n    \n'
    return f"{head}    print({first}, {last!r})\n\n\n# {about}\n"


# --- LiteLLM ---


def _litellm() -> str:
    """A Python with litellm, in an environment of its own in the folder for temporary files; made once, from the package index."""
    named = os.environ.get("ORCHESTRA_BENCH_LITELLM")
    if named:
        return named
    folder = Path(tempfile.gettempdir()) / "orchestra-bench-litellm"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "-q", "install", "litellm"], check=True, timeout=900)
        (folder / "ready").touch()
    return str(python)


def _litellm_run(python: str, tools: Sequence[Provider], terms: Terms) -> Score:
    seed, requests, name = terms
    plan = script(seed, name)
    prompts = [document(number) for number in range(DOCUMENTS)]
    job = {
        "tools": {tool.tool: tool.url for tool in tools},
        "seed": seed,
        "seconds": plan["seconds"],
        "requests": requests,
        "pause_s": PAUSE_S,
        "deadline_s": DEADLINE_S,
        "prompts": prompts,
        "ending": TEXT[-20:],
    }
    environment = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "CRITICAL"}
    process = subprocess.Popen(
        [python, str(HERE / "chaos_litellm.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "ready", "LiteLLM did not start; run chaos_litellm.py by hand to see why"
        for tool in tools:
            tool.reset(plan["tools"][tool.tool], seed)
        process.stdin.write("go\n")
        process.stdin.flush()
        found: Json = json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait(5)
    score = Score(found["asked"], found["ms"], notes=found["notes"])
    score.attempts = sum(tool.stats().get("requests", 0) for tool in tools) / score.asked
    score.cpu_ms = found["cpu_s"] * 1e3 / score.asked
    return score


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    main()
