"""The check that runs at the end of every conversation finds what it should find, and the real server passes it with every editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.lsp.client import Client, place, recorded_clients, recorded_params
from tests.support.lsp.conformance import check, faults
from tests.support.lsp.metamodel import find_model
from tests.support.lsp.wire import Said

AT = {"textDocument": {"uri": "file:///a"}, "position": place(0, 0)}
RANGE = {"start": place(0, 0), "end": place(0, 1)}
DIAGNOSTIC = {"range": RANGE, "message": "m"}


def said(*messages: tuple[str, dict[str, Any]]) -> list[Said]:
    return [Said(sender, {"jsonrpc": "2.0", **message}, 0.0) for sender, message in messages]


def asked(method: str, params: Any, answer: dict[str, Any]) -> list[Said]:
    return said(("client", {"id": 1, "method": method, "params": params}), ("server", {"id": 1, **answer}))


def published(**diagnostic: Any) -> list[Said]:
    params = {"uri": "file:///a", "diagnostics": [DIAGNOSTIC | diagnostic]}
    return said(("server", {"method": "textDocument/publishDiagnostics", "params": params}))


@pytest.mark.parametrize(
    "conversation",
    [
        asked("textDocument/hover", AT, {"result": None}),
        asked("textDocument/hover", AT, {"result": {"contents": {"kind": "markdown", "value": "x"}}}),
        asked("textDocument/hover", AT, {"error": {"code": -32800, "message": "cancelled"}}),
        asked("shutdown", None, {"result": None}),
        asked("test/anything", 5, {"result": [1]}),
        published(severity=1, code="a", source="s", tags=[1]),
        said(("server", {"method": "orchestra/status", "params": {"tools": []}})),
        said(
            ("client", {"id": 1, "method": "initialize", "params": recorded_params("vscode")}),
            ("server", {"id": 1, "result": {"capabilities": {}}}),
        ),
    ],
)
def test_what_keeps_to_the_protocol_passes(conversation: list[Said]) -> None:
    assert list(faults(conversation)) == []


@pytest.mark.parametrize(
    ("conversation", "words"),
    [
        (asked("textDocument/hover", AT, {}), "either a result or an error"),
        (asked("textDocument/hover", AT, {"result": None, "error": {"code": 1, "message": "x"}}), "either a result or an error"),
        (asked("textDocument/hover", AT, {"error": {"code": 1, "message": ""}}), "without words"),
        (asked("textDocument/hover", AT, {"error": {"code": "1", "message": "x"}}), "a code and a message"),
        (asked("textDocument/hover", AT, {"result": {"contents": "x", "range": {"start": place(0, 0)}}}), "textDocument/hover result"),
        (asked("textDocument/hover", AT, {"result": {"contents": "x", "extra": 1}}), "more than the specification knows"),
        (asked("textDocument/hover", {"textDocument": {"uri": "file:///a"}}, {"result": None}), "textDocument/hover params"),
        (
            asked("textDocument/completion", AT, {"result": {"isIncomplete": False, "items": [{"lable": "x"}]}}),
            "textDocument/completion result",
        ),
        (asked("textDocument/hover", AT, {"result": None}) * 2, "answered already"),
        (said(("client", {"id": 1, "method": "textDocument/hover", "params": AT})), "never got an answer"),
        (said(("server", {"id": 1, "result": None})), "not asked"),
        (said(("server", {"id": None, "error": {"code": 1, "message": "x"}})), "without an id"),
        (said(("server", {"method": "textDocument/didOpen", "params": {}})), "wrong direction"),
        (said(("server", {"method": "made/up", "params": {}})), "not in the specification"),
        (said(("client", {"method": "textDocument/hover", "params": AT})), "is a request"),
        (said(("client", {"id": 1, "method": "initialized", "params": {}})), "is a notification"),
        ([Said("server", {"method": "window/logMessage", "params": {"type": 1, "message": "x"}}, 0.0)], "jsonrpc is not 2.0"),
        (said(("server", {"method": "window/logMessage", "params": {"type": 1, "message": "x"}, "extra": 1})), "has no {'extra'}"),
        (published(severity=9), "textDocument/publishDiagnostics params"),
        (published(range={"start": place(0, 0)}), "textDocument/publishDiagnostics params"),
        (published(range={"start": place(0, -1), "end": place(0, 1)}), "textDocument/publishDiagnostics params"),
        (published(code_description={"href": "x"}), "more than the specification knows"),
    ],
)
def test_what_breaks_the_protocol_is_found(conversation: list[Said], words: str) -> None:
    if conversation and len(conversation) == 4:
        conversation = [conversation[0], conversation[1], conversation[3]]  # one request, two answers
    assert words in "\n".join(faults(conversation))
    with pytest.raises(AssertionError, match="breaks the protocol"):
        check(conversation)


def test_the_meta_model_finds_what_the_types_let_pass() -> None:
    model = find_model()
    if model is None:
        assert list(faults(published(source=5)))  # the types find it as well
        return
    assert list(model.params_faults("window/logMessage", {"type": 1, "message": "x", "extra": 1}, strict=True))
    assert not list(model.params_faults("window/logMessage", {"type": 1, "message": "x", "extra": 1}, strict=False))
    assert list(model.params_faults("textDocument/publishDiagnostics", {"uri": 5, "diagnostics": []}, strict=False))
    assert list(model.result_faults("textDocument/hover", {"contents": 5}, strict=False))


def test_what_a_test_breaks_on_purpose_is_no_fault_but_still_answered() -> None:
    broken = {"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": 5}
    answered = said(("server", {"id": 1, "error": {"code": -32602, "message": "no"}}))
    assert list(faults([Said("client", broken, 0.0, on_purpose=True), *answered])) == []
    assert list(faults([Said("client", broken, 0.0, on_purpose=True)]))


@pytest.mark.parametrize("editor", recorded_clients())
def test_the_real_server_keeps_to_the_protocol(editor: str, tmp_path: Path) -> None:
    """The check itself runs when the conversation ends."""
    with Client() as client:
        client.initialize(editor, root=tmp_path)
        uri = client.open(
            tmp_path / "a.py",
            "import subprocess\n\n\ndef run(command, seen=[]):\n    subprocess.run(command, shell=True)\n    return seen\n",
        )
        found = client.diagnostics(uri)
        at = {"textDocument": {"uri": uri}, "position": place(3, 5)}
        client.request("textDocument/hover", at)
        client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        for action in client.request("textDocument/codeAction", at | {"range": found[0]["range"], "context": {"diagnostics": found}}) or []:
            if "kind" in action:
                client.request("codeAction/resolve", action)
        client.change(uri, {"range": {"start": place(5, 4), "end": place(5, 15)}, "text": "ret"})
        client.request("textDocument/completion", at | {"position": place(5, 7)})
        client.request("textDocument/inlineCompletion", at | {"position": place(5, 7), "context": {"triggerKind": 2}})
        client.close(uri)
