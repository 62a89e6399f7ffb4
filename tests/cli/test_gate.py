"""The gate in a terminal: formats, exit codes, fixes, accepted findings, and hooks that keep what was there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from orchestra_lsp.cli.word import words
from tests.cli.terminal import ROOT, Terminal
from tests.commands.support import git, repository, write

LOAD = "import yaml\n\nOLD = yaml.load(TEXT)\n"
FIXABLE = "def f(value):\n    return value == None\n"


def test_every_format_is_read_back(terminal: Terminal) -> None:
    write(terminal.folder, {"a.py": LOAD})
    assert json.loads(terminal.out("review", ".", "--format", "sarif", code=1))["version"] == "2.1.0"
    assert len(json.loads(terminal.out("review", ".", "--format", "gitlab", code=1))) == 1
    assert terminal.out("review", ".", "--format", "github", code=1).startswith("::")
    assert ET.fromstring(terminal.out("review", ".", "--format", "junit", code=1)).attrib["failures"] == "1"


def test_the_level_decides_the_exit_code_and_not_what_is_told(terminal: Terminal) -> None:
    write(terminal.folder, {"a.py": FIXABLE})
    severity = terminal.json("review", ".", "--format", "json", code=1)[0]["severity"]
    assert severity != "error"
    assert terminal.out("review", ".", "--fail-on", "error") == terminal.out("review", ".", code=1)
    assert terminal.out("review", ".", "--fail-on", "never") != ""


def test_fix_changes_the_files_and_tells_what_is_left(terminal: Terminal) -> None:
    write(terminal.folder, {"a.py": FIXABLE + LOAD})
    done = terminal.run("review", "a.py", "--fix", "--format", "json")
    assert done.returncode == 1, done.stderr
    assert b"Changed a.py" in done.stderr
    assert "value is None" in (terminal.folder / "a.py").read_text(encoding="utf-8")
    assert [row["line"] for row in json.loads(done.stdout)] == [5]


def test_accepting_makes_the_gate_pass(terminal: Terminal) -> None:
    repository(terminal.folder, {"a.py": LOAD})
    assert "Wrote .orchestra/baseline.json" in terminal.out("review", ".", "--accept")
    assert terminal.out("review", ".") == ""
    write(terminal.folder, {"a.py": LOAD + "NEW = yaml.load(OTHER)\n"})
    assert terminal.out("review", ".", code=1).startswith("a.py:4:")


def test_many_processes_in_a_real_terminal_program(terminal: Terminal) -> None:
    filler = "".join(f"value_{number} = {number}\n" for number in range(8000))
    write(terminal.folder, {f"m{number}.py": LOAD + filler for number in range(6)})
    told = terminal.out("review", ".", "--jobs", "2", code=1).splitlines()
    assert [line.split(":")[0] for line in told] == [f"m{number}.py" for number in range(6)]


# --- hooks ---


def committed(terminal: Terminal, name: str, text: str) -> subprocess.CompletedProcess[bytes]:
    write(terminal.folder, {name: text})
    git(terminal.folder, "add", "-A")
    named = ["git", "-c", "user.name=Anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false"]
    command = [*named, "commit", "-qm", "more"]
    return subprocess.run(command, cwd=terminal.folder, capture_output=True, timeout=60, env=terminal.environment(), check=False)


@pytest.mark.skipif(os.name == "nt", reason="the file modes of hooks are those of Unix")
def test_a_hook_stops_a_commit_with_findings_and_keeps_the_one_that_was_there(terminal: Terminal) -> None:
    repository(terminal.folder, {"a.py": "a = 1\n"})
    hook = terminal.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    old = '#!/bin/sh\necho here > "$(git rev-parse --git-dir)/ran"\n'
    hook.write_text(old, encoding="utf-8")
    hook.chmod(0o755)
    assert "runs first" in terminal.out("hooks", "install")
    assert "was there already" in terminal.out("hooks", "install")
    done = committed(terminal, "bad.py", LOAD)
    assert done.returncode == 1, done.stderr
    assert b"bad.py:3:" in done.stdout + done.stderr
    assert (terminal.folder / ".git" / "ran").read_text(encoding="utf-8") == "here\n"
    git(terminal.folder, "rm", "-qf", "bad.py")
    assert committed(terminal, "good.py", "b = 1\n").returncode == 0
    assert "Put back" in terminal.out("hooks", "remove")
    assert hook.read_text(encoding="utf-8") == old
    assert "is not ours" in terminal.err("hooks", "remove", code=2)


@pytest.mark.skipif(os.name == "nt", reason="the file modes of hooks are those of Unix")
def test_a_hook_that_fails_is_not_passed_by(terminal: Terminal) -> None:
    repository(terminal.folder, {"a.py": "a = 1\n"})
    hook = terminal.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    hook.chmod(0o755)
    terminal.out("hooks", "install", "--fail-on", "error")
    assert committed(terminal, "good.py", "b = 1\n").returncode == 1


def test_a_hook_of_the_project_is_left_alone(terminal: Terminal) -> None:
    repository(terminal.folder, {"a.py": "a = 1\n", ".husky/pre-commit": "#!/bin/sh\n"})
    git(terminal.folder, "config", "core.hooksPath", ".husky")
    assert "Add this line to it: orchestra review --staged" in terminal.err("hooks", "install", code=2)
    assert (terminal.folder / ".husky" / "pre-commit").read_text(encoding="utf-8") == "#!/bin/sh\n"


def test_hooks_outside_of_a_repository(terminal: Terminal) -> None:
    assert "cannot be found" in terminal.err("hooks", "install", code=2)
    assert "Say what to do" in terminal.err("hooks", "dance", code=2)


# --- what others run ---


@pytest.mark.parametrize("name", [".pre-commit-hooks.yaml", ".github/actions/review/action.yml", ".github/gitlab/review.yml"])
def test_what_others_run_says_only_what_there_is(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    word = words()["review"]
    known = {f"--{parameter.name}" for parameter in (*word.parameters, *word.options)}
    said = {
        flag for line in text.splitlines() if "orchestra review " in line or "given+=" in line for flag in re.findall(r"--[a-z-]+", line)
    }
    assert said
    assert said <= known
    formats = next(parameter.choices for parameter in word.options if parameter.name == "format")
    assert set(re.findall(r"--format (\w+)", text)) <= set(formats)


def test_the_script_of_the_action_runs(terminal: Terminal, tmp_path: Path) -> None:
    """Its own shell text, with what GitHub would put into the environment."""
    text = (ROOT / ".github" / "actions" / "review" / "action.yml").read_text(encoding="utf-8")
    script = text.rpartition("run: |\n")[2]
    repository(terminal.folder, {"a.py": LOAD})
    base = git(terminal.folder, "rev-parse", "HEAD").strip()
    committed(terminal, "a.py", LOAD + "NEW = yaml.load(OTHER)\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "orchestra").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestra_lsp "$@"\n', encoding="utf-8")
    (programs / "orchestra").chmod(0o755)
    given = {"PATHS": ".", "SINCE": "", "FAIL_ON": "error", "BASELINE": "", "SARIF": str(tmp_path / "out.sarif"), "BASE": base}
    environment = {**terminal.environment(given), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(command, cwd=terminal.folder, env=environment, capture_output=True, timeout=60, check=False)
    assert re.fullmatch(rb"::\w+ file=a\.py,line=4,[^\n]*\n", done.stdout), done
    assert len(json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]) == 1


# --- what became of it ---


def test_reviews_of_the_whole_project_are_kept_for_each_commit(terminal: Terminal) -> None:
    from orchestra_lsp.store.store import Store

    Store(terminal.home / "store.sqlite3").close()
    repository(terminal.folder, {"a.py": LOAD})
    terminal.out("review", ".", code=1)
    terminal.out("review", "a.py", code=1)
    committed(terminal, "a.py", "x = 1\n")
    terminal.out("review", ".")
    write(terminal.folder, {"a.py": LOAD})
    terminal.out("review", ".", code=1)  # changed since: of no commit
    told = terminal.json("review", "--stats", "--format", "json")
    assert [sum(one[name] for name in ("errors", "warnings", "infos", "hints")) for one in told["reviews"]] == [0, 1]
    assert [one["lines"] for one in told["reviews"]] == [2, 4]
    assert told["rules"] == []


def test_without_a_store_there_are_no_figures_and_none_is_begun(terminal: Terminal) -> None:
    repository(terminal.folder, {"a.py": "x = 1\n"})
    terminal.out("review", ".")
    assert not (terminal.home / "store.sqlite3").exists()
    assert "Nothing is on record yet" in terminal.err("review", "--stats", code=2)


def test_what_another_tool_found_is_shown_beside_ours(terminal: Terminal) -> None:
    repository(terminal.folder, {"a.py": "import os\n\nos.system(command)\n"})
    place = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 3}}}
    result = {"ruleId": "B605", "message": {"text": "Starting a process with a shell."}, "locations": [place]}
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Bandit"}}, "results": [result]}]}
    write(terminal.folder, {"report.sarif": json.dumps(log)})
    assert "Wrote .orchestra/imported.json" in terminal.out("review", "import", "report.sarif")
    assert "a.py:3:1: warning: Starting a process with a shell. [bandit:B605]" in terminal.out("review", "a.py", code=1)
    assert "Name one SARIF file" in terminal.err("review", "import", code=2)
    assert "gone.sarif cannot be read" in terminal.err("review", "import", "gone.sarif", code=2)
