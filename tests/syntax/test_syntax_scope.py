"""Scopes, imports, names: with a whole tree and with one that is broken because someone is typing."""

from __future__ import annotations

import pytest

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.language import names
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.scope import definitions, enclosing, identifiers, imports
from orchestra_lsp.syntax.text import slice_text

CURSOR = "‸"


def opened(language: str, text: str) -> Buffer:
    return open_buffer("", "", 0, language, text.replace(CURSOR, ""))


def check_enclosing(language: str, text: str, expected: str) -> None:
    buffer = opened(language, text)
    scopes = enclosing(buffer, len(text.split(CURSOR)[0].encode()))
    assert " ".join(f"{scope.kind}:{scope.name}" for scope in scopes) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "x = ‸1\n", ""),
        ("python", "class A:\n    def f(self):\n        x‸ = 1\n", "function:f class:A"),
        ("python", "class A:\n    def f(self):\n        x = 1\n        ‸", "function:f class:A"),
        ("python", "class A:\n    def f(self):\n        x = 1\n\n    ‸", "class:A"),
        ("python", "class A:\n    def f(self):\n        x = 1\n\n‸", ""),
        ("python", "class A:\n    def f(self):\n        x = 1\n\n\n        ‸\n\n    def g(self):\n        pass\n", "function:f class:A"),
        ("python", "def f():\n    def g():\n        pass\n    ‸return g\n", "function:f"),
        ("python", "weigh = lambda item: ‸item\n", "function:weigh"),
        ("javascript", "const app = () => {\n  const one = 1;\n  ‸\n  return one;\n};\n", "function:app"),
        ("javascript", "class A { m() { items.map((x) => { ‸x; }); } }", "function:m class:A"),
        ("javascript", "function f() { return 1; }‸\n", ""),
        ("go", "package a\nvar f = func() {\n\t‸\n}\n", "function:f"),
        ("rust", "mod a { impl B { fn c() { ‸ } } }", "function:c class:B module:a"),
        ("cpp", "namespace n { struct S { void m() { ‸ } }; }", "function:m class:S module:n"),
        ("text", "any‸thing", ""),
    ],
)
def test_enclosing(language: str, text: str, expected: str) -> None:
    check_enclosing(language, text, expected)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "class A:\n    def f(self):\n        x = [1,\n        ‸", "function:f class:A"),
        ("python", "def f(\n    a,\n    b,\n):\n    x = (‸\n\ndef g():\n    pass\n", "function:f"),
        ("python", "def f(a):\n    x = ‸\n\ndef g(): pass", "function:f"),
        ("python", "class A:\n    async def f(self):\n        if a and (‸", "function:f class:A"),
        ("javascript", "class A {\n  m(a) {\n    const x = 1;\n    ‸", "function:m class:A"),
        ("javascript", "function f() {\n  if (a) {\n    foo(‸\n}\nfunction g() { return 1 }\n", "function:f"),
        ("javascript", "export const f = async (a) => {\n  const { b ‸\n", "function:f"),
        ("typescript", "export class A {\n  private async m(a: string): Promise<void> {\n    await ‸", "function:m class:A"),
        ("tsx", "const A = () => {\n  const [a] = use‸\n  return <div>", "function:A"),
        ("go", "package a\nfunc (t *T) f(a int) {\n\tif x := (‸", "function:f"),
        ("rust", "impl<T> Shape for A<T> {\n    pub async fn f(&self) {\n        let x = ‸", "function:f class:A"),
        ("java", "public class A {\n    public List<String> f(int a) {\n        int x = (‸", "function:f class:A"),
        ("c", "static int\nf(void)\n{\n    int x = (‸", ""),  # the name alone on its line could be a call
        ("c", "static int f(void)\n{\n    int x = (‸", "function:f"),
        ("cpp", "class A {\n    void f() {\n        int x = (‸", "function:f class:A"),
    ],
)
def test_enclosing_in_broken_code(language: str, text: str, expected: str) -> None:
    check_enclosing(language, text, expected)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "python",
            "import a.b as c, d\nfrom . import e\nfrom ..f.g import *\nfrom __future__ import annotations\nimport d\n",
            "a.b d . ..f.g __future__",
        ),
        ("python", "def f():\n    import lazy\n", "lazy"),
        (
            "javascript",
            "import x from './x'; export { y } from \"./y\"; const z = require(`z`) || require('w'); import('lazy');",
            "./x ./y w lazy",
        ),
        ("typescript", "import type { A } from 'a'; import 'side-effect';", "a side-effect"),
        ("go", 'package a\nimport "fmt"\nimport (\n\t_ "embed"\n\tweb `net/http`\n)\n', "fmt embed net/http"),
        ("rust", "use a::b::c; use d::{e, f::g}; use h::*; use i::j as k; extern crate l;", "a::b::c d h i::j l"),
        ("java", "import a.B; import static c.D.e; import f.*;", "a.B c.D.e f"),
        ("c", '#include <a/b.h>\n#include "c.h"\n', "a/b.h c.h"),
        ("text", "import a", ""),
    ],
)
def test_imports(language: str, text: str, expected: str) -> None:
    assert " ".join(imports(opened(language, text))) == expected


