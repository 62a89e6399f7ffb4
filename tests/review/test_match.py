"""What a pattern and its conditions match, one row each: lines with `!` in front are found."""

from __future__ import annotations

import pytest

from orchestra_lsp.review.check import check
from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.imports import imports_of
from orchestra_lsp.review.page import PageError
from orchestra_lsp.review.table import build_table
from orchestra_lsp.syntax.parse import errors_in
from orchestra_lsp.syntax.text import line_at
from tests.review.support import buffer, found_lines, one_page


def check_match(language: str, match: str, text: str, path: str = "") -> None:
    lines = text.strip("\n").splitlines()
    code = buffer(language, "\n".join(line.removeprefix("!") for line in lines) + "\n", path)
    assert errors_in(code) == 0, text
    table = build_table(language, [one_page([language], "[[match]]\n" + match)])
    assert found_lines(table, code) == [number for number, line in enumerate(lines) if line.startswith("!")]


PYTHON = [
    ('pattern = "f($X)"', "!f(1)\n!f( a , )\nf()\nf(1, 2)\nf(x=1)\nf(*a)\ng(1)\na.f(1)"),
    ('pattern = "f($$$A)"', "!f()\n!f(1, *b, c=2)\nf(x for x in y)"),
    ('pattern = "f($X, $$$A, 3, $$$B)"', "!f(1, 3)\n!f(1, 2, 3, 4)\nf(3)\nf(1, 2)"),
    ('pattern = "f($X, $X)"', "!f(a, a)\n!f(a.b, a.b)\nf(a, b)"),
    ('pattern = "f($_, $_)"', "!f(a, a)\n!f(a, b)\nf(a)"),
    ('pattern = "$A.f()"', "!a.f()\n!a.b().f()\nf()"),
    ("pattern = 'f(\"a\")'", "!f('a')\n!f(\"\"\"a\"\"\")\n!f(r'a')\nf(b'a')\nf('b')\nf(f'{a}')"),
    ("pattern = 'f(\"$S\")'", "!f('a')\n!f('')\nf(f'{a}')\nf(a)"),
    ('pattern = "f(1)"', "!f(  # why\n    1,\n)"),
    ('pattern = "if $C:\\n    $$$B"', "!if a:\n    b\n    c\nif a:\n    b\nelse:\n    c\nwhile a: b"),
    ('pattern = "except $E:\\n    pass"', "try:\n    a\n!except B:\n    pass\nexcept C:\n    pass; pass"),
    ('pattern = "x = $X"', "!x = 1\ny = 1\nx += 1\n(x == 1)"),
    ('pattern = "f($X)"\nwhere.X.any = ["a", "b.c"]', "!f(a)\n!f(b.c)\nf(c)"),
    ('pattern = "f($X)"\nwhere.X.text = "^a"\nwhere.X.not-text = "z$"', "!f(ab)\nf(abz)\nf(ba)"),
    ('pattern = "f($X)"\nwhere.X.kind = ["string", "integer"]', "!f('a')\n!f(1)\nf(1.0)\nf(a)"),
    ('pattern = "f($X)"\nwhere.X.not-kind = ["call"]', "!f(a)\nf(a())"),
    ('pattern = "f($X)"\nwhere.X.kind = ["constant"]', "!f('a' + 'b')\n!f(A.B_C)\n!f(f'{A}')\n!f((1, -2))\nf(a)\nf(f'{a}')"),
    (
        'pattern = "f($X)"\nwhere.X.kind = ["built text"]',
        "!f(f'{a}')\n!f('a' + a)\n!f('%s' % a)\n!f('{}'.format(a))\nf('a' + 'b')\nf(a + b)",
    ),
    (
        'pattern = "f($X)"\ninside = ["loop"]',
        "for x in f(1):\n!    f(2)\n    def g():\n        f(3)\nwhile f(4):  # !\n    pass".replace("while", "!while"),
    ),
    ('pattern = "f()"\ninside = ["async function"]', "async def a():\n!    f()\n    def b():\n        f()\ndef c():\n    f()"),
    ('pattern = "f()"\nnot-inside = ["class", "lambda"]', "class A:\n    x = f()\ng = lambda: f()\n!f()"),
    ('pattern = "f()"\nnot-inside = ["test"]', "!f()\ndef test_x():\n    f()\nclass TestX:\n    x = f()"),
    ('pattern = "f()"\ninside-pattern = "with g($X):\\n    $$$B"', "with g(1):\n!    f()\nwith h(1):\n    f()\nf()"),
    ('pattern = "f()"\nnot-inside-pattern = "g($$$A)"', "g(1, f())\n!h(f())"),
    ('pattern = "f($X)"\nnot = ["f(0)", "f($A.b)"]', "!f(1)\nf(0)\nf(x.b)"),
    ('pattern = "f($$$A)"\nwith-argument = ["timeout=$_"]', "!f(timeout=1)\n!f(1, timeout=None)\nf()\nf(retry=1)"),
    ('pattern = "f($$$A)"\nwithout-argument = ["timeout=$_", "**$_"]', "!f()\n!f(1, x=2)\nf(timeout=1)\nf(**a)"),
    ('pattern = "f($X)"\nimports = ["m"]', "import m.n\n!f(1)"),
    ('pattern = "f($X)"\nimports = ["m"]', "import mm\nf(1)"),
    ('pattern = "f($X)"\nnot-imports = ["m"]', "from m import n\nf(1)"),
    ('pattern = "m.f($X)"\nimports = ["m"]', "import m\n!m.f(1)\nf(1)\nn.m.f(1)"),
    ('pattern = "m.f($X)"\nimports = ["m"]', "import m as x\n!x.f(1)\nm.f(1)"),
    ('pattern = "m.f($X)"\nimports = ["m"]', "from m import f as g, h\n!g(1)\nf(1)\nh(1)"),
    ('pattern = "n.f($X)"\nimports = ["m.n"]', "import m.n\nimport m.n as x\nfrom m import n\n!m.n.f(1)\n!x.f(1)\n!n.f(1)"),
    ('pattern = "m.$F($X)"\nimports = ["m"]\nwhere.F.any = ["a", "b"]', "import m\nfrom m import b as c\n!m.a(1)\n!c(1)\nm.d(1)"),
    ('node = ["string"]\nkey = ["f\\""]', '!x = f"a"\nx = "a"\nx = f\'a\''),
]
OTHERS = [
    ("javascript", 'pattern = "f($X)"', "!f(1);\n!f(1)\nf(...a);\na?.f(1);\nnew f(1);"),
    (
        "javascript",
        'pattern = "m.f($X)"\nimports = ["m"]',
        'import * as a from "m";\nimport { f as b } from "node:m";\n!a.f(1);\n!b(1);\nf(1);',
    ),
    ("javascript", 'pattern = "m.f($X)"\nimports = ["m"]', 'const a = require("m"), { f: b } = require("m");\n!a.f(1);\n!b(1);\nf(1);'),
    ("javascript", 'pattern = "m.f($X)"\nimports = ["m"]', 'const b = require("m").f;\nimport c from "m";\n!b(1);\n!c.f(1);'),
    (
        "javascript",
        'pattern = "try { $$$B } catch ($E) { throw $E; }"',
        "!try { a(); b() } catch (e) { throw e }\ntry { a() } catch (e) { throw f }",
    ),
    ("javascript", 'pattern = "a: $X"\ncontext = "({ @ })"', "!x({ a: 1 });\nx({ b: 1 });\na: for (;;) {}"),
    (
        "javascript",
        'pattern = "f()"\ninside = ["loop"]',
        "for (f(); f(); f()) {\n!  f();\n}\n!for (;; f()) {}".replace("for (f(); f(); f())", "!for (f(); f(); f())"),
    ),
    ("typescript", 'pattern = "f($X)"', "!f<string>(1);\n!f(x as any);\nf?.(1);"),
    ("typescript", 'pattern = "const $X = $Y"', "!const a: number = 1;\n!const b = 2;\nlet c = 3;"),
    ("typescript", 'pattern = "m.f($X)"\nimports = ["m"]', 'import a = require("m");\nimport type { T } from "n";\n!a.f(1);'),
    ("go", 'pattern = "$X == nil"', "package p\n\nfunc f() {\n!\t_ = a == nil\n\t_ = a != nil\n}"),
    (
        "go",
        'pattern = "$X = append($X, $$$A)"',
        "package p\n\nfunc f() {\n!\ta = append(a, 1)\n\tb = append(a, 1)\n\ta, b = append(a, 1), 2\n}",
    ),
    ("go", 'pattern = "m.F($X)"\nimports = ["x/m"]', 'package p\n\nimport n "x/m"\n\n!var a = n.F(1)\nvar b = m.F(1)'),
    ("go", 'pattern = "m.F($X)"\nimports = ["x/m/v2"]', 'package p\n\nimport "x/m/v2"\n\nvar a = n.F(1)'),
    ("go", 'pattern = "f()"\nnot-inside = ["test"]', "package p\n\nfunc TestX(t *testing.T) {\n\tf()\n}\n\nfunc g() {\n!\tf()\n}"),
    (
        "rust",
        'pattern = "a::b::f($X)"\nimports = ["a"]',
        "use a::b;\nuse a::b::f as g;\nfn x() {\n!    b::f(1);\n!    g(1);\n!    a::b::f(1);\n    f(1);\n}",
    ),
    (
        "rust",
        'pattern = "c::f($X)"\nimports = ["a::b::c"]',
        "use a::{b::{self, c}, d};\nfn x() {\n!    c::f(1);\n!    b::c::f(1);\n    d::f(1);\n}",
    ),
    ("rust", "pattern = 'm!(\"$S\", $$$A)'", 'fn x() {\n!    m!("a");\n!    m!("a", b, 1);\n    m!(b);\n}'),
    (
        "rust",
        'pattern = "f()"\nnot-inside = ["test"]',
        "fn x() {\n!    f();\n}\n#[test]\nfn y() {\n    f();\n}\n#[cfg(test)]\nmod z {\n    fn w() {\n        f();\n    }\n}",
    ),
]


