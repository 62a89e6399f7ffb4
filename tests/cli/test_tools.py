"""`orchestra tools`, `sign-in` and `sign-out` as a person runs them, with a Copilot server that is a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.engine.ledger import Ledger
from orchestra_lsp.model import Kind
from orchestra_lsp.store.store import Store
from tests.cli.terminal import Terminal
from tests.support.copilot import fake_server


def copilot(terminal: Terminal, *options: str, more: str = "") -> None:
    command = [sys.executable, str(Path(fake_server.__file__)), "--stdio", *options]
    terminal.settings(f"[tools.copilot]\ncommand = {json.dumps(command)}\n{more}")


def row_of(terminal: Terminal, tool: str, code: int = 0) -> dict[str, Any]:
    [row] = [one for one in terminal.json("tools", "--format", "json", code=code) if one["tool"] == tool]
    return dict(row)


def test_every_tool_and_every_adapter_has_a_row(terminal: Terminal) -> None:
    copilot(terminal, more='[tools.claude]\nmodel = "claude-haiku-4-5"\nkey = "env:NO_SUCH_KEY"\n')
    rows = {one["tool"]: one for one in terminal.json("tools", "--format", "json", code=1)}
    assert rows["copilot"]["state"] == "ready"
    assert rows["copilot"]["signed in"] == "yes"
    assert rows["local"]["signed in"] == "not needed"
    assert rows["local"]["can"] == "complete"
    assert rows["claude"]["signed in"] == "unknown"
    assert rows["copilot"]["can"] == "complete, next_edit"
    assert rows["copilot"]["price"] == "in the plan"
    assert rows["local"]["price"] == "none: runs here"
    assert rows["claude"]["state"] == "down"
    assert rows["claude"]["price"].startswith("$1 in, $5 out")
    assert "NO_SUCH_KEY" in rows["claude"]["found"] + rows["claude"]["what to do"]
    for kind in ("openai", "ollama", "roo"):
        assert rows[kind]["state"] == "not set up"
        assert "settings" in rows[kind]["what to do"]
    assert rows["openai"]["installed"] == "built in"
    assert rows["roo"]["installed"] in ("no", "yes", "0.1.17")


def test_a_tool_is_tried_with_one_small_request(terminal: Terminal) -> None:
    copilot(terminal, "--say", "a + b")
    tried = terminal.json("tools", "try", "copilot", "--format", "json")
    assert tried["answer"] == "a + b"
    assert tried["cost"] == tried["tokens read"] == "unknown"
    assert tried["whole after"].endswith(" ms")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("try",), "Name the tool to try: copilot"),
        (("try", "nobody"), "There is no tool 'nobody' to try; there are: copilot"),
        (("fly",), "takes nothing, or `try`"),
    ],
)
def test_what_cannot_be_tried_is_told(terminal: Terminal, arguments: tuple[str, ...], says: str) -> None:
    copilot(terminal)
    assert says in " ".join(terminal.err("tools", *arguments, code=2).split())


def test_one_that_does_not_answer_says_why(terminal: Terminal) -> None:
    copilot(terminal, "--account", "out")
    tried = terminal.json("tools", "try", "copilot", "--format", "json", code=1)
    assert tried["answer"] == "none"
    assert "not signed in" in tried["why"]
    assert "orchestra sign-in copilot" in tried["what to do"]
    assert row_of(terminal, "copilot", code=1)["state"] == "signed out"


def test_signing_in_shows_the_page_and_the_code(terminal: Terminal) -> None:
    copilot(terminal, "--account", "out")
    done = terminal.run("sign-in")
    assert done.returncode == 0, done.stderr
    assert b"https://github.com/login/device" in done.stderr
    assert b"ABCD-1234" in done.stderr
    assert b"You are signed in to copilot" in done.stdout


def test_signing_in_that_fails_says_what_to_do(terminal: Terminal) -> None:
    copilot(terminal, "--account", "out", "--fault", "no-network")
    assert "To do: check the network" in " ".join(terminal.err("sign-in", "copilot", code=2).split())
    assert "is no tool that is signed in to here" in " ".join(terminal.err("sign-in", "nobody", code=2).split())
    terminal.settings("")
    assert "[tools.copilot]" in terminal.err("sign-in", code=2)


def test_signing_out(terminal: Terminal) -> None:
    copilot(terminal)
    assert "signed out of copilot" in terminal.out("sign-out", "copilot")


def test_doctor_says_who_is_signed_out(terminal: Terminal) -> None:
    copilot(terminal, "--account", "out")
    [tool] = [one for one in terminal.json("doctor", "--format", "json", code=1)["tools"] if one["name"] == "copilot"]
    assert tool["state"] == "signed out"
    assert "sign-in" in tool["remedy"]


def test_the_last_error_is_told_without_secrets(terminal: Terminal) -> None:
    copilot(terminal)
    store = Store(terminal.home / "store.sqlite3")
    ledger = Ledger(store)
    ledger.failed("a", Kind.COMPLETE, "copilot", 12.0, "older")
    ledger.failed("b", Kind.COMPLETE, "copilot", 12.0, f"refused the key {'ghp_' + 'x7Rk2mQ9vT4bN8sL1wZ6yC3dF5hJ0gKpA2eB'}")
    store.close()
    assert row_of(terminal, "copilot")["last error"].startswith("refused the key [masked] (")
