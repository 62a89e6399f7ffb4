"""Reviewing what changed gives the same as reviewing everything, whatever is typed; half-written code never breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.review.check import check, update
from orchestra_lsp.review.page import ANY
from orchestra_lsp.review.pages import rules
from orchestra_lsp.syntax.parse import Change, edit_buffer
from orchestra_lsp.syntax.text import Encoding, position_at
from tests.review.support import buffer, cases

LANGUAGES = ["python", "javascript", "typescript", "tsx", "go", "rust"]
PIECES = [
    *(
        "column = 'id'\n",
        "column = ids\n",
        'const column = "id";\n',
        "const column = ids;\n",
        'text = f"DROP TABLE {x}"\ndb.execute(text)\n',
    ),
    *("", " ", "\n", "\n\n", "    ", "x", "(", ")", "{", "}", "[", '"', "'", "`", ":", ";", ",", "#", "//", "/*", "é", "😀"),
    *("def f():\n", "class A:\n    ", "for x in y:\n", "    return\n", "function f() {\n", "func f() {\n", "fn f() {\n", "}\n"),
    *("import os\n", "from yaml import load\n", "import subprocess as sp\n", 'const cp = require("child_process");\n', 'import "errors"\n'),
    *(
        "# orchestra: ignore\n",
        "# noqa\n",
        "// eslint-disable\n",
        "// eslint-enable\n",
        "//nolint\n",
        "#[allow(clippy::needless_return)]\n",
    ),
    *("<<<<<<< a\n", "=======\n", ">>>>>>> b\n", "\r\n", "\u202e", "\ufeff", "orchestra: ignore[secret-in-text]\n"),
    *('password = "t0p-S3cr3t!"\n', "token:\n", "  gh" + "p_x7Rk2mQ9vT4bN8sL1wZ6yC3dF5hJ0gKpA2eB\n", "-----BEGIN RSA PRIVATE KEY-----\n"),
    *("x == None", "return x;", "if x == NaN {}", "defer f()\n", "try:\n", "except:\n", "finally:\n", "test", "#[cfg(test)]\n", "@d\n"),
]


@cache
def corpus(language: str) -> str:
    """All examples of one language, one after the other."""
    return "\n".join(dict.fromkeys(example.code for _, name, example in cases() if name == language))


@cache
def opened(language: str) -> Buffer:
    return buffer(language, corpus(language))


def typed(code: Buffer, start: int, end: int, text: str, version: int) -> tuple[Buffer, tuple[Span, ...]]:
    first, last = position_at(code, start, Encoding.UTF8), position_at(code, max(start, end), Encoding.UTF8)
    return edit_buffer(code, version, [Change(*first, *last, text)], Encoding.UTF8)


@st.composite
def edits(draw: st.DrawFn, size: int) -> tuple[int, int, str]:
    start = draw(st.integers(0, size))
    length = draw(st.sampled_from([0, 0, 0, 1, 2, 8, 40, 300]))
    return start, min(size, start + length), draw(st.sampled_from(PIECES))


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_update_equals_a_full_check(language: str, data: st.DataObject) -> None:
    code = opened(language)
    before = check(code)
    for version in range(1, 5):
        edit = data.draw(edits(len(code.data)))
        after, changed = typed(code, *edit, version)
        found = update(before, code, after, changed)
        assert found == check(after)
        code, before = after, found


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_small_files_too(data: st.DataObject) -> None:
    _, language, example = data.draw(st.sampled_from(list(cases())))
    code = buffer(language, example.code, example.path)
    before = check(code)
    for version in range(1, 6):
        after, changed = typed(code, *data.draw(edits(len(code.data))), version)
        assert update(before, code, after, changed) == check(after)
        code, before = after, check(after)


def prefixes() -> Iterator[tuple[str, str, str]]:
    for _, language, example in cases():
        yield language, example.path, example.code


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_prefix_of_an_example_breaks_the_check_or_is_reported_where_it_is_broken(language: str) -> None:
    for name, path, text in prefixes():
        if name != language:
            continue
        # one step in seven characters visits every kind of half-written line and keeps this short
        for size in range(0, len(text), 7):
            code = buffer(language, text[:size], path)
            broken = broken_spans(code)
            for finding in check(code):
                if ANY in rules()[finding.rule].languages:
                    continue  # plain text is never broken
                assert not any(span.start <= finding.span.start < span.end for span in broken), finding


def broken_spans(code: Buffer) -> list[Span]:
    assert code.tree is not None
    waiting, found = [code.tree.root_node], []
    while waiting:
        node = waiting.pop()
        if node.is_error:
            found.append(Span(node.start_byte, node.end_byte))
        elif node.has_error:
            waiting += node.children
    return found


def test_a_check_of_some_spans_finds_what_is_there() -> None:
    code = opened("python")
    everything = check(code)
    for finding in everything:
        assert finding in check(code, [finding.span])
    assert check(code, []) == ()


def test_a_change_elsewhere_moves_findings_their_fixes_and_related_places() -> None:
    code = buffer("go", GO)
    before = check(code)
    assert [finding.rule for finding in before] == ["repeated-condition", "time-since"]
    after, changed = typed(code, GO.index("var a"), GO.index("var a"), "// a line more\n", 1)
    found = update(before, code, after, changed)
    assert [finding.span.start for finding in found] == [finding.span.start + 15 for finding in before]
    assert found == check(after)


GO = """package p

