"""The store: records are queued and written by one thread of this process, so that no request ever waits for the disk."""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from orchestra_lsp.store.file import connect, create, is_damage, is_lock, repair
from orchestra_lsp.store.migrate import SchemaError
from orchestra_lsp.store.records import Record
from orchestra_lsp.store.tables import prune, write

log = logging.getLogger("orchestra")

BATCH_ROWS: Final = 50
BATCH_S: Final = 0.1  # at most this much is lost when the machine stops
QUEUE_ROWS: Final = 10_000  # a disk that hangs must not eat the memory
PATIENCE_S: Final = 30.0  # for a file that another process keeps locked
PRUNE_ROWS: Final = 2_000  # written between two prunings
TELL_AGAIN_S: Final = 600.0  # a full disk is told once, and again when it lasts

#: What sqlite3 raises for a record that can never be written, such as text with half a surrogate pair.
UNWRITABLE: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError, ValueError, OverflowError)

Waiting = queue.Queue[Record | threading.Event | None]
Batch = list[Record | threading.Event]


class Store:
    """One SQLite file, shared by several processes. `put` never blocks; `read` opens its own connection."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, sqlite3.Error or SchemaError when the file cannot be used; see `open_store`."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        create(path)
        self._waiting: Waiting = queue.Queue(QUEUE_ROWS)
        self._closing = threading.Event()
        self._told: dict[str, float] = {}
        self._unpruned = PRUNE_ROWS  # so that the first batch prunes
        self._writer = threading.Thread(target=self._write_all, name="orchestra-store", daemon=True)
        self._writer.start()

    def put(self, record: Record) -> None:
        """Queue one record. When the disk has not kept up with thousands of them, the record is dropped with a line in the log."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._tell("does not keep up; outcomes are not recorded for now")

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was put before is on disk or given up; False when that took too long."""
        done = threading.Event()
        try:
            self._waiting.put(done, timeout=timeout_s)
        except queue.Full:
            return False
        return done.wait(timeout_s)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query, on a connection of its own. Raises sqlite3.Error."""
        connection = connect(self.path)
        try:
            connection.execute("PRAGMA query_only = 1")
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is queued and stop; calling it twice is harmless."""
        self._closing.set()
        if self._writer.is_alive():
            try:
                self._waiting.put(None, timeout=timeout_s)
            except queue.Full:
                log.warning("store: %s does not keep up; what was queued last is lost", self.path)
            self._writer.join(timeout_s)

    def _write_all(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            # The first batch holds nothing and prunes.
            batch: Batch | None = []
            while batch is not None:
                connection = self._written(connection, [item for item in batch if not isinstance(item, threading.Event)])
                for item in batch:
                    if isinstance(item, threading.Event):
                        item.set()
                batch = _batch(self._waiting)
        finally:
            if connection:
                connection.close()

    def _written(self, connection: sqlite3.Connection | None, records: Sequence[Record]) -> sqlite3.Connection | None:
        """Write one batch, whatever it takes within reason; gives the connection for the next one."""
        until = time.monotonic() + PATIENCE_S
        repaired = False
        while True:
            try:
                connection = connection or connect(self.path)
                if records:
                    write(connection, records)
                self._unpruned, records = self._unpruned + len(records), ()  # what is written is not written again
                self._prune(connection)
                return connection
            except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
                if is_lock(error) and time.monotonic() < until and not self._closing.is_set():
                    continue  # sqlite has waited already; the records stay in hand
                if is_damage(error) and not repaired:
                    repaired = True
                    connection = _without(connection)
                    self._tell(repair(self.path, str(error)))
                    continue
                if len(records) > 1 and isinstance(error, UNWRITABLE):
                    for record in records:  # one bad record must not take the others with it
                        connection = self._written(connection, [record])
                    return connection
                self._tell(f"cannot be written ({error}); decisions and outcomes are not recorded until it can")
                return _without(connection)

    def _prune(self, connection: sqlite3.Connection) -> None:
        if self._unpruned >= PRUNE_ROWS:
            prune(connection)
            self._unpruned = 0

    def _tell(self, what: str) -> None:
        """Into the log, each fault once in TELL_AGAIN_S."""
        now = time.monotonic()
        if now - self._told.get(what, -TELL_AGAIN_S) >= TELL_AGAIN_S:
            self._told[what] = now
            log.warning("store: %s %s", self.path, what)


def open_store(path: Path) -> tuple[Store | None, str]:
    """The store, or None and what is wrong. A file that is no usable database is set aside and a new one begun."""
    try:
        return Store(path), ""
    except SchemaError as error:
        return None, f"{path}: {error}; nothing is learned until you update or move the file"
    except OSError as error:
        return None, f"{path} cannot be written ({error.strerror}); nothing is learned until it can"
    except sqlite3.Error as error:
        if not is_damage(error):
            return None, f"{path} cannot be opened ({error}); nothing is learned until it can"
        told = repair(path, str(error))
    try:
        return Store(path), f"{path} {told}"
    except (OSError, sqlite3.Error, SchemaError) as error:
        return None, f"{path} {told}; it still cannot be used: {error}"


def default_path() -> Path:
    """`$ORCHESTRA_STORE`, else store.sqlite3 in the platform's state folder."""
    if named := os.environ.get("ORCHESTRA_STORE"):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir("orchestra-lsp", appauthor=False)) / "store.sqlite3"


def _without(connection: sqlite3.Connection | None) -> sqlite3.Connection | None:
    """Closed and gone."""
    if connection:
        connection.close()
    return None


def _batch(waiting: Waiting) -> Batch | None:
    """The next records, at most BATCH_ROWS or what comes within BATCH_S; None at the end."""
    first = waiting.get()
    if first is None:
        return None
    batch: Batch = [first]
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
