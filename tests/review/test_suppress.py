"""Comments that silence a finding: ours and those of other linters, and the edit that writes ours."""

from __future__ import annotations

import pytest

from orchestra_lsp.review.check import check
from orchestra_lsp.review.suppress import suppression_edit
from orchestra_lsp.syntax.parse import errors_in, splice
from orchestra_lsp.syntax.text import line_at
from tests.review.support import buffer


def check_marks(language: str, text: str) -> None:
    """Lines with `!` in front are reported, all others are silent."""
    lines = text.splitlines()
    expected = [number for number, line in enumerate(lines) if line.startswith("!")]
    code = buffer(language, "\n".join(line.removeprefix("!") for line in lines) + "\n")
    assert errors_in(code) == 0
    found = sorted({line_at(code, finding.span.start) for finding in check(code)})
    assert found == expected


PYTHON = {
    "nothing": "!x = y == None",
    "ours on the line": "x = y == None  # orchestra: ignore[comparison-to-none] compared by the ORM",
    "ours above": "# orchestra: ignore[comparison-to-none]\nx = y == None\n!z = y == None",
    "ours above, among others": "# orchestra: ignore[mutable-default-argument, comparison-to-none] both\n# see there\n\nx = y == None",
    "ours for all rules": "x = y == None  # orchestra: ignore",
    "ours for another rule": "!x = y == None  # orchestra: ignore[bare-except]",
    "ours at the end of a line is not for the next": "a = 1  # orchestra: ignore[comparison-to-none]\n!x = y == None",
    "ours above a statement of several lines": "# orchestra: ignore[comparison-to-none]\nx = (\n    1,\n    y == None,\n)",
    "ours on a line of such a statement": "x = (\n    1,\n    y == None,  # orchestra: ignore[comparison-to-none]\n!    z == None,\n)",
    "ours for the file": "x = y == None\n# orchestra: ignore-file[comparison-to-none]\nz = y == None\n!def f(a=[]): ...",
    "in a string it is text": '!x = y == None, "# noqa"',
    "noqa": "x = y == None  # noqa",
    "noqa in capitals": "x = y == None  #NOQA",
    "noqa with the code": "x = y == None  # noqa: E711",
    "noqa with its family": "x = y == None  # noqa: E7",
    "noqa with several codes": "x = y == None  # noqa: F401, E711 both",
    "noqa with another code": "!x = y == None  # noqa: E712",
    "noqa above is not for the next line": "# noqa\n!x = y == None",
    "noqa at the end of a statement is not for its other lines": "x = f(\n!    y == None\n)  # noqa",
    "ruff for the file": "# ruff: noqa: E711\nx = y == None\n!def f(a=[]): ...",
    "flake8 for the file": "x = y == None\n# flake8: noqa",
    "nosec": "import yaml\nyaml.load(x)  # nosec",
    "nosec with the code": "import yaml\nyaml.load(x)  # nosec B506",
    "nosec with a reason": "import yaml\nyaml.load(x)  # nosec - own file",
    "nosec with another code": "import yaml\n!yaml.load(x)  # nosec B101",
    "nosemgrep": "# nosemgrep\nx = y == None",
    "pylint by alias only": "!x = y == None  # pylint: disable=singleton-comparison-x",
}
JAVASCRIPT = {
    "nothing": "!if (x == 0) y();",
    "ours": "// orchestra: ignore[loose-equality]\nif (x == 0) y();\nif (x == 0) y(); // orchestra: ignore[loose-equality] sure",
    "in a block comment": "/* orchestra: ignore[loose-equality] */\nif (x == 0) y();",
    "disable-line": "if (x == 0) y(); // eslint-disable-line",
    "disable-line with the name": "if (x == 0) y(); // eslint-disable-line no-eval, eqeqeq -- sure",
    "disable-line with another name": "!if (x == 0) y(); // eslint-disable-line no-eval",
    "disable-next-line": "// eslint-disable-next-line eqeqeq\nif (x == 0) y();\n!if (x == 0) y();",
    "disable to the end": "!if (x == 0) y();\n/* eslint-disable */\nif (x == 0) y();\neval(x);",
    "disable and enable": "/* eslint-disable eqeqeq */\nif (x == 0) y();\n!eval(x);\n/* eslint-enable eqeqeq */\n!if (x == 0) y();",
    "enable all": "/* eslint-disable eqeqeq */\nif (x == 0) y();\n/* eslint-enable */\n!if (x == 0) y();",
    "a name that only holds a part": "/* eslint-disable eqeqeq-x */\n!if (x == 0) y();",
    "nosemgrep with its own name": "if (x == 0) y(); // nosemgrep: javascript.lang.correctness.eqeqeq",
}
GO = {
    "nothing": "package p\n\nfunc f() {\n!\treturn open == true\n}",
    "nolint": "package p\n\nfunc f() {\n\treturn open == true //nolint\n}",
    "nolint with a tool": "package p\n\nfunc f() {\n\treturn open == true //nolint:errcheck,gosimple // why\n}",
    "nolint with another tool": "package p\n\nfunc f() {\n!\treturn open == true //nolint:errcheck\n}",
    "nolint over a function": "package p\n\n//nolint:gosimple\nfunc f() {\n\tg()\n\tg(x == true)\n}\n\nfunc h() {\n!\tg(x == true)\n}",
    "nolint on the line of a function": "package p\n\nfunc f() { //nolint:gosimple\n\tg()\n\treturn open == true\n}",
    "nolint over a statement": "package p\n\nfunc f() {\n\t//nolint\n\tif open == true {\n\t\tg(x == false)\n\t}\n!\tg(x == false)\n}",
    "gosec": 'package p\n\nimport "crypto/md5"\n\nvar h = md5.New() // #nosec G401 -- old files\n!var i = md5.New() // #nosec G404',
    "staticcheck": "package p\n\nfunc f() {\n\t//lint:ignore S1002 clearer\n\treturn open == true\n}",
    "staticcheck for the file": "//lint:file-ignore S1002 clearer\npackage p\n\nfunc f() {\n\treturn open == true\n}",
}
RUST = {
    "nothing": "fn f() -> bool {\n!    return x;\n}",
    "allow": "#[allow(clippy::needless_return)]\nfn f() -> bool {\n    return x;\n}\n\nfn g() -> bool {\n!    return x;\n}",
    "allow with others between": "#[allow(dead_code, clippy::needless_return)]\n/// Docs.\n#[inline]\nfn f() -> bool {\n    return x;\n}",
    "expect": '#[expect(clippy::needless_return, reason = "x")]\nfn f() -> bool {\n    return x;\n}',
    "allow another": "#[allow(clippy::all_of_it)]\nfn f() -> bool {\n!    return x;\n}",
    "allow for a module": "mod m {\n#![allow(clippy::needless_return)]\nfn f() -> u8 {\nreturn x;\n}\n}\nfn g() -> u8 {\n!    return x;\n}",
    "allow for the file": "#![allow(clippy::needless_return)]\nfn f() -> bool {\n    return x;\n}",
    "ours": "fn f() -> bool {\n    // orchestra: ignore[needless-return] clearer\n    return x;\n}",
}
CASES = [
    (language, name, text)
    for language, table in (("python", PYTHON), ("javascript", JAVASCRIPT), ("go", GO), ("rust", RUST))
    for name, text in table.items()
]


