"""What becomes of findings is counted, and a rule that is always ignored only hints the next time."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.server.conversing import PUSHED, editing, folder_in
from tests.support.lsp.client import Client

FAULT = "def f{0}(value):\n    return value{0} == None\n\n\n"


def counted(folder: Path) -> Counter[str]:
    with closing(sqlite3.connect(folder.parent / f"{folder.name}.store.sqlite3")) as connection:
        return Counter(dict(connection.execute("SELECT state, count(*) FROM rule_finding GROUP BY state")))


def begun(client: Client, folder: Path) -> None:
    """The server's store is there once a first request was answered."""
    uri = client.open(folder / "begin.py", "x = 1\n")
    client.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": []})
    client.close(uri)


def work(client: Client, path: Path, before: str, after: str) -> None:
    uri = client.open(path, before)
    client.diagnostics(uri, bool)
    client.change(uri, after)
    time.sleep(0.8)  # the pause after which everything is shown
    client.close(uri)


def test_fixed_suppressed_and_ignored_findings_are_told_apart(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, capabilities=PUSHED) as client:
        begun(client, folder)
        text = "".join(FAULT.format(number) for number in range(3))
        silent = text.replace("    return value1", "    # orchestra: ignore[comparison-to-none]\n    return value1")
        work(client, folder / "a.py", text, silent.replace("value0 == None", "value0 is None"))
        uri = client.open(folder / "looked_at.py", FAULT.format(9))
        client.diagnostics(uri, bool)
        client.close(uri)
    assert counted(folder) == {"ignored": 1, "suppressed": 1, "fixed": 1, "shown": 1}


def test_a_rule_that_is_always_ignored_only_hints(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    text = "".join(FAULT.format(number) for number in range(12))
    with editing(folder, capabilities=PUSHED) as client:
        begun(client, folder)
        work(client, folder / "a.py", text, text + "more = 1\n")
        assert {one["severity"] for one in client.diagnostics(client.open(folder / "b.py", FAULT.format(1)), bool)} != {4}
    assert counted(folder) == {"ignored": 12, "shown": 1}
    with editing(folder, capabilities=PUSHED) as client:
        begun(client, folder)
        uri = client.open(folder / "c.py", FAULT.format(1))
        client.diagnostics(uri, lambda found: [one["severity"] for one in found] == [4])
