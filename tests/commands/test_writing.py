"""Settings files, and where tests go."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from orchestra_lsp.commands.parts import template
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, Table, Text
from orchestra_lsp.commands.write_tests import LAYOUT, home_of_tests
from orchestra_lsp.config import PROJECT_MAY_SET, Settings, ToolSettings, load
from orchestra_lsp.syntax.language import names
from tests.commands.support import editing, opened, run, write

SETTING = re.compile(r"^#(\w+ = |\[)", re.MULTILINE)


def uncommented(text: str) -> str:
    return SETTING.sub(r"\1", text)


# --- init ---


def test_a_fresh_file_changes_nothing() -> None:
    for text in (template.user_text(), template.project_text()):
        assert not any(tomllib.loads(text).values())


def test_every_setting_stands_there_with_its_default_and_what_it_does() -> None:
    tree = tomllib.loads(uncommented(template.user_text()))
    tools = tree.pop("tools")
    assert Settings.model_validate(tree) == Settings()
    assert set(tree) == set(Settings.model_fields) - {"tools"}
    assert {key for section in tree.values() for key in section} == {
        key for name in tree for key, field in type(getattr(Settings(), name)).model_fields.items() if not field.examples
    }
    assert "# budget_usd = 5.0" in template.user_text().splitlines(), "what is unset has no value to write, so an example stands there"
    assert set(tools["name"]) == set(ToolSettings.model_fields)
    assert Settings.model_validate({"tools": tools}).tools["here"].local
    for model in (*(type(getattr(Settings(), name)) for name in tree), ToolSettings):
        for field in model.model_fields.values():
            assert field.description
            assert " ".join(field.description.split()) in " ".join(template.user_text().replace("\n# ", " ").split())


def test_a_projects_file_holds_what_a_project_may_say(tmp_path: Path) -> None:
    text = uncommented(template.project_text())
    assert set(tomllib.loads(text)) == {*PROJECT_MAY_SET, "privacy"}
    write(tmp_path, {"orchestra.toml": text})
    assert load((str(tmp_path),), environ={"ORCHESTRA_CONFIG": str(tmp_path / "none.toml")}).problems == ()


def test_lines_of_a_settings_file_are_short() -> None:
    assert max(map(len, template.user_text().splitlines())) <= 110


def test_init_is_an_edit_of_a_new_file(tmp_path: Path) -> None:
    made = run("init", {}, roots=(str(tmp_path),))
    assert isinstance(made, Edits)
    assert (made.tool, made.files[0].buffer, made.files[0].path) == ("", None, str(tmp_path / "orchestra.toml"))
    assert made.files[0].edits[0].text == template.project_text()


def test_init_replaces_a_file_only_by_force(tmp_path: Path) -> None:
    write(tmp_path, {"orchestra.toml": "mine = 1\n"})
    with pytest.raises(WrongUse, match="is there already; --force writes it anew"):
        run("init", {}, roots=(str(tmp_path),))
    made = run("init", {"force": True}, roots=(str(tmp_path),))
    assert isinstance(made, Edits)
    assert made.files[0].buffer
    assert made.files[0].edits[0].span.end == len("mine = 1\n")


# --- where tests go ---


def place(path: Path, language: str, root: Path) -> str:
    return home_of_tests(opened("", str(path), language), (str(root),)).relative_to(root).as_posix()


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("src/parser.py", "python", "tests/test_parser.py"),
        ("web/page.ts", "typescript", "web/page.test.ts"),
        ("web/page.mjs", "javascript", "web/page.test.mjs"),
        ("web/Page.tsx", "tsx", "web/Page.test.tsx"),
        ("worker/queue.go", "go", "worker/queue_test.go"),
        ("tool/src/parse.rs", "rust", "tests/parse.rs"),
        ("a/PriceList.java", "java", "a/PriceListTest.java"),
        ("native/sum.c", "c", "tests/test_sum.c"),
        ("native/shelf.cc", "cpp", "tests/test_shelf.cc"),
    ],
)
def test_tests_stand_where_the_language_keeps_them(tmp_path: Path, path: str, language: str, expected: str) -> None:
    assert place(tmp_path / path, language, tmp_path) == expected


def test_every_language_has_a_place_for_tests() -> None:
    assert set(LAYOUT) == set(names())


def test_the_nearest_folder_of_tests_is_taken(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "service" / "tests").mkdir(parents=True)
    assert place(tmp_path / "service" / "inner" / "a.py", "python", tmp_path) == "service/tests/test_a.py"
    assert place(tmp_path / "other" / "a.py", "python", tmp_path) == "tests/test_a.py"


def test_text_and_unsaved_documents_have_none() -> None:
    with pytest.raises(WrongUse, match="no known place for tests of text files"):
        home_of_tests(opened("", "/code/a.txt", "text"), ())
    unsaved = editing("a = 1|")["buffer"]
    with pytest.raises(WrongUse, match="Save the file first"):
        home_of_tests(type(unsaved)("untitled:1", "", 1, "python", b"", (0,), None), ())


# --- what else an editor can ask for ---


def test_the_buffer_is_shown_as_outside_tools_see_it() -> None:
    token = "ghp_" + "q8Rk2Zt7Wm4Xv9Lc1Bn6Hd3Jf5Gs0PyTaEuI"
    shown = run("mask", {}, **editing(f"token = '{token}'\ntext = '```'\n|"))
    assert isinstance(shown, Text)
    assert token not in shown.markdown
    assert "1 secret masked" in shown.markdown
    assert "````python\n" in shown.markdown


def test_the_facts_of_the_buffer() -> None:
    table = run("facts", {}, **editing("def add(a, b):\n    return a + b|\n"))
    assert isinstance(table, Table)
    assert table.rows == (("add", "/code/sums.py:1", "2", "1", "0", "0", "2"),)


def test_why_without_a_decision_of_that_name() -> None:
    with pytest.raises(WrongUse, match="no longer remembered"):
        run("why", {"id": "unknown"})
