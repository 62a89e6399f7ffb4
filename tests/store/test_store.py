"""The store on real SQLite files: written, shared by processes, killed, damaged, locked."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestra_lsp.store.migrate import Migration, SchemaError, migrate
from orchestra_lsp.store.records import DecisionRecord, OutcomeRecord
from orchestra_lsp.store.store import Store, open_store
from orchestra_lsp.store.tables import KEEP_DAYS

WRITER = """
import sys, time
from pathlib import Path
from orchestra_lsp.store.records import OutcomeRecord
from orchestra_lsp.store.store import Store
store = Store(Path(sys.argv[1]))
name, count = sys.argv[2], int(sys.argv[3])
for number in range(count):
    store.put(OutcomeRecord(f"{name}-{number}", time.time_ns() // 1000, "shown"))
    if number == 0:
        print("started", flush=True)
    time.sleep(float(sys.argv[4]))
store.close(30)
"""


def decision(name: str, at_us: int | None = None) -> DecisionRecord:
    return DecisionRecord(name, at_us or time.time_ns() // 1000, "complete", "python", "simple", "local", "sure enough", 1.0, False, 3.5)


def writer(path: Path, name: str, count: int, pause: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(count), str(pause)], stdout=subprocess.PIPE, text=True)


def test_what_was_put_is_read_back_by_another_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    store.put(decision("a"))
    store.put(OutcomeRecord("a", time.time_ns() // 1000, "accepted"))
    assert store.flush()
    rows = Store(tmp_path / "s.sqlite3").read("SELECT d.tool, d.cost_usd, o.outcome FROM decision d JOIN outcome o ON o.decision_id = d.id")
    assert rows == [("local", None, "accepted")]
    store.close()
    store.close()


def test_eight_processes_start_and_write_at_once_without_losing_a_row(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    processes = [writer(path, f"p{number}", 60) for number in range(8)]
    assert [process.wait(60) for process in processes] == [0] * 8
    assert Store(path).read("SELECT count(DISTINCT decision_id) FROM outcome") == [(480,)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_kill_in_the_middle_of_writes_loses_at_most_the_last_batch(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite3"
    process = writer(path, "k", 100_000, 0.001)
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    time.sleep(1.0)
    os.kill(process.pid, signal.SIGKILL)
    killed_at = time.time_ns() // 1000
    process.wait(10)
    rows = [int(name.split("-")[1]) for (name,) in Store(path).read("SELECT decision_id FROM outcome ORDER BY rowid")]
    assert rows == list(range(len(rows)))
    last = Store(path).read("SELECT max(at_us) FROM outcome")[0][0]
    assert killed_at - last < 400_000  # a batch is 100 ms; the rest is a loaded machine's scheduling


def test_a_damaged_file_is_set_aside_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / "bad.sqlite3"
    path.write_bytes(b"this is not a database" * 500)
    store, message = open_store(path)
    assert store is not None
    assert "set aside" in message
    assert len(list(tmp_path.glob("bad.sqlite3.broken-*"))) == 1
    store.put(decision("a"))
    assert store.flush()
    assert store.read("SELECT count(*) FROM decision") == [(1,)]


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    Store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO schema_migration VALUES (9999, 'x', 0)")
        connection.commit()
    store, message = open_store(path)
    assert store is None
    assert "newer" in message


def test_a_changed_migration_is_refused(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "m.sqlite3", isolation_level=None)) as connection:
        migrate(connection, [Migration(1, "CREATE TABLE a (x INTEGER) STRICT;")])
        with pytest.raises(SchemaError, match="differs"):
            migrate(connection, [Migration(1, "CREATE TABLE b (x INTEGER) STRICT;")])


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "m.sqlite3", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.Error):
            migrate(connection, [Migration(1, "CREATE TABLE a (x INTEGER) STRICT;\nCREATE TABLE a (x INTEGER) STRICT;\n")])
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store, message = open_store(tmp_path / "file" / "s.sqlite3")
    assert store is None
    assert "cannot be written" in message


def test_a_locked_file_does_not_block_put(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite3"
    store = Store(path)
    store.put(decision("first"))
    assert store.flush()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.perf_counter()
        for number in range(100):
            store.put(decision(f"d{number}"))
        assert time.perf_counter() - start < 1.0
        other.execute("ROLLBACK")
    assert store.flush(20)
    assert store.read("SELECT count(*) FROM decision") == [(101,)]


def test_old_records_are_pruned_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    store = Store(path)
    store.put(decision("old", time.time_ns() // 1000 - (KEEP_DAYS + 1) * 86_400_000_000))
    store.put(decision("new"))
    assert store.flush()
    store.close()
    again = Store(path)
    assert again.flush()
    assert again.read("SELECT id FROM decision") == [("new",)]
