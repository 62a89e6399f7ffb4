"""What is answered without a call while somebody types, what a look-up costs, and what the memory holds:  run.py reuse

A typist goes through lines of real files (this Python's library) key by key, by a seeded script: one key in twenty is wrong and taken
back, a right suggestion is accepted after a few keys, then Enter. A model on this machine answers each request after a pause;
seven answers in ten are the line as it stands in the file. No embedded engine, so that every key is a request.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import statistics
import sys
import sysconfig
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.context import Context
from orchestra_lsp.engine.kept.along import Along
from orchestra_lsp.engine.kept.disk import Disk, Maker
from orchestra_lsp.engine.kept.memory import MEMORY_BYTES, Memory
from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.model import Answer, Ask, Kind, Outcome, Prompt, Span, Suggestion, Trigger
from orchestra_lsp.store.store import Store
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.trust.mask import Vault, mask
from tests.support.providers.canned import canned, stream

FILES = ("textwrap.py", "heapq.py", "configparser.py", "shlex.py", "sched.py")
LINES = 15
KEY_S = 0.12  # between two keys
SPEED = 2  # the whole script runs so many times faster than a person
LATENCY_S = 0.25  # of the model
RIGHT, WRONG_KEY = 0.7, 0.05
PATIENCE = 3  # keys typed along a right suggestion before it is accepted


@dataclass
class Typed:
    """What came of one run."""

    asks: int = 0
    answered: int = 0
    calls: int = 0


class Author:
    """The model: knows the line that is being typed, and says so seven times in ten."""

    def __init__(self, seed: int) -> None:
        self._draws = random.Random(seed)
        self.line = ""
        self.calls = 0
        self.bodies: Callable[[], list[bytes]] = list

    async def answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        said = json.dumps(json.loads(self.bodies()[-1]))
        at = max((end for end in range(len(self.line)) if f"{json.dumps(self.line[:end])[1:-1]}</data-before>" in said), default=0)
        text = self.line[at:] if self._draws.random() < RIGHT else "other_name(value)"
        await asyncio.sleep(LATENCY_S / SPEED)
        first = {"choices": [{"delta": {"content": text}, "finish_reason": None}]}
        writer.write(stream(first, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]"))
        await writer.drain()


@asynccontextmanager
async def band(author: Author, store: Store, **completion: Any) -> AsyncIterator[Orchestra]:
    async with canned(author.answer) as server:
        author.bodies = lambda: server.bodies
        far = {"kind": "openai", "url": f"{server.url}/v1", "model": "m", "fill_in_middle": "chat"}
        tree = {"tools": {"local": {"enabled": False}, "far": far}, "completion": completion, "route": {"learn": False}}
        made = Orchestra(Settings.model_validate(tree), store)
        try:
            yield made
        finally:
            await made.close()
            await server.all_closed()


def asked(text: str, at: int) -> Ask:
    buffer = open_buffer("file:///w/a.py", "/w/a.py", 1, "python", text)
    here = len(text[:at].encode())
    return Ask(f"{time.monotonic_ns()}", Kind.COMPLETE, buffer, Span(here, here), Trigger.AUTOMATIC, time.monotonic() + 5)


async def type_line(made: Orchestra, text: str, start: int, line: str, draws: random.Random) -> Typed:
    """Type `line` into `text` at `start`; the newer request supersedes the older, as in the server."""
    done, at, along = Typed(), 0, 0
    running: asyncio.Task[Suggestion | None] | None = None
    while at < len(line):
        wrong = draws.random() < WRONG_KEY
        typed = line[:at] + ("q" if wrong else line[at])
        older, running = running, asyncio.ensure_future(made.ask(asked(text[:start] + typed + text[start:], start + len(typed))))
        done.asks += 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if older and not older.done():
            older.cancel()
        ready, _ = await asyncio.wait({running}, timeout=KEY_S / SPEED)
        found = running.result() if ready else None
        at += 0 if wrong else 1
        if found:
            done.answered += 1
            made.record(found.id, Outcome.SHOWN)
            along = along + 1 if line[at:].startswith(found.text) and not wrong else 0
            if along >= PATIENCE:
                made.record(found.id, Outcome.ACCEPTED)
                at += len(found.text)
                along = 0
    if running:
        await asyncio.wait({running}, timeout=1)
        running.cancel()
    return done


async def day(lines: int, **completion: Any) -> tuple[Typed, dict[str, int]]:
    draws = random.Random(11)
    library = Path(sysconfig.get_paths()["stdlib"])
    total, author = Typed(), Author(12)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.sqlite3")
        async with band(author, store, **completion) as made:
            for _ in range(lines):
                whole = (library / draws.choice(FILES)).read_text("utf-8").splitlines(keepends=True)
                number = draws.choice([n for n, one in enumerate(whole) if len(one.strip()) > 15])
                author.line = whole[number].rstrip("\n")
                text = "".join([*whole[:number], "\n", *whole[number + 1 :]])
                typed = await type_line(made, text, len("".join(whole[:number])), author.line, draws)
                total.asks += typed.asks
                total.answered += typed.answered
            counts = {name: count for name, count in made.telemetry.counts().items() if name.startswith("reused.")}
        store.close()
    total.calls = author.calls
    return total, counts


def lookups() -> None:
    """Microseconds, medians and 95th percentiles of CPU-bound single calls; a memory that is full to its bound."""
    text = "".join((Path(sysconfig.get_paths()["stdlib"]) / name).read_text("utf-8") for name in FILES)
    here = asked(text, len(text) // 2)
    gc.collect()
    tracemalloc.start()
    memory = Memory()
    number = 0
    while memory.size < MEMORY_BYTES * 0.99:
        at = 1000 + (number * 37) % (len(text) - 2000)
        place = replace(here, span=Span(at, at))
        memory.put(place, Answer(f"compute_{number}(one, two)\n    and = more", "far", 1.0), f"{number:032x}", "because it was asked")
        number += 1
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    miss = replace(here, buffer=replace(here.buffer, uri="file:///w/b.py"))
    shown = Along()
    for back in range(24):
        offered = Suggestion(f"{back}", "something_else", Span(here.span.start - back, here.span.start - back), "far", "", 1.0)
        shown.add(replace(here, span=offered.span), offered)
    sizes = " / ".join(f"{size / 1e6:.1f}" for size in (held, memory.size, MEMORY_BYTES))
    print(f"  memory full: {len(memory)} answers, {sizes} MB (what Python holds / what it says / bound)")
    _timed("typed along, 24 shown, none fits", lambda: shown.find(here))
    _timed("prefix tree, hit", lambda: next(memory.find(place), None))
    _timed("prefix tree, other file", lambda: next(memory.find(miss), None))


async def disk_and_context() -> None:
    text = (Path(sysconfig.get_paths()["stdlib"]) / FILES[2]).read_text("utf-8")
    vault = Vault()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.sqlite3")
        disk, maker = Disk(store, vault), Maker("far", "OpenAI", "m")
        prompts = [
            Prompt(Kind.COMPLETE, "python", "file:///w/a.py", "a.py", text[at : at + 12_000], "", text[at + 12_000 :][:4000])
            for at in range(300)
        ]
        masked = [mask(prompt, vault) for prompt in prompts[:2]]
        for number in range(3000):
            place = replace(disk.place(masked[0], "file:///w/a.py"), digest=b"%016d" % number)
            disk.put(place, maker, Answer("x", "far", 1.0, masked=f"compute_{number}(one, two)"))
        store.flush(30)
        _timed("disk, key of a masked prompt", lambda: disk.place(masked[1], "file:///w/a.py"))
        await _timed_async("disk, look (3,000 kept)", lambda: disk.find(place, [maker]))
        disk.close()
        store.close()
    took: dict[str, list[float]] = {}
    context = Context(lambda name, ms: took.setdefault(name, []).append(ms))
    library = Path(sysconfig.get_paths()["stdlib"])
    neighbours = tuple(
        open_buffer((library / name).as_uri(), str(library / name), 1, "python", (library / name).read_text("utf-8")) for name in FILES
    )
    base = replace(asked(text, len(text) // 2), neighbours=neighbours, roots=(str(library),))
    base = replace(base, buffer=replace(base.buffer, path=str(library / "a_new_file.py")))
    cpu, wall = [], []
    for number in range(40):
        ask = replace(base, buffer=open_buffer("file:///w/a.py", str(library / "a_new_file.py"), number, "python", f"# {number}\n{text}"))
        context.note(ask)
        start, start_cpu = time.perf_counter(), time.process_time()
        await context.gather(ask, True, [8192])
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - start_cpu) * 1e3)
    context.close()
    spent = f"{statistics.median(wall):.1f} ms, {statistics.median(cpu):.1f} ms CPU"
    print(f"  context, all sources, five open files, a new version each time: {spent}")
    for name, times in sorted(took.items()):
        print(f"    {name}: {statistics.median(times):.1f} ms, first {times[0]:.1f} ms")


def reuse(rounds: int) -> None:
    """The table; `rounds` lines are typed."""
    for name, settings in (("as it comes", {}), ("reuse switched off", {"cache": False})):
        typed, counts = asyncio.run(day(rounds, **settings))
        levels = ", ".join(f"{level.removeprefix('reused.')} {count}" for level, count in sorted(counts.items()))
        without = sum(counts.values()) / typed.asks
        print(f"reuse, {name}: {typed.asks} keys, {typed.calls} calls, {without:.0%} answered without one ({levels or 'none'})")
    lookups()
    asyncio.run(disk_and_context())


def _timed(name: str, work: Callable[[], object]) -> None:
    times = []
    for _ in range(2000):
        start = time.perf_counter_ns()
        work()
        times.append((time.perf_counter_ns() - start) / 1e3)
    _print(name, times)


async def _timed_async(name: str, work: Callable[[], Any]) -> None:
    times = []
    for _ in range(500):
        start = time.perf_counter_ns()
        await work()
        times.append((time.perf_counter_ns() - start) / 1e3)
    _print(name, times)


def _print(name: str, times: list[float]) -> None:
    times.sort()
    print(f"  {name}: {statistics.median(times):.0f} / {times[int(len(times) * 0.95)]:.0f} microseconds (p50 / p95)")


if __name__ == "__main__":
    reuse(int(sys.argv[1]) if sys.argv[1:] else LINES)