@pytest.mark.parametrize(("language", "match", "text"), [*(("python", *row) for row in PYTHON), *OTHERS])
def test_a_pattern_matches(language: str, match: str, text: str) -> None:
    check_match(language, match, text)


@pytest.mark.parametrize(
    "path",
    ["/p/tests/a.py", "/p/test_a.py", "/p/a_test.py", "/p/tests/x/y.py", "C:\\p\\tests\\a.py", "/p/conftest.py", "/p/__tests__/a.py"],
)
def test_a_file_of_tests_is_known_by_its_path(path: str) -> None:
    check_match("python", 'pattern = "f()"\nnot-inside = ["test"]', "f()", path)


@pytest.mark.parametrize("path", ["/p/a.py", "/tests/p/src/x/a.py", "/p/tests/x/y/a.py", "/p/latest.py", "/p/contest/a.py", ""])
def test_another_file_is_not(path: str) -> None:
    check_match("python", 'pattern = "f()"\nnot-inside = ["test"]', "!f()", path)


def test_imports_say_what_names_stand_for() -> None:
    code = buffer(
        "python", "import a.b\nfrom c import (\n    d as e,\n    f,\n)\nfrom . import g\nfrom h import *\n\ndef i():\n    import j as k\n"
    )
    rules = dialect("python")
    assert rules is not None
    found = imports_of(code, rules)
    assert found.names == {"a": "a", "e": "c.d", "f": "c.f", "g": "..g", "k": "j"}
    assert found.modules == {"a", "a.b", "c", "c.d", "c.f", ".", "..g", "h", "j"}
    assert code.data[: found.insert_at].endswith(b"from h import *")


