"""Learning: rewards, beliefs that lean on each other, feedback late or never, clocks that jump, several processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.beliefs import CAP, CHANGED_CAP, FADE_US, Beliefs, PageHinkley, Place, kept_after
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.learn import REMEMBERED, WAIT_S, Learner, project_key
from orchestra_lsp.engine.reward import Reward, reward
from orchestra_lsp.engine.route import Player, Request, choose
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.model import Abilities, Complexity, Kind, Outcome, Reach
from orchestra_lsp.store.store import Store

PRIOR = prior("openai", "x")
HERE = Place(Kind.COMPLETE, "python", Complexity.SIMPLE)
TAKEN, LEFT = (Outcome.ACCEPTED, Outcome.KEPT), (Outcome.SHOWN, Outcome.DISMISSED)


class Days:
    """A learner whose clocks stand still until they are moved."""

    def __init__(self, store: Store | None = None) -> None:
        self.seconds = 0.0
        self.now_us = 1_700_000_000_000_000
        self.learner = Learner(store, lambda: self.seconds, lambda: self.now_us)
        self.count = 0

    def tell(self, tool: str, *outcomes: Outcome, place: Place = HERE) -> str:
        self.count += 1
        decision = f"d{self.count}"
        self.learner.expect(decision, tool, PRIOR, place)
        for outcome in outcomes:
            self.learner.hear(decision, outcome)
        return decision

    def mean(self, tool: str, place: Place = HERE) -> float:
        return self.learner.beliefs.of(tool, PRIOR, place).mean

    def answers(self, tool: str, place: Place = HERE) -> float:
        return self.learner.beliefs.of(tool, PRIOR, place).answers


# --- rewards ---


@pytest.mark.parametrize(
    ("became", "over", "untold", "position", "expected"),
    [
        ("", False, False, 0, None),
        ("", True, False, 0, None),
        ("", True, True, 0, Reward(0.0, 0.2)),
        ("shown", False, False, 0, None),
        ("shown", True, False, 0, Reward(0.0, 1.0)),
        ("shown", True, False, 1, Reward(0.0, 0.35)),
        ("shown", True, False, 9, Reward(0.0, 0.2)),
        ("dismissed", False, False, 0, Reward(0.0, 1.0)),
        ("accepted", False, False, 0, Reward(0.6, 1.0)),
        ("accepted", True, False, 5, Reward(0.6, 1.0)),
        ("dismissed, accepted", False, False, 0, Reward(0.6, 1.0)),
        ("accepted, kept", False, False, 0, Reward(1.0, 1.0)),
        ("accepted, kept, edited away", False, False, 0, Reward(0.2, 1.0)),
        ("accepted, worsened", False, False, 0, Reward(0.2, 1.0)),
        ("accepted, edited away, worsened", False, False, 0, Reward(0.0, 1.0)),
        ("accepted, improved", False, False, 0, Reward(1.0, 1.0)),
        ("partly accepted", False, False, 0, Reward(0.42, 1.0)),
    ],
)
def test_rewards(became: str, over: bool, untold: bool, position: int, expected: Reward | None) -> None:
    found = reward({Outcome(word) for word in became.split(", ") if word}, over, untold, position)
    assert (found is None) == (expected is None)
    if found and expected:
        assert found.value == pytest.approx(expected.value)
        assert found.weight == pytest.approx(expected.weight)


# --- beliefs ---


def test_what_is_taken_rises_and_what_is_not_sinks() -> None:
    days = Days()
    for _ in range(40):
        days.tell("good", *TAKEN)
        days.tell("bad", *LEFT)
    assert days.mean("good") > 0.8
    assert days.mean("bad") < 0.08
    assert days.mean("new") == PRIOR.expected(Kind.COMPLETE, Complexity.SIMPLE)


def test_one_answer_moves_a_belief_little_and_nine_move_it_half_way() -> None:
    days = Days()
    days.tell("a", *TAKEN)
    assert days.mean("a") < 0.45
    for _ in range(8):
        days.tell("a", *TAKEN)
    assert 0.55 < days.mean("a") < 0.75


def test_a_finer_cell_leans_on_the_coarser_one_and_other_kinds_follow_a_little() -> None:
    days = Days()
    for _ in range(100):
        days.tell("a", *LEFT)
    go, edit = Place(Kind.COMPLETE, "go", Complexity.SIMPLE), Place(Kind.EDIT, "python", Complexity.SIMPLE)
    assert days.mean("a", go) < 0.1
    before = PRIOR.expected(Kind.EDIT, Complexity.SIMPLE)
    assert before - 0.3 < days.mean("a", edit) < before - 0.1
    for _ in range(60):
        days.tell("a", *TAKEN, place=go)
    assert days.mean("a", go) > 0.6
    assert days.mean("a") < 0.4


def test_a_project_may_differ_from_the_person() -> None:
    days = Days()
    here = Place(Kind.EDIT, "go", Complexity.SIMPLE, "project")
    elsewhere = Place(Kind.EDIT, "go", Complexity.SIMPLE, "other")
    for _ in range(60):
        days.tell("a", *TAKEN, place=elsewhere)
        days.tell("a", *LEFT, place=here)
    assert days.mean("a", here) + 0.15 < days.mean("a", elsewhere)


def test_evidence_is_capped_so_that_a_change_is_seen() -> None:
    days = Days()
    for _ in range(1000):
        days.tell("a", *TAKEN)
    assert days.answers("a") <= CAP
    told = 0
    while days.mean("a") > 0.5:
        days.tell("a", *LEFT)
        told += 1
    assert told < 40


def test_the_change_detector_forgets_most() -> None:
    days = Days()
    for _ in range(200):
        days.tell("a", *TAKEN)
    answers = []
    for _ in range(20):
        days.tell("a", *LEFT)
        answers.append(days.answers("a"))
    assert min(answers) <= CHANGED_CAP + 1


@given(st.integers(0, 2**32))
def test_page_hinkley_is_silent_on_what_does_not_change(seed: int) -> None:
    dice, detector = Random(seed), PageHinkley()
    assert sum(detector.moved(float(dice.random() < 0.3), 0.3) for _ in range(300)) <= 3


# --- feedback that is late, missing, twice or wrong ---


def test_missing_feedback_is_no_failure() -> None:
    days = Days()
    for _ in range(30):
        days.tell("a")
    days.seconds += WAIT_S + 1
    days.learner.settle()
    assert days.learner.beliefs.cells == {}


def test_shown_and_not_taken_counts_after_a_while_and_a_late_accept_puts_it_right() -> None:
    days = Days()
    decision = days.tell("a", Outcome.SHOWN)
    assert days.answers("a") == 0
    days.seconds += WAIT_S + 1
    days.learner.settle()
    assert days.answers("a") == pytest.approx(1)
    sunk = days.mean("a")
    assert days.learner.hear(decision, Outcome.ACCEPTED)
    assert days.mean("a") > sunk
    assert days.answers("a") == pytest.approx(1), "one decision is one answer, whatever was heard of it"


def test_an_editor_that_never_says_what_it_shows() -> None:
    days = Days()
    days.tell("a", Outcome.ACCEPTED)
    for _ in range(10):
        days.tell("a")
    days.seconds += WAIT_S + 1
    days.learner.settle()
    assert days.answers("a") == pytest.approx(1 + 10 * 0.2)


def test_the_same_word_twice_counts_once() -> None:
    days = Days()
    decision = days.tell("a", Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert days.answers("a") == pytest.approx(1)
    days.learner.hear(decision, Outcome.ACCEPTED)
    assert days.answers("a") == pytest.approx(1)


def test_unknown_and_old_ids_teach_nothing_and_the_memory_is_bounded() -> None:
    days = Days()
    assert not days.learner.hear("never heard of", Outcome.ACCEPTED)
    first = days.tell("a", Outcome.SHOWN)
    for _ in range(2 * REMEMBERED + 10):
        days.tell("b")
    assert not days.learner.hear(first, Outcome.ACCEPTED)
    assert len(days.learner._open) + len(days.learner._settled) <= 2 * REMEMBERED + 1


# --- clocks ---


def test_old_evidence_fades_by_half_in_two_weeks() -> None:
    days = Days()
    for _ in range(28):
        days.now_us += 43_200_000_000
        days.tell("a", *TAKEN)
    steady = days.answers("a")
    assert 15 < steady < 25
    assert kept_after(0) == 1
    assert kept_after(FADE_US) == pytest.approx(0.5)


@pytest.mark.parametrize("jump_days", [-4000, 4000])
def test_a_clock_that_jumps_costs_at_most_three_quarters_and_then_learning_goes_on(jump_days: int) -> None:
    days = Days()
    for _ in range(60):
        days.tell("a", *TAKEN)
    before = days.answers("a")
    days.now_us += jump_days * 86_400_000_000
    days.tell("a", *TAKEN)
    assert days.answers("a") >= before / 4
    assert days.mean("a") > 0.6
    days.now_us -= jump_days * 86_400_000_000
    for _ in range(60):
        days.tell("a", *LEFT)
    assert days.mean("a") < 0.4


# --- several processes ---


def test_two_processes_add_to_each_other_and_the_file_agrees_with_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    one, other = Days(Store(path)), Days(Store(path))
    for number in range(40):
        one.tell("a", *(TAKEN if number % 3 else LEFT))
        other.tell("a", *LEFT)
        one.now_us = other.now_us = one.now_us + 3_600_000_000
    for days in (one, other):
        days.learner.load()
    for days in (one, other):
        days.learner.load()
        assert days.learner._store
        days.learner._store.close()
    assert one.answers("a") == pytest.approx(other.answers("a"), rel=0.02)
    assert one.answers("a") > 70
    assert 0.15 < one.mean("a") < 0.45


@given(st.lists(st.tuples(st.integers(-(10**13), 10**13), st.booleans()), min_size=1, max_size=30))
def test_sql_and_python_count_the_same(steps: Sequence[tuple[int, bool]]) -> None:
    import sqlite3

    from orchestra_lsp.engine.learn import READ, _record
    from orchestra_lsp.store.migrate import migrate, migrations
    from orchestra_lsp.store.tables import write

    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, migrations())
    beliefs, at = Beliefs(), 1_700_000_000_000_000
    for jump, taken in steps:
        at = max(1, at + jump)
        added = beliefs.increments("a", PRIOR, HERE, (1.0, float(taken)), at)
        if not taken:
            added += beliefs.shrunk("a", HERE, at)
        beliefs.add(added)
        write(connection, [_record(one) for one in added])
    for scope, name, *sums in connection.execute(READ):
        cell = beliefs.cells[scope, name]
        assert [cell.seen, cell.total, cell.expected, cell.at_us] == pytest.approx(sums)
    connection.close()


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.engine.test_learn import TAKEN, Days
from orchestra_lsp.store.store import Store
days = Days(Store(Path(sys.argv[1])))
for _ in range(20):
    days.tell("a", *TAKEN)
days.learner._store.close(30)
"""


