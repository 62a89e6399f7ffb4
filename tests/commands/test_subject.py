"""Which code a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, Subject, subject_of
from orchestra_lsp.commands.registry import Context, WrongUse, checked_arguments
from orchestra_lsp.config import Loaded, Settings
from orchestra_lsp.syntax.text import slice_text
from tests.commands.support import editing, write

CODE = "import os\n\n\ndef add(a, b):\n    return a |+ b\n\n\nclass Sum:\n    def add_all(self):\n        return 1\n"


def subject(given: dict[str, object], **context: Any) -> Subject:
    arguments = checked_arguments("it", (PATH, SYMBOL, LINES), given)
    return subject_of(Context(Loaded(Settings()), _nobody, **context), arguments)


def _nobody() -> Any:
    raise AssertionError("no orchestra is needed to find code")


def check(given: dict[str, object], name: str, begins: str, ends: str, **context: Any) -> None:
    found = subject(given, **context)
    text = slice_text(found.buffer, found.span)
    assert found.name == name
    assert text.startswith(begins)
    assert text.endswith(ends)


def test_a_cursor_means_the_function_around_it() -> None:
    check({}, "add in sums.py", "def add", "a + b", **editing(CODE))


def test_a_cursor_outside_of_functions_means_the_file() -> None:
    check({}, "sums.py", "import os", "return 1\n", **editing("|" + CODE.replace("|", "")))


def test_a_selection_means_itself() -> None:
    check({}, "the selection in sums.py", "return a", "+ b", **editing(CODE.replace("|", "").replace("return a + b", "|return a + b|")))


def test_a_function_by_its_name_and_lines_by_their_numbers() -> None:
    check({"symbol": "add_all"}, "add_all in sums.py", "def add_all", "return 1", **editing(CODE))
    check({"symbol": "Sum.add_all"}, "add_all in sums.py", "def add_all", "return 1", **editing(CODE))
    check({"lines": "4-5"}, "lines 4-5 of sums.py", "def add", "a + b\n", **editing(CODE))
    check({"lines": "10"}, "lines 10-10 of sums.py", "        return 1", "return 1\n", **editing(CODE))


def test_a_path_means_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": CODE.replace("|", "")})
    path = str(tmp_path / "a.py")
    check({"path": path}, "a.py", "import os", "return 1\n")
    check({"path": path, "symbol": "add"}, "add in a.py", "def add(", "a + b")


def test_a_function_is_looked_for_when_no_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "def one():\n    pass\n", "b.py": "def two():\n    pass\n", "c.py": "two()\n"})
    found = subject({"symbol": "two"}, roots=(str(tmp_path),))
    assert Path(found.buffer.path).name == "b.py"
    with pytest.raises(WrongUse, match="There is no function 'three' in this folder"):
        subject({"symbol": "three"}, roots=(str(tmp_path),))
    write(tmp_path, {"d.py": "def two():\n    pass\n"})
    with pytest.raises(WrongUse, match="There are several functions 'two'"):
        subject({"symbol": "two"}, roots=(str(tmp_path),))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"path": "nowhere.py"}, "There is no file 'nowhere.py'"),
        ({"symbol": "nothing"}, "There is no function 'nothing' in sums.py. There are: add, add_all"),
        ({"lines": "ten"}, "Lines are written as 10 or 10-20, not 'ten'"),
        ({"lines": "0-3"}, "has lines 1 to 11"),
        ({"lines": "5-3"}, "has lines 1 to 11"),
        ({"lines": "99"}, "has lines 1 to 11; 99 is not among them"),
    ],
)
def test_what_is_not_there_is_told(given: dict[str, object], problem: str) -> None:
    with pytest.raises(WrongUse) as raised:
        subject(given, **editing(CODE))
    assert problem in str(raised.value)


def test_without_anything_a_file_is_asked_for() -> None:
    with pytest.raises(WrongUse, match="Name a file"):
        subject({})