import "time"

var a = 1

func f(start time.Time) time.Duration {
\tif a == 1 {
\t\ta = 2
\t} else if a == 1 {
\t\ta = 3
\t}
\treturn time.Now().Sub(start)
}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import yaml\n\ndef f(x):\n    return yaml.load(x)\n", "import json as yaml\n\ndef f(x):\n    return yaml.load(x)\n"),
        ("def f(x):\n    return yaml.load(x)\n", "import yaml\ndef f(x):\n    return yaml.load(x)\n"),
        ("# \n\nx = y == None\n", "# ruff: noqa\n\nx = y == None\n"),
        ("# Code by hand\nx = y == None\n", "# Code generated by x. DO NOT EDIT\nx = y == None\n"),
        ('t = "a"\n\ndef f(c):\n    c.execute(f"DROP TABLE {t}")\n', 't = a\n\ndef f(c):\n    c.execute(f"DROP TABLE {t}")\n'),
        ('q = f"DROP TABLE {t}"\nx = 1\nc.execute(q)\n', 'q = "DROP TABLE t"\nx = 1\nc.execute(q)\n'),
        ("class A:\n    def f(self, x=[]):\n        return x\n", "class TestA:\n    def f(self, x=[]):\n        return x\n"),
    ],
)
def test_what_the_whole_file_depends_on(old: str, new: str) -> None:
    for one, other in ((old, new), (new, old)):
        code = buffer("python", one)
        after, changed = typed(code, 0, len(one), other, 1)
        assert update(check(code), code, after, changed) == check(after)


def test_no_tree_and_no_rules_mean_no_findings() -> None:
    binary = buffer("python", "x == None\0")
    assert check(binary) == ()
    assert check(buffer("text", "x == None")) == ()
    code = buffer("python", "x == None\n")
    assert update(check(code), code, binary, ()) == ()
    assert update((), binary, code, ()) == check(code)


LINES_THAT_COME_AND_GO = {
    "python": ("if undefined == None: pass\n", "\n\nclass Next:\n    pass\n"),
    "javascript": ("if (x == NaN) { y(); }\n", "class Next {}\n"),
    "go": ("var weak = md5.New()\n", "func next() {}\n"),
    "rust": ("fn f(x: f64) -> bool { return x == f64::NAN; }\n", "struct Next;\n"),
}


@pytest.mark.parametrize("language", LINES_THAT_COME_AND_GO)
def test_a_line_that_is_deleted_takes_its_findings_along(language: str) -> None:
    line, after = LINES_THAT_COME_AND_GO[language]
    head = 'package p\n\nimport "crypto/md5"\n\n' if language == "go" else "\n"
    code = buffer(language, head + after)
    known = check(code)
    inserted, spans = typed(code, len(head), len(head), line, 2)
    found = update(known, code, inserted, spans)
    assert len(found) > len(known)
    assert found == check(inserted)
    deleted, spans = typed(inserted, len(head), len(head) + len(line), "", 3)
    assert update(found, inserted, deleted, spans) == known


DEEP = {
    "brackets": ("python", "x = " + "(y == " * 4000 + "None" + ")" * 4000 + "\n"),
    "calls": ("python", "x = " + "eval(" * 4000 + "y" + ")" * 4000 + "\n"),
    "a sum": ("python", 'c.execute("SELECT a FROM b" + ' + " + ".join(["a"] * 4000) + ")\n"),
    "strings in a row": ("python", 'x = (f"a"' + ' f"b"' * 4000 + ")\n"),
    "variables": ("python", "def f(c, q):\n" + "    q = q + q + 'select x from y'\n" * 300 + "    c.execute(q)\n"),
    "else-ifs": ("javascript", "if (a == 1) {}" + "".join(f" else if (a == {number}) {{}}" for number in range(2, 2000))),
    "a chain": ("rust", "fn f() { a" + ".filter(|x| x).next()" * 1000 + "; }"),
    "use lists": ("rust", "use a::" + "{b::" * 2000 + "c" + "}" * 2000 + ";"),
    "unclosed": ("python", "{[(" * 3000),
    "one long line": ("typescript", "x = [" + ", ".join(["y == 0"] * 5000) + "];"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", DEEP)
def test_code_that_no_person_writes_takes_its_time_but_ends(name: str) -> None:
    language, text = DEEP[name]
    code = buffer(language, text)
    before = check(code)
    after, changed = typed(code, 0, 0, "\n", 1)
    assert update(before, code, after, changed) == check(after)
