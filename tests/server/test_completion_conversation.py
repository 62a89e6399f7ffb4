"""Completions through the real server, from the embedded engine and from a model: superseded, cancelled, accepted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conversing import Model, column, edited, editing, edits_of, folder_in, model
from tests.support.lsp.client import Client, Json, recorded_clients

#: The embedded engine has seen this line often enough to be sure of it.
LINE = "    total_amount = compute_total(order, discount)\n"
BODIES = (f"def {name}(order, discount):\n{LINE}    {name}_order(total_amount)\n\n\n" for name in ("pay", "show", "store", "send"))
TEXT = "".join(BODIES) + "def last(order, discount):\n    total_am"
REST = "ount = compute_total(order, discount)"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with editing(folder_in(tmp_path_factory.mktemp("completion"))) as made:
        made.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": [{"show": False}]})
        yield made


def at(uri: str, text: str, encoding: str = "utf-16") -> Json:
    return {"textDocument": {"uri": uri}, "position": column(text, len(text), encoding)}


def inline(client: Client, uri: str, text: str, kind: int = 2) -> list[Json]:
    where = at(uri, text, client.capabilities["positionEncoding"])
    found: list[Json] = client.request("textDocument/inlineCompletion", where | {"context": {"triggerKind": kind}})["items"]
    return found


def accepted(text: str, item: Json, encoding: str) -> str:
    return edited(text, [{"range": item["range"], "newText": item["insertText"]}], encoding)


@pytest.mark.parametrize("editor", recorded_clients())
def test_every_editor_gets_ghost_text_and_entries(tmp_path: Path, editor: str) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, editor) as client:
        encoding = client.capabilities["positionEncoding"]
        uri = client.open(folder / "a.py", TEXT)
        [item] = inline(client, uri, TEXT)
        assert accepted(TEXT, item, encoding).startswith(TEXT + REST)
        assert item["range"]["start"] == item["range"]["end"] == column(TEXT, len(TEXT), encoding)
        entries = client.request("textDocument/completion", at(uri, TEXT, encoding))["items"]
        assert 1 <= len(entries) <= 2
        entry = client.request("completionItem/resolve", entries[0])
        assert edited(TEXT, [entry["textEdit"]], encoding) == TEXT + REST
        assert entry["filterText"] == "total_am" + REST
        assert "local" in entry["documentation"]["value"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-32"])
def test_ghost_text_behind_wide_characters(tmp_path: Path, encoding: str) -> None:
    folder = folder_in(tmp_path)
    text = TEXT.replace("\n", "\r\n")[: -len("total_am")] + 'a = "\U0001f600\u4e2d\u6587"; total_am'
    lines = text.replace("    total_amount", '    a = "\U0001f600\u4e2d\u6587"; total_amount')
    with editing(folder, capabilities={"general": {"positionEncodings": [encoding]}}) as client:
        uri = client.open(folder / "a.py", lines)
        [item] = inline(client, uri, lines)
        assert accepted(lines, item, encoding).startswith(lines + "ount")
        client.change(uri, accepted(lines, item, encoding))
        assert client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})


def test_an_accepted_suggestion_is_credited(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder) as client:
        uri = client.open(folder / "a.py", TEXT)
        [item] = inline(client, uri, TEXT)
        [told] = item["command"]["arguments"]
        assert set(told) == {"id", "tool", "confidence"}
        client.notify("textDocument/didShowCompletion", {"item": item})
        client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 3})
        assert client.request("workspace/executeCommand", {"command": "orchestra.accepted", "arguments": [told]}) is True
        client.shut_down()
    connection = sqlite3.connect(tmp_path.resolve() / "work.store.sqlite3")
    outcomes = [row[0] for row in connection.execute("SELECT outcome FROM outcome WHERE decision_id = ? ORDER BY at_us", (told["id"],))]
    connection.close()
    assert outcomes == ["shown", "partly accepted", "accepted"]


def test_what_stands_in_the_popup_is_part_of_the_ghost_text(client: Client, tmp_path: Path) -> None:
    text = TEXT[: -len("_am")]
    uri = client.open(tmp_path / "popup.py", text)
    here = column(text, len(text), "utf-16")
    word = {"start": here | {"character": here["character"] - len("total")}, "end": here}
    selected = {"range": word, "text": "total_amount"}
    params = at(uri, text) | {"context": {"triggerKind": 2, "selectedCompletionInfo": selected}}
    [item] = client.request("textDocument/inlineCompletion", params)["items"]
    assert item["range"] == word
    assert item["insertText"].startswith("total_amount = compute_total(")


def test_ghost_text_can_be_switched_off(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "off.py", TEXT)
    for settings, automatic, manual in (({"automatic": False}, 0, 1), ({"languages_off": ["python"]}, 0, 0), ({"enabled": False}, 0, 0)):
        client.notify("workspace/didChangeConfiguration", {"settings": {"orchestra": {"completion": settings}}})
        assert (len(inline(client, uri, TEXT, 2)), len(inline(client, uri, TEXT, 1))) == (automatic, manual)
    client.notify("workspace/didChangeConfiguration", {"settings": None})


@pytest.fixture(scope="module")
def asked() -> Iterator[Model]:
    with model() as made:
        made.text, made.delay_s = "quite_unheard_of(1)", 0.6
        yield made


@pytest.fixture(scope="module")
def modelled(asked: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An editor with a model that answers slowly."""
    with editing(folder_in(tmp_path_factory.mktemp("modelled")), config=asked.config + "[completion]\ndeadline_ms = 8000\n") as made:
        made.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": [{"show": False}]})
        yield made


