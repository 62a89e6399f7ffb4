"""Reuse as an editor meets it: the same place again, a restart, the manual trigger, and all of it switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.conversing import Model, editing, folder_in, model
from tests.support.lsp.client import Client, Json, place

TEXT = "def f(a):\n    return a\n\n\nx = \n"
MANUAL = 1


def config(made: Model, completion: str = "", outside: bool = False) -> str:
    tool = made.config.replace("local = true\n", "") if outside else made.config
    return f"{tool}\n[tools.local]\nenabled = false\n[completion]\nprefetch = false\n{completion}"


def offered(client: Client, uri: str) -> list[Json]:
    params = {"textDocument": {"uri": uri}, "position": place(4, 4), "context": {"triggerKind": MANUAL}}
    answer = client.request("textDocument/inlineCompletion", params, 20)
    items: list[Json] = answer["items"] if isinstance(answer, dict) else answer
    return items


def texts(items: list[Json]) -> list[str]:
    return [str(item["insertText"]) for item in items]


@pytest.mark.parametrize(("settings", "calls"), [("", 1), ("cache = false\n", 2)])
def test_the_same_place_is_asked_once_and_each_time_without_reuse(tmp_path: Path, settings: str, calls: int) -> None:
    folder = folder_in(tmp_path)
    with model() as made, editing(folder, config=config(made, settings)) as client:
        made.text = "f(1)"
        uri = client.open(folder / "a.py", TEXT)
        for _ in range(2):
            assert texts(offered(client, uri)) == ["f(1)"]
        assert len(made.asked) == calls


@pytest.mark.parametrize(("settings", "calls"), [("", 1), ("cache_on_disk = false\n", 2)])
def test_an_answer_of_an_outside_tool_survives_a_restart(tmp_path: Path, settings: str, calls: int) -> None:
    folder = folder_in(tmp_path)
    with model() as made:
        made.text = "f(1)"
        for _ in range(2):
            with editing(folder, config=config(made, settings, outside=True)) as client:
                uri = client.open(folder / "a.py", TEXT)
                assert texts(offered(client, uri)) == ["f(1)"]
        assert len(made.asked) == calls


def test_the_manual_trigger_where_a_suggestion_is_shown_asks_anew(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with model() as made, editing(folder, config=config(made)) as client:
        made.text = "f(1)"
        uri = client.open(folder / "a.py", TEXT)
        (item,) = offered(client, uri)
        assert texts(offered(client, uri)) == ["f(1)"]
        made.text = "f(2)"
        client.notify("textDocument/didShowCompletion", {"item": item}, on_purpose=True)
        assert texts(offered(client, uri)) == ["f(2)"]
        assert len(made.asked) == 2
