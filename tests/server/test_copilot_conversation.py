"""GitHub Copilot behind the editor: ghost text, next edits, what becomes of them, and signing in. Its server is a fake process."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.server.conversing import asked_actions, column, edited, editing, edits_of, folder_in, range_of
from tests.support.copilot import fake_server
from tests.support.lsp.client import Client, Json, place

SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
TEXT = f'token = "{SECRET}"\n\n\ndef add(first, second):\n    return \n\n\nprint(ad(1, 2))\n'
CURSOR = TEXT.index("return ") + len("return ")


@contextmanager
def copilot(tmp: Path, **options: str) -> Iterator[tuple[Client, str, Path]]:
    """An editor with TEXT open; its address, and the log of the fake server."""
    folder, log = folder_in(tmp), tmp / "log.jsonl"
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [sys.executable, str(Path(fake_server.__file__)), "--stdio", "--log", str(log), *arguments]
    config = f"[completion]\ndeadline_ms = 8000\n[tools.copilot]\ncommand = {json.dumps(command)}\n[tools.local]\nenabled = false\n"
    with editing(folder, config=config) as client:
        yield client, client.open(folder / "a.py", TEXT), log


def at(uri: str, offset: int) -> Json:
    return {"textDocument": {"uri": uri}, "position": column(TEXT, offset, "utf-16")}


def inline(client: Client, uri: str, offset: int = CURSOR) -> list[Json]:
    found: list[Json] = client.request("textDocument/inlineCompletion", at(uri, offset) | {"context": {"triggerKind": 2}})["items"]
    return found


def heard(log: Path, method: str, count: int = 1, seconds: float = 10.0) -> list[Any]:
    """What the fake server was told, once it is so much."""
    until = time.monotonic() + seconds
    while True:
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
        found = [one["params"] for one in lines if one.get("method") == method]
        if len(found) >= count or time.monotonic() > until:
            return found
        time.sleep(0.02)


def next_edit(text: str, word: str) -> str:
    """An edit of the masked text, for the fake server: the secret's line is the only one that differs."""
    return json.dumps({"text": text, "range": range_of(TEXT, word)})


def test_ghost_text_comes_from_a_masked_copy_and_its_fate_is_told(tmp_path: Path) -> None:
    with copilot(tmp_path, say="first + second") as (client, uri, log):
        [item] = inline(client, uri)
        assert item["insertText"] == "first + second"
        assert item["range"] == {"start": column(TEXT, CURSOR, "utf-16"), "end": column(TEXT, CURSOR, "utf-16")}
        client.notify("textDocument/didShowCompletion", {"item": item})
        client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 5})
        client.request("workspace/executeCommand", {"command": item["command"]["command"], "arguments": item["command"]["arguments"]})
        [shown] = heard(log, "textDocument/didShowCompletion")
        assert shown["item"]["insertText"] == "    return first + second", "in its own words, not in ours"
        [partly] = heard(log, "textDocument/didPartiallyAcceptCompletion")
        assert partly["acceptedLength"] == len("    return first")
        [accepted] = heard(log, "workspace/executeCommand")
        assert accepted["command"] == "github.copilot.didAcceptCompletionItem"
        assert SECRET not in log.read_text(encoding="utf-8")


def test_a_next_edit_elsewhere_is_a_request_and_a_code_action(tmp_path: Path) -> None:
    with copilot(tmp_path, edit=next_edit("add(1", "ad(1")) as (client, uri, log):
        assert inline(client, uri) == [], "it is not on the cursor's line"
        [edit] = client.request("orchestra/nextEdit", at(uri, CURSOR))["edits"]
        after = edited(TEXT, [{"range": edit["range"], "newText": edit["text"]}])
        assert after == TEXT.replace("print(ad(1", "print(add(1")
        assert SECRET in after
        actions = asked_actions(client, uri, {"start": place(0, 0), "end": place(0, 0)}, only=["refactor"])
        [action] = [one for one in actions if one["title"].startswith("Next edit, line 8")]
        assert edited(TEXT, edits_of(action["edit"], uri)) == after
        client.request("workspace/executeCommand", action["command"])
        [accepted] = heard(log, "workspace/executeCommand")
        assert accepted["command"] == "github.copilot.didAcceptNextEditSuggestionItem"
        client.change(uri, "new\n")
        assert not [one for one in asked_actions(client, uri, {"start": place(0, 0), "end": place(0, 0)}) if "Next edit" in one["title"]]


