"""Print the figures of README beside their bars:  python tests/bench/run.py [start] [edits] [ghost] [completion] [--rounds N]

Every server runs as its own process over stdio, in turn, in the same minutes; byte code is compiled first.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from client import Client, Json

HERE = Path(__file__).parent
LINES = 2000
INDENT = " " * 8  # of a statement in a method
SOURCES = ("configparser.py", "heapq.py", "textwrap.py")
FAULT = "if undefined == None: pass\n"  # our comparison-to-none, ruff's F821


@dataclass(frozen=True)
class Server:
    name: str
    command: tuple[str, ...]
    reviews: bool = True  # finds FAULT
    completes: bool = True


def servers() -> list[Server]:
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    return [
        Server("orchestra", (sys.executable, "-m", "orchestra_lsp.server.door")),
        Server("empty pygls", (sys.executable, str(HERE / "empty_pygls.py")), reviews=False),
        Server("ruff server", (ruff, "server"), completes=False),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help=f"default: all but {', '.join(LONG)}")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repository", action="append", default=[], help="completion: a folder to measure on, else Python's own library")
    parser.add_argument("--places", type=int, default=100, help="completion: places asked about in each repository, twice")
    given = parser.parse_args()
    compile_all()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}\n")
    for name in given.parts or (name for name in PARTS if name not in LONG):
        if name == "completion":
            completion(given.repository, given.places)
        else:
            PARTS[name](given.rounds)


def compile_all() -> None:
    """Some environments switch byte code off; what is measured is what a person gets from an installation."""
    for folder in (HERE.parents[1] / "orchestra_lsp", Path(sysconfig.get_paths()["purelib"])):
        compileall.compile_dir(folder, quiet=2, workers=2)


@contextmanager
def workspace() -> Iterator[tuple[Path, Path]]:
    """A folder with one real file of about LINES lines: modules of this Python's own library, one after the other."""
    library = Path(sysconfig.get_paths()["stdlib"])
    lines = [line for name in SOURCES for line in (library / name).read_text("utf-8").splitlines(keepends=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / "sample.py"
        # Cut before a definition: ruff falls silent on a file that does not parse.
        end = next(number for number in range(LINES, 0, -1) if lines[number].startswith(("class ", "def ")))
        path.write_text("".join(lines[:end]), encoding="utf-8")
        yield path.parent, path


def start(rounds: int) -> None:
    """Process start to `initialize` answered, to the first diagnostics; memory then."""
    answered: dict[str, list[float]] = {}
    diagnosed: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    with workspace() as (folder, path):
        path.write_text(path.read_text("utf-8") + FAULT, encoding="utf-8")
        for _ in range(rounds + 1):
            for server in servers():
                with Client(server.command, folder) as client:
                    answered.setdefault(server.name, []).append(client.initialize() * 1e3)
                    client.open(path)
                    at = client.wait_for(_has_findings)
                    diagnosed.setdefault(server.name, []).append((at - client.started) * 1e3)
                    memory.setdefault(server.name, []).append(client.rss_mb())
    table("process start to `initialize` answered, ms", answered, bar="orchestra 40")
    table(f"process start to first diagnostics of {LINES} lines, ms", diagnosed, bar="orchestra 1000")
    table("memory then, MB", memory)


def edits(rounds: int) -> None:
    """A faulty line pasted into methods all over the file, then deleted: how long until its finding appears, or is gone."""
    took: dict[str, list[float]] = {}
    with workspace() as (folder, path):
        reviewing = [server for server in servers() if server.reviews]
        clients = {server.name: Client(server.command, folder) for server in reviewing}
        for client in clients.values():
            client.initialize()
            client.open(path)
            client.wait_for(lambda message: message.get("method") == "textDocument/publishDiagnostics")
        returns = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Return))
        places = sorted(node.lineno - 1 for node in returns if node.col_offset == len(INDENT))
        for number in range(rounds * 4 + 5):
            line = places[number * 7 % len(places)]
            for name, client in clients.items():
                for version, (end, text) in enumerate((((line, 0), INDENT + FAULT), ((line + 1, 0), "")), start=2 + 2 * number):
                    sent = client.change(path, version, (line, 0), end, text)
                    took.setdefault(name, []).append((client.wait_for(_at_line(line, bool(text))) - sent) * 1e3)
        for client in clients.values():
            client.__exit__(None, None, None)
    warm = {name: values[10:] for name, values in took.items()}
    ours, theirs = (sorted(warm[name]) for name in ("orchestra", "ruff server"))
    ratios = " and ".join(f"{_at(ours, share) / _at(theirs, share):.2f} x at p{share * 100:.0f}" for share in (0.5, 0.95))
    table(f"edit to fresh diagnostics, {LINES} lines, ms", warm, bar=f"orchestra 1.5 x ruff; it is {ratios}")


