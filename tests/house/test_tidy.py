"""House limits, from measurements of calm code bases: they keep files and functions small enough to be read in one sitting."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import orchestra_lsp

ROOT = Path(orchestra_lsp.__file__).parent
TOP = ROOT.parent
FILES = sorted(ROOT.rglob("*.py"))
FILE_LINES, FUNCTION_LINES, PARAMETERS = 400, 50, 6
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "orchestra_lsp", "editors", "tests", "fixtures", "uv.lock"}

Function = ast.FunctionDef | ast.AsyncFunctionDef

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def parameters(function: Function) -> int:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named) + bool(given.vararg) + bool(given.kwarg)


@each_file
def test_limits(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    faults: list[str] = []
    if (count := source.count("\n")) > FILE_LINES:
        faults.append(f"{count} lines, at most {FILE_LINES}")
    for function in functions(tree):
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > FUNCTION_LINES:
            faults.append(f"{function.name} has {length} lines, at most {FUNCTION_LINES}")
        if parameters(function) > PARAMETERS:
            faults.append(f"{function.name} has {parameters(function)} parameters, at most {PARAMETERS}")
        if function.returns is None:
            faults.append(f"{function.name} has no return type")
    assert not faults, f"{path.relative_to(TOP)}: " + "; ".join(faults)


@each_file
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path.relative_to(TOP)} has no docstring"


@each_file
def test_nothing_is_swallowed_and_nothing_is_global(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.relative_to(TOP)}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.Global), f"{where}: global"
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
            silent = all(isinstance(step, ast.Pass | ast.Continue) or _is_ellipsis(step) for step in node.body)
            assert not (broad and silent), f"{where}: an exception is swallowed"
            assert node.type is not None, f"{where}: bare except"


def _is_ellipsis(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant) and step.value.value is ...


def test_no_import_cycles() -> None:
    names = {_module(path): path for path in FILES}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        graph[name] = {target for node in _run_time_imports(tree) for target in _targets(node, names)} - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


def _module(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _run_time_imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _targets(node: ast.Import | ast.ImportFrom, names: dict[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names if name.name in names)
    else:
        for name in node.names:
            whole = f"{node.module}.{name.name}"
            yield from (found for found in ((whole,) if whole in names else (node.module or "",)) if found in names)


def test_the_top_level_holds_what_the_plan_says() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=False, timeout=20)
    if listed.returncode:
        pytest.skip("not a git checkout")
    there = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in there if not name.startswith(".")} <= TOP_LEVEL
