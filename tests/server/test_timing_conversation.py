"""When offers come, through the real server: a slow model holds up nothing, and an editor that asks for it hears of its answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.conversing import Model, editing, folder_in, model
from tests.server.test_completion_conversation import REST, TEXT, accepted, at, inline
from tests.support.lsp.client import Client, Json

READY = "orchestra/inlineCompletionReady"
HEARS: Json = {"experimental": {"orchestra": {"inlineCompletionReady": True}}}
MODEL = "ount = quite_another(order)"


@contextmanager
def beside(tmp_path: Path, capabilities: Json | None, completion: str, delay_s: float = 1.0) -> Iterator[tuple[Client, Model, str]]:
    """An editor on a text that the embedded engine knows, not quite surely, and a slow model."""
    folder = folder_in(tmp_path)
    with model() as made:
        made.text, made.delay_s = MODEL, delay_s
        config = f"{made.config}[completion]\nprefetch = false\ndeadline_ms = 8000\n{completion}"
        with editing(folder, config=config, capabilities=capabilities) as client:
            client.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": [{"show": False}]})
            uri = client.open(folder / "a.py", TEXT)
            yield client, made, uri


def test_the_sure_part_comes_at_once_and_the_models_answer_by_asking_again(tmp_path: Path) -> None:
    with beside(tmp_path, HEARS, "sure = 0.95\nwait_ms = 7000\n") as (client, made, uri):
        [item] = inline(client, uri, TEXT)
        assert (TEXT + REST).startswith(accepted(TEXT, item, "utf-16"))
        assert item["command"]["arguments"][0]["tool"] == "local"
        assert client.heard(READY) == []
        told = client.wait_for(READY, lambda params: params["uri"] == uri, 10)
        assert told["position"] == at(uri, TEXT)["position"]
        [again] = inline(client, uri, TEXT, kind=1)
        assert accepted(TEXT, again, "utf-16").endswith("total_am" + MODEL)
        assert len(made.asked) == 1


def test_nothing_is_told_once_the_text_has_moved_on(tmp_path: Path) -> None:
    with beside(tmp_path, HEARS, "sure = 0.95\nwait_ms = 7000\n") as (client, made, uri):
        assert len(inline(client, uri, TEXT)) == 1
        client.change(uri, TEXT + "x")
        time.sleep(made.delay_s + 0.5)
        assert client.heard(READY) == []


def test_other_editors_get_the_best_there_is_after_a_while(tmp_path: Path) -> None:
    with beside(tmp_path, None, "sure = 1.0\nwait_ms = 100\n") as (client, made, uri):
        [item] = inline(client, uri, TEXT)
        assert accepted(TEXT, item, "utf-16").startswith(TEXT + REST)
        assert item["command"]["arguments"][0]["tool"] == "local"
        until = time.monotonic() + 5
        while not made.asked and time.monotonic() < until:
            time.sleep(0.02)
        assert len(made.asked) == 1


def test_a_dismissed_offer_leaves_the_line_alone(tmp_path: Path) -> None:
    with beside(tmp_path, None, "sure = 0.1\n") as (client, _, uri):
        [item] = inline(client, uri, TEXT)
        client.notify("textDocument/didDismissCompletion", {"item": item}, on_purpose=True)
        assert inline(client, uri, TEXT) == []
        assert len(inline(client, uri, TEXT, kind=1)) == 1
