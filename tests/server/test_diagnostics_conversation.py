"""Findings through the real server: pushed or pulled, never both; cleared at once, added late while a line is typed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conversing import PUSHED, editing, folder_in, range_of
from tests.support.lsp.client import Client, Json, recorded_clients, span

FAULTY = "def pay(amount):\n    if amount == None:\n        return 0\n    return amount\n"
FIXED = FAULTY.replace("== None", "is None")


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with editing(folder_in(tmp_path_factory.mktemp("pushed")), capabilities=PUSHED) as made:
        yield made


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with editing(folder_in(tmp_path_factory.mktemp("pulled"))) as made:
        yield made


def publishes(client: Client, uri: str) -> list[Json]:
    return [m["params"] for m in client.heard("textDocument/publishDiagnostics") if m["params"]["uri"] == uri]


def pull(client: Client, uri: str, previous: str | None = None) -> Json:
    params = {"textDocument": {"uri": uri}} | ({"previousResultId": previous} if previous else {})
    report: Json = client.request("textDocument/diagnostic", params)
    return report


@pytest.mark.parametrize("editor", recorded_clients())
def test_every_editor_hears_of_a_finding_and_of_its_end(tmp_path: Path, editor: str) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, editor) as client:
        client.open(folder / "a.py", FAULTY)
        [found] = client.diagnostics(folder / "a.py")
        assert found["range"] == range_of(FAULTY, "amount == None", client.capabilities["positionEncoding"])
        assert (found["source"], found["code"]) == ("orchestra", "comparison-to-none")
        client.change(folder / "a.py", FIXED)
        client.diagnostics(folder / "a.py", lambda found: not found)
        assert bool(client.heard("textDocument/publishDiagnostics")) != ("diagnosticProvider" in client.capabilities)


def test_pushed_findings_name_their_version_and_go_when_the_document_is_closed(pushed: Client, tmp_path: Path) -> None:
    uri = pushed.open(tmp_path / "a.py", FAULTY, version=7)
    assert len(pushed.diagnostics(uri)) == 1
    pushed.change(uri, FAULTY + "\n")
    pushed.diagnostics(uri)
    pushed.close(uri)
    pushed.wait_for("textDocument/publishDiagnostics", lambda params: params == {"uri": uri, "diagnostics": []})
    assert [one.get("version") for one in publishes(pushed, uri)] == [7, 8, None]


def test_a_newer_text_is_all_that_is_told_about(pushed: Client, tmp_path: Path) -> None:
    uri = pushed.open(tmp_path / "burst.py", FAULTY * 200)
    for number in range(20):
        pushed.change(uri, {"range": span(number, 0, number, 0), "text": f"# {number}\n"})
    assert len(pushed.diagnostics(uri)) == 200
    versions = [one["version"] for one in publishes(pushed, uri)]
    assert versions == sorted(versions)
    assert versions[-1] == 21


def typed(client: Client, uri: str, line: int, column: int, text: str) -> None:
    for number, character in enumerate(text):
        client.change(uri, {"range": span(line, column + number, line, column + number), "text": character})


def test_a_finding_on_the_line_being_typed_waits_for_the_pause(pushed: Client, tmp_path: Path) -> None:
    uri = pushed.open(tmp_path / "typed.py", "def f(a):\n    return a\n")
    pushed.diagnostics(uri, lambda found: not found)
    typed(pushed, uri, 1, 12, " == None")
    last = time.monotonic()
    pushed.diagnostics(uri, lambda found: not found)
    pushed.diagnostics(uri, bool)
    assert time.monotonic() - last > 0.4


def test_a_finding_is_cleared_at_once_while_typing(pushed: Client, tmp_path: Path) -> None:
    uri = pushed.open(tmp_path / "cleared.py", FAULTY)
    pushed.diagnostics(uri)
    start = time.monotonic()
    pushed.change(uri, {"range": span(1, 14, 1, 16), "text": "is"})
    pushed.diagnostics(uri, lambda found: not found)
    assert time.monotonic() - start < 0.4


def test_a_pasted_fault_is_told_at_once(pushed: Client, tmp_path: Path) -> None:
    uri = pushed.open(tmp_path / "pasted.py", FIXED)
    pushed.diagnostics(uri, lambda found: not found)
    start = time.monotonic()
    pushed.change(uri, {"range": span(4, 0, 4, 0), "text": "print(pay(1) == None)\n"})
    pushed.diagnostics(uri)
    assert time.monotonic() - start < 0.4


def test_a_pull_is_answered_once_for_each_text(pulled: Client, tmp_path: Path) -> None:
    uri = pulled.open(tmp_path / "a.py", FAULTY)
    first = pull(pulled, uri)
    assert (first["kind"], len(first["items"])) == ("full", 1)
    again = pull(pulled, uri, first["resultId"])
    assert again == {"kind": "unchanged", "resultId": first["resultId"]}
    pulled.change(uri, FIXED)
    after = pull(pulled, uri, first["resultId"])
    assert (after["kind"], after["items"]) == ("full", [])
    pulled.close(uri)
    pulled.open(uri, FAULTY.replace("amount", "sum"), version=1)
    assert pull(pulled, uri, first["resultId"])["kind"] == "full"


def test_what_was_held_back_is_pulled_after_a_refresh(pulled: Client, tmp_path: Path) -> None:
    uri = pulled.open(tmp_path / "typed.py", "def f(a):\n    return a\n")
    typed(pulled, uri, 1, 12, " == None")
    early = pull(pulled, uri)
    assert early["items"] == []
    before = len(pulled.heard("workspace/diagnostic/refresh"))
    pulled.wire.wait_until(lambda: len(pulled.heard("workspace/diagnostic/refresh")) > before, 5, "no refresh")
    assert len(pull(pulled, uri, early["resultId"])["items"]) == 1


def test_a_pull_of_an_unopened_document_is_empty(pulled: Client) -> None:
    assert pull(pulled, "file:///nowhere.py")["items"] == []


def test_settings_of_the_review_count_at_once(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, capabilities=PUSHED) as client:
        client.open(folder / "a.py", FAULTY)
        assert client.diagnostics(folder / "a.py")[0]["severity"] == 3
        client.settings = {"review": {"severity": {"comparison-to-none": "error"}}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        client.diagnostics(folder / "a.py", lambda found: found[0]["severity"] == 1)
        client.settings = {"review": {"rules_off": ["comparison-to-none"]}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        client.diagnostics(folder / "a.py", lambda found: not found)
        client.settings = None
        client.notify("workspace/didChangeConfiguration", {"settings": {"orchestra": {"review": {"enabled": False}}}})
        client.change(folder / "a.py", FAULTY + "\n")
        client.diagnostics(folder / "a.py", lambda found: not found)


def test_settings_of_the_start_count(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    options = {"orchestra": {"review": {"rules_off": ["style"]}}}
    with editing(folder, "neovim", initializationOptions=options) as client:
        client.open(folder / "a.py", FAULTY)
        client.diagnostics(folder / "a.py", lambda found: not found)