def test_nothing_is_lost_between_real_processes(tmp_path: Path) -> None:
    path, top = tmp_path / "shared.sqlite3", str(Path(__file__).parents[2])
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), top]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    days = Days(Store(path))
    days.learner.load()
    assert days.answers("a") == pytest.approx(60)


def test_a_store_that_cannot_be_read_leaves_the_estimates(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = Store(path)
    days = Days(store)
    store.close()
    path.write_bytes(b"nonsense" * 1000)
    for extra in ("-wal", "-shm"):
        path.with_name(path.name + extra).unlink(missing_ok=True)
    days.learner.load()
    assert days.mean("a") == PRIOR.expected(Kind.COMPLETE, Complexity.SIMPLE)


# --- the whole ---


def test_a_tool_that_is_always_fast_and_always_wrong_sinks() -> None:
    days, dice = Days(), Random(5)
    able = Abilities(frozenset(Kind), Reach.MACHINE, True, 8000)
    band = [Player("quick", able, vitals=Vitals(p50_ms=5)), Player("right", able, vitals=Vitals(p50_ms=700))]
    asked = Request(Kind.COMPLETE, "python", 500, Complexity.SIMPLE)
    firsts = []
    for _ in range(300):
        first = choose(asked, band, None, days.learner.beliefs, dice).order[0].tool
        firsts.append(first)
        if first == "quick":
            days.learner.refuse("quick", PRIOR, HERE)  # the checks refuse it, so nobody ever sees it
        else:
            days.tell("right", *(TAKEN if dice.random() < 0.3 else LEFT))
    assert firsts[:10].count("quick") > 2
    assert firsts[-100:].count("quick") < 12


def test_project_keys_give_nothing_away() -> None:
    root = str(Path("/home/me/secret-project"))
    key = project_key([root], str(Path(root) / "a.py"))
    assert len(key) == 16
    assert "secret" not in key
    assert project_key([root], str(Path("/elsewhere/a.py"))) == ""
    assert project_key([], "a.py") == ""
    assert project_key([str(Path("/home/me")), root], str(Path(root) / "a.py")) == key