def test_a_next_edit_on_the_cursors_line_is_ghost_text(tmp_path: Path) -> None:
    with copilot(tmp_path, edit=next_edit("    return first - second", "    return ")) as (client, uri, _):
        [item] = inline(client, uri)
        assert edited(TEXT, [{"range": item["range"], "newText": item["insertText"]}]) == TEXT.replace("return ", "return first - second")


def test_a_next_edit_beside_a_secret_keeps_it(tmp_path: Path) -> None:
    edit = json.dumps({"text": "key", "range": {"start": place(0, 0), "end": place(0, 5)}})
    with copilot(tmp_path, edit=edit) as (client, uri, _):
        [found] = client.request("orchestra/nextEdit", at(uri, CURSOR))["edits"]
        assert edited(TEXT, [{"range": found["range"], "newText": found["text"]}]) == TEXT.replace("token", "key")


def test_an_edit_that_breaks_the_code_is_not_offered(tmp_path: Path) -> None:
    with copilot(tmp_path, edit=next_edit("((((", "print(ad(1, 2))")) as (client, uri, _):
        assert client.request("orchestra/nextEdit", at(uri, CURSOR)) == {"edits": []}


def test_without_a_tool_for_it_there_is_no_next_edit(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder) as client:
        uri = client.open(folder / "a.py", TEXT)
        assert client.request("orchestra/nextEdit", at(uri, CURSOR)) == {"edits": []}
        assert client.answer(client.ask("orchestra/nextEdit", {"textDocument": {}}))["error"]["code"] == -32602


def test_who_is_signed_out_is_asked_once_and_can_sign_in(tmp_path: Path) -> None:
    with copilot(tmp_path, account="out", say="first + second") as (client, uri, log):
        questions: list[Json] = []
        opened: list[Json] = []
        said = {"Sign in": 1, "Open in browser": 1, "Copy code": 1}

        def choose(params: Json) -> Json | None:
            questions.append(params)
            title = next((one["title"] for one in params["actions"] if said.get(one["title"], 0)), None)
            if title:
                said[title] -= 1
            return {"title": title} if title else None

        client.answers["window/showMessageRequest"] = choose
        client.answers["window/showDocument"] = lambda params: opened.append(params) or {"success": True}
        assert inline(client, uri) == []
        heard(log, "workspace/executeCommand")
        client.wait_for(
            "orchestra/status", lambda told: [one for one in told["tools"] if one["name"] == "copilot" and one["state"] == "ready"]
        )
        assert "orchestra sign-in copilot" in questions[0]["message"]
        assert "ABCD-1234" in questions[1]["message"]
        client.wire.wait_until(lambda: len(opened) >= 2, 10, "the page and the code")
        assert {"uri": "https://github.com/login/device", "external": True} in opened
        [item] = inline(client, uri)
        assert item["insertText"] == "first + second"


def test_who_does_not_want_to_sign_in_is_left_alone(tmp_path: Path) -> None:
    with copilot(tmp_path, account="out") as (client, uri, _):
        for _ in range(4):
            assert inline(client, uri) == []
        told = client.wait_for("orchestra/status", lambda told: [one for one in told["tools"] if one["state"] == "signed out"])
        assert "not signed in" in told["message"]
        client.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": [{"show": False}]})
        assert len(client.heard("window/showMessageRequest")) == 1


def test_its_server_is_started_before_somebody_types(tmp_path: Path) -> None:
    with copilot(tmp_path) as (_, _, log):
        assert heard(log, "initialize", seconds=20)
        assert not heard(log, "textDocument/didOpen", seconds=0), "and sees nothing before it is asked"
