"""The gate: what is looked at, what fails, what is accepted, and that many processes find what one finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestra_lsp.commands.parts.gate import BATCH_BYTES, Job, Wanted, processors, review_all
from orchestra_lsp.commands.parts.values import value_of
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, Findings
from orchestra_lsp.config import Settings
from orchestra_lsp.review.reviewed import failing
from tests.commands.support import git, repository, run, write

LOAD = "import yaml\n\nOLD = yaml.load(TEXT)\n"
NEW = "NEW = yaml.load(OTHER)\n"


def review(folder: Path, given: dict[str, object], **settings: object) -> Findings:
    result = run("review", given, {"review": settings} if settings else None, roots=(str(folder),))
    assert isinstance(result, Findings)
    return result


def lines(result: Findings) -> set[tuple[str, object]]:
    rows = value_of(result)
    assert isinstance(rows, list)
    return {(Path(row["path"]).name, row["line"]) for row in rows}


# --- since ---


def test_since_tells_what_changed_lines_have(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": LOAD, "b.py": LOAD})
    write(tmp_path, {"a.py": LOAD + NEW, "untracked.py": LOAD})
    assert lines(review(tmp_path, {"since": "HEAD"})) == {("a.py", 4), ("untracked.py", 3)}
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "more")
    assert lines(review(tmp_path, {"since": "HEAD"})) == set()
    assert lines(review(tmp_path, {"since": "HEAD~1"})) == {("a.py", 4), ("untracked.py", 3)}
    assert lines(review(tmp_path, {"since": "HEAD~1", "paths": [str(tmp_path / "a.py")]})) == {("a.py", 4)}


def test_since_counts_from_where_the_branches_parted(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": "x = 1\n"})
    git(tmp_path, "branch", "-M", "main")
    git(tmp_path, "switch", "-qc", "mine")
    write(tmp_path, {"mine.py": LOAD})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "mine")
    git(tmp_path, "switch", "-q", "main")
    write(tmp_path, {"theirs.py": LOAD})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "theirs")
    git(tmp_path, "switch", "-q", "mine")
    assert lines(review(tmp_path, {"since": "main"})) == {("mine.py", 3)}


@pytest.mark.parametrize("how", ["since", "staged"])
def test_a_renamed_file_has_only_its_changed_lines(tmp_path: Path, how: str) -> None:
    repository(tmp_path, {"old.py": LOAD + "".join(f"x{number} = {number}\n" for number in range(50))})
    git(tmp_path, "mv", "old.py", "new.py")
    given: dict[str, object] = {"since": "HEAD"} if how == "since" else {"staged": True}
    assert lines(review(tmp_path, given)) == set()
    with (tmp_path / "new.py").open("a") as file:
        file.write(NEW)
    git(tmp_path, "add", "-A")
    assert lines(review(tmp_path, given)) == {("new.py", 54)}


@pytest.mark.parametrize("how", ["since", "staged"])
def test_submodules_links_and_binary_files_are_passed_over(tmp_path: Path, how: str) -> None:
    inner = repository(tmp_path / "elsewhere", {"a.py": LOAD})
    outer = repository(tmp_path / "outer", {"b.py": "b = 1\n"})
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "part")
    git(outer, "config", "diff.submodule", "log")
    (outer / "link.py").symlink_to("b.py")
    (outer / "data.py").write_bytes(b"import yaml\n\0\nyaml.load(x)\n")
    write(outer, {"b.py": LOAD})
    git(outer, "add", "-A")
    result = review(outer, {"since": "HEAD"} if how == "since" else {"staged": True})
    assert lines(result) == {("b.py", 3)}


def test_the_first_commit_can_be_reviewed_and_has_nothing_before_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a.py": LOAD})
    assert review(tmp_path, {"staged": True}).title == "No file to review"
    git(tmp_path, "add", "-A")
    assert lines(review(tmp_path, {"staged": True})) == {("a.py", 3)}
    with pytest.raises(WrongUse, match="there is no commit 'HEAD' here"):
        review(tmp_path, {"since": "HEAD"})


@pytest.mark.parametrize("ref", ["nowhere", "--output=here", "-h", "HEAD:a.py"])
def test_what_is_no_commit_is_told(tmp_path: Path, ref: str) -> None:
    repository(tmp_path, {"a.py": LOAD})
    with pytest.raises(WrongUse, match="there is no commit"):
        review(tmp_path, {"since": ref})
    assert [path.name for path in tmp_path.iterdir() if path.name != ".git"] == ["a.py"]


# --- failing ---


def test_a_gate_fails_from_a_level_on(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LOAD})
    paths: dict[str, object] = {"paths": [str(tmp_path)]}
    rule = next(finding.rule for file in review(tmp_path, paths).files for finding in file.findings)
    for severity, level, fails in (
        ("warning", "error", False),
        ("warning", "warning", True),
        ("error", "warning", True),
        ("hint", "info", False),
        ("hint", "hint", True),
        ("error", "never", False),
    ):
        result = review(tmp_path, {**paths, "fail-on": level}, severity={rule: severity})
        assert any(failing(file.findings, result.fail_on) for file in result.files) is fails, (severity, level)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"staged": True, "since": "HEAD"}, "not both"),
        ({"fix": True, "staged": True}, "--fix is about whole files"),
        ({"accept": True}, "--accept is about whole files"),
        ({"fix": True, "accept": True, "paths": ["."]}, "--fix stands alone"),
        ({"jobs": "many", "paths": ["."]}, "--jobs is a whole number, not 'many'"),
        ({"fail-on": "fatal", "paths": ["."]}, "fail-on is one of hint, info, warning, error, never"),
        ({"baseline": "nowhere.json", "paths": ["."]}, "there is no baseline nowhere.json"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        review(tmp_path, given)


# --- accepted findings ---


def accept(folder: Path, *names: str) -> Path:
    result = run("review", {"accept": True, "paths": [str(folder / name) for name in names] or [str(folder)]}, roots=(str(folder),))
    assert isinstance(result, Edits)
    (file,) = result.files
    path = folder / ".orchestra" / "baseline.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(file.edits[0].text, encoding="utf-8")
    return path


def test_what_is_accepted_is_not_told_wherever_it_moves_and_the_rest_is(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LOAD, "sub/b.py": LOAD})
    accept(tmp_path)
    paths: dict[str, object] = {"paths": [str(tmp_path)]}
    assert lines(review(tmp_path, paths)) == set()
    write(tmp_path, {"a.py": "# more\n\n" + LOAD.replace("OLD", "if x:\n    OLD") + "\n" + NEW})
    assert lines(review(tmp_path, paths)) == {("a.py", 8)}
    (tmp_path / "sub" / "b.py").rename(tmp_path / "c.py")
    assert lines(review(tmp_path, paths)) == {("a.py", 8)}
    assert lines(review(tmp_path, paths, baseline="")) == {("a.py", 6), ("a.py", 8), ("c.py", 3)}


def test_a_second_equal_line_is_new(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LOAD})
    accept(tmp_path)
    write(tmp_path, {"a.py": LOAD + "OLD = yaml.load(TEXT)\n"})
    assert lines(review(tmp_path, {"paths": [str(tmp_path)]})) == {("a.py", 4)}


def test_accepting_some_files_keeps_what_was_accepted_of_others(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LOAD, "b.py": LOAD, "gone.py": LOAD})
    path = accept(tmp_path)
    (tmp_path / "gone.py").unlink()
    write(tmp_path, {"a.py": "fine = 1\n"})
    accept(tmp_path, "a.py")
    assert list(json.loads(path.read_text())["files"]) == ["b.py"]


def test_a_baseline_of_another_name(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LOAD})
    other = accept(tmp_path).rename(tmp_path / "other.json")
    assert lines(review(tmp_path, {"paths": [str(tmp_path)]})) == {("a.py", 3)}
    assert lines(review(tmp_path, {"paths": [str(tmp_path)], "baseline": str(other)})) == set()


@pytest.mark.parametrize("text", ["", "[", "[]", '{"files": 3}', '{"files": {"a.py": [1]}}', "[" * 100_000])
def test_a_broken_baseline_is_told_and_accepts_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"a.py": LOAD, ".orchestra/baseline.json": text})
    result = review(tmp_path, {"paths": [str(tmp_path / "a.py")]})
    assert lines(result) == {("a.py", 3)}
    assert "is no baseline" in result.skipped[0]
    with pytest.raises(WrongUse, match="is no baseline"):
        review(tmp_path, {"paths": [str(tmp_path)], "baseline": str(tmp_path / ".orchestra" / "baseline.json")})


# --- relaxed files, other servers ---


def test_tests_are_reviewed_less_strictly(tmp_path: Path) -> None:
    code = "import random\n\ntoken = random.random()\n\n\ndef f(a=[]):\n    return a == None\n"
    write(tmp_path, {"src/a.py": code, "tests/a.py": code})
    found = {path: review(tmp_path, {"paths": [str(tmp_path / path)]}).files[0].findings for path in ("src", "tests")}
    assert {finding.category for finding in found["tests"]} <= {"security", "quality"}
    assert all(finding.confidence == "high" or finding.severity == "hint" for finding in found["tests"])
    assert len(found["tests"]) < len(found["src"])
    assert len(review(tmp_path, {"paths": [str(tmp_path / "tests")]}, relaxed=[]).files[0].findings) > len(found["tests"])


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], True),
        (["ruff"], False),
        (["ruff:B"], False),
        (["ruff:F"], True),
        (["eslint"], True),
        (["pylint"], True),
        (["Ruff: F, B"], False),
    ],
)
def test_what_another_server_tells_is_left_to_it(tmp_path: Path, others: list[str], left: bool) -> None:
    write(tmp_path, {"a.py": "def f(a=[]):\n    a.append(1)\n    return a\n"})
    result = review(tmp_path, {"paths": [str(tmp_path)]}, others=others)
    assert ("mutable-default-argument" in {finding.rule for file in result.files for finding in file.findings}) is left


# --- fixes and processes ---


def test_safe_fixes_come_first_and_the_rest_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LOAD + "same = OLD == None\n"})
    result = review(tmp_path, {"paths": [str(tmp_path)], "fix": True})
    assert result.fixed
    assert not result.told
    safe = [finding for file in result.files for finding in file.findings if finding.fix and finding.fix.safety == "safe"]
    assert safe == []


def test_several_processes_find_what_one_finds_in_the_same_order(tmp_path: Path) -> None:
    filler = "".join(f"value_{number} = {number}\n" for number in range(3000))
    names = [f"m{number}.py" for number in range(12)]
    write(tmp_path, dict.fromkeys(names, LOAD + filler + NEW))
    wanted = [Wanted(str(tmp_path / name)) for name in names] + [Wanted(str(tmp_path / "gone.py"))]
    assert sum((tmp_path / name).stat().st_size for name in names) > 4 * BATCH_BYTES
    job = Job(str(tmp_path), Settings())
    ticks: list[None] = []
    one, several = (list(review_all(job, wanted, jobs, lambda: ticks.append(None))) for jobs in (1, 3))
    assert [path for path, _ in several] == [path for path, _ in one] == [item.path for item in wanted]
    told = [[found if isinstance(found, str) else found.reviewed.findings for _, found in all_found] for all_found in (one, several)]
    assert told[0] == told[1]
    assert processors() >= 1
