"""`stats` and `top`: what is on record, added up and told."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.cli.main import main
from orchestra_lsp.commands.parts.figures import Tally, percentile, saving
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Result, Table
from orchestra_lsp.engine.live import watched
from orchestra_lsp.store.records import CallRecord, DecisionRecord, LiveRecord, OutcomeRecord, ReuseRecord
from orchestra_lsp.store.store import Store
from tests.commands.support import run

NOW = time.time_ns() // 1000
DAY = 86_400_000_000


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store of this test is, empty so far."""
    found = tmp_path / "store.sqlite3"
    monkeypatch.setenv("ORCHESTRA_STORE", str(found))
    monkeypatch.setenv("ORCHESTRA_CONFIG", str(tmp_path / "none.toml"))
    return found


def call(tool: str, outcome: str = "used", cost: float | None = None, kind: str = "edit", ms: float = 100.0, at: int = NOW) -> CallRecord:
    return CallRecord("a", "p", at, kind, tool, outcome, ms, 10, 10, cost)


def decision(number: int, tool: str, kind: str = "edit", at: int = NOW) -> DecisionRecord:
    return DecisionRecord(f"d{number}", at, kind, "python", "simple", tool, "because", 1.0, False, 100.0 + number)


def record(path: Path, *records: Any) -> None:
    store = Store(path)
    for one in records:
        store.put(one)
    assert store.flush()
    store.close()


def table(result: Result) -> Table:
    assert isinstance(result, Table)
    return result


def a_week(path: Path) -> None:
    """40 edits by a cheap tool, 40 by a dear one that is taken more often, refused answers, failures, and reuse."""
    records: list[Any] = []
    for number in range(80):
        tool, cost = ("dear", 0.02) if number % 2 else ("cheap", 0.001)
        records += [call(tool, cost=cost, ms=100.0 + number), decision(number, tool), OutcomeRecord(f"d{number}", NOW, "shown")]
        if tool == "dear" or number % 4:
            records.append(OutcomeRecord(f"d{number}", NOW, "accepted"))
    records += [
        call("cheap", "rejected", 0.001),
        call("dead", "failed"),
        call("odd"),
        call("odd", "lost"),
        decision(99, "local", "complete"),
    ]
    records += [call("dear", cost=9.0, at=NOW - 10 * DAY), ReuseRecord(time.strftime("%Y-%m-%d", time.gmtime()), "memory", "complete", 30)]
    record(path, *records)


def test_stats_add_up_what_happened_in_these_days_only(path: Path) -> None:
    a_week(path)
    found = table(run("stats"))
    value: Any = found.value
    assert value["requests"] == {"total": 111, "byKind": {"edit": 80, "complete": 31}}
    assert value["calls"] == 84
    assert value["cost"] == {"usd": pytest.approx(0.841), "unknownCalls": 2}
    assert value["cache"] == {"hits": 30, "share": pytest.approx(30 / 111), "levels": {"memory": 30}}
    tools = {one["tool"]: one for one in value["tools"]}
    assert (tools["cheap"]["calls"], tools["cheap"]["rejected"], tools["cheap"]["acceptance"]) == (41, 1, 0.5)
    assert (tools["dear"]["shown"], tools["dear"]["accepted"], tools["dear"]["acceptance"]) == (40, 40, 1.0)
    assert (tools["dead"]["failed"], tools["odd"]["unknownCost"]) == (1, 2)
    assert tools["dear"]["p50Ms"] == pytest.approx(141)
    assert "7 days: 111 requests, 84 calls, $0.84" in found.title
    assert table(run("stats", {"days": "30"})).value["cost"]["usd"] == pytest.approx(9.841)  # type: ignore[index]


def test_what_was_saved_is_told_with_how_it_is_computed(path: Path) -> None:
    a_week(path)
    found = table(run("stats"))
    saved: Any = found.value["saved"]  # type: ignore[index]
    assert saved["against"] == "dear"
    assert saved["usd"] == pytest.approx(80 * 0.02 - 0.841)
    assert saved["share"] == pytest.approx((1.6 - 0.841) / 1.6)
    assert "highest acceptance (100%)" in saved["how"]
    assert "left out, because dear was never asked for them: complete" in saved["how"]
    assert any("saved $0.76 (47%) against always using dear" in note for note in found.notes)


