"""The command that lets an agent change several files: what it asks for, and what it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, Table, Text
from orchestra_lsp.engine.errors import Unanswered
from tests.commands.support import editing, run, write
from tests.engine.changing import agent

SHOP = {"shop.py": "def pay():\n    return 1\n", "old.py": "OLD = 1\n" * 5, "gone.txt": "gone\n"}
EDIT = ["replace", "shop.py", "return 1", "return 2"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path.resolve() / "work"
    write(made, SHOP)
    return made


def change(root: Path, *steps: list[Any], given: dict[str, Any] | None = None, **context: Any) -> Any:
    told = {"what": "pay twice", **(given or {})}
    return run("change", told, {"tools": {"local": {"enabled": False}, "fake": agent(*steps)}}, roots=(str(root),), **context)


def test_it_gives_edits_to_look_at(root: Path) -> None:
    result = change(root, EDIT, ["move", "old.py", "new.py"], ["delete", "gone.txt"], ["write", ".github/workflows/a.yml", "on: push\n"])
    assert isinstance(result, Edits)
    assert (result.title, result.tool) == ("Change: pay twice", "fake")
    kinds = {Path(one.path).name: (one.buffer is None, one.deleted, Path(one.moved_to).name, bool(one.care)) for one in result.files}
    assert kinds == {
        "shop.py": (False, False, "", False),
        "old.py": (False, False, "new.py", False),
        "gone.txt": (False, True, "", False),
        "a.yml": (True, False, "", True),
    }
    assert "confined" in result.reason
    assert result.said.endswith("I am done.")
    assert [one.name for one in root.iterdir()].count("shop.py") == 1
    assert (root / "shop.py").read_text() == SHOP["shop.py"]


def test_what_is_not_taken_over_is_told(root: Path) -> None:
    result = change(root, EDIT, ["write", ".env", "A=1\n"])
    assert result.notes == ("Not taken over: .env: an agent does not write such files: environment file (.env).",)


def test_nothing_to_take_over_is_a_text(root: Path) -> None:
    result = change(root, ["write", ".env", "A=1\n"])
    assert isinstance(result, Text)
    assert "changed nothing that can be taken over" in result.markdown
    assert "I am done." in result.markdown
    assert ".env" in result.markdown


def test_the_selection_can_be_the_request(root: Path) -> None:
    heard: list[str] = []
    selected = editing("|# pay twice from now on|\n", str(root / "shop.py"))
    result = change(root, ["say", "hello there\n"], ["wait", 1], EDIT, given={"what": ""}, progress=heard.append, **selected)
    assert result.title.startswith("Change: Do what this part of shop.py, from line 1 on, asks for")
    assert heard[0] == "Copying the workspace"
    assert "hello there" in heard


def test_what_is_said_wrongly_is_told(root: Path) -> None:
    with pytest.raises(WrongUse, match="Say what to change"):
        change(root, given={"what": " "})
    with pytest.raises(WrongUse, match="no file or folder"):
        change(root, given={"paths": ["nowhere.py"]})
    with pytest.raises(Unanswered, match="no tool 'claud'"):
        change(root, given={"tool": "claud"})


def test_doctor_says_whether_agents_are_confined(root: Path) -> None:
    table = run("doctor", {}, {"tools": {"local": {"enabled": False}, "fake": agent()}}, roots=(str(root),))
    assert isinstance(table, Table)
    [row] = [row for row in table.rows if row[0] == "agents"]
    assert "confined" in row[2]
    without = run("doctor", {}, {"tools": {}}, roots=(str(root),))
    assert isinstance(without, Table)
    assert not [row for row in without.rows if row[0] == "agents"]
