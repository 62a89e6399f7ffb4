"""SARIF of other tools: what is taken in, what is shown and for how long, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.config import ReviewSettings
from orchestra_lsp.model import Severity
from orchestra_lsp.review.imported import KEPT, MOST_BYTES, ImportFailed, _results, read_imported, taken_in
from orchestra_lsp.review.project import read_project
from orchestra_lsp.syntax.parse import read_buffer

CODE = "import subprocess\n\nsubprocess.call(command, shell=True)  # \U0001f600 here\n"


def result(**changed: Any) -> Any:
    region = {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 16, **changed.pop("region", {})}
    place = {"physicalLocation": {"artifactLocation": {"uri": changed.pop("uri", "src/a.py")}, "region": region}}
    return {"ruleId": "B602", "level": "error", "message": {"text": "shell=True identified."}, "locations": [place], **changed}


def report(*results: Any, **run: Any) -> Any:
    driver = {"name": "Bandit", "rules": [{"id": "B101", "defaultConfiguration": {"level": "note"}}]}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(CODE, encoding="utf-8")
    (tmp_path / ".orchestra").mkdir()
    return tmp_path


def imported(project: Path, log: Any) -> tuple[int, int]:
    path = project / "report.sarif"
    path.write_text(log if isinstance(log, str) else json.dumps(log), encoding="utf-8")
    text, taken, lost = taken_in(path, str(project))
    project.joinpath(*KEPT).write_text(text, encoding="utf-8")
    return taken, lost


def shown(project: Path) -> list[tuple[str, str, Severity]]:
    code = read_buffer(project / "src" / "a.py")
    found = read_project(str(project), ReviewSettings()).wanted((), code, ReviewSettings())
    return [(one.rule, code.data[one.span.start : one.span.end].decode(), one.severity) for one in found]


def test_it_is_shown_where_it_was_found_until_the_file_changes(project: Path) -> None:
    assert imported(project, report(result(), result(ruleId="B101", level=None))) == (2, 0)
    call = "subprocess.call"
    assert shown(project) == [("bandit:B602", call, Severity.ERROR), ("bandit:B101", call, Severity.INFO)]
    (project / "src" / "a.py").write_text(CODE + "\n", encoding="utf-8")
    assert shown(project) == []


@pytest.mark.parametrize(
    ("region", "kind", "text"),
    [
        ({"startColumn": None, "endColumn": None}, None, CODE.splitlines()[2]),
        ({"startColumn": 41, "endColumn": 47}, "unicodeCodePoints", "\U0001f600 here"),
        ({"startColumn": 41, "endColumn": 43}, "utf16CodeUnits", "\U0001f600"),
        ({"startColumn": 10_000, "endColumn": 5}, None, ""),
    ],
)
def test_columns_are_counted_as_the_tool_says(project: Path, region: Any, kind: str | None, text: str) -> None:
    imported(project, report(result(region=region), **({"columnKind": kind} if kind else {})))
    [(_, marked, _)] = shown(project)
    assert marked == text


def test_addresses_of_every_form_are_understood_and_strangers_left_out(project: Path) -> None:
    whole = (project / "src" / "a.py").as_uri()
    strangers = ("../../etc/passwd", "/etc/passwd", "https://example.org/a.py", "src/gone.py", "src", "\0")
    log = report(result(), result(uri=whole), result(uri="src/../src/a.py"), *(result(uri=uri) for uri in strangers))
    assert imported(project, log) == (3, len(strangers))


def test_what_the_tool_itself_suppressed_or_cannot_place_is_passed_over(project: Path) -> None:
    assert imported(
        project, report(result(suppressions=[{"kind": "inSource"}]), result(locations=[]), result(region={"startLine": 0}))
    ) == (0, 0)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": "2.1.0"}', '{"version": "1.0.0", "runs": []}', "[" * 100_000, "\x00"])
def test_what_is_no_sarif_is_refused(project: Path, text: str) -> None:
    with pytest.raises(ImportFailed, match=r"report\.sarif is no (JSON|SARIF)"):
        imported(project, text)


def test_a_file_of_200_megabytes_is_refused_unread(project: Path) -> None:
    path = project / "huge.sarif"
    with path.open("wb") as file:
        file.truncate(200_000_000)  # sparse: it takes no room
    with pytest.raises(ImportFailed, match=f"at most {MOST_BYTES} are read"):
        taken_in(path, str(project))


@pytest.mark.parametrize(
    "text", ["", "[]", '{"files": 3}', '{"files": {"a.py": {}}}', '{"files": {"a.py": {"digest": "x", "findings": [3]}}}']
)
def test_a_broken_store_of_imports_is_told(project: Path, text: str) -> None:
    project.joinpath(*KEPT).write_text(text, encoding="utf-8")
    with pytest.raises(ImportFailed, match="import again"):
        read_imported(str(project))
    assert "import again" in read_project(str(project), ReviewSettings()).complaint


anything = st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from(["ruleId", "level", "message", "locations", "suppressions"]), anything), anything)
def test_no_result_breaks_it(changed: dict[str, Any], run: Any) -> None:
    log = report({**result(), **changed})
    log["runs"].append(run)
    log["runs"].append({"tool": run, "results": run})
    assert list(_results(log)) is not None
