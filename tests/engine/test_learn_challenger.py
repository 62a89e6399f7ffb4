"""The challenger is heard only when the record proves that it would have done better."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from orchestra_lsp.engine.beliefs import Beliefs, Place
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.challenger import LEAST_ROWS, Challenged, Logged, Neighbours, judge, read_log, winner
from orchestra_lsp.model import Complexity, Kind
from orchestra_lsp.store.records import ChoiceRecord, DecisionRecord, OutcomeRecord
from orchestra_lsp.store.store import Store

LANGUAGES = ("python", "go", "rust", "c")


def lived(count: int, chance: Callable[[str, str], float], share: float = 0.5, seed: int = 1) -> list[Logged]:
    """What a policy that puts `a` first with `share` would have on record."""
    dice = Random(seed)
    rows = []
    for _ in range(count):
        language = dice.choice(LANGUAGES)
        tool = "a" if dice.random() < share else "b"
        earned = float(dice.random() < chance(tool, language))
        rows.append(Logged(("complete", language, "simple", "automatic", 9), tool, {"a": share, "b": 1 - share}, earned))
    return rows


def test_it_wins_where_the_tools_differ_by_language() -> None:
    found = judge(lived(1200, lambda tool, language: 0.8 if (tool == "a") == (language in ("python", "go")) else 0.2))
    assert found.wins
    assert 0.2 < found.gain < 0.4


def test_it_is_silent_where_nothing_is_to_be_gained() -> None:
    wins = [judge(lived(600, lambda _tool, _language: 0.5, seed=seed)).wins for seed in range(20)]
    assert sum(wins) <= 3  # 95 %


def test_it_is_silent_when_the_policy_does_the_best_already() -> None:
    assert not judge(lived(1000, lambda tool, _language: 0.8 if tool == "a" else 0.2, share=0.97)).wins


def test_few_choices_prove_nothing() -> None:
    found = judge(lived(LEAST_ROWS - 1, lambda tool, language: 0.9 if (tool == "a") == (language in ("python", "go")) else 0.1))
    assert found.gain > 0.2
    assert not found.wins
    assert not judge([]).wins


def test_neighbours_lean_on_what_is_near() -> None:
    known = Neighbours()
    for row in lived(600, lambda tool, language: 0.9 if (tool == "a") == (language == "go") else 0.1):
        known.add(row)
    near = known.expected(("complete", "go", "simple", "automatic", 10), ["a", "b", "never seen"])
    assert near["a"] > 0.75
    assert near["b"] < 0.3
    assert near["never seen"] == 0.5
    assert known.expected(("edit", "go", "simple", "manual", 10), ["a"])["a"] < 1


def test_it_reads_the_record_and_is_put_in_the_place_of_the_beliefs(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    now = time.time_ns() // 1000
    rows = lived(500, lambda tool, language: 0.9 if (tool == "a") == (language in ("python", "go")) else 0.1)
    for number, row in enumerate(rows):
        kind, language, complexity, trigger, size = row.features
        key = f"d{number}"
        at = now + number
        store.put(DecisionRecord(key, at, kind, language, complexity, row.tool, "", 0.5, False, 10.0))
        store.put(ChoiceRecord(key, at, "", trigger, 2**size, row.tool, json.dumps(row.options)))
        if number % 5:  # of every fifth nobody heard
            store.put(OutcomeRecord(key, at, "shown"))
            store.put(OutcomeRecord(key, at, "accepted" if row.earned else "dismissed"))
    store.flush(20)
    log = read_log(store)
    assert len(log) == 400
    assert log[0].features == rows[1].features
    known = winner(store)
    assert known
    place, model = Place(Kind.COMPLETE, "rust", Complexity.SIMPLE), prior("a", "a")
    beliefs = Beliefs()
    beliefs.add(beliefs.increments("a", model, place, (20.0, 10.0), 1))
    challenged = Challenged(beliefs, known, ("complete", "rust", "simple", "automatic", 9)).about(place)
    assert challenged("a", model).mean < 0.35 < beliefs.of("a", model, place).mean
    assert challenged("unknown", model) == beliefs.of("unknown", model, place)
    store.close()


def test_a_record_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    assert winner(store) is None
    store.close()
    (tmp_path / "s.sqlite3").write_bytes(b"nonsense" * 1000)
    for extra in ("-wal", "-shm"):
        (tmp_path / f"s.sqlite3{extra}").unlink(missing_ok=True)
    assert winner(store) is None
