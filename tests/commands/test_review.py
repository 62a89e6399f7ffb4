"""The review of the fixture workspace, of staged changes, and what the JSON looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestra_lsp.commands.parts.values import value_of
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Findings
from orchestra_lsp.review.dialect import dialects
from tests.commands.support import SHOP, editing, git, repository, run, write

KEYS = ["path", "line", "column", "endLine", "endColumn", "rule", "severity", "confidence", "category", "cwe", "message", "fixable"]


def review(given: dict[str, object], **more: object) -> Findings:
    result = run("review", given, **more)
    assert isinstance(result, Findings)
    return result


def rows(result: Findings) -> list[dict[str, object]]:
    value = value_of(result)
    assert isinstance(value, list)
    return value


def test_the_planted_faults_of_the_fixture_are_found() -> None:
    """By language and by what they are; which rule says so is the rule pages' own business."""
    found = {(str(row["path"]).rsplit("shop/")[-1].replace("\\", "/"), row["line"]) for row in rows(review({"paths": [str(SHOP)]}))}
    planted = {
        ("service/inventory.py", "shell=True"),
        ("service/settings.py", "yaml.load"),
        ("service/storage.py", "LIKE '%{words}%'"),
        ("service/storage.py", "hashlib.md5"),
        ("service/orders.py", "history=[]"),
        ("web/src/view.ts", "title.innerHTML"),
        ("web/src/api.ts", "eval("),
        ("worker/queue.go", "QueryRowContext(ctx, query)"),
        ("worker/invoices.go", "InsecureSkipVerify"),
        ("worker/invoices.go", "defer file.Close()"),
        ("stocktool/src/main.rs", "return totals;"),
    }
    missed = [(path, text) for path, text in planted if (line := line_of(path, text)) and (path, line) not in found]
    assert not missed


def line_of(path: str, text: str) -> int:
    lines = (SHOP / path).read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, start=1) if text in line), 0)


def test_a_finding_says_exactly_where_in_characters(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "import yaml\n\n\ndef load(text):\n    return '\U0001f600', yaml.load(text)\n"})
    path = str(tmp_path / "a.py")
    found = rows(review({"paths": [path]}))
    assert [list(row) for row in found] == [KEYS]
    row = found[0]
    assert (row["path"], row["line"], row["column"], row["endLine"], row["endColumn"]) == (path, 5, 17, 5, 32)
    assert row["severity"] in ("error", "warning", "info", "hint")
    assert row["cwe"] == [502]
    assert isinstance(row["fixable"], bool)


def test_settings_switch_rules_off_and_change_their_weight(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "import yaml\n\nDATA = yaml.load(TEXT)\n"})
    paths = {"paths": [str(tmp_path)]}
    rule = rows(review(paths))[0]["rule"]
    assert rows(review(paths, settings={"review": {"rules_off": [rule]}})) == []
    assert rows(review(paths, settings={"review": {"rules_off": ["language:python"]}})) == []
    assert rows(review(paths, settings={"review": {"severity": {rule: "hint"}}}))[0]["severity"] == "hint"


def test_an_editor_reviews_what_is_open() -> None:
    result = review({}, **editing("import yaml\n\nDATA = yaml.load(|TEXT)\n"))
    assert [file.path for file in result.files] == ["/code/sums.py"]
    assert len(result.files[0].findings) == 1


def test_only_staged_lines_count_and_only_as_they_are_staged(tmp_path: Path) -> None:
    old = "import yaml\n\nOLD = yaml.load(TEXT)\n"
    repository(tmp_path, {"a.py": old, "b.py": old})
    write(tmp_path, {"a.py": old + "NEW = yaml.load(TEXT)\n", "sub/c.py": "import yaml\n\nC = yaml.load(TEXT)\n"})
    git(tmp_path, "add", "-A")
    write(tmp_path, {"a.py": "fine = 1\n"})
    result = review({"staged": True}, roots=(str(tmp_path / "sub"),))
    assert {(Path(str(row["path"])).name, row["line"]) for row in rows(result)} == {("a.py", 4), ("c.py", 3)}


def test_nothing_staged_is_clean(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": "import yaml\nyaml.load(x)\n"})
    assert review({"staged": True}, roots=(str(tmp_path),)).title == "No file to review"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "Name at least one file or folder"),
        ({"paths": ["nowhere.py"]}, "There is no file or folder 'nowhere.py'"),
        ({"paths": ["a.py"], "staged": True}, "not both"),
    ],
)
def test_wrong_use_is_told(given: dict[str, object], problem: str) -> None:
    with pytest.raises(WrongUse, match=problem):
        review(given)


def test_staged_outside_of_a_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"What is staged cannot be read: .*not a git repository"):
        review({"staged": True}, roots=(str(tmp_path),))


def test_what_is_skipped_is_told_where_it_was_named(tmp_path: Path) -> None:
    write(tmp_path, {"good.py": "a = 1\n"})
    (tmp_path / "binary.py").write_bytes(b"\0\1")
    with pytest.raises(WrongUse, match=r"binary\.py is binary\."):
        review({"paths": [str(tmp_path / "good.py"), str(tmp_path / "binary.py")]})
    assert review({"paths": [str(tmp_path)]}).skipped == ()
    assert review({"paths": [str(tmp_path)]}).title == "No findings in 1 file"


def test_silence_about_a_language_without_rules_is_no_praise(tmp_path: Path) -> None:
    samples = {"c": "a.c", "cpp": "a.cpp", "java": "A.java", "python": "a.py"}
    write(tmp_path, dict.fromkeys(samples.values(), "\n"))
    found = review({"paths": [str(tmp_path)]})
    silent = [language for language in samples if language not in dialects()]
    assert found.skipped == tuple(f"1 file of {language}: there are no rules for it yet" for language in silent)
    assert len(found.files) == len(samples) - len(silent)


def test_text_without_a_grammar_is_clean(tmp_path: Path) -> None:
    write(tmp_path, {"notes.txt": "yaml.load(x)\n"})
    assert rows(review({"paths": [str(tmp_path / "notes.txt")]})) == []
