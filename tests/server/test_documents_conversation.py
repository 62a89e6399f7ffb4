"""Documents through the real server: what it says about a text proves that the text is in step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conversing import PUSHED, column, editing, folder_in, range_of
from tests.support.lsp.client import Client

ENCODINGS = ("utf-8", "utf-16", "utf-32")
#: Everything that makes columns differ stands before the names that are asked about.
HARD = 'a = "\U0001f600\u4e2d\u6587\u00e9"; b = 1\r\ndef naïve(x):\r\n    return x  # \U0001f600\r\n'


@pytest.fixture(scope="module", params=ENCODINGS)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = folder_in(tmp_path_factory.mktemp("documents"))
    with editing(folder, capabilities={**PUSHED, "general": {"positionEncodings": [request.param]}}) as made:
        yield made


def lens_ranges(client: Client, uri: str) -> list[dict[str, object]]:
    return [lens["range"] for lens in client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})]


def test_columns_behind_wide_characters(client: Client, tmp_path: Path) -> None:
    encoding = client.capabilities["positionEncoding"]
    uri = client.open(tmp_path / "hard.py", HARD)
    assert lens_ranges(client, uri) == [range_of(HARD, "naïve", encoding)]


def test_edits_behind_wide_characters(client: Client, tmp_path: Path) -> None:
    encoding = client.capabilities["positionEncoding"]
    uri = client.open(tmp_path / "edited.py", HARD)
    at = HARD.index("; b = 1")
    start, end = column(HARD, at, encoding), column(HARD, at + len("; b = 1"), encoding)
    new = "\r\ndef \u6587\u5b57(): pass"
    client.change(uri, {"range": {"start": start, "end": end}, "text": new})
    text = HARD.replace("; b = 1", new)
    assert lens_ranges(client, uri) == [range_of(text, "\u6587\u5b57", encoding), range_of(text, "naïve", encoding)]


def test_several_changes_of_one_event_build_on_each_other(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "several.py", "x\n")
    first = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "text": "def f():\n    pass\n"}
    second = {"range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}}, "text": "name"}
    client.change(uri, first, second)
    assert lens_ranges(client, uri) == [{"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 8}}]


def test_a_whole_new_text(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "whole.py", "x = 1\n")
    client.change(uri, "def f(): pass")
    assert lens_ranges(client, uri) == [{"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}}]


def test_the_last_line_without_its_end_and_the_empty_file(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "empty.py", "")
    assert lens_ranges(client, uri) == []
    client.change(uri, {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "def f(): pass"})
    client.change(uri, {"range": {"start": {"line": 0, "character": 13}, "end": {"line": 0, "character": 13}}, "text": "\ndef g(): pass"})
    assert len(lens_ranges(client, uri)) == 2


def test_a_closed_document_is_gone(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "closed.py", "def f(): pass\n")
    client.close(uri)
    assert lens_ranges(client, uri) == []


@pytest.mark.parametrize("language", ["python", "plaintext", "klingon"])
def test_untitled_documents_of_any_language(client: Client, language: str) -> None:
    uri = client.open(f"untitled:{language}", "def f(): pass\n", language)
    assert len(lens_ranges(client, uri)) == (language == "python")
