"""Commands through the real server with a model behind them: shown, applied after the person's word, cancelled, never overwriting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from tests.server.conversing import Model, asked_actions, edited, editing, edits_of, folder_in, model, range_of
from tests.support.lsp.client import Client, Json, ResponseError

TEXT = "def pay(amount):\n    return amount + 0\n\n\ndef keep():\n    return 1\n"
OLD, NEW = "    return amount + 0\n", "    return amount\n"
REWRITTEN = TEXT.replace(OLD, NEW)


@pytest.fixture(scope="module")
def asked() -> Iterator[Model]:
    with model() as made:
        yield made


@pytest.fixture(scope="module")
def vscode(asked: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with editing(folder_in(tmp_path_factory.mktemp("vscode")), config=asked.config) as made:
        yield made


@pytest.fixture(scope="module")
def jetbrains(asked: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An editor without change annotations."""
    with editing(folder_in(tmp_path_factory.mktemp("jetbrains")), "lsp4ij", config=asked.config) as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(asked: Model, vscode: Client, jetbrains: Client) -> None:
    """Nothing was asked or applied yet."""
    asked.text, asked.delay_s = NEW, 0.0
    asked.asked.clear()
    for client in (vscode, jetbrains):
        client.applied.clear()


def run(client: Client, name: str, uri: str, word: str = "", **more: object) -> Json:
    found: Json = client.answer(start(client, name, uri, word, **more))
    if "error" in found:
        raise ResponseError(found["error"])
    result: Json = found["result"]
    return result


def start(client: Client, name: str, uri: str, word: str = "", **more: object) -> int:
    argument = {"uri": uri, **({"range": range_of(TEXT, word)} if word else {}), **more}
    return client.ask("workspace/executeCommand", {"command": f"orchestra.{name}", "arguments": [argument]})


def last_shown(client: Client) -> str:
    """The text of the document that was shown last."""
    client.wait_for("window/showDocument")
    address = client.heard("window/showDocument")[-1]["params"]["uri"]
    return Path(unquote(urlparse(address).path)).read_text(encoding="utf-8")


def told(client: Client, words: str, method: str = "window/showMessage") -> str:
    message: str = client.wait_for(method, lambda params: words in params["message"])["message"]
    return message


def wait_until_asked(asked: Model) -> None:
    until = time.monotonic() + 10
    while not asked.asked and time.monotonic() < until:
        time.sleep(0.02)
    assert asked.asked


def test_an_explanation_is_returned_and_shown(asked: Model, vscode: Client, tmp_path: Path) -> None:
    asked.text = "An explanation."
    uri = vscode.open(tmp_path / "a.py", TEXT)
    answer = run(vscode, "explain", uri, "return amount + 0")
    assert answer["markdown"].startswith("An explanation.")
    assert "An explanation." in last_shown(vscode)
    before = len(vscode.heard("window/showDocument"))
    run(vscode, "explain", uri, "return 1", show=False)
    assert len(vscode.heard("window/showDocument")) == before


