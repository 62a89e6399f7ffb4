"""The floors: imports only go down, as the table in `orchestra_lsp/__init__.py` says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import orchestra_lsp

ROOT = Path(orchestra_lsp.__file__).parent
FLOORS = {name: int(floor) for floor, name in re.findall(r"^ +(\d) +(\w+) ", orchestra_lsp.__doc__ or "", re.MULTILINE)}
FILES = sorted(ROOT.rglob("*.py"))
LSP = {"pygls", "lsprotocol", "cattrs"}


def room(module: str) -> str:
    """The room of a dotted name below orchestra_lsp; empty for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports, also inside functions and under TYPE_CHECKING, with its line."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}:{node.lineno}: relative import; write the whole name, so that the floor can be read"
            found += [(node.lineno, f"{node.module}.{name.name}") for name in node.names]
    return found


def test_the_table_names_every_room_and_no_other() -> None:
    there = {
        path.stem if path.is_file() else path.name
        for path in ROOT.iterdir()
        if path.suffix in ("", ".py") and not path.name.startswith("__")
    }
    assert set(FLOORS) == there


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_only_go_down(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts == ("__main__",) or parts == ("__init__",):
        return
    own = parts[0]
    for line, name in imported(path):
        if not name.startswith("orchestra_lsp."):
            continue
        other = room(name)
        if other in (own, "__version__"):
            continue
        assert FLOORS[other] < FLOORS[own], (
            f"{path.relative_to(ROOT)}:{line}: {own} (floor {FLOORS[own]}) may not import {other} (floor {FLOORS[other]})"
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_server_knows_lsp(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] != "server":
        strangers = [f"line {line}: {name}" for line, name in imported(path) if name.split(".")[0] in LSP]
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}: only server/ speaks LSP"


def test_only_trust_makes_masked_prompts() -> None:
    makers = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        if (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == "MaskedPrompt"
    }
    assert makers == {"trust/mask.py"}
