"""Every request is answered exactly once: served, refused, failed or cancelled; and no word of a document reaches the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.lsp.client import Client, ResponseError, place

TINY = (sys.executable, "-m", "tests.support.lsp.tiny_app")
MARKER = "Xyzzy_planted_in_the_document"


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(TINY) as client:
        client.initialize()
        yield client


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """One server for the tests that leave nothing behind in it."""
    with Client(TINY) as client:
        client.initialize()
        yield client


@pytest.mark.parametrize("method", ["unknown/method", "$/unknown", "textDocument/definition", "", "workspace/symbol"])
def test_what_is_not_served_is_told_so(shared: Client, method: str) -> None:
    error = shared.error(method, {})
    assert error["code"] == -32601
    assert error["message"] == f"{method} is not supported"


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        (None, "params: expected an object"),
        ([], "params: expected an object"),
        ({"textDocument": {"uri": "file:///a"}}, "params.position is missing"),
        ({"textDocument": "file:///a", "position": place(0, 0)}, "params.textDocument: expected an object"),
        ({"textDocument": {"uri": None}, "position": place(0, 0)}, "params.textDocument.uri: expected a string"),
        ({"textDocument": {"uri": "file:///a"}, "position": {"line": "0", "character": 0}}, "params.position.line: expected an integer"),
        ({"textDocument": {"uri": "file:///a"}, "position": {"line": 1.5, "character": 0}}, "params.position.line: expected an integer"),
        (
            {"textDocument": {"uri": "file:///a"}, "position": place(-1, 0)},
            "params.position: expected a value that the specification allows",
        ),
    ],
)
def test_params_that_do_not_fit_are_refused_by_the_name_of_the_field(shared: Client, params: object, problem: str) -> None:
    error = shared.error("textDocument/hover", params)
    assert error == {"code": -32602, "message": f"textDocument/hover: {problem}"}
    assert MARKER not in shared.wire.stderr()


def test_a_fault_deep_in_a_list_is_named(shared: Client) -> None:
    place_zero = {"start": place(0, 0), "end": place(0, 0)}
    context = {"diagnostics": [{"range": place_zero, "message": "a"}, {"range": 5, "message": MARKER}]}
    error = shared.error("textDocument/codeAction", {"textDocument": {"uri": "file:///a"}, "range": place_zero, "context": context})
    assert error["message"] == "textDocument/codeAction: params.context.diagnostics[1].range: expected an object"


def test_nested_objects_that_look_like_messages_are_only_data(shared: Client) -> None:
    """pygls structures every object of a message on its way in, and loses the request."""
    params = {"jsonrpc": "2.0", "id": 1, "result": {"jsonrpc": "2.0", "method": "x", "id": 7}, "type_name": "a"}
    assert shared.request("test/echo", {"inner": params}) == {"inner": params}


def test_unknown_notifications_are_ignored_and_bad_ones_are_told(client: Client) -> None:
    client.notify("unknown/notification", {"a": 1}, on_purpose=True)
    client.notify("$/unknown", on_purpose=True)
    client.notify("textDocument/didOpen", {"textDocument": {"uri": MARKER}}, on_purpose=True)
    told = client.wait_for("window/logMessage")
    assert told == {"type": 2, "message": "textDocument/didOpen was ignored: params.textDocument.languageId is missing"}
    client.notify("textDocument/didClose", {"textDocument": {"uri": MARKER}})
    assert "textDocument/didClose failed: KeyError" in client.wait_for("window/logMessage", lambda params: params["type"] == 1)["message"]
    assert client.request("test/echo") is None


@pytest.mark.parametrize("method", ["test/fail", "test/failLater", "test/nonsense"])
def test_an_error_in_a_handler_is_answered_without_its_text(shared: Client, method: str) -> None:
    error = shared.error(method, {"text": MARKER})
    assert error["code"] == -32603
    assert error["message"].startswith(f"{method} failed: ValueError at ")
    assert MARKER not in shared.wire.stderr()
    assert "tiny_app.py" in shared.wire.stderr() or method == "test/nonsense"


def test_an_error_beside_all_requests_is_told(client: Client) -> None:
    client.request("test/failBeside", {"text": MARKER})
    assert "an unexpected error: ValueError" in client.wait_for("window/logMessage")["message"]
    client.request("test/failInThread", {"text": MARKER})
    assert "failed: ValueError at tiny_app.py" in client.wire.stderr()
    assert MARKER not in client.wire.stderr()


def test_a_handler_refuses_in_its_own_words(shared: Client) -> None:
    with pytest.raises(ResponseError) as refused:
        shared.request("test/refuse")
    assert (refused.value.code, refused.value.message, refused.value.data) == (-32803, "not now", {"why": "a test"})


def test_cancelling_is_answered_at_once_and_reaches_the_handler(client: Client) -> None:
    slow = client.ask("test/slow", {"seconds": 30})
    client.request("test/echo")
    began = time.monotonic()
    client.cancel(slow)
    assert client.answer(slow)["error"]["code"] == -32800
    assert time.monotonic() - began < 0.5
    assert client.request("test/events") == ["slow began", "slow was cancelled"]


def test_cancelling_a_worker_answers_though_the_worker_goes_on(client: Client) -> None:
    worker = client.ask("test/worker", {"seconds": 0.7})
    client.cancel(worker)
    assert client.answer(worker, 0.5)["error"]["code"] == -32800
    time.sleep(1.0)
    assert client.request("test/echo", 1) == 1  # and the late result was not sent: the check at the end would see it


def test_cancelling_what_is_answered_or_was_never_asked_does_nothing(shared: Client) -> None:
    asked = shared.ask("test/echo", 1)
    assert shared.answer(asked)["result"] == 1
    for id in (asked, 4711, "never"):
        shared.cancel(id)
    shared.notify("$/cancelRequest", {"id": None}, on_purpose=True)
    assert shared.request("test/echo", 2) == 2


def test_an_id_in_use_is_refused_and_the_first_request_still_answered(shared: Client) -> None:
    slow = shared.ask("test/slow", {"seconds": 0.3})
    shared.wire.send({"jsonrpc": "2.0", "id": slow, "method": "test/echo"}, on_purpose=True)
    shared.wire.wait_until(lambda: len(shared._responses(slow)) == 2, 5, "two responses")
    refused, served = shared._responses(slow)
    assert refused["error"]["code"] == -32600
    assert served["result"] == "slept"


def test_ids_are_texts_or_numbers_and_not_mixed_up(shared: Client) -> None:
    for id in ("10001", 10001, 0, -5, "", "ünïcode"):
        shared.wire.send({"jsonrpc": "2.0", "id": id, "method": "test/slow", "params": {"seconds": 0.2}})
    for id in ("10001", 10001, 0, -5, "", "ünïcode"):
        found = shared.wire.wait_until(
            lambda id=id: [m for m in shared.heard() if type(m.get("id")) is type(id) and m["id"] == id], 5, str(id)
        )
        assert found[0]["result"] == "slept"


def test_a_request_sees_the_document_of_its_moment(client: Client) -> None:
    uri = client.open(Path("/moment.txt").absolute(), "before")
    asked = []
    for text in ("first", "second", "third"):
        client.change(uri, text)
        asked.append(client.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place(0, 0)}))
    assert [client.answer(id)["result"]["items"][0]["label"] for id in asked] == ["first", "second", "third"]


def test_shutdown_cancels_what_is_running_and_then_answers(client: Client) -> None:
    running = [client.ask("test/slow"), client.ask("test/worker", {"seconds": 0.5}), client.ask("test/slow")]
    assert client.request("shutdown") is None
    assert [client.answer(id)["error"]["code"] for id in running] == [-32800] * 3
    assert [message["id"] for message in client.heard() if "result" in message or "error" in message][-4:-1] == running
    client.notify("exit")
    assert client.wire.wait() == 0


def test_requests_of_the_server_are_answered_by_the_client_in_any_way(client: Client) -> None:
    assert client.request("test/askBack") == [None]
    client.settings = {"a": 1}
    assert client.request("test/askBack") == [{"a": 1}]
    del client.answers["workspace/configuration"]
    assert client.error("test/askBack") == {"code": -32601, "message": "workspace/configuration is not supported by this client"}
    client.wire.send({"jsonrpc": "2.0", "id": "nobody asked", "result": 1}, on_purpose=True)
    client.wire.send({"jsonrpc": "2.0", "id": [1], "result": 1}, on_purpose=True)
    assert client.request("test/echo", 1) == 1


def test_an_answer_of_the_client_that_does_not_fit_fails_only_the_asking_request(client: Client) -> None:
    client.answers["workspace/configuration"] = lambda params: 5
    client.wrong_on_purpose.add("workspace/configuration")
    error = client.error("test/askBack")
    assert error["code"] == -32602
    assert "answer.result: expected" in error["message"]


def test_a_client_that_does_not_read_stalls_nothing() -> None:
    """The pipe is full and the client hangs; the server goes on reading, and a cancellation is still heard."""
    with Client(TINY) as client:
        client.initialize()
        client.request("test/echo")
        client.wire.stop_reading()
        big = [client.ask("test/big", {"bytes": 400_000}) for _ in range(8)]
        slow = client.ask("test/slow", {"seconds": 1.5})
        time.sleep(0.3)
        client.cancel(slow)
        for number in range(400):  # far more than fits into the pipe of a server that has stopped reading
            client.notify("test/unknown", {"filler": "y" * 1000, "number": number})
        time.sleep(1.7)
        client.wire.go_on_reading()
        assert client.answer(slow)["error"]["code"] == -32800
        assert [len(client.answer(id)["result"]) for id in big] == [400_000] * 8
        assert client.request("test/events") == ["slow began", "slow was cancelled"]


@pytest.mark.parametrize("debug", ["", "1"])
def test_no_source_text_reaches_standard_error(debug: str, tmp_path: Path) -> None:
    with Client(env={"PYTHONASYNCIODEBUG": debug, "ORCHESTRA_SERVER__LOG_LEVEL": "debug"}) as client:
        client.initialize(root=tmp_path, initializationOptions={"server": {"log_level": "debug"}})
        uri = client.open(tmp_path / "a.py", f"def {MARKER}(x=[]):\n    return x\n")
        client.change(uri, {"range": {"start": place(0, 0), "end": place(0, 0)}, "text": f"# {MARKER}\n"})
        at = {"textDocument": {"uri": uri}, "position": place(1, 8)}
        for method, more in CALLS.items():
            client.answer(client.ask(method, at | more))
        client.notify(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": 9}, "contentChanges": [{"tex": MARKER}]}, on_purpose=True
        )
        client.error("textDocument/hover", at | {"position": MARKER})
        client.error("unknown/request", {"text": MARKER})
        client.notify("unknown/notification", {"text": MARKER}, on_purpose=True)
        client.wire.send_garbage(b"Content-Length: 40\r\n\r\n" + MARKER.encode().ljust(40))
        client.close(uri)
        client.request("shutdown")
        client.notify("exit")
        client.wire.wait()
        assert "DEBUG: ignored the notification unknown/notification" in client.wire.stderr()
        assert MARKER not in client.wire.stderr()
        assert MARKER not in str([m for m in client.heard() if m.get("method") == "window/logMessage"])


CALLS: dict[str, dict[str, Any]] = {
    "textDocument/hover": {},
    "textDocument/completion": {},
    "textDocument/inlineCompletion": {"context": {"triggerKind": 2}},
    "textDocument/codeAction": {"range": {"start": place(0, 0), "end": place(1, 0)}, "context": {"diagnostics": []}},
    "textDocument/codeLens": {},
    "workspace/executeCommand": {"command": "orchestra.facts", "arguments": []},
}
