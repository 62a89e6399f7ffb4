"""What a project says of its own review, while somebody works in it: own rules, accepted findings, relaxed files, faults in pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conversing import PUSHED, asked_actions, editing, folder_in, model, titles
from tests.support.lsp.client import Client

PAGE = """+++
title = "Prints in a service"
languages = ["python"]
severity = "error"
confidence = "high"
category = "quality"
message = "Say it to the log."
[fix]
title = "Use the log"
safety = "safe"
[[match]]
pattern = "print($X)"
fix = "log.info($X)"
+++

## What it does
Finds prints.
"""
CODE = "print(1)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = folder_in(tmp_path)
    (folder / ".orchestra" / "rules").mkdir(parents=True)
    (folder / ".orchestra" / "rules" / "no-print.md").write_text(PAGE, encoding="utf-8")
    return folder


@pytest.fixture
def client(project: Path) -> Iterator[Client]:
    with editing(project, capabilities=PUSHED) as made:
        yield made


def test_own_rules_warn_and_never_fix_by_themselves(client: Client, project: Path) -> None:
    uri = client.open(project / "a.py", CODE)
    [found] = client.diagnostics(uri)
    assert (found["code"], found["severity"], found["message"]) == ("no-print", 2, "Say it to the log.")
    offered = titles(asked_actions(client, uri, found["range"]))
    assert "Use the log (unsafe: it comes from this project's own rules)" in offered
    assert "Fix everything that is safe to fix" not in offered


def test_a_fault_in_a_page_is_told_on_it_and_goes_when_it_is_mended(client: Client, project: Path) -> None:
    path = project / ".orchestra" / "rules" / "no-print.md"
    uri = client.open(path, PAGE)
    assert client.diagnostics(uri, lambda found: not found) == []
    client.change(uri, PAGE.replace('confidence = "high"', 'confidence = "total"'))
    [found] = client.diagnostics(uri, bool)
    assert found["range"]["start"]["line"] == 4
    assert "`confidence` is one of" in found["message"]
    client.change(uri, PAGE)
    client.diagnostics(uri, lambda found: not found)


def test_a_saved_page_counts_at_once(client: Client, project: Path) -> None:
    uri = client.open(project / "a.py", CODE)
    client.diagnostics(uri, bool)
    path = project / ".orchestra" / "rules" / "no-print.md"
    path.write_text(PAGE.replace("print($X)", "display($X)"), encoding="utf-8")
    page = client.open(path, path.read_text(encoding="utf-8"))
    client.notify("textDocument/didSave", {"textDocument": {"uri": page}})
    client.diagnostics(uri, lambda found: not found)


def test_accepted_findings_are_not_shown(client: Client, project: Path) -> None:
    from orchestra_lsp.config import ReviewSettings
    from orchestra_lsp.review.baseline import with_accepted
    from orchestra_lsp.review.project import read_project
    from orchestra_lsp.review.reviewed import Reviewed
    from orchestra_lsp.syntax.parse import read_buffer

    (project / "a.py").write_text(CODE, encoding="utf-8")
    code = read_buffer(project / "a.py")
    found = read_project(str(project), ReviewSettings()).check(code)
    baseline = project / ".orchestra" / "baseline.json"
    baseline.write_text(with_accepted(baseline, str(project), [Reviewed("a.py", code, found)]), encoding="utf-8")
    uri = client.open(project / "a.py", CODE)
    assert client.diagnostics(uri, lambda found: not found) == []
    client.change(uri, "# moved\n" + CODE + "print(2)\n")
    [new] = client.diagnostics(uri, bool)
    assert new["range"]["start"]["line"] == 2


def test_files_of_tests_are_relaxed(client: Client, project: Path) -> None:
    unsure = PAGE.replace('"high"', '"medium"').replace("print($X)", "display($X)")
    (project / ".orchestra" / "rules" / "no-display.md").write_text(unsure, encoding="utf-8")
    for name, severity in (("a.py", 2), ("tests/a.py", 4)):
        [found] = client.diagnostics(client.open(project / name, "display(1)\n"), bool)
        assert (found["code"], found["severity"]) == ("no-display", severity)


def test_what_another_server_was_seen_to_tell_is_left_to_it(client: Client, project: Path) -> None:
    code = "def f(a=[]):\n    a.append(1)\n    return a == None\n"
    uri = client.open(project / "b.py", code)
    assert {one["code"] for one in client.diagnostics(uri, bool)} == {"mutable-default-argument", "comparison-to-none"}
    where = {"start": {"line": 0, "character": 6}, "end": {"line": 0, "character": 8}}
    told = {"range": where, "message": "Do not use mutable data structures.", "source": "Ruff", "code": "B006"}
    client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": [told]}})
    client.diagnostics(uri, lambda found: {one["code"] for one in found} == {"comparison-to-none"})


def test_a_finding_without_a_fix_can_be_mended_by_a_tool(tmp_path: Path) -> None:
    code = "import yaml\n\n\ndef load(text):\n    return eval(text)\n"
    with model() as tool:
        tool.text = "def load(text):\n    return yaml.safe_load(text)\n"
        folder = folder_in(tmp_path)
        with editing(folder, config=tool.config, capabilities=PUSHED) as client:
            uri = client.open(folder / "a.py", code)
            [found] = client.diagnostics(uri, bool)
            action = next(one for one in asked_actions(client, uri, found["range"]) if one["title"] == "Fix with AI: dynamic-code")
            assert action["kind"] == "quickfix"
            client.request("workspace/executeCommand", action["command"])
            assert "Mend only this fault" in str(tool.asked[-1])
