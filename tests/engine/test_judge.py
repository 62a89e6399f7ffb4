"""The judge: each fault is found, and good code is left alone. `‸` marks the cursor, two of them what is replaced."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from orchestra_lsp.engine.judge import Verdict, judge
from orchestra_lsp.engine.judging.case import alone, in_place
from orchestra_lsp.model import Ask, Category, Kind, Span, Trigger
from orchestra_lsp.syntax.parse import open_buffer

EXTENSION = {"python": "py", "javascript": "js", "typescript": "ts", "go": "go", "rust": "rs", "java": "java", "c": "c"}


def asked(marked: str, kind: Kind, language: str = "python", neighbours: tuple[str, ...] = ()) -> Ask:
    parts = marked.split("‸")
    first = len(parts[0].encode())
    last = first + (len(parts[1].encode()) if len(parts) > 2 else 0)
    buffer = open_buffer("file:///w/a", f"/w/a.{EXTENSION.get(language, 'txt')}", 1, language, "".join(parts))
    others = tuple(open_buffer(f"file:///w/{text[:3]}", "/w/other", 1, language, text) for text in neighbours)
    return Ask("a", kind, buffer, Span(first, last), Trigger.MANUAL, 0.0, neighbours=others)


def verdict(marked: str, answer: str, kind: Kind = Kind.COMPLETE, language: str = "python", **more: object) -> Verdict:
    neighbours = more.pop("neighbours", ())
    ask = asked(marked, kind, language, neighbours)  # type: ignore[arg-type]
    case = alone(ask, answer, **more) if kind is Kind.TEST else in_place(ask, ask.span, answer, **more)  # type: ignore[arg-type]
    return judge(case)


def check(found: Verdict, reason: str, accepted: bool = False) -> None:
    assert found.accepted is accepted, found
    assert any(reason in one for one in found.reasons), found.reasons


def good(found: Verdict) -> None:
    assert found.accepted, found
    assert not found.reasons, found.reasons
    assert found.score >= 0.8


FUNCTION = "def total(items):\n    s = 0\n    ‸\n    return s\n"
QUERY = "import sqlite3\n\n\ndef find(db, name):\n    ‸\n"
EDITED = "import os\n\n\n‸def area(width, height):\n    return width * height\n‸\n\nprint(area(2, 3))\n"


def test_a_right_completion_is_left_alone() -> None:
    good(verdict(FUNCTION, "for item in items:\n        s += item.price"))


def test_what_breaks_the_code_is_fatal() -> None:
    found = verdict(FUNCTION, "for item in (:\n  ]")
    check(found, "syntax error")
    assert found.fatal
    assert found.score == 0.0


def test_half_typed_code_around_it_is_no_fault_of_the_answer() -> None:
    assert not verdict("def f(:\n    pass\n\n\ndef g():\n    ‸\n", "return 1").fatal


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ('return db.execute("SELECT * FROM users WHERE name = \'" + name + "\'")', "sql"),
        ('import os\n    os.system("ls " + name)', "shell"),
        ("return eval(name)", "dynamic-code"),
    ],
)
def test_a_completion_that_brings_an_injection_is_demoted_and_says_so(answer: str, rule: str) -> None:
    found = verdict(QUERY, answer)
    check(found, "review finding")
    assert rule in " ".join(found.reasons)
    assert found.findings[0].category is Category.SECURITY
    assert not found.fatal, "it may still be shown when there is nothing else"
    assert found.score < 0.5 < verdict(QUERY, 'return db.execute("SELECT * FROM users WHERE name = ?", (name,))').score


def test_a_finding_that_was_there_before_is_not_the_answers() -> None:
    was = "def find(db, name):\n    ‸return eval(name)\n‸\n"
    kept = verdict(was, "value = eval(name)\n    return value\n", Kind.EDIT)
    assert not kept.findings
    beside = "def find(db, name):\n    eval(name)\n    ‸\n    eval(name)\n"
    assert not verdict(beside, "print(name)").findings


def test_a_second_one_of_the_same_rule_is() -> None:
    was = "def find(db, name):\n    ‸return eval(name)\n‸\n"
    assert len(verdict(was, "value = eval(name)\n    return eval(value)\n", Kind.EDIT).findings) == 1


# --- names ---


@pytest.mark.parametrize(
    ("language", "marked", "answer", "strange"),
    [
        ("python", FUNCTION, "s = sumup(items)", "sumup"),
        ("python", FUNCTION, "s = numpy.sum(items)", "numpy"),
        ("javascript", "function total(items) {\n  ‸\n}\n", "return lodash.sum(items);", "lodash"),
        ("typescript", "function total(items: number[]): number {\n  ‸\n}\n", "return addUp(items);", "addUp"),
        ("rust", "fn total(items: &[i32]) -> i32 {\n    ‸\n}\n", "add_up(items)", "add_up"),
        ("go", "package a\n\nfunc total(items []int) int {\n\t‸\n}\n", "return addUp(items)", "addUp"),
    ],
)
def test_a_name_from_nowhere_lowers_the_score_and_never_rejects_alone(language: str, marked: str, answer: str, strange: str) -> None:
    check(verdict(marked, answer, language=language), f"uses {strange}", accepted=True)


@pytest.mark.parametrize(
    ("language", "marked", "answer"),
    [
        ("python", FUNCTION, "try:\n        s = sum(x for x in items)\n    except (TypeError, ValueError) as error:\n        print(error)"),
        ("python", FUNCTION, "with open(str(s), mode='r') as file:\n        s, rest = file.read(), lambda a, *b, **c: (a, b, c)"),
        ("python", FUNCTION, "match items:\n        case [first, *others]:\n            s = first + len(others)"),
        ("python", "from os.path import *\n\n\ndef f(a):\n    ‸\n", "return join(a, a)"),
        ("javascript", "function f(a) {\n  ‸\n}\n", "const { b, c: [d] } = a; return a.map((x, i) => x + i + b + d).filter(Boolean);"),
        ("javascript", "function f(a) {\n  ‸\n}\n", "try { for (const k of Object.keys(a)) console.log(k); } catch (e) { alert(e); }"),
        ("rust", "fn f(a: Vec<i32>) -> i32 {\n    ‸\n}\n", "let b: Vec<i32> = a.iter().map(|x| x + 1).collect();\n    b.len() as i32"),
        (
            "go",
            "package a\n\nfunc f(a []int) int {\n\t‸\n}\n",
            "for i, v := range a {\n\t\tif v > i {\n\t\t\treturn len(a)\n\t\t}\n\t}\n\treturn 0",
        ),
        ("java", "class A {\n  int f(int[] a) {\n    ‸\n  }\n}\n", "int s = 0;\n    for (int x : a) { s += Math.abs(x); }\n    return s;"),
        ("c", "int f(int a) {\n  ‸\n}\n", "return printf_of(a);"),
    ],
)
def test_names_that_are_made_or_built_in_are_no_fault(language: str, marked: str, answer: str) -> None:
    good(verdict(marked, answer, language=language))


def test_a_name_of_a_neighbour_is_known() -> None:
    good(verdict(FUNCTION, "s = sumup(items)", neighbours=("def sumup(items): return 0\n",)))


# --- repeating, leaving out, doing what was asked ---


def test_saying_again_what_stands_beside_is_a_fault() -> None:
    check(
        verdict(EDITED, "def area(width, height):\n    return height * width\n\n\nprint(area(2, 3))\n", Kind.EDIT), "repeats", accepted=True
    )
    twice = "a = load_settings(path)\nb = check_settings(a)\n‸\n"
    check(verdict(twice, "a = load_settings(path)\nb = check_settings(a)"), "repeats")


@pytest.mark.parametrize(
    "answer",
    [
        "def area(width, height):\n    # ... existing code ...\n    return width * height * 1\n",
        "def area(width, height):\n    # rest of the function stays the same\n    return width * height * 1\n",
        "def area(width, height):\n    # ...\n    return width * height * 1\n",
    ],
)
def test_an_edit_that_leaves_code_out_is_rejected(answer: str) -> None:
    check(verdict(EDITED, answer, Kind.EDIT), "leaves code out")


def test_an_edit_that_is_cut_off_or_changes_nothing_is_rejected() -> None:
    check(verdict(EDITED, "def area(width, height):\n    return height * width\n", Kind.EDIT, finish="length"), "cut off")
    check(verdict(EDITED, "def area(width,  height):\n    return width * height\n", Kind.EDIT), "changes nothing")


def test_an_edit_that_takes_away_what_others_use_is_rejected() -> None:
    check(verdict(EDITED, "def size(width, height):\n    return height * width\n", Kind.EDIT), "takes away area")
    good(verdict(EDITED, "def area(width, height):\n    return height * width\n", Kind.EDIT))


def test_documentation_must_not_change_code() -> None:
    documented = 'def area(width, height):\n    """The area."""\n    return width * height  # of a rectangle\n'
    good(verdict(EDITED, documented, Kind.DOCUMENT))
    check(verdict(EDITED, documented.replace("width *", "abs(width) *"), Kind.DOCUMENT), "changes code")
    check(verdict(EDITED, "def area(width, height):\n    return width * height\n", Kind.DOCUMENT), "documents nothing")
    go = "package a\n\n‸func Area(w int) int {\n\treturn w\n}\n‸"
    good(verdict(go, "// Area is the area.\nfunc Area(w int) int {\n\treturn w\n}\n", Kind.DOCUMENT, "go"))


def test_tests_must_test_the_code_that_was_asked_about() -> None:
    good(verdict(EDITED, "def test_area():\n    assert area(2, 3) == 6\n", Kind.TEST))
    check(verdict(EDITED, "print(area(2, 3))\n", Kind.TEST), "tests nothing")
    check(verdict(EDITED, "def test_it():\n    assert 1 == 1\n", Kind.TEST), "names nothing", accepted=True)
    assert verdict(EDITED, "def test_area(:\n", Kind.TEST).fatal


def test_agreeing_with_the_embedded_engine_raises_the_score() -> None:
    alone_score = verdict(FUNCTION, "s += sum(items)").score
    agreed = verdict(FUNCTION, "s += sum(items)", offer=("s += sum(items", 0.9))
    check(agreed, "agrees with the embedded engine", accepted=True)
    assert agreed.score > alone_score
    assert verdict(FUNCTION, "s += sum(items)", offer=("return None", 0.9)).score == alone_score


def test_real_code_put_back_where_it_stood_is_accepted() -> None:
    """Statements cut out of a real file and offered again: the judge must not refuse what people wrote."""
    text = (Path(sysconfig.get_paths()["stdlib"]) / "textwrap.py").read_text("utf-8")
    lines = text.splitlines(keepends=True)
    places = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assign | ast.Return | ast.Expr) and node.col_offset >= 8]
    refused = []
    for node in places:
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        start = len("".join(lines[:first]).encode())
        cut = "".join(lines[first:last])
        buffer = open_buffer("file:///t.py", "/t.py", 1, "python", "".join(lines[:first]) + "\n" + "".join(lines[last:]))
        ask = Ask("a", Kind.COMPLETE, buffer, Span(start, start), Trigger.MANUAL, 0.0)
        found = judge(in_place(ask, ask.span, cut.rstrip("\n")))
        if not found.accepted:
            refused.append((cut, found.reasons))
    assert len(places) > 60
    assert len(refused) <= len(places) * 0.02, refused


def test_a_huge_file_is_only_parsed() -> None:
    huge = "x = 1\n" * 200_000
    assert not verdict(huge + QUERY, "return eval(name)").findings
    assert verdict(huge + QUERY, "return eval((name)").fatal


@settings(max_examples=150, deadline=None)
@given(some.text(alphabet="abc(){}[]:=\n \t'\"#.,é\U0001f600", max_size=60), some.sampled_from(sorted(EXTENSION)))
def test_no_answer_makes_it_fail(answer: str, language: str) -> None:
    for kind in (Kind.COMPLETE, Kind.EDIT, Kind.DOCUMENT, Kind.TEST):
        found = verdict("x‸y = 1\n‸", answer, kind, language)
        assert 0.0 <= found.score <= 1.0
        assert not (found.accepted and found.fatal)
