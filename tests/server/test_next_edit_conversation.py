"""Next edits of the embedded engine's own, as an editor meets them: no model, no network, only what the person has just changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conversing import asked_actions, column, edited, editing, edits_of, folder_in, titles
from tests.support.lsp.client import Client, Json

WAS = "def area(width, height):\n    print(width, height)\n    return width * height\n"
NOW = WAS.replace("width", "breadth", 1)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with editing(folder_in(tmp_path)) as made:
        yield made


def changed(client: Client, folder: Path, *texts: str) -> str:
    """Open the first text and go through the others, as an editor does that asks at every key."""
    uri = client.open(folder / "a.py", texts[0])
    for text in texts[1:]:
        client.change(uri, text)
        ghost(client, uri, text, len("def area("))
    return uri


def ghost(client: Client, uri: str, text: str, at: int) -> list[Json]:
    params = {"textDocument": {"uri": uri}, "position": column(text, at, "utf-16"), "context": {"triggerKind": 2}}
    found: list[Json] = client.request("textDocument/inlineCompletion", params)["items"]
    return found


def next_edits(client: Client, uri: str, text: str, at: int) -> list[Json]:
    params = {"textDocument": {"uri": uri}, "position": column(text, at, "utf-16")}
    found: list[Json] = client.request("orchestra/nextEdit", params)["edits"]
    return found


def test_a_renamed_parameter_is_renamed_further_down_by_request_and_by_code_action(client: Client, tmp_path: Path) -> None:
    uri = changed(client, tmp_path, WAS, NOW)
    [edit] = next_edits(client, uri, NOW, len("def area(breadth"))
    after = edited(NOW, [{"range": edit["range"], "newText": edit["text"]}])
    assert after == WAS.replace("width", "breadth", 2)
    [action] = [one for one in asked_actions(client, uri, {"start": column(NOW, 9, "utf-16"), "end": column(NOW, 9, "utf-16")})
                if one["title"].startswith("Next edit")]  # fmt: skip
    assert "line 2" in action["title"]
    assert "local" in action["title"]
    assert edited(NOW, edits_of(action["edit"], uri)) == after
    client.change(uri, after)
    [last] = next_edits(client, uri, after, 10)
    assert edited(after, [{"range": last["range"], "newText": last["text"]}]) == WAS.replace("width", "breadth")


def test_on_the_cursors_line_it_is_ghost_text(client: Client, tmp_path: Path) -> None:
    uri = changed(client, tmp_path, WAS, NOW)
    [item] = ghost(client, uri, NOW, NOW.index("    print(") + 4)
    assert edited(NOW, [{"range": item["range"], "newText": item["insertText"]}]) == WAS.replace("width", "breadth", 2)


def test_without_a_change_there_is_none(client: Client, tmp_path: Path) -> None:
    uri = changed(client, tmp_path, WAS)
    assert next_edits(client, uri, WAS, 9) == []
    assert not [one for one in titles(asked_actions(client, uri, {"start": column(WAS, 9, "utf-16"), "end": column(WAS, 9, "utf-16")}))
                if one.startswith("Next edit")]  # fmt: skip


def test_a_dismissed_one_is_not_offered_at_the_next_place(client: Client, tmp_path: Path) -> None:
    uri = changed(client, tmp_path, WAS, NOW)
    [edit] = next_edits(client, uri, NOW, 9)
    client.notify("textDocument/didDismissCompletion", {"item": edit}, on_purpose=True)
    assert next_edits(client, uri, NOW, 9) == []
