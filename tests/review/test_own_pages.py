"""A project's own pages: what they may say, what they may not, and that nothing in them can stall a review."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from orchestra_lsp.config import ReviewSettings
from orchestra_lsp.model import Safety, Severity
from orchestra_lsp.review.own_pages import MOST_BYTES, own_pages, page_findings, read_page
from orchestra_lsp.review.page import PageError
from orchestra_lsp.review.project import read_project
from orchestra_lsp.syntax.text import line_at
from tests.review.support import FRONT, buffer


def page(rest: str, languages: str = '["python"]') -> str:
    return FRONT.format(languages=languages, rest=rest)


def kept(folder: Path, name: str, text: str) -> Path:
    path = folder / ".orchestra" / "rules" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


PRINTS = page('[[match]]\npattern = "print($X)"')


def test_they_are_found_in_folders_and_outside_and_named_by_their_files(tmp_path: Path) -> None:
    kept(tmp_path, "no-print.md", PRINTS)
    kept(tmp_path, "sub/no-exit.md", page('[[match]]\npattern = "exit($X)"'))
    kept(tmp_path, "README.md", "not a page")
    found, problems = own_pages(str(tmp_path))
    assert {one.rule.id for one in found} == {"no-print", "no-exit"}
    assert problems == ()


def test_they_find_beside_the_built_in_rules_and_are_silenced_like_them(tmp_path: Path) -> None:
    kept(tmp_path, "no-print.md", PRINTS)
    project = read_project(str(tmp_path), ReviewSettings())
    code = buffer("python", "print(x)\nprint(y)  # orchestra: ignore[no-print]\nz = x == None\n", str(tmp_path / "a.py"))
    assert [(finding.rule, line_at(code, finding.span.start)) for finding in project.check(code)] == [
        ("no-print", 0),
        ("comparison-to-none", 2),
    ]


def test_a_plain_text_page_holds_in_every_file(tmp_path: Path) -> None:
    kept(tmp_path, "no-fixme.md", page('[[match]]\nline = "FIX[M]E"', '["any"]'))
    project = read_project(str(tmp_path), ReviewSettings())
    for language in ("python", "go", "text"):
        assert [one.rule for one in project.check(buffer(language, "// FIXME\n")) if one.rule == "no-fixme"] == ["no-fixme"]


def test_an_update_equals_a_whole_check(tmp_path: Path) -> None:
    kept(tmp_path, "no-print.md", PRINTS)
    project = read_project(str(tmp_path), ReviewSettings())
    old = buffer("python", "def f(x):\n    print(x)\n\n\ndef g(x):\n    return x\n")
    new = buffer("python", "def f(x):\n    print(x)\n\n\ndef g(x):\n    print(x)\n")
    assert project.update(project.check(old), old, new, ()) == project.check(new)
    assert len(project.check(new)) == 2


def test_they_may_only_warn_and_their_fixes_are_never_made_unseen() -> None:
    text = page('[fix]\ntitle = "Log it"\nsafety = "safe"\n[[match]]\npattern = "print($X)"\nfix = "log($X)"')
    found = read_page("no-print.md", text.replace('severity = "warning"', 'severity = "error"'))
    assert found.rule.severity is Severity.WARNING
    assert found.matchers[0].safety is Safety.UNSAFE
    assert found.matchers[0].reason


@pytest.mark.parametrize(
    ("name", "rest", "said"),
    [
        ("a.md", '[[match]]\npattern = "f($X)"\ncheck = "list_argument"', "cannot name a `check`"),
        ("a.md", '[[match]]\npattern = "f($X)"\ncheck = "../../evil"', "cannot name a `check`"),
        ("comparison-to-none.md", '[[match]]\npattern = "f($X)"', "there is a built-in rule"),
        ("Not An Id.md", '[[match]]\npattern = "f($X)"', "the file's name is the rule's id"),
        ("a.md", '[[match]]\npattern = "f($X"', ""),
        ("a.md", '[[match]]\nnode = "no_such_node"', "is no kind of node of python"),
        ("a.md", '[[match]]\npattern = "f($X)"\nwhere.X.text = "(?=x)y"', "a regular expression that RE2 takes"),
        ("a.md", '[[match]]\npattern = "f($X)"\nwhere.X.text = "("', "is a regular expression"),
        ("a.md", '[[match]]\npattern = "f($X)"\nwhere.Y.text = "a"', "$Y does not stand in the pattern"),
        ("a.md", "[[match]]\npattern = 3", "`pattern` is a list of texts"),
        ("a.md", "[[match]", "valid TOML"),
    ],
)
def test_a_wrong_page_says_what_is_wrong_and_where(name: str, rest: str, said: str) -> None:
    with pytest.raises(PageError) as raised:
        read_page(name, page(rest))
    assert said in raised.value.expected
    assert raised.value.line >= 1
    [finding] = page_findings(buffer("text", page(rest), f"/project/.orchestra/rules/{name}"))
    assert said in finding.message


def test_what_is_no_text_or_too_large_is_told_and_the_other_pages_count(tmp_path: Path) -> None:
    kept(tmp_path, "good.md", PRINTS)
    kept(tmp_path, "large.md", "x" * (MOST_BYTES + 1))
    kept(tmp_path, "bytes.md", "").write_bytes(b"\xff\xfe\0")
    kept(tmp_path, "twice.md", PRINTS)
    kept(tmp_path, "sub/twice.md", PRINTS)
    found, problems = own_pages(str(tmp_path))
    assert {one.rule.id for one in found} == {"good", "twice"}
    assert sorted(Path(problem.path).name for problem in problems) == ["bytes.md", "large.md", "twice.md"]


def test_no_expression_of_a_page_can_stall_a_review(tmp_path: Path) -> None:
    """Both would take Python's own engine longer than the universe has been there."""
    kept(tmp_path, "slow-argument.md", page('[[match]]\npattern = "f($X)"\nwhere.X.text = "^(\\"?(a+)+)+$"'))
    kept(tmp_path, "slow-line.md", page('[[match]]\nline = "^(a+)+$"', '["any"]'))
    project = read_project(str(tmp_path), ReviewSettings())
    assert project.problems == ()
    code = buffer("python", f"f('{'a' * 5000}!')\n{'a' * 5000}!\n")
    start = time.process_time()
    project.check(code)
    assert time.process_time() - start < 2
