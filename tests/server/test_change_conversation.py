"""A change of several files by an agent through the real server: one edit to review, the disk untouched, nothing left behind."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from orchestra_lsp.trust import shelf
from tests.engine.changing import AGENT, snapshot
from tests.server.conversing import asked_actions, edited, editing, edits_of, folder_in, range_of, titles
from tests.support.lsp.client import Client, Json
from tests.trust.copying import CONFIG, SECRET, write

SHOP = "# pay only half\ndef pay(amount):\n    return amount\n"
FILES: dict[str, str | bytes] = {"shop.py": SHOP, "config.py": CONFIG, "old.py": "OLD = 1\n" * 5, "gone.txt": "gone\n"}
WORK = (
    ["replace", "shop.py", "return amount", "return amount / 2"],
    ["replace", "config.py", "limit = 3", "limit = 4"],
    ["move", "old.py", "new.py"],
    ["delete", "gone.txt"],
    ["write", "tests/test_shop.py", "def test_pay():\n    assert True\n"],
    ["write", ".husky/pre-commit", "true\n"],
    ["write", ".env", "A=1\n"],
)


def settings(tmp: Path, *steps: list[Any]) -> tuple[str, str]:
    """A settings file with the agent, and the place where copies are made."""
    plan = json.dumps({"do": list(steps)})
    command = json.dumps([sys.executable, str(AGENT), plan])
    place = tmp / "copies"
    place.mkdir(exist_ok=True)
    return f'[tools.fake]\nkind = "acp"\ncommand = {command}\n', str(place)


def start(client: Client, uri: str, what: str = "", word: str = "") -> int:
    argument = {"uri": uri, **({"what": what} if what else {}), **({"range": range_of(SHOP, word)} if word else {})}
    return client.ask("workspace/executeCommand", {"command": "orchestra.change", "arguments": [argument]})


def left(place: str) -> list[str]:
    return [path.name for path in Path(place).glob(f"{shelf.PREFIX}*")]


def test_a_change_arrives_as_one_edit_to_review(tmp_path: Path, monkeypatch: Any) -> None:
    folder = write(folder_in(tmp_path), FILES)
    config, place = settings(tmp_path, *WORK)
    monkeypatch.setenv("TMPDIR", place)
    before = snapshot(folder)
    with editing(folder, config=config) as client:
        uri = client.open(folder / "shop.py", SHOP)
        answer = client.answer(start(client, uri, "pay half"))["result"]
        assert answer["applied"] is True
        [applied] = client.applied
        check_edit(applied["edit"], folder)
        warned = client.wait_for("window/showMessage", lambda params: "Not taken over" in params["message"])
        assert ".env" in warned["message"]
        assert "agent does not write such files" in answer["notes"][0]
        assert SECRET not in json.dumps(answer["said"])
    assert snapshot(folder) == before
    assert left(place) == []


def check_edit(edit: Json, folder: Path) -> None:
    def uri(name: str) -> str:
        return (folder / name).as_uri()

    kinds = [
        (change.get("kind", "edit"), change.get("uri") or change.get("oldUri") or change["textDocument"]["uri"])
        for change in edit["documentChanges"]
    ]
    assert kinds == [
        ("edit", uri("config.py")),
        ("edit", uri("shop.py")),
        ("delete", uri("gone.txt")),
        ("rename", uri("old.py")),
        ("create", uri(".husky/pre-commit")),
        ("edit", uri(".husky/pre-commit")),
        ("create", uri("tests/test_shop.py")),
        ("edit", uri("tests/test_shop.py")),
    ]
    assert edited(SHOP, edits_of(edit, uri("shop.py"))) == SHOP.replace("return amount", "return amount / 2")
    assert edited(CONFIG, edits_of(edit, uri("config.py"))) == CONFIG.replace("limit = 3", "limit = 4")
    assert edit["documentChanges"][1]["textDocument"]["version"] == 1
    assert edit["documentChanges"][0]["textDocument"]["version"] is None
    marks = edit["changeAnnotations"]
    assert all(mark["needsConfirmation"] for mark in marks.values())
    hook = marks[edits_of(edit, uri(".husky/pre-commit"))[0]["annotationId"]]
    assert "when you commit" in hook["description"]
    assert {change.get("annotationId") for change in edit["documentChanges"] if "kind" in change} <= set(marks)


def test_the_action_is_offered_on_a_selection_and_the_selection_says_what(tmp_path: Path, monkeypatch: Any) -> None:
    folder = write(folder_in(tmp_path), FILES)
    config, place = settings(tmp_path, WORK[0])
    monkeypatch.setenv("TMPDIR", place)
    with editing(folder, config=config) as client:
        uri = client.open(folder / "shop.py", SHOP)
        until = time.monotonic() + 20
        while "Change with an agent…" not in titles(actions := asked_actions(client, uri, range_of(SHOP, "# pay only half"))):
            assert time.monotonic() < until, titles(actions)
            time.sleep(0.1)
        [action] = [one for one in actions if one["title"] == "Change with an agent…"]
        client.answer(client.ask("workspace/executeCommand", action["command"]))
        assert edited(SHOP, edits_of(client.applied[0]["edit"], uri)) == SHOP.replace("return amount", "return amount / 2")


def test_an_editor_that_can_do_less_gets_what_it_can(tmp_path: Path, monkeypatch: Any) -> None:
    """No annotations, no renames: the person sees the difference and is asked, and hears what is left to do."""
    folder = write(folder_in(tmp_path), FILES)
    config, place = settings(tmp_path, *WORK[:6])
    monkeypatch.setenv("TMPDIR", place)
    bare: Json = {"workspace": {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}}}
    with editing(folder, "lsp4ij", config=config, capabilities=bare) as client:
        asked: list[str] = []

        def agree(params: Json) -> Json:
            asked.append(params["message"])
            return {"title": "Apply"}

        client.answers["window/showMessageRequest"] = agree
        uri = client.open(folder / "shop.py", SHOP)
        answer = client.answer(start(client, uri, "pay half"))["result"]
        assert answer["applied"] is False
        client.wait_for("workspace/applyEdit")
        assert "when you commit" in asked[0]
        kinds = [change.get("kind", "edit") for change in client.applied[0]["edit"]["documentChanges"]]
        assert kinds == ["edit", "edit", "create", "edit", "create", "edit"]
        assert "changeAnnotations" not in client.applied[0]["edit"]
        by_hand = client.wait_for("window/showMessage", lambda params: "By hand" in params["message"])["message"]
        assert "gone.txt" in by_hand
        assert "old.py" in by_hand
        assert f"rename from {folder / 'old.py'}" in answer["diff"]


def test_cancelling_ends_the_agent_and_nothing_is_left(tmp_path: Path, monkeypatch: Any) -> None:
    folder = write(folder_in(tmp_path), FILES)
    config, place = settings(tmp_path, ["wait", 60])
    monkeypatch.setenv("TMPDIR", place)
    before = snapshot(folder)
    with editing(folder, config=config) as client:
        uri = client.open(folder / "shop.py", SHOP)
        running = start(client, uri, "pay half")
        until = time.monotonic() + 20
        while not left(place) and time.monotonic() < until:
            time.sleep(0.05)
        assert left(place)
        time.sleep(1)
        client.notify("$/cancelRequest", {"id": running})
        assert client.answer(running)["error"]["code"] == -32800
        while left(place) and time.monotonic() < until:
            time.sleep(0.05)
        assert left(place) == []
    assert snapshot(folder) == before


def test_a_server_that_is_killed_leaves_a_copy_that_the_next_one_sweeps(tmp_path: Path, monkeypatch: Any) -> None:
    folder = write(folder_in(tmp_path), FILES)
    config, place = settings(tmp_path, ["wait", 60])
    monkeypatch.setenv("TMPDIR", place)
    with editing(folder, config=config) as client:
        start(client, client.open(folder / "shop.py", SHOP), "pay half")
        until = time.monotonic() + 20
        while not left(place) and time.monotonic() < until:
            time.sleep(0.05)
        client.ended_by_test = True
        client.wire.process.kill()
        client.wire.process.wait(10)
    assert len(left(place)) == 1
    config, _ = settings(tmp_path, WORK[0])
    with editing(folder, config=config) as client:
        assert client.answer(start(client, client.open(folder / "shop.py", SHOP), "pay half"))["result"]["applied"] is True
    assert left(place) == []