def test_identifiers_come_once_in_order_and_not_from_strings_or_comments() -> None:
    buffer = opened("python", "# comment\ntotal = price + total * self.rate('word')\n")
    assert identifiers(buffer) == ("total", "price", "self", "rate")
    assert identifiers(buffer, Span(18, 23)) == ("price",)
    assert identifiers(buffer, Span(19, 23)) == ()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "python",
            "A: int = 1\nclass B:\n    c = 2\n    def d(self): e = 1\nf = lambda: 1\nif x:\n    def g(): pass\n",
            "variable:A class:B function:d function:f function:g",
        ),
        (
            "javascript",
            "const a = 1; export let b; var c; function d() { let e }; class F {}",
            "variable:a variable:b variable:c function:d class:F",
        ),
        ("typescript", "type A = 1; interface B {} enum C { D } namespace E {}", "variable:A class:B class:C module:E"),
        (
            "go",
            "package a\nconst (\n\tB = 1\n)\nvar c int\ntype D struct{}\nfunc (d D) E() {}\n",
            "variable:B variable:c class:D function:E",
        ),
        (
            "rust",
            "const A: u8 = 1; struct B; enum C {} trait D {} mod e {} impl B { fn f() {} }",
            "variable:A class:B class:C class:D module:e function:f",
        ),
        ("java", "class A { int b, c; void d() {} enum E {} }", "class:A variable:b variable:c function:d class:E"),
        (
            "c",
            "#define A 1\n#define B(x) x\nint c, d = 1; struct E { int f; }; typedef int G; int h(void) {}",
            "variable:A variable:B variable:c variable:d class:E variable:G function:h",
        ),
    ],
)
def test_definitions(language: str, text: str, expected: str) -> None:
    buffer = opened(language, text)
    found = definitions(buffer)
    assert " ".join(f"{each.kind}:{each.name}" for each in found) == expected
    assert all(slice_text(buffer, each.name_span) == each.name for each in found)
    assert all(each.span.start <= each.name_span.start or each.kind == "function" for each in found)


@pytest.mark.parametrize("language", names())
def test_empty_file_and_places_outside(language: str) -> None:
    buffer = opened(language, "")
    assert (
        definitions(buffer),
        imports(buffer),
        identifiers(buffer),
        enclosing(buffer, 0),
        enclosing(buffer, 99),
        enclosing(buffer, -1),
    ) == ((),) * 6


def test_enclosing_span_is_the_text_of_the_scope() -> None:
    text = "class A:\n    @property\n    def f(self):\n        return ‸1\n"
    buffer = opened("python", text)
    inner, outer = enclosing(buffer, text.index(CURSOR))
    assert slice_text(buffer, inner.span).startswith("def f(self):")
    assert slice_text(buffer, outer.span).startswith("class A:")
