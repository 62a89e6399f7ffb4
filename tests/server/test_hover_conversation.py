"""Hover and code lenses through the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conversing import editing, folder_in, model, range_of
from tests.support.lsp.client import Client, Json

TEXT = "class Shop:\n    def pay(self, amount):\n        if amount == None:\n            return 0\n        return amount\n"


@pytest.fixture(scope="module", params=["markdown", "plaintext"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    abilities = {"textDocument": {"hover": {"contentFormat": [request.param]}}}
    with editing(folder_in(tmp_path_factory.mktemp("hover")), capabilities=abilities) as made:
        yield made


def hover(client: Client, uri: str, word: str) -> Json | None:
    found: Json | None = client.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": range_of(TEXT, word)["start"]})
    return found


def test_the_page_of_a_rule(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "a.py", TEXT)
    found = hover(client, uri, "== None")
    assert found is not None
    assert found["range"] == range_of(TEXT, "amount == None")
    text = found["contents"]["value"]
    assert "Why it is bad" in text
    assert "Comparison to None by equality" in text
    assert ("**" in text) == (found["contents"]["kind"] == "markdown")


def test_the_measures_of_a_function(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "b.py", TEXT)
    found = hover(client, uri, "pay")
    assert found is not None
    assert found["range"] == range_of(TEXT, "pay")
    text = found["contents"]["value"]
    assert "4 lines" in text
    assert "cyclomatic complexity" in text


@pytest.mark.parametrize("word", ["class", "amount):", "return 0"])
def test_nothing_where_nothing_is_known(client: Client, tmp_path: Path, word: str) -> None:
    uri = client.open(tmp_path / "c.py", TEXT)
    assert hover(client, uri, word) is None
    client.close(uri)


def test_a_lens_over_each_function_whose_click_works(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "d.py", TEXT + "\ndef free(): pass\n")
    lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert [lens["command"]["title"] for lens in lenses] == ["complexity 2 \u00b7 cognitive 1", "complexity 1 \u00b7 cognitive 0"]
    answer = client.request("workspace/executeCommand", {key: lenses[0]["command"][key] for key in ("command", "arguments")})
    assert answer["title"] == "2 functions in 1 file"
    shown = client.wait_for("window/showDocument")
    assert shown["uri"].endswith(".md")


def test_a_model_is_asked_by_a_lens(tmp_path: Path) -> None:
    with model() as asked, editing(folder_in(tmp_path), config=asked.config) as client:
        uri = client.open(tmp_path / "e.py", TEXT)
        lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        assert [lens["command"]["title"] for lens in lenses[1:]] == ["explain", "write tests", "document"]
        wanted = {"uri": uri, "range": {"start": {"line": 1, "character": 4}, "end": {"line": 4, "character": 21}}}
        assert [lens["command"]["arguments"] for lens in lenses[1:]] == [[wanted]] * 3
        answer = client.request("workspace/executeCommand", {key: lenses[1]["command"][key] for key in ("command", "arguments")})
        assert "def pay" in str(asked.asked[-1])
        assert answer["markdown"]