@pytest.fixture
def unknown(modelled: Client, asked: Model, tmp_path: Path) -> Iterator[str]:
    """A document where the embedded engine has nothing to say."""
    asked.asked.clear()
    asked.delay_s = 0.6
    uri = modelled.open(tmp_path / "a.py", UNKNOWN)
    yield uri
    modelled.close(uri)


UNKNOWN = "zebra = "


def ask_inline(client: Client, uri: str, text: str, kind: int = 2) -> int:
    return client.ask("textDocument/inlineCompletion", at(uri, text) | {"context": {"triggerKind": kind}})


def test_a_model_completes_where_the_embedded_engine_cannot(modelled: Client, asked: Model, unknown: str) -> None:
    [item] = inline(modelled, unknown, UNKNOWN)
    assert item["insertText"] == "quite_unheard_of(1)"
    assert item["command"]["arguments"][0]["tool"] == "model"
    assert len(asked.asked) == 1


def test_a_newer_ask_supersedes_the_older(modelled: Client, asked: Model, unknown: str) -> None:
    asked.delay_s = 2.0
    older = ask_inline(modelled, unknown, UNKNOWN)
    asked_at = time.monotonic()
    while not asked.asked and time.monotonic() < asked_at + 1:
        time.sleep(0.01)
    modelled.change(unknown, UNKNOWN + "x")
    newer = ask_inline(modelled, unknown, UNKNOWN + "x")
    assert modelled.answer(older)["result"] == {"items": []}
    assert time.monotonic() - asked_at < 2
    assert len(modelled.answer(newer)["result"]["items"]) == 1


def test_the_same_ask_twice_is_one_call(modelled: Client, asked: Model, unknown: str) -> None:
    older, newer = ask_inline(modelled, unknown, UNKNOWN), ask_inline(modelled, unknown, UNKNOWN)
    assert modelled.answer(older)["result"] == {"items": []}
    assert len(modelled.answer(newer)["result"]["items"]) == 1
    assert len(asked.asked) == 1


def test_a_cancelled_ask_is_answered_as_cancelled(modelled: Client, unknown: str) -> None:
    running = ask_inline(modelled, unknown, UNKNOWN, kind=1)
    modelled.cancel(running)
    assert modelled.answer(running)["error"]["code"] == -32800


def test_an_answer_for_a_text_that_has_moved_on_is_not_shown(modelled: Client, unknown: str) -> None:
    running = ask_inline(modelled, unknown, UNKNOWN, kind=1)
    modelled.change(unknown, "other = 1\n" + UNKNOWN)
    assert modelled.answer(running)["result"] == {"items": []}


def test_a_document_closed_meanwhile_gets_an_empty_answer(modelled: Client, unknown: str) -> None:
    running = ask_inline(modelled, unknown, UNKNOWN, kind=1)
    modelled.close(unknown)
    assert modelled.answer(running)["result"] == {"items": []}
    modelled.open(unknown, "")


def test_an_offer_is_accepted_by_word_and_by_line(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder) as client:
        uri = client.open(folder / "a.py", TEXT)
        [item] = inline(client, uri, TEXT)
        [told] = item["command"]["arguments"]

        def step(command: str) -> str:
            assert client.request("workspace/executeCommand", {"command": command, "arguments": [told]}) is True
            edit = client.applied[-1]["edit"]
            text = edited(texts[-1], edits_of(edit, uri))
            client.change(uri, text)
            texts.append(text)
            return text

        texts = [TEXT]
        assert step("orchestra.accept-word") == TEXT + "ount"
        assert step("orchestra.accept-word") == TEXT + "ount ="
        assert step("orchestra.accept-line") == TEXT + REST
        client.change(uri, "other")
        for refused in (told, {"id": "unknown"}, {}):
            assert client.request("workspace/executeCommand", {"command": "orchestra.accept-word", "arguments": [refused]}) is False
