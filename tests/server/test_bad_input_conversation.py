"""Bad input: always a clear answer, nothing lost, and the server lives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.conversing import PUSHED, editing, folder_in, model
from tests.support.lsp.client import Client, ResponseError


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = folder_in(tmp_path_factory.mktemp("bad"))
    with editing(folder, capabilities=PUSHED, config="[server]\nmax_document_bytes = 2000000\n") as made:
        yield made


def alive(client: Client, tmp_path: Path) -> None:
    """The server still opens a file and measures it."""
    uri = client.open(tmp_path / "alive.py", "def f(): pass\n")
    assert len(lenses(client, uri)) == 1
    client.close(uri)


def lenses(client: Client, uri: str) -> Any:
    found: list[dict[str, Any]] = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    return [lens for lens in found if "complexity" in lens["command"]["title"]]


def edit(start_line: int, start: int, end_line: int, end: int, text: str) -> dict[str, Any]:
    return {
        "range": {"start": {"line": start_line, "character": start}, "end": {"line": end_line, "character": end}},
        "text": text,
    }


def logged(client: Client, words: str) -> str:
    message: str = client.wait_for("window/logMessage", lambda params: words in params["message"])["message"]
    return message


def test_a_change_of_an_unopened_document(client: Client, tmp_path: Path) -> None:
    uri = (tmp_path / "unopened.py").as_uri()
    client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "x"}]})
    assert "not open" in logged(client, "unopened.py")
    alive(client, tmp_path)


def test_a_close_without_an_open(client: Client, tmp_path: Path) -> None:
    client.close(tmp_path / "unclosed.py")
    assert "without being open" in logged(client, "unclosed.py")
    alive(client, tmp_path)


def test_a_second_open(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "twice.py", "x = 1\n")
    client.open(tmp_path / "twice.py", "def f(): pass\n")
    assert "opened twice" in logged(client, "twice.py")
    assert len(lenses(client, uri)) == 1


def test_a_version_that_runs_backwards(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "back.py", "x = 1\n", version=9)
    client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [{"text": "def f(): pass\n"}]})
    assert "from 9 to 3" in logged(client, "back.py")
    assert len(lenses(client, uri)) == 1


@pytest.mark.parametrize(
    ("change", "words", "functions"),
    [
        (edit(99, 0, 99, 0, "def g(): pass\n"), "(line 100 of 2)", 2),
        (edit(0, 99, 0, 99, "; y = 1"), "", 1),
        (edit(1, 0, 0, 0, ""), "before it starts", 0),
        (edit(0, 0, 2147483647, 2147483647, ""), "(line 2147483648 of 2)", 0),
    ],
    ids=["past the end", "past the line", "backwards", "far past the end"],
)
def test_ranges_outside_the_text(client: Client, tmp_path: Path, change: dict[str, Any], words: str, functions: int) -> None:
    uri = client.open(tmp_path / "ranges.py", "def f(): pass\n")
    client.change(uri, change)
    assert len(lenses(client, uri)) == functions
    if words:
        logged(client, words)
    client.close(uri)


def test_positions_outside_the_text(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "outside.py", "x = 1\n")
    far = {"textDocument": {"uri": uri}, "position": {"line": 999, "character": 999}}
    assert client.request("textDocument/hover", far) is None
    client.request("textDocument/completion", far)
    client.request("textDocument/inlineCompletion", far | {"context": {"triggerKind": 2}})
    where = {"start": far["position"], "end": {"line": 0, "character": 0}}
    client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": []}})


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/hover", {"position": {"line": 0, "character": 0}}),
        ("textDocument/codeLens", {}),
        ("textDocument/completion", {"position": {"line": 0, "character": 0}}),
        ("textDocument/inlineCompletion", {"position": {"line": 0, "character": 0}, "context": {"triggerKind": 1}}),
        (
            "textDocument/codeAction",
            {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "context": {"diagnostics": []}},
        ),
    ],
)
def test_requests_for_unopened_documents_get_an_empty_answer(client: Client, method: str, params: dict[str, Any]) -> None:
    answer = client.request(method, {"textDocument": {"uri": "file:///nowhere.py"}, **params})
    assert not (answer.get("items") if isinstance(answer, dict) else answer)


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("orchestra.no-such", [], -32602),
        ("other.command", [], -32602),
        ("orchestra.facts", ["text"], -32602),
        ("orchestra.facts", [{"uri": "file:///nowhere.py"}], -32602),
        ("orchestra.facts", [{"nonsense": True}], -32803),
        ("orchestra.facts", [{"range": {"start": 7}}], -32602),
        ("orchestra.explain", [{"symbol": "no_such_function"}], -32803),
    ],
)
def test_commands_used_wrongly(client: Client, tmp_path: Path, command: str, arguments: list[Any], code: int) -> None:
    client.open(tmp_path / "command.py", "def f(): pass\n")
    with pytest.raises(ResponseError) as raised:
        client.request("workspace/executeCommand", {"command": command, "arguments": arguments})
    assert raised.value.code == code
    assert raised.value.message


def test_an_action_nobody_offered(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "action.py", "x = 1\n")
    for data, code in (({"uri": uri, "version": 7}, -32801), ({"uri": uri, "version": 1, "do": "fix", "rule": "no"}, -32602)):
        with pytest.raises(ResponseError) as raised:
            client.request("codeAction/resolve", {"title": "x", "data": data})
        assert raised.value.code == code
    assert client.request("codeAction/resolve", {"title": "of another server", "data": 7})["title"] == "of another server"


@pytest.mark.parametrize("params", [None, [], 7, {"item": 7}, {"item": {"command": {"arguments": []}}}])
@pytest.mark.parametrize("method", ["textDocument/didShowCompletion", "textDocument/didPartiallyAcceptCompletion"])
def test_outcomes_without_a_suggestion(client: Client, method: str, params: Any) -> None:
    client.notify(method, params)
    assert client.request("workspace/executeCommand", {"command": "orchestra.accepted", "arguments": [params]}) is False


LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("binary.py", "\x00\x01\x02" * 4000),
        ("long.py", f"a = '{LONG}'\n"),
        ("comment.py", f"# {LONG}\ndef f(): pass\n"),
        ("halves.py", 'a = "\ud83d"\nb = "\ude00"\n'),
        ("deep.py", "(" * 3000 + ")" * 3000),
        ("lines.py", "\r" * 5000),
    ],
)
def test_texts_nobody_would_write(client: Client, tmp_path: Path, name: str, text: str) -> None:
    uri = client.open(tmp_path / name, text)
    client.diagnostics(uri, lambda found: True)
    lenses(client, uri)
    here = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 5}}
    client.request("textDocument/hover", here)
    client.request("textDocument/inlineCompletion", here | {"context": {"triggerKind": 2}})
    client.change(uri, edit(0, 1, 0, 2, "y"))
    client.diagnostics(uri, lambda found: True)
    client.close(uri)


def test_a_document_above_the_limit_is_kept_as_text(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "huge.py", "def f(): pass\n" * 200_000)
    assert "larger than" in logged(client, "huge.py")
    assert lenses(client, uri) == []
    client.change(uri, "def f(): pass\n")
    assert len(lenses(client, uri)) == 1


def test_a_large_document_stays_quick_to_edit(client: Client, tmp_path: Path) -> None:
    body = "    value = 1\n" * 300
    uri = client.open(tmp_path / "large.py", f"def f():\n{body}\n" * 200)
    for version in range(12):
        client.change(uri, edit(version * 302, 4, version * 302, 5, f"g{version}"))
    assert len(lenses(client, uri)) == 200
    client.close(uri)


def test_a_file_on_disk_that_is_no_text(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "invalid.py"
    path.write_bytes(b"\xff\xfe\x00 def f(): pass \x80\n")
    answer = client.request("workspace/executeCommand", {"command": "orchestra.facts", "arguments": [{"uri": path.as_uri()}]})
    assert answer["title"].startswith("0 functions")


def test_settings_with_faults_are_told_and_the_rest_counts(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    settings = folder / "orchestra.toml"
    settings.write_text('[review]\nidle_ms = "soon"\ncode_lens = false\n\n[tools.x]\nkind = "openai"\n', encoding="utf-8")
    with editing(folder, capabilities=PUSHED) as client:
        message = client.wait_for("window/showMessage")["message"]
        assert "review.idle_ms" in message
        shown = client.wait_for("textDocument/publishDiagnostics", lambda params: params["uri"] == settings.as_uri())["diagnostics"]
        assert {one["range"]["start"]["line"] for one in shown} == {1, 4}
        uri = client.open(folder / "a.py", "def f(): pass\n")
        assert lenses(client, uri) == []
        settings.write_text("[review]\ncode_lens = true\n", encoding="utf-8")
        changed = {"uri": settings.as_uri(), "type": 2}
        client.notify("workspace/didChangeWatchedFiles", {"changes": [changed]})
        assert len(lenses(client, uri)) == 1
        client.wait_for("textDocument/publishDiagnostics", lambda params: params == {"uri": settings.as_uri(), "diagnostics": []})


def test_a_model_that_hangs_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with model() as slow, editing(folder, config=slow.config + "\n[completion]\ndeadline_ms = 300\n") as client:
        slow.delay_s = 5
        uri = client.open(folder / "a.py", "value = 1\nprint(val")
        here = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 9}, "context": {"triggerKind": 2}}
        client.request("textDocument/inlineCompletion", here, 4)
        alive(client, folder)


def test_a_model_that_writes_ten_megabytes(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with model() as talkative, editing(folder, config=talkative.config) as client:
        talkative.text = "word " * 2_000_000
        uri = client.open(folder / "a.py", "value = 1\nprint(val")
        here = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 9}, "context": {"triggerKind": 1}}
        client.request("textDocument/inlineCompletion", here)
        alive(client, folder)


def test_no_source_text_reaches_the_log(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, config='[server]\nlog_level = "debug"\n') as client:
        secret = f"secret_{os.getpid()}"
        uri = client.open(folder / "a.py", f"{secret} = 1\nprint({secret[:4]}")
        here = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 10}}
        client.request("textDocument/completion", here)
        client.diagnostics(uri, lambda found: True)
        client.request("workspace/executeCommand", {"command": "orchestra.facts", "arguments": [{"uri": uri}]})
        client.shut_down()
        assert secret not in client.wire.stderr()
