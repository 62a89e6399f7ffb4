"""A faulty page is refused with its file, the line, and what was expected there."""

from __future__ import annotations

import pytest

from orchestra_lsp.review.examples import examples
from orchestra_lsp.review.page import PageError, parse_page
from orchestra_lsp.review.pages import read_pages
from orchestra_lsp.review.table import build_table

GOOD = """+++
title = "A rule"
languages = ["python", "go"]
severity = "warning"
confidence = "high"
category = "quality"
cwe = [79]
aliases = ["B006"]
message = "found $X"

[fix]
title = "Repair it"
safety = "unsafe"
reason = "it may differ"

[[match]]
languages = ["python"]
pattern = "old($X)"
where.X.text = "^a"
fix = "new($X)"

[[match]]
languages = ["go"]
node = ["defer_statement"]
+++

## What it does
Something.

## Examples
```python
old(a)  # bad
```
"""


def test_a_good_page_is_read() -> None:
    page = parse_page("rules/quality/a-rule.md", GOOD)
    assert page.rule.id == "a-rule"
    assert page.rule.cwe == (79,)
    assert page.rule.fixable
    assert [matcher.languages for matcher in page.matchers] == [("python",), ("go",)]
    assert examples(page)[0].bad == (0,)
    assert build_table("python", [page]).kinds == {"call"}


FAULTS = [
    ("+++\ntitle", "---\ntitle", 1, "starts with a line '+++'"),
    ("+++\n\n## What", "\n\n## What", 33, "second line '+++'"),
    ('title = "A rule"', "title = ", 2, "valid TOML"),
    ('title = "A rule"', 'title = ""', 2, "`title` is a text"),
    ('title = "A rule"\n', "", 2, "`title` is a text"),
    ('["python", "go"]', '["python", "cobol"]', 3, "'cobol'; known are"),
    ('["python", "go"]', "[]", 3, "at least one entry"),
    ('severity = "warning"', 'severity = "loud"', 4, "one of error, warning, info, hint"),
    ('confidence = "high"', "confidence = 3", 5, "one of high, medium, low"),
    ('category = "quality"', 'category = "taste"', 6, "one of security"),
    ("cwe = [79]", 'cwe = ["79"]', 7, "list of whole numbers"),
    ("aliases =", "alias =", 8, "no key `alias`"),
    ('safety = "unsafe"', 'safety = "maybe"', 13, "one of safe, unsafe"),
    ('reason = "it may differ"\n', "", 13, "gives its `reason`"),
    ('[fix]\ntitle = "Repair it"\nsafety = "unsafe"\nreason = "it may differ"\n', "", 16, "[fix] table"),
    ('pattern = "old($X)"\n', "", 16, "either `pattern` (code), `node`"),
    ('pattern = "old($X)"', 'patern = "old($X)"', 18, "no key `match.patern`"),
    ('where.X.text = "^a"', 'where.X.text = "("', 19, "regular expression"),
    ('where.X.text = "^a"', 'where.X.like = "a"', 19, "no key `where.X.like`"),
    ('languages = ["go"]', 'languages = ["rust"]', 23, "'rust'; known are python, go"),
    ("[[match]]", "[[matches]]", 16, "no key `matches`"),
    ('pattern = "old($X)"', 'pattern = "old($X"', 18, "does not parse as python"),
    ('pattern = "old($X)"', 'pattern = "$X"', 18, "more than a metavariable"),
    ('pattern = "old($X)"', 'pattern = "old($X); new(2)"', 18, "one statement or expression"),
    ('where.X.text = "^a"', 'where.Y.text = "a"', 19, "$Y does not stand in the pattern; it has X"),
    ('where.X.text = "^a"', 'where.X.kind = ["strng"]', 19, "'strng' is neither a kind of node of python"),
    ('fix = "new($X)"', 'fix = "new($Y)"', 20, "uses $Y"),
    ('fix = "new($X)"', 'fix = "new($X"', 20, "does not parse"),
    ('fix = "new($X)"', 'check = "nothing_like_it"', 20, "checks/nothing_like_it.py"),
    ('fix = "new($X)"', 'report = "Z"', 20, "$Z does not stand"),
    ('fix = "new($X)"', 'inside-pattern = "for"', 20, "does not parse"),
    ('fix = "new($X)"', 'context = "f()"', 20, "'@'"),
    ('["defer_statement"]', '["no_such_kind"]', 24, "'no_such_kind' is no kind of node of go"),
    ("```python", "```cobol", 31, "names its language"),
    ("```python", "```python fixed", 31, "follows the one that it fixes"),
    ("# bad\n```", "# bad", 31, "closed by a line"),
]


@pytest.mark.parametrize(("good", "bad", "line", "expected"), FAULTS, ids=[f"{line}-{expected}" for _, _, line, expected in FAULTS])
def test_a_fault_is_told_with_its_line(good: str, bad: str, line: int, expected: str) -> None:
    assert good in GOOD
    with pytest.raises(PageError) as raised:
        read(GOOD.replace(good, bad, 1))
    assert expected in raised.value.expected
    assert (raised.value.path, raised.value.line) == ("rules/quality/a-rule.md", line)
    assert str(raised.value).startswith(f"rules/quality/a-rule.md:{line}: ")


def read(text: str) -> None:
    page = parse_page("rules/quality/a-rule.md", text)
    for language in page.rule.languages:
        build_table(language, [page])
    examples(page)


def test_a_file_name_that_is_no_id_is_refused() -> None:
    with pytest.raises(PageError, match=r"Odd Name\.md:1: the file's name is the rule's id"):
        parse_page("Odd Name.md", GOOD)


def test_two_pages_of_one_name_are_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for area in ("quality", "style"):
        (tmp_path / area).mkdir()
        (tmp_path / area / "a-rule.md").write_text(GOOD, encoding="utf-8")
    with pytest.raises(PageError, match="a rule id that is not taken"):
        read_pages(tmp_path)
