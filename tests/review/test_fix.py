"""Fixing all: only what is safe, in one change, with the imports it needs and without those it leaves behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.model import Edit, Finding, Safety, Span
from orchestra_lsp.review.check import check, check_with
from orchestra_lsp.review.fix import Piece, compatible, fix_all, replaced, to_edits
from orchestra_lsp.review.table import build_table
from orchestra_lsp.syntax.parse import splice
from tests.review.support import buffer, one_page

FIX = '[fix]\ntitle = "Change $X"\nsafety = "{safety}"\nreason = "it may differ"\n'


def check_fix(language: str, match: str, before: str, after: str) -> None:
    """What the only matcher of a page makes of a text."""
    table = build_table(language, [one_page([language], FIX.format(safety="safe") + "\n[[match]]\n" + match)])
    code = buffer(language, before)
    edits = compatible(check_with(table, code))
    assert splice(code, edits).data.decode() == after


TEMPLATES = [
    ("python", 'pattern = "old($$$A)"\nfix = "new($$$A, 1)"', "old()\nold(a)\nold(a, b=c)\n", "new(1)\nnew(a, 1)\nnew(a, b=c, 1)\n"),
    (
        "python",
        'pattern = "old($$$A, x=$X, $$$B)"\nfix = "old($$$A, $$$B)"',
        "old(x=1)\nold(a, x=1)\nold(x=1, b=2)\n",
        "old()\nold(a)\nold(b=2)\n",
    ),
    ("python", 'pattern = "f($X)"\nfix = "not $X"', "f(a)\nf(a or b)\ng(f(a) == b)\n", "not a\nnot (a or b)\ng((not a) == b)\n"),
    (
        "python",
        'pattern = "f($X)"\nfix = "$X.y"',
        "f(a)\nf(-a)\nf(a + b)\nf(a[0])\nf(await a)\n",
        "a.y\n(-a).y\n(a + b).y\na[0].y\n(await a).y\n",
    ),
    ("python", 'pattern = "$X + $Y"\nfix = "$X - $Y"', "z = a * b + c\n", "z = a * b - c\n"),
    ("javascript", 'pattern = "f($X)"\nfix = "!$X"', "f(a); f(a && b); f(a) + 1;\n", "!a; !(a && b); !a + 1;\n"),
    ("javascript", 'pattern = "f($X)"\nfix = "$X.y"', "f(a?.b); f(() => 1); f(new A());\n", "a?.b.y; (() => 1).y; (new A()).y;\n"),
    ("go", 'pattern = "f($X)"\nfix = "$X.y"', "package p\n\nvar a, b = f(-x), f(x+y)\n", "package p\n\nvar a, b = (-x).y, (x+y).y\n"),
    (
        "rust",
        'pattern = "f($X)"\nfix = "$X.y()"',
        "fn g() { f(&a); f(a as u8); f(a?); }\n",
        "fn g() { (&a).y(); (a as u8).y(); a?.y(); }\n",
    ),
    ("python", 'pattern = "f($X, $Y)"\nfix = { X = "$Y", Y = "$X" }', "f(a,  b + c)\n", "f(b + c,  a)\n"),
    ("python", 'pattern = "m.old($X)"\nimports = ["m"]\nfix = "m.new($X)"', "import m as n\nn.old(1)\n", "import m as n\nn.new(1)\n"),
    ("python", 'pattern = "m.old($X)"\nimports = ["m"]\nfix = "m.new($X)"', "from m import old\nold(1)\n", "from m import old\nold(1)\n"),
]
IMPORTS = [
    ("python", 'pattern = "f()"\nfix = "a.f()"\nfix-import = "import a"', "f()\n", "import a\na.f()\n"),
    (
        "python",
        'pattern = "f()"\nfix = "a.f()"\nfix-import = "import a"',
        '#!/x\n"""Docs."""\nf()\n',
        '#!/x\n"""Docs."""\nimport a\na.f()\n',
    ),
    (
        "python",
        'pattern = "f()"\nfix = "a.f()"\nfix-import = "import a"',
        "import b\n\nf(f())\nf()\n",
        "import b\nimport a\n\nf(a.f())\na.f()\n",
    ),
    ("python", 'pattern = "f()"\nfix = "a.f()"\nfix-import = "import a"', "import a\nf()\n", "import a\na.f()\n"),
    (
        "go",
        'pattern = "f()"\nfix = "a.F()"\nfix-import = "x/a"',
        "package p\n\nvar v = f()\n",
        'package p\n\nimport "x/a"\n\nvar v = a.F()\n',
    ),
    (
        "go",
        'pattern = "f()"\nfix = "a.F()"\nfix-import = "x/a"',
        'package p\n\nimport "b"\n\nvar v = f()\n',
        'package p\n\nimport "b"\nimport "x/a"\n\nvar v = a.F()\n',
    ),
    (
        "go",
        'pattern = "f()"\nfix = "a.F()"\nfix-import = "x/a"',
        'package p\n\nimport (\n\t"b"\n)\n\nvar v = f()\n',
        'package p\n\nimport (\n\t"b"\n\t"x/a"\n)\n\nvar v = a.F()\n',
    ),
    (
        "go",
        'pattern = "b.F()"\nimports = ["x/b"]\nfix = "G()"',
        'package p\n\nimport "x/b"\n\nvar v = b.F()\n',
        "package p\n\n\nvar v = G()\n",
    ),
    (
        "rust",
        'pattern = "f()"\nfix = "a::f()"\nfix-import = "use x::a;"',
        "use b;\nfn g() { f() }\n",
        "use b;\nuse x::a;\nfn g() { a::f() }\n",
    ),
]


@pytest.mark.parametrize(("language", "match", "before", "after"), [*TEMPLATES, *IMPORTS])
def test_a_replacement_keeps_its_meaning(language: str, match: str, before: str, after: str) -> None:
    check_fix(language, match, before, after)


def test_fix_all_makes_the_safe_fixes_alone_and_those_they_uncover() -> None:
    code = buffer("python", "def f(x=[]):\n    print(f'{x}', f'a')\n    if (y == None) == None:\n        return x == None\n")
    findings = check(code)
    assert {finding.fix.safety for finding in findings if finding.fix} == {Safety.SAFE, Safety.UNSAFE}
    edits = fix_all(code, findings)
    after = splice(code, edits)
    assert after.data.decode() == "def f(x=[]):\n    print(f'{x}', 'a')\n    if (y is None) is None:\n        return x is None\n"
    assert fix_all(after, check(after)) == ()


def test_fix_all_of_nothing_is_nothing() -> None:
    code = buffer("python", "x = 1\n")
    assert fix_all(code, check(code)) == ()


def test_fix_all_leaves_rules_alone_that_were_not_among_the_findings() -> None:
    code = buffer("python", "print(f'a', x == None)\n")
    only = [finding for finding in check(code) if finding.rule == "comparison-to-none"]
    assert splice(code, fix_all(code, only)).data == b"print(f'a', x is None)\n"


def test_imports_that_nothing_uses_any_more_go_with_the_last_use() -> None:
    head = 'package p\n\nimport (\n\t"errors"\n\t"fmt"\n)\n\n'
    text = head + 'var a = errors.New(fmt.Sprintf("%d", 1))\nvar b = errors.New(fmt.Sprintf("%d", 2))\n'
    code = buffer("go", text)
    first = check(code)[0]
    assert first.fix is not None
    assert b'"errors"' in splice(code, first.fix.edits).data
    assert splice(code, fix_all(code, check(code))).data.decode() == (
        'package p\n\nimport (\n\t"fmt"\n)\n\nvar a = fmt.Errorf("%d", 1)\nvar b = fmt.Errorf("%d", 2)\n'
    )


def finding(*edits: Edit) -> Finding:
    found = next(one for one in check(buffer("python", "x == None\n")) if one.rule == "comparison-to-none")
    assert found.fix is not None
    return replace(found, span=edits[0].span, fix=replace(found.fix, edits=edits))


def test_of_two_fixes_that_touch_the_first_is_made() -> None:
    one, other, third = (Edit(Span(*span), "x") for span in ((3, 6), (5, 8), (6, 9)))
    assert compatible([finding(other), finding(one), finding(third)]) == (one, third)
    insertion, second = Edit(Span(4, 4), "a"), Edit(Span(4, 4), "b")
    assert compatible([finding(insertion), finding(second)]) == (insertion,)
    assert compatible([finding(insertion), finding(insertion)]) == (insertion,)


@st.composite
def edit_lists(draw: st.DrawFn, size: int) -> list[Edit]:
    borders = sorted(draw(st.lists(st.integers(0, size), max_size=6, unique=True)))
    pairs = list(zip(borders[::2], borders[1::2], strict=False))
    return [Edit(Span(start, end), draw(st.sampled_from(["", "a", "bcd"]))) for start, end in pairs]


def applied(text: bytes, edits: list[Edit] | tuple[Edit, ...]) -> bytes:
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text.encode() + text[edit.span.end :]
    return text


@given(st.data(), st.binary(max_size=12).map(lambda data: bytes(byte % 26 + 97 for byte in data)))
def test_rounds_of_edits_become_one(data: st.DataObject, text: bytes) -> None:
    pieces: tuple[Piece, ...] = (Piece(0, len(text), None),)
    now = text
    for _ in range(3):
        edits = data.draw(edit_lists(len(now)))
        for edit in reversed(edits):
            pieces = replaced(pieces, edit)
        now = applied(now, edits)
    assert applied(text, to_edits(pieces, len(text))) == now