def test_without_prices_nothing_is_claimed() -> None:
    assert saving({}, {}, {}, {"edit": 4}).against == ""
    free = {("local", "edit"): [0.0]}
    assert "no call to a tool with a known price" in saving({"local": Tally("local", used=1)}, free, {"edit": 0.0}, {"edit": 1}).how


def test_with_too_few_suggestions_the_dearest_tool_is_the_measure() -> None:
    tallies = {"a": Tally("a", used=1, cost=0.5), "b": Tally("b", used=1, cost=0.1, shown=3, taken=3)}
    found = saving(tallies, {("a", "edit"): [0.5], ("b", "edit"): [0.1]}, {"edit": 0.6}, {"edit": 2})
    assert (found.against, found.dollars) == ("a", pytest.approx(0.4))
    assert "dearest" in found.how


@pytest.mark.parametrize("days", ["0", "181", "x", "-1", "1.5"])
def test_days_that_cannot_be_are_refused(days: str) -> None:
    with pytest.raises(WrongUse, match="days is a number from 1 to 180"):
        run("stats", {"days": days})


@pytest.mark.parametrize("name", ["stats", "top"])
def test_without_a_store_the_person_is_told_why(path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match="Nothing is on record yet"):
        run(name)
    with pytest.raises(WrongUse, match=r"server\.store is off"):
        run(name, settings={"server": {"store": False}})


@pytest.mark.parametrize("name", ["stats", "top"])
def test_an_empty_store_is_shown_as_nothing(path: Path, name: str) -> None:
    record(path)
    assert table(run(name)).ok


def test_percentiles() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0


def status(state: str, flying: int, waiting: int = 0) -> str:
    tools = {"dear": {"state": state, "reason": "as it is", "inFlight": flying}}
    return json.dumps({"waiting": waiting, "tools": tools})


def test_top_shows_all_servers_that_spoke_lately_and_todays_calls(path: Path) -> None:
    now = time.time_ns() // 1000
    live = (LiveRecord("one", now, status("ready", 2, 3)), LiveRecord("two", now, status("degraded", 1)))
    old = LiveRecord("gone", now - 60_000_000, status("down", 9))
    record(path, *live, old, call("dear", cost=0.5), call("dear", "failed"), decision(1, "dear"), call("dear", cost=7.0, at=NOW - 2 * DAY))
    found = table(run("top", settings={"route": {"budget_usd": 2.0}}))
    value: Any = found.value
    assert (value["servers"], value["waiting"], value["costToday"], value["budget"]) == (2, 3, pytest.approx(0.5), 2.0)
    dear = next(one for one in value["tools"] if one["tool"] == "dear")
    assert (dear["inFlight"], dear["calls"], dear["errors"], dear["p50Ms"]) == (3, 2, 1, 100.0)
    assert dear["state"] in ("ready", "degraded")
    assert "$0.50 of $2.00" in found.title
    assert found.rows[-1][0] == "total"
    assert watched(path), "who looks is seen by the servers"


def test_the_command_line_prints_one_frame_and_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(path, LiveRecord("one", time.time_ns() // 1000, status("ready", 1)), call("dear", cost=0.5))
    assert main(["top", "--once"]) == 0
    assert "dear" in capsys.readouterr().out
    record(path, LiveRecord("one", time.time_ns() // 1000, status("ready", 1)))
    assert main(["top", "--once", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["servers"] == 1
    assert main(["stats", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == 1
    assert main(["stats", "--days", "x"]) == 2
    assert "days is a number" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["rewrite", "write-tests", "document", "ask-several"])
@pytest.mark.parametrize("said", ["1", "6", "x"])
def test_a_consensus_of_a_wrong_number_is_refused(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(WrongUse, match="consensus is a number of tools from 2 to 5"):
        run(name, {"path": str(tmp_path / "a.py"), "consensus": said})