def test_an_editor_that_opens_nothing_gets_a_message(asked: Model, tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    bare = {"window": {"showDocument": {"support": False}}, "experimental": {"orchestra": {"status": False}}}
    with editing(folder, config=asked.config, capabilities=bare) as client:
        uri = client.open(folder / "a.py", TEXT)
        asked.text = "word " * 1000
        run(client, "explain", uri)
        assert "all of it is in the log" in told(client, "word")
        assert "word " * 900 in told(client, "word", "window/logMessage")
        time.sleep(0.4)
        assert client.heard("orchestra/status") == []


def test_a_rewrite_is_an_edit_that_the_person_confirms(vscode: Client, tmp_path: Path) -> None:
    uri = vscode.open(tmp_path / "a.py", TEXT)
    assert run(vscode, "rewrite", uri, OLD)["applied"] is True
    [applied] = vscode.applied
    assert edited(TEXT, edits_of(applied["edit"], uri)) == REWRITTEN
    [annotation] = applied["edit"]["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    assert applied["edit"]["documentChanges"][0]["textDocument"]["version"] == 1


def test_an_editor_without_annotations_sees_a_diff_and_is_asked(jetbrains: Client, tmp_path: Path) -> None:
    jetbrains.answers["window/showMessageRequest"] = lambda params: {"title": "Apply"}
    uri = jetbrains.open(tmp_path / "a.py", TEXT)
    assert run(jetbrains, "rewrite", uri, OLD)["applied"] is False
    assert "-    return amount + 0\n+    return amount\n" in last_shown(jetbrains)
    jetbrains.wait_for("workspace/applyEdit")
    assert edited(TEXT, edits_of(jetbrains.applied[0]["edit"], uri)) == REWRITTEN


def test_a_shown_change_can_be_applied_later(jetbrains: Client, tmp_path: Path) -> None:
    jetbrains.answers["window/showMessageRequest"] = lambda params: None
    uri = jetbrains.open(tmp_path / "a.py", TEXT)
    run(jetbrains, "rewrite", uri, OLD)
    jetbrains.wait_for("window/showMessageRequest")
    text = "# new\n" + TEXT
    jetbrains.change(uri, text)
    found = asked_actions(jetbrains, uri, range_of(TEXT, "keep"), ["refactor"])
    [later] = [one for one in found if one["title"].startswith("Apply: ")]
    assert edited(text, edits_of(later["edit"], uri)) == "# new\n" + REWRITTEN


def test_what_was_edited_meanwhile_is_never_overwritten(asked: Model, vscode: Client, tmp_path: Path) -> None:
    asked.delay_s = 0.8
    uri = vscode.open(tmp_path / "a.py", TEXT)
    running = start(vscode, "rewrite", uri, OLD)
    wait_until_asked(asked)
    vscode.change(uri, TEXT.replace("amount + 0", "amount + 7"))
    assert vscode.answer(running)["result"]["applied"] is False
    told(vscode, "edited while")
    assert vscode.applied == []


def test_what_was_edited_elsewhere_moves_along(asked: Model, vscode: Client, tmp_path: Path) -> None:
    asked.delay_s = 0.8
    uri = vscode.open(tmp_path / "a.py", TEXT)
    running = start(vscode, "rewrite", uri, OLD)
    wait_until_asked(asked)
    text = "# \u4e2d\u6587\n" + TEXT
    vscode.change(uri, text)
    assert vscode.answer(running)["result"]["applied"] is True
    assert edited(text, edits_of(vscode.applied[0]["edit"], uri)) == "# \u4e2d\u6587\n" + REWRITTEN


def test_a_refused_edit_is_told(jetbrains: Client, vscode: Client, tmp_path: Path) -> None:
    apply = vscode.answers["workspace/applyEdit"]
    vscode.answers["workspace/applyEdit"] = lambda params: {"applied": False, "failureReason": "the file is read-only"}
    uri = vscode.open(tmp_path / "a.py", TEXT)
    assert run(vscode, "rewrite", uri, OLD)["applied"] is False
    told(vscode, "read-only")
    vscode.answers["workspace/applyEdit"] = apply


def test_tests_go_into_a_new_file(asked: Model, vscode: Client, tmp_path: Path) -> None:
    asked.text = "def test_pay():\n    assert pay(1) == 1\n"
    uri = vscode.open(tmp_path / "a.py", TEXT)
    assert run(vscode, "write-tests", uri)["applied"] is True
    made, filled = vscode.applied[0]["edit"]["documentChanges"]
    assert made["kind"] == "create"
    assert made["uri"].endswith("/tests/test_a.py")
    assert filled["edits"][0]["newText"].startswith("def test_pay():")


def test_long_work_shows_progress_and_its_button_cancels(asked: Model, vscode: Client, tmp_path: Path) -> None:
    asked.delay_s = 4.0
    uri = vscode.open(tmp_path / "a.py", TEXT)
    running = start(vscode, "explain", uri)
    begun = vscode.wait_for("$/progress", lambda params: params["value"].get("title") == "Explain this code")
    assert begun["value"]["cancellable"] is True
    vscode.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    assert vscode.answer(running, 3)["error"]["code"] == -32800
    vscode.wait_for("$/progress", lambda params: params["token"] == begun["token"] and params["value"]["kind"] == "end")


def test_a_token_of_the_editor_shows_progress_at_once(asked: Model, vscode: Client, tmp_path: Path) -> None:
    asked.delay_s = 4.0
    uri = vscode.open(tmp_path / "b.py", TEXT)
    params = {"command": "orchestra.explain", "arguments": [{"uri": uri}], "workDoneToken": "mine"}
    running = vscode.ask("workspace/executeCommand", params)
    vscode.wait_for("$/progress", lambda params: params["token"] == "mine" and params["value"]["kind"] == "begin")
    vscode.cancel(running)
    assert vscode.answer(running, 3)["error"]["code"] == -32800
    vscode.wait_for("$/progress", lambda params: params["token"] == "mine" and params["value"]["kind"] == "end")


def test_without_a_model_the_answer_says_what_to_do(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder) as client:
        uri = client.open(folder / "a.py", TEXT)
        with pytest.raises(ResponseError) as raised:
            run(client, "explain", uri)
        assert raised.value.code == -32803
        assert "[tools.<name>]" in str(raised.value.message)


def test_the_status_is_told_once_the_tools_are_there(vscode: Client, tmp_path: Path) -> None:
    vscode.open(tmp_path / "a.py", TEXT)
    status = vscode.wait_for("orchestra/status")
    assert [(tool["name"], tool["state"]) for tool in status["tools"]] == [("local", "ready"), ("model", "ready")]
    assert set(status) == {"tools", "busy", "message"}
