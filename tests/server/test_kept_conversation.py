"""What becomes of an accepted suggestion reaches the store and what was learned, through the real server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.server.conversing import editing, folder_in
from tests.server.test_completion_conversation import TEXT, accepted, inline


@pytest.mark.parametrize(("kept", "expected"), [(True, ["shown", "accepted"]), (False, ["shown", "accepted", "edited away"])])
def test_gone_at_the_first_save(tmp_path: Path, kept: bool, expected: list[str]) -> None:
    folder = folder_in(tmp_path)
    with editing(folder) as client:
        uri = client.open(folder / "a.py", TEXT)
        [item] = inline(client, uri, TEXT)
        [told] = item["command"]["arguments"]
        client.notify("textDocument/didShowCompletion", {"item": item})
        client.change(uri, accepted(TEXT, item, "utf-16"))
        assert client.request("workspace/executeCommand", {"command": "orchestra.accepted", "arguments": [told]}) is True
        if not kept:
            client.change(uri, TEXT)
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        client.shut_down()
    connection = sqlite3.connect(tmp_path.resolve() / "work.store.sqlite3")
    outcomes = [row[0] for row in connection.execute("SELECT outcome FROM outcome WHERE decision_id = ? ORDER BY at_us", (told["id"],))]
    learned = dict(connection.execute("SELECT cell, total FROM belief"))
    connection.close()
    assert outcomes == expected
    assert learned["local|complete"] == pytest.approx(0.6 if kept else 0.2)
