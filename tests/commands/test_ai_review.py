"""A tool's review of a change: only what can be checked is believed, and a diff of a secret file is never sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.commands.parts.ai_review import Changed, changed_lines, checked, difference, merged
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Findings
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.model import Category, Confidence, Finding, Severity, Span
from tests.commands.support import git, opened, repository, run, write
from tests.server.conversing import model

BEFORE = "def pay(amount):\n    return amount\n"
AFTER = "def pay(amount):\n    total = amount / 0\n    return total\n"
ENTRY = {
    "file": "a.py",
    "line": 2,
    "quote": "    total = amount / 0",
    "severity": "error",
    "message": "This divides by zero.",
    "remedy": "Do not.",
}


def change() -> Changed:
    return Changed("a.py", opened(AFTER, "/code/a.py"), BEFORE.encode(), changed_lines(BEFORE.encode(), AFTER.encode()))


def said(*entries: Any) -> str:
    return json.dumps({"findings": entries})


def test_a_finding_that_can_be_checked_is_taken_over_as_a_warning() -> None:
    one = change()
    [finding] = checked(said(ENTRY), one)
    assert one.buffer.data[finding.span.start : finding.span.end] == b"total = amount / 0"
    assert finding.message == "This divides by zero. Do not."
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": "b.py"},
        {"file": "/etc/passwd"},
        {"quote": "total = amount / 1"},
        {"quote": "def pay(amount):"},  # there, and not changed
        {"quote": ""},
        {"quote": None},
        {"message": ""},
        {"message": 3},
        {"file": None},
    ],
)
def test_what_cannot_be_checked_is_left_out(wrong: dict[str, object]) -> None:
    assert checked(said({**ENTRY, **wrong}), change()) == []


@pytest.mark.parametrize("line", [0, 1, 2, 99, -5, "two", None])
def test_the_quote_counts_and_not_the_number(line: object) -> None:
    assert len(checked(said({**ENTRY, "line": line, "quote": "+    total = amount / 0"}), change())) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "}{", "[]", '{"findings": 3}', '{"findings": [3, null, []]}', "{" * 100_000 + "}", "I see no fault."]
)
def test_an_answer_of_another_form_has_no_findings(text: str) -> None:
    assert checked(text, change()) == []


def test_talk_and_fences_around_the_answer_do_no_harm_and_orders_for_terminals_are_taken_out() -> None:
    entry = {**ENTRY, "message": "Bad\x1b[2J\nthing."}
    [finding] = checked(f"Here it is:\n```json\n{said(entry)}\n```\n", change())
    assert finding.message == "Bad [2J thing. Do not."


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_answer_breaks_it(value: Any) -> None:
    assert checked(json.dumps({"findings": [value, {**ENTRY, "line": value, "severity": value}]}), change()) is not None


def test_a_rules_finding_on_the_line_is_told_and_the_tools_is_not() -> None:
    one = change()
    told = checked(said(ENTRY, ENTRY), one)
    known = (Finding("a-rule", "Here.", Span(told[0].span.start, told[0].span.end), Severity.ERROR, Confidence.HIGH, Category.QUALITY),)
    assert merged(one, known, told, "claude") == known
    [only] = merged(one, (), told, "claude")
    assert only.message.endswith("(claude)")


def test_the_diff_has_what_changed() -> None:
    assert "+    total = amount / 0\n" in difference(change())
    assert change().lines == {1, 2}


# --- with a model ---


def test_a_change_goes_to_the_model_and_comes_back_merged(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": BEFORE, "b.py": "b = 1\n"})
    write(tmp_path, {"a.py": AFTER + "check = total == None\n"})
    with model() as tool:
        tool.text = said(ENTRY)
        result = run("review", {"ai": True}, settings(tool.config), roots=(str(tmp_path),))
        assert isinstance(result, Findings)
        [file] = result.files
        assert [finding.rule for finding in file.findings] == ["ai-review", "comparison-to-none"]
        asked = json.dumps(tool.asked[-1])
        assert "total = amount / 0" in asked
        assert "Already known" in asked
        git(tmp_path, "add", "-A")
        assert isinstance(run("review-change", {"staged": True}, settings(tool.config), roots=(str(tmp_path),)), Findings)


def test_a_file_that_is_never_sent_is_not_sent_as_a_diff(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": BEFORE})
    write(tmp_path, {"a.py": AFTER, ".env": "TOKEN=very-secret-indeed\n"})
    with model() as tool:
        tool.text = said()
        outside = tool.config.replace("local = true\n", "")
        result = run("review", {"ai": True}, settings(outside), roots=(str(tmp_path),))
        assert isinstance(result, Findings)
        assert [file.path for file in result.files] == ["a.py"]
        assert any(reason.startswith(".env") for reason in result.skipped)
        assert "very-secret-indeed" not in json.dumps(tool.asked)


def test_without_a_model_or_a_repository_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be read"):
        run("review", {"ai": True}, roots=(str(tmp_path),))
    repository(tmp_path, {"a.py": BEFORE})
    write(tmp_path, {"a.py": AFTER})
    with pytest.raises(Unanswered):
        run("review", {"ai": True}, roots=(str(tmp_path),))


def settings(config: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(config)
