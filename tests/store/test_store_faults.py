"""What the world does to a store: kills, full and locked disks, damaged files, clocks that jump, records that cannot be."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestra_lsp.store.file import connect, repair
from orchestra_lsp.store.records import AnswerRecord, DismissedRecord, OutcomeRecord, ReuseRecord
from orchestra_lsp.store.store import Store, open_store
from orchestra_lsp.store.tables import ANSWER_BYTES, Bound, prune

DAY_US = 86_400_000_000
LOADED_MS = 400  # what a loaded machine may add to the 100 ms of a batch


def outcome(name: str, at_us: int | None = None) -> OutcomeRecord:
    return OutcomeRecord(name, time.time_ns() // 1000 if at_us is None else at_us, "shown")


def answer(key: bytes, text: str) -> AnswerRecord:
    return AnswerRecord(key, time.time_ns() // 1000, "complete", "far", text, text.encode()[:16], "stop")


def count(path: Path, table: str = "outcome") -> int:
    with contextlib.closing(connect(path)) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork; the single kill of test_store.py runs everywhere else")
def test_two_hundred_kills_lose_nothing_but_the_last_batch(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killing.py")
    path = tmp_path / "killed.sqlite3"
    done = subprocess.run([sys.executable, str(script), str(path), "200", "7"], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["faults"] == []
    assert said["integrity"] == "ok"
    assert said["written"] > 200
    assert said["worst_ms"] < 100 + LOADED_MS


FULL = """
import json, logging, resource, signal, sys, time
from pathlib import Path
from orchestra_lsp.store.records import OutcomeRecord
from orchestra_lsp.store.store import Store
told = []
class Hear(logging.Handler):
    def emit(self, record): told.append(record.getMessage())
logging.getLogger("orchestra").addHandler(Hear())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
store = Store(path)
def put(name, count):
    for number in range(count):
        store.put(OutcomeRecord(f"{name}-{number}" + "x" * 200, number, "shown"))
    return store.flush(20)
