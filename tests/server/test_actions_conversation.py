"""Code actions through the real server: a fix that is applied gives the expected text, in every encoding and shape of edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.server.conversing import asked_actions, edited, editing, edits_of, folder_in, model, range_of, resolved, titles
from tests.support.lsp.client import Client, Json, ResponseError, recorded_clients

FAULTY = 'def pay(name, amount):\r\n    greet = "\U0001f600\u4e2d\u6587"; same = amount == None\r\n    return name != None or same\r\n'
FIXED = FAULTY.replace("amount == None", "amount is None").replace("name != None", "name is not None")
QUICK, ALL = "quickfix", "source.fixAll.orchestra"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with editing(folder_in(tmp_path_factory.mktemp("actions"))) as made:
        yield made


def actions_at(client: Client, uri: str, text: str, word: str, only: Sequence[str] | None = (QUICK,)) -> list[Json]:
    return asked_actions(client, uri, range_of(text, word, client.capabilities["positionEncoding"]), only)


def check_applied(client: Client, uri: str, text: str, action: Json, expected: str) -> None:
    edit = resolved(client, action)["edit"]
    assert edited(text, edits_of(edit, uri), client.capabilities["positionEncoding"]) == expected


@pytest.mark.parametrize(
    ("editor", "encoding"), [*((name, "utf-16") for name in recorded_clients()), ("vscode", "utf-8"), ("vscode", "utf-32")]
)
def test_a_quick_fix_gives_the_expected_text(tmp_path: Path, editor: str, encoding: str) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, editor, capabilities={"general": {"positionEncodings": [encoding]}}) as client:
        uri = client.open(folder / "a.py", FAULTY)
        [fix] = [action for action in actions_at(client, uri, FAULTY, "amount == None") if action.get("isPreferred")]
        assert ("edit" in fix) != ("data" in fix)
        check_applied(client, uri, FAULTY, fix, FAULTY.replace("amount == None", "amount is None"))
        [everything] = asked_actions(client, uri, range_of(FAULTY, "pay"), [ALL])
        check_applied(client, uri, FAULTY, everything, FIXED)


def test_an_edit_names_the_version_it_was_made_for(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "versioned.py", FAULTY, version=5)
    [change] = resolved(client, actions_at(client, uri, FAULTY, "amount == None")[0])["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 5}


def test_editors_without_versions_get_plain_changes(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    bare = {"workspace": {"workspaceEdit": {"documentChanges": False}}, "textDocument": {"codeAction": {"dataSupport": False}}}
    with editing(folder, capabilities=bare) as client:
        uri = client.open(folder / "a.py", FAULTY)
        fix = actions_at(client, uri, FAULTY, "amount == None")[0]
        assert list(fix["edit"]) == ["changes"]
        check_applied(client, uri, FAULTY, fix, FAULTY.replace("amount == None", "amount is None"))


def test_a_suppression_silences_the_finding(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "ignored.py", FAULTY)
    [ignore] = [one for one in actions_at(client, uri, FAULTY, "amount == None") if one["title"].startswith("Ignore")]
    text = edited(FAULTY, edits_of(resolved(client, ignore)["edit"], uri))
    assert "    # orchestra: ignore[comparison-to-none]\r\n" in text
    client.change(uri, text)
    assert len(client.diagnostics(uri)) == 1


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        ([QUICK], {QUICK}),
        (["source"], {ALL}),
        (["source.fixAll"], {ALL}),
        ([ALL], {ALL}),
        (["source.fixAll.other"], set()),
        (["source.organizeImports"], set()),
        (["refactor.inline"], set()),
        ([""], {QUICK, ALL}),
        (None, {QUICK, ALL}),
    ],
)
def test_only_the_kinds_that_are_asked_for(client: Client, tmp_path: Path, only: list[str] | None, kinds: set[str]) -> None:
    uri = client.open(tmp_path / "kinds.py", FAULTY)
    found = {one["kind"] for one in actions_at(client, uri, FAULTY, "amount == None", only)}
    assert found - {"refactor.rewrite"} == kinds
    client.close(uri)


def test_a_place_without_findings_has_no_fixes(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "elsewhere.py", FAULTY)
    assert actions_at(client, uri, FAULTY, "def") == []


def test_findings_the_editor_names_are_served_wherever_the_cursor_is(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "named.py", FAULTY)
    named = client.diagnostics(uri)
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    context = {"diagnostics": named[:1], "only": [QUICK]}
    found = client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": where, "context": context})
    assert titles(found) == ["Compare by identity", "Ignore comparison-to-none here"]


def test_an_action_of_an_older_text_is_refused(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "older.py", FAULTY)
    fix = actions_at(client, uri, FAULTY, "amount == None")[0]
    client.change(uri, "# new\n" + FAULTY)
    with pytest.raises(ResponseError) as raised:
        resolved(client, fix)
    assert raised.value.code == -32801


def test_asking_a_model_is_offered_and_not_done(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with model() as asked, editing(folder, config=asked.config) as client:
        uri = client.open(folder / "a.py", FAULTY)
        found = asked_actions(client, uri, range_of(FAULTY, "return"), ["refactor"])
        assert {one["command"]["command"] for one in found} == {
            "orchestra.explain",
            "orchestra.review-change",
            "orchestra.rewrite",
            "orchestra.write-tests",
            "orchestra.document",
        }
        here = {"start": {"line": 1, "character": 5}, "end": {"line": 1, "character": 5}}
        assert asked_actions(client, uri, here, ["refactor"], trigger=2) == []
        assert "orchestra.rewrite" not in {one["command"]["command"] for one in asked_actions(client, uri, here, ["refactor"])}
        assert asked.asked == []


def test_without_a_model_the_offer_says_what_to_do(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "none.py", FAULTY)
    found = asked_actions(client, uri, range_of(FAULTY, "return"), ["refactor"])
    assert found
    assert not any(one["kind"] == "refactor.rewrite" for one in asked_actions(client, uri, range_of(FAULTY, "def")))
    assert all("no model is configured" in one["disabled"]["reason"] for one in found)