def ghost(rounds: int) -> None:
    """Ghost text while typing through the file: each character is sent, then asked about."""
    took: dict[str, list[float]] = {}
    shown = 0
    with workspace() as (folder, path):
        lines = path.read_text("utf-8").splitlines()
        for server in servers():
            if not server.completes:
                continue
            with Client(server.command, folder) as client:
                client.initialize()
                client.open(path)
                client.wait_for(lambda message: message.get("method") == "textDocument/publishDiagnostics")
                version = 1
                for at in [number for number in range(200, 1800, 1600 // (rounds * 4)) if len(lines[number].strip()) > 20]:
                    text = lines[at].strip()
                    client.change(path, version := version + 1, (at, len(lines[at]) - len(text)), (at, len(lines[at])), "")
                    for step in range(1, 9):
                        column = len(lines[at]) - len(text) + step
                        client.change(path, version := version + 1, (at, column - 1), (at, column - 1), text[step - 1])
                        seconds, result = client.request("textDocument/inlineCompletion", _here(path, at, column))
                        took.setdefault(server.name, []).append(seconds * 1e3)
                        shown += server.name == "orchestra" and bool((result or {}).get("items"))
                    client.change(path, version := version + 1, (at, column), (at, column), text[step:])
    table(
        f"inline completion while typing, {LINES} lines, ms", {name: values[20:] for name, values in took.items()}, bar="orchestra p95 30"
    )
    print(f"  of orchestra's answers {shown / len(took['orchestra']):.0%} offered something\n")


def table(title: str, figures: dict[str, list[float]], bar: str = "") -> None:
    """The first value of each is a warm-up and does not count."""
    print(title + (f"   [bar: {bar}]" if bar else ""))
    for name, values in figures.items():
        counted = sorted(values[1:])
        shares = "   ".join(f"{label} {_at(counted, share):8.1f}" for label, share in (("min", 0), ("p50", 0.5), ("p95", 0.95), ("max", 1)))
        print(f"  {name:12} {shares}   n {len(counted)}")
    print()


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def _has_findings(message: Json) -> bool:
    return message.get("method") == "textDocument/publishDiagnostics" and bool(message["params"]["diagnostics"])


def _at_line(line: int, there: bool) -> Callable[[Json], bool]:
    def wanted(message: Json) -> bool:
        if message.get("method") != "textDocument/publishDiagnostics":
            return False
        found = (one for one in message["params"]["diagnostics"] if one["range"]["start"]["line"] == line)
        return any("`undefined`" in one["message"] for one in found) is there

    return wanted


def _here(path: Path, line: int, column: int) -> Json:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}, "context": {"triggerKind": 2}}


def cost(rounds: int) -> None:
    """A simulated day of one person, in dollars: see cost.py for what is assumed."""
    from cost import cost as day

    day(rounds)


def learning(_rounds: int) -> None:
    """Twenty simulated people whose best tool collapses: see learning.py."""
    from learning import learning as live

    live()


def routing(_rounds: int) -> None:
    """What a choice costs, and the labelled scenarios: see routing.py."""
    from routing import routing as choose

    choose()


def reuse(rounds: int) -> None:
    """What is answered without a call while somebody types, and what a look-up costs: see reuse.py."""
    from reuse import reuse as typing

    typing(rounds)


def trigger(rounds: int) -> None:
    """How soon ghost text stands beside a slow model, and how many calls are saved before one is made: see trigger.py."""
    from trigger import main as measured

    measured(rounds)


def copy(rounds: int) -> None:
    """Copies of a workspace for agents: see copying.py."""
    from copying import show

    show()


def judging(rounds: int) -> None:
    """What judging an answer costs: see judging.py."""
    from judging import judging as measure

    measure(rounds)


def chaos(_rounds: int) -> None:
    """Requests while the tools fail on cue, beside LiteLLM; about twenty minutes: see chaos.py."""
    from chaos import BARS, REQUESTS, SEEDS, run
    from faults import SCRIPTS

    for name in SCRIPTS:
        run(SEEDS, tuple(BARS), REQUESTS, name=name)


def simulated(_rounds: int) -> None:
    """The calls of `chaos` in virtual time, both fault scripts, in a process of its own: see simulated.py."""
    subprocess.run([sys.executable, str(HERE / "simulated.py")], check=True)


def call(rounds: int) -> None:
    """CPU of choosing and calling beside bare httpx: see calling.py."""
    from calling import run

    run(rounds * 20)


def completion(repositories: Sequence[str], places: int) -> None:
    """How good the embedded engine is, beside a plain n-gram: see completion.py."""
    from completion import measure

    measure(repositories, places)


def tools(rounds: int) -> None:
    """CPU of our side of a call to a tool, and how long real agents take to start: see tools.py."""
    from tools import tools as measure

    measure(rounds)


def gate(rounds: int) -> None:
    """The review of 100,000 lines, and of one file: see gate.py."""
    from gate import gate as measure

    measure(rounds)


LONG = ("chaos", "completion")  # only when asked for


def flow(_rounds: int) -> None:
    """Web handlers with a known label: which weaknesses are seen, and which safe twins are left alone."""
    from flow import report
    from flow_cases import cases

    report(cases(), 0)


PARTS: dict[str, Callable[[int], None]] = {
    "chaos": chaos,
    "simulated": simulated,
    "call": call,
    "tools": tools,
    "gate": gate,
    "judging": judging,
    "flow": flow,
    "copy": copy,
    "cost": cost,
    "learning": learning,
    "routing": routing,
    "reuse": reuse,
    "trigger": trigger,
    "start": start,
    "edits": edits,
    "ghost": ghost,
    "completion": lambda rounds: completion((), rounds * 7),
}

if __name__ == "__main__":
    main()