def test_a_pattern_without_a_telling_part_is_tried_on_every_call() -> None:
    check_match("python", 'pattern = "$F(1)"', "!a(1)\n!b.c(1)\n!d()(1)\na(2)")


def test_a_rule_that_fails_costs_its_findings_alone(caplog: pytest.LogCaptureFixture) -> None:
    broken = one_page(["python"], '[[match]]\npattern = "f($X)"\ncheck = "list_argument"')
    table = build_table("python", [broken, one_page(["python"], '[[match]]\npattern = "f($L)"')])
    assert found_lines(table, buffer("python", "f(1)\n")) == [0]
    assert "some-rule failed on a python document: KeyError" in caplog.text


def test_a_rule_for_a_language_without_dialect_is_refused() -> None:
    with pytest.raises(PageError, match="known are"):
        one_page(["text"], '[[match]]\npattern = "f()"')


def test_a_member_imported_under_another_name_is_found_on_both_sides_of_a_dictionary() -> None:
    text = (
        "from m import f as g\n!x = g(1) == 2\nx = f(1) == 2\n!x = g(1  # a line that makes the node longer"
        + " and longer" * 50
        + "\n) == 2"
    )
    check_match("python", 'pattern = "m.f($X) == 2"\nimports = ["m"]', text)


@pytest.mark.parametrize("head", ["// Code generated by x. DO NOT EDIT.", "/*\n * @generated by x\n */"])
def test_generated_files_are_left_alone(head: str) -> None:
    check_match("go", 'pattern = "f()"', f"{head}\n\npackage p\n\nvar a = f()")


def test_a_private_key_is_one_finding() -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA7bq1hZ3vXx9fQm2Lk8Rt5Yw" + letter * 2 + "c4Jd6Gs0Pn1Vb3Zx8" for letter in "abcdef")
    code = buffer("python", f'KEY = """-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"""\n')
    assert [line_at(code, finding.span.start) for finding in check(code)] == [1]
