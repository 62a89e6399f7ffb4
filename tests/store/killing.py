"""Starts writers of one store and kills each in the middle of its work; prints what went wrong as JSON.

    python killing.py FILE KILLS SEED

A process of its own, so that it may fork: a fork costs a few ms where a new interpreter costs hundreds.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from orchestra_lsp.store.records import OutcomeRecord
from orchestra_lsp.store.store import Store


def write(path: Path, name: str, told: int, pause_s: float) -> None:
    """Put numbered records for ever; `told` hears the moment of each put before it is made."""
    store = Store(path)
    number = 0
    while True:
        os.write(told, b"%d %d\n" % (number, time.monotonic_ns()))
        store.put(OutcomeRecord(f"{name}-{number}", time.time_ns() // 1000, "shown"))
        number += 1
        time.sleep(pause_s)


def start(path: Path, name: str, pause_s: float) -> tuple[int, int]:
    """A forked writer: its process id and the end of the pipe that tells its puts."""
    heard, told = os.pipe()
    child = os.fork()
    if child:
        os.close(told)
        return child, heard
    os.close(heard)
    try:
        write(path, name, told, pause_s)
    finally:
        os._exit(1)


def stop(child: int, heard: int) -> tuple[int, dict[int, int]]:
    """Kill it: the moment in ns, and when each record was put."""
    os.kill(child, signal.SIGKILL)
    at = time.monotonic_ns()
    os.waitpid(child, 0)
    with os.fdopen(heard, "rb") as pipe:
        lines = pipe.read().decode().split("\n")[:-1]
    return at, {int(number): int(moment) for number, moment in (line.split() for line in lines)}


def rows(path: Path, name: str) -> list[int]:
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection:
        found = connection.execute("SELECT decision_id FROM outcome WHERE decision_id LIKE ? ORDER BY rowid", (f"{name}-%",))
        return [int(name.rsplit("-", 1)[1]) for (name,) in found]


def main(path: Path, kills: int, seed: int) -> None:
    draws = random.Random(seed)
    Store(path).close()
    bystander, bystander_heard = start(path, "bystander", 0.01)
    faults, worst_ms, written = [], 0.0, 0
    for turn in range(kills):
        name = f"w{turn}"
        child, heard = start(path, name, 0.0005)
        time.sleep(draws.uniform(0.1, 0.3) if turn % 5 == 0 else draws.uniform(0, 0.05))
        killed, puts = stop(child, heard)
        kept = rows(path, name)
        if kept != list(range(len(kept))):
            faults.append(f"{name}: rows are missing in the middle")
        lost = [moment for number, moment in puts.items() if number >= len(kept)]
        worst_ms = max(worst_ms, (killed - min(lost)) / 1e6 if lost else 0.0)
        written += len(kept)
    _, puts = stop(bystander, bystander_heard)
    kept = rows(path, "bystander")
    if kept != list(range(len(kept))) or len(puts) - len(kept) > 60:
        faults.append(f"bystander: {len(kept)} of {len(puts)} rows")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
    print(json.dumps({"faults": faults, "worst_ms": worst_ms, "written": written, "integrity": sound}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
