"""The store: records are queued and written by one thread of this process, so that no request ever waits for the disk."""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, Final

from orchestra_lsp.store.migrate import SchemaError, migrate, migrations
from orchestra_lsp.store.records import DecisionRecord, OutcomeRecord, Record

log = logging.getLogger("orchestra")

BATCH_ROWS: Final = 50
BATCH_S: Final = 0.1  # at most this much is lost when the machine stops
BUSY_MS: Final = 5000  # another process may be writing; measured to be enough for eight of them
KEEP_DAYS: Final = 180
QUEUE_ROWS: Final = 10_000  # a disk that hangs must not eat the memory

TABLES: Final[dict[type, str]] = {DecisionRecord: "decision", OutcomeRecord: "outcome"}


class Store:
    """One SQLite file, shared by several processes. `put` never blocks; `read` opens its own connection."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, sqlite3.Error or SchemaError when the file cannot be used; see `open_store`."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path)
        self._waiting: queue.Queue[Record | threading.Event | None] = queue.Queue(QUEUE_ROWS)
        self._dropped = 0
        self._writer = threading.Thread(target=self._write_all, name="orchestra-store", daemon=True)
        self._writer.start()

    def put(self, record: Record) -> None:
        """Queue one record. When the disk has not kept up with thousands of them, the record is dropped with a line in the log."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._dropped += 1
            if self._dropped == 1:
                log.warning("store: %s does not keep up; outcomes are not recorded for now", self.path)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was put before is on disk; False when that took too long."""
        done = threading.Event()
        self._waiting.put(done, timeout=timeout_s)
        return done.wait(timeout_s)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query, on a connection of its own. Raises sqlite3.Error."""
        connection = _connect(self.path)
        try:
            connection.execute("PRAGMA query_only = 1")
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is queued and stop; calling it twice is harmless."""
        if self._writer.is_alive():
            self._waiting.put(None)
            self._writer.join(timeout_s)

    def _write_all(self) -> None:
        connection = _connect(self.path)
        try:
            _prune(connection)
            while (batch := _batch(self._waiting)) is not None:
                self._write(connection, batch)
        finally:
            connection.close()

    def _write(self, connection: sqlite3.Connection, batch: list[Record | threading.Event | None]) -> None:
        records = [record for record in batch if isinstance(record, DecisionRecord | OutcomeRecord)]
        try:
            if records:
                _insert(connection, records)
        except sqlite3.Error as error:
            log.warning("store: %d records could not be written to %s: %s", len(records), self.path, error)
        for mark in batch:
            if isinstance(mark, threading.Event):
                mark.set()


def open_store(path: Path) -> tuple[Store | None, str]:
    """The store, or None and what is wrong. A file that is no usable database is set aside and a new one begun."""
    try:
        return Store(path), ""
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            return None, f"{path} cannot be opened ({error}); nothing is learned until it can"
        return _begun_anew(path, str(error))
    except SchemaError as error:
        return None, f"{path}: {error}; nothing is learned until you update or move the file"
    except OSError as error:
        return None, f"{path} cannot be written ({error.strerror}); nothing is learned until it can"


def default_path() -> Path:
    """`$ORCHESTRA_STORE`, else store.sqlite3 in the platform's state folder."""
    if named := os.environ.get("ORCHESTRA_STORE"):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir("orchestra-lsp", appauthor=False)) / "store.sqlite3"


def _begun_anew(path: Path, why: str) -> tuple[Store | None, str]:
    aside = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        path.rename(aside)
        for extra in ("-wal", "-shm"):
            path.with_name(path.name + extra).unlink(missing_ok=True)
        return Store(path), f"{path} was damaged ({why}); it was set aside as {aside.name} and a new one begun"
    except (OSError, sqlite3.Error) as error:
        return None, f"{path} is damaged ({why}) and could not be set aside: {error}"


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1e3, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _create(path: Path) -> None:
    connection = _connect(path)
    try:
        # Changing the mode fails with "locked" while another process does the same, so only the first one changes it.
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _to_wal(connection)
        migrate(connection, migrations())
    finally:
        connection.close()


def _to_wal(connection: sqlite3.Connection) -> None:
    until = time.monotonic() + BUSY_MS / 1e3
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _batch(waiting: queue.Queue[Record | threading.Event | None]) -> list[Record | threading.Event | None] | None:
    """The next records, at most BATCH_ROWS or what comes within BATCH_S; None at the end."""
    first = waiting.get()
    if first is None:
        return None
    batch: list[Record | threading.Event | None] = [first]
    until = time.monotonic() + BATCH_S
    while len(batch) < BATCH_ROWS and not isinstance(batch[-1], threading.Event):
        try:
            item = waiting.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        if item is None:
            waiting.put(None)  # the end comes after this batch
            break
        batch.append(item)
    return batch


def _insert(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    # IMMEDIATE: a transaction that starts by reading and then writes fails at once when another process wrote in between.
    connection.execute("BEGIN IMMEDIATE")
    try:
        for record in records:
            names = [field.name for field in fields(record)]
            marks = ", ".join("?" * len(names))
            connection.execute(f"INSERT OR REPLACE INTO {TABLES[type(record)]} ({', '.join(names)}) VALUES ({marks})", astuple(record))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prune(connection: sqlite3.Connection) -> None:
    """Bounded: what is older than KEEP_DAYS goes."""
    oldest = time.time_ns() // 1000 - KEEP_DAYS * 86_400_000_000
    try:
        for table in TABLES.values():
            connection.execute(f"DELETE FROM {table} WHERE at_us < ?", (oldest,))
    except sqlite3.Error as error:
        log.warning("store: old records could not be removed: %s", error)