@pytest.mark.parametrize(("language", "name", "text"), CASES, ids=[f"{language}: {name}" for language, name, _ in CASES])
def test_what_a_comment_silences(language: str, name: str, text: str) -> None:
    check_marks(language, text)


WRITTEN = [
    ("python", "def f():\n    x = y == None\n", "def f():\n    # orchestra: ignore[comparison-to-none] why\n    x = y == None\n"),
    ("python", "x = y == None\r\nz = y == None\r\n", "# orchestra: ignore[comparison-to-none] why\r\nx = y == None\r\nz = y == None\r\n"),
    (
        "python",
        "# orchestra: ignore[bare-except] why\nx = y == None\n",
        "# orchestra: ignore[bare-except, comparison-to-none] why\nx = y == None\n",
    ),
    ("python", 'x = f"""\n{y == None}\n"""\n', '# orchestra: ignore[comparison-to-none] why\nx = f"""\n{y == None}\n"""\n'),
    ("python", "x = (\n    1,\n    y == None,\n)\n", "x = (\n    1,\n    # orchestra: ignore[comparison-to-none] why\n    y == None,\n)\n"),
    ("javascript", "\tif (x == 0) y();\n", "\t// orchestra: ignore[loose-equality] why\n\tif (x == 0) y();\n"),
    ("javascript", "x = `\n${y == 0}\n`;\n", "// orchestra: ignore[loose-equality] why\nx = `\n${y == 0}\n`;\n"),
    (
        "tsx",
        "const a = (\n  <p>\n    {y == 0}\n  </p>\n);\n",
        "const a = (\n  // orchestra: ignore[loose-equality] why\n  <p>\n    {y == 0}\n  </p>\n);\n",
    ),
    ("rust", "fn f() {\n    g();\n    return;\n}\n", "fn f() {\n    g();\n    // orchestra: ignore[needless-return] why\n    return;\n}\n"),
]


@pytest.mark.parametrize(("language", "before", "after"), WRITTEN)
def test_the_comment_that_is_written_silences_the_finding_and_nothing_else(language: str, before: str, after: str) -> None:
    code = buffer(language, before)
    findings = check(code)
    written = splice(code, [suppression_edit(code, findings[0], "why")])
    assert written.data.decode() == after
    assert errors_in(written) == 0
    assert [finding.message for finding in check(written)] == [finding.message for finding in findings[1:]]


def test_a_second_finding_joins_the_comment_of_the_first() -> None:
    code = buffer("python", "import yaml\nx = yaml.load(y == None)\n")
    while findings := check(code):
        code = splice(code, [suppression_edit(code, findings[0])])
    assert code.data.decode() == "import yaml\n# orchestra: ignore[yaml-load-unsafe, comparison-to-none]\nx = yaml.load(y == None)\n"
