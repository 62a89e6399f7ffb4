"""`orchestra change` as a person types it: the difference is shown, and nothing is written without a word."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.cli.terminal import Terminal
from tests.engine.changing import AGENT
from tests.trust.copying import CONFIG, SECRET, write

FILES: dict[str, str | bytes] = {"shop.py": "def pay(amount):\r\n    return amount\r\n", "config.py": CONFIG, ".git/HEAD": "none"}
WORK = (
    ["replace", "shop.py", "return amount", "return amount / 2"],
    ["replace", "config.py", "limit = 3", "limit = 4"],
    ["write", ".github/workflows/ci.yml", "on: push\n"],
)


def settle(terminal: Terminal, *steps: list[Any]) -> None:
    write(terminal.folder, FILES)
    command = json.dumps([sys.executable, str(AGENT), json.dumps({"do": list(steps)})])
    terminal.settings(f'[tools.fake]\nkind = "acp"\ncommand = {command}\n')


def text(path: Path) -> str:
    return path.read_bytes().decode()


def test_it_is_shown_and_then_written(terminal: Terminal) -> None:
    settle(terminal, *WORK)
    shown = terminal.run("change", "pay half", "shop.py")
    assert shown.returncode == 0, shown.stderr
    assert b"+    return amount / 2" in shown.stdout
    assert b"Say --yes" in shown.stderr
    assert text(terminal.folder / "shop.py") == FILES["shop.py"]
    done = terminal.run("change", "pay half", "--yes")
    assert done.returncode == 0, done.stderr
    assert text(terminal.folder / "shop.py") == "def pay(amount):\r\n    return amount / 2\r\n"
    assert text(terminal.folder / "config.py") == CONFIG.replace("limit = 3", "limit = 4")
    assert not (terminal.folder / ".github").exists(), "what runs elsewhere wants a word of its own"
    assert b"Left as it is" in done.stderr


def test_programs_read_it_as_json(terminal: Terminal) -> None:
    settle(terminal, *WORK, ["delete", "config.py"])
    found = terminal.json("change", "pay half", "--format", "json")
    kinds = {Path(one["path"]).name: (one.get("deleted", False), one["new"], "care" in one) for one in found["files"]}
    assert kinds == {"shop.py": (False, False, False), "config.py": (True, False, False), "ci.yml": (False, True, True)}
    assert SECRET in text(terminal.folder / "config.py")


def test_what_cannot_be_is_told(terminal: Terminal) -> None:
    assert "Say what to change" in terminal.err("change", code=2)
    terminal.settings("")
    assert "Change with an agent" in terminal.err("change", "pay half", code=2)