flushed = [put("before", 100)]
wal = path.with_name(path.name + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (wal + 9000, resource.RLIM_INFINITY))
start = time.perf_counter()
flushed.append(put("full", 2000))
took = time.perf_counter() - start
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
flushed.append(put("after", 100))
rows = dict(store.read("SELECT substr(decision_id, 1, 5), count(*) FROM outcome GROUP BY 1"))
store.close()
print(json.dumps({"flushed": flushed, "rows": rows, "told": told, "took": took}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file sizes to play a full disk with")
def test_a_full_disk_is_told_once_and_writing_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "full.sqlite3")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["flushed"] == [True, True, True]
    assert said["rows"]["befor"] == said["rows"]["after"] == 100
    assert said["rows"].get("full-", 0) < 2000
    assert len([line for line in said["told"] if "cannot be written" in line]) == 1


@pytest.mark.parametrize("keep", [0, 1, 99, 100, 4096, 0.5, 0.99])
def test_a_truncated_file_never_stops_anything(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "cut.sqlite3"
    store = Store(path)
    for number in range(2000):
        store.put(outcome(f"{number}" + "x" * 100))
    assert store.flush(20)
    store.close()
    size = path.stat().st_size
    os.truncate(path, int(size * keep) if isinstance(keep, float) else keep)
    again, message = open_store(path)
    assert again is not None, message
    again.put(outcome("new"))
    assert again.flush(20)
    assert again.read("SELECT count(*) FROM outcome WHERE decision_id = 'new'") == [(1,)]
    assert bool(message) == bool(list(tmp_path.glob("*.broken-*")))
    again.close()


def test_a_file_that_is_damaged_while_it_is_open_is_set_aside_and_writing_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "live.sqlite3"
    store = Store(path)
    for number in range(500):
        store.put(outcome(f"{number}" + "x" * 100))
    assert store.flush(20)
    store.read("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(b"\xff" * path.stat().st_size)
    with caplog.at_level(logging.WARNING, logger="orchestra"):
        for number in range(200):
            store.put(outcome(f"after-{number}"))
        assert store.flush(30)
    assert "set aside" in caplog.text
    assert count(path) >= 150
    assert len(list(tmp_path.glob("live.sqlite3.broken-*"))) >= 1
    store.close()


def test_a_lock_that_lasts_longer_than_sqlite_waits_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite3"
    store = Store(path)
    store.put(outcome("first"))
    assert store.flush()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(100):
            store.put(outcome(f"held-{number}"))
        assert not store.flush(5.6)
        other.execute("ROLLBACK")
    assert store.flush(20)
    assert count(path) == 101
    store.close()


def test_closing_a_locked_store_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite3"
    store = Store(path)
    assert store.flush()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.put(outcome("held"))
        start = time.perf_counter()
        store.close(0.5)
        assert time.perf_counter() - start < 3
        other.execute("ROLLBACK")


def test_one_impossible_record_does_not_take_the_others_with_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "odd.sqlite3"
    store = Store(path)
    for record in (outcome("good"), outcome("half \ud83d pair"), OutcomeRecord("huge", 2**70, "shown"), outcome("fine")):
        store.put(record)
    with caplog.at_level(logging.WARNING, logger="orchestra"):
        assert store.flush(10)
    assert store.read("SELECT decision_id FROM outcome ORDER BY rowid") == [("good",), ("fine",)]
    assert "cannot be written" in caplog.text
    store.close()


def test_a_clock_that_jumps_ahead_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clock.sqlite3"
    now = time.time_ns() // 1000
    store = Store(path)
    for number in range(20):
        store.put(outcome(f"{number}", now - 400 * DAY_US + number))  # as if today were 400 days ahead
    assert store.flush()
    store.close()
    again = Store(path)
    assert again.flush()
    assert count(path) == 20
    again.put(outcome("from the future", now + 4000 * DAY_US))
    for number in range(20):
        again.put(outcome(f"now {number}", now))
    assert again.flush()
    again.close()
    last = Store(path)
    assert last.flush()
    assert count(path) >= 41 * 0.75 - 1  # never more than a quarter at a time
    last.close()


def test_tables_are_bounded_by_rows_and_bytes_in_the_order_of_writing(tmp_path: Path) -> None:
    path = tmp_path / "many.sqlite3"
    store = Store(path)
    for number in range(100):
        store.put(answer(b"%d" % number, "y" * 1000))
        store.put(outcome(f"{number}"))
    assert store.flush(20)
    store.close()
    with contextlib.closing(connect(path)) as connection:
        prune(connection, [Bound("outcome", rows=30), Bound("kept_answer", rows=80, sized="text", bytes=50_500)])
        assert connection.execute("SELECT min(CAST(decision_id AS INTEGER)), count(*) FROM outcome").fetchone() == (70, 30)
        assert connection.execute("SELECT count(*), sum(length(text)) FROM kept_answer").fetchone() == (50, 50_000)
        assert connection.execute("SELECT count(*) FROM kept_answer WHERE key = ?", (b"99",)).fetchone() == (1,)
    assert ANSWER_BYTES <= 50_000_000


def test_what_was_dismissed_stays_so_until_the_tool_says_something_else(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite3"
    store = Store(path)
    shown = "SELECT text, dismissed FROM kept_answer"
    for record in (answer(b"k", "no"), DismissedRecord(b"k", b"no"), answer(b"k", "no")):
        store.put(record)
    assert store.flush()
    assert store.read(shown) == [("", 1)]
    store.put(answer(b"k", "better"))
    assert store.flush()
    assert store.read(shown) == [("better", 0)]
    store.close()


def test_reuse_adds_up(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.sqlite3")
    for level in ("memory", "disk", "memory"):
        store.put(ReuseRecord("2026-01-31", level, "complete"))
    assert store.flush()
    assert store.read("SELECT level, hits FROM reuse ORDER BY level") == [("disk", 1), ("memory", 2)]
    store.close()


def test_of_several_that_find_the_same_damage_one_sets_it_aside(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: repair(path, "it is damaged"), range(8)))
    assert sum("set aside as" in one for one in told) == 1
    assert sum("another process" in one for one in told) == 7
    assert len(list(tmp_path.glob("*.broken-*"))) == 1
    assert not list(tmp_path.glob("*.repair"))


def test_a_mark_that_a_killed_process_left_does_not_stop_the_repair(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"no database" * 1000)
    path.with_name("store.sqlite3.repair").touch()
    assert "set aside as" in repair(path, "it is damaged")
