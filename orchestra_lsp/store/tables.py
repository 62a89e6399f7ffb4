"""How each kind of record is written, and how much of each table is kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from orchestra_lsp.store.records import (
    AnswerRecord,
    BeliefRecord,
    CallRecord,
    ChoiceRecord,
    DecisionRecord,
    DismissedRecord,
    LiveRecord,
    OutcomeRecord,
    ReuseRecord,
    RuleRecord,
    TrendRecord,
)

KEEP_DAYS: Final = 180
KEEP_ROWS: Final = 200_000
ANSWER_ROWS: Final = 20_000
ANSWER_BYTES: Final = 20_000_000  # of the texts of kept answers
#: At most this share of a table goes at one start: a clock that jumped must not cost everything.
MOST_AT_ONCE: Final = 0.25


def _insert(table: str, record: type, conflict: str = "") -> str:
    """A row with the same key is replaced unless `conflict` says what becomes of it."""
    names = [field.name for field in fields(record)]
    verb = "INSERT INTO" if conflict else "INSERT OR REPLACE INTO"
    return f"{verb} {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)}) {conflict}"


def _learned() -> str:
    """Add to a cell as `engine/beliefs.py` does: what is there fades by its age, and all of it is scaled down to at most `:cap` answers."""
    kept = "max(0.25, 1745000000000.0 / (1745000000000.0 + max(0, :at_us - at_us)))"
    seen = f"max(0.0, seen * {kept} + :seen)"
    share = f"min(1.0, :cap / max(:cap, {seen}))"
    sums = ", ".join(f"{name} = ({name} * {kept} + :{name}) * {share}" for name in ("total", "expected"))
    values = "max(0.0, :seen), :total, :expected, :at_us"
    return (
        f"INSERT INTO belief (scope, cell, seen, total, expected, at_us) VALUES (:scope, :cell, {values})"
        f" ON CONFLICT (scope, cell) DO UPDATE SET seen = {seen} * {share}, {sums}, at_us = :at_us"
    )


#: Record -> its SQL; `:name` is the record's field of that name.
WRITES: Final[Mapping[type, str]] = {
    DecisionRecord: _insert("decision", DecisionRecord),
    OutcomeRecord: _insert("outcome", OutcomeRecord),
    ChoiceRecord: _insert("choice", ChoiceRecord),
    BeliefRecord: _learned(),
    # What a person dismissed stays dismissed until the tool says something else.
    AnswerRecord: _insert(
        "kept_answer",
        AnswerRecord,
        "ON CONFLICT (key) DO UPDATE SET at_us = excluded.at_us, tool = excluded.tool, text = excluded.text,"
        " text_digest = excluded.text_digest, finish = excluded.finish, confidence = excluded.confidence, dismissed = 0"
        " WHERE NOT (dismissed = 1 AND text_digest = excluded.text_digest)",
    ),
    DismissedRecord: "UPDATE kept_answer SET text = '', dismissed = 1 WHERE key = :key AND text_digest = :text_digest",
    ReuseRecord: _insert("reuse", ReuseRecord, "ON CONFLICT DO UPDATE SET hits = hits + excluded.hits"),
    CallRecord: _insert("tool_call", CallRecord),
    LiveRecord: _insert("live", LiveRecord),
    # That it is shown again says nothing new of a finding whose end is known.
    RuleRecord: _insert(
        "rule_finding",
        RuleRecord,
        "ON CONFLICT DO UPDATE SET state = excluded.state, at_us = excluded.at_us WHERE excluded.state <> 'shown'",
    ),
    TrendRecord: _insert("review_trend", TrendRecord),
}


@dataclass(frozen=True, slots=True)
class Bound:
    """Of one table: the column with the time of a row (microseconds), most rows, and most bytes of one column."""

    table: str
    time: str = "at_us"
    rows: int = KEEP_ROWS
    sized: str = ""
    bytes: int = 0


BOUNDS: Final = (
    Bound("decision"),
    Bound("outcome", rows=4 * KEEP_ROWS),
    Bound("choice"),
    Bound("belief", rows=KEEP_ROWS // 10),
    Bound("tool_call", rows=2 * KEEP_ROWS),
    Bound("live", rows=100),
    Bound("rule_finding"),
    Bound("review_trend", rows=KEEP_ROWS // 10),
    Bound("kept_answer", rows=ANSWER_ROWS, sized="text", bytes=ANSWER_BYTES),
)


def write(connection: sqlite3.Connection, records: Sequence[Any]) -> None:
    """All of them or none. Raises sqlite3.Error."""
    # IMMEDIATE: a transaction that starts by reading and then writes fails at once when another process wrote in between.
    connection.execute("BEGIN IMMEDIATE")
    try:
        for record in records:
            connection.execute(WRITES[type(record)], asdict(record))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends the transaction by itself
            connection.execute("ROLLBACK")
        raise


def prune(connection: sqlite3.Connection, bounds: Sequence[Bound] = BOUNDS) -> None:
    """Bring every table within its bounds. Raises sqlite3.Error."""
    for bound in bounds:
        _by_age(connection, bound)
        _by_count(connection, bound)
        if bound.sized:
            _by_size(connection, bound)


def _by_age(connection: sqlite3.Connection, bound: Bound) -> None:
    """Age counts from the newest row, when the clock is ahead of it; see MOST_AT_ONCE for rows from the future."""
    newest, count = connection.execute(f"SELECT max({bound.time}), count(*) FROM {bound.table}").fetchone()
    if not count:
        return
    oldest = min(time.time_ns() // 1000, newest) - KEEP_DAYS * 86_400_000_000
    most = max(1, int(count * MOST_AT_ONCE))
    chosen = f"SELECT rowid FROM {bound.table} WHERE {bound.time} < ? ORDER BY {bound.time} LIMIT ?"
    connection.execute(f"DELETE FROM {bound.table} WHERE rowid IN ({chosen})", (oldest, most))


def _by_count(connection: sqlite3.Connection, bound: Bound) -> None:
    """By the order of writing, which no clock can change."""
    connection.execute(
        f"DELETE FROM {bound.table} WHERE rowid <= (SELECT rowid FROM {bound.table} ORDER BY rowid DESC LIMIT 1 OFFSET ?)", (bound.rows,)
    )


def _by_size(connection: sqlite3.Connection, bound: Bound) -> None:
    size = f"sum(length(CAST({bound.sized} AS BLOB))) OVER (ORDER BY rowid DESC)"
    connection.execute(
        f"DELETE FROM {bound.table} WHERE rowid IN (SELECT rowid FROM (SELECT rowid, {size} AS total FROM {bound.table}) WHERE total > ?)",
        (bound.bytes,),
    )
