"""Where data from outside goes: what is followed, what stops it, and that an edit elsewhere in the file is seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Finding
from orchestra_lsp.review.check import check, update
from orchestra_lsp.syntax.text import line_at
from tests.bench.flow_cases import SINKS, SOURCES, WAYS, cases
from tests.review.support import buffer
from tests.review.test_update import typed

HEAD = """import os, html, configparser
from flask import Flask, request
app = Flask(__name__)

def same(value):
    return value

def run(command):
    os.system(command)

"""
HANDLER = """@app.route("/x/<name>/<int:number>")
def handler(name, number):
    param = request.args.get("a")
{body}
"""


def commands(body: str, head: str = HEAD) -> list[Finding]:
    text = head + HANDLER.format(body="\n".join("    " + line for line in body.splitlines()))
    return [finding for finding in check(buffer("python", text)) if finding.rule == "command-injection"]


@pytest.mark.parametrize(
    "body",
    [
        "os.system(param)",
        "os.system(name)",
        "os.system(f'ls {same(param)}')",
        "run(param)",
        "one, two = 1, param\nos.system(two)",
        "one, *two = param, 1\nos.system(one)",
        "kept = {'a': [1, param]}\nos.system(kept['a'][1])",
        "kept = [param]\nkept.insert(0, 'x')\nos.system(kept[1])",
        "text = ''\nfor letter in param:\n    text += letter\nos.system(text)",
        "while True:\n    param = param + 'x'\n    if number:\n        break\nos.system(param)",
        "try:\n    text = param\nexcept KeyError:\n    text = ''\nfinally:\n    number += 1\nos.system(text)",
        "with open('a') as found:\n    os.system(param + found.read())",
        "def inner():\n    os.system(param)\ninner()",
        "if (text := param):\n    os.system(text)",
        "os.system(' '.join(one.strip() for one in param.split(',')))",
        "os.system(html.escape(param))",
        "if param in ('a', 'b'):\n    number = 1\nos.system(param)",
        "data = request.get_json()\nif data['kind'] == 'a':\n    os.system(data['name'])",
        "match number:\n    case 1:\n        text = param\n    case _:\n        text = ''\nos.system(text)",
        "list(map(lambda one: os.system(one), [param]))",
    ],
)
def test_data_from_outside_is_followed(body: str) -> None:
    assert len(commands(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "os.system('ls')",
        "os.system(f'ls {number}')",
        "param = 'ls'\nos.system(param)",
        "one, two = 'ls', param\nos.system(one)",
        "kept = {'a': ['ls', param]}\nos.system(kept['a'][0])",
        "kept = ['x', 'ls', param]\nkept.pop(0)\nos.system(kept[0])",
        "text = param if 3 > 4 else 'ls'\nos.system(text)",
        "if number:\n    return 'no'\nelse:\n    return 'yes'\nos.system(param)",
        "if param not in ['a', 'b']:\n    return 'no'\nos.system(param)",
        "if not param.isalnum():\n    raise ValueError\nos.system(param)",
        "if param != 'ls':\n    return 'no'\nos.system(param)",
        "int(param)\nos.system(param)",
        "os.system({'a': 'ls'}[param])",
        "letter = 'ABC'[1]\nmatch letter:\n    case 'A':\n        text = param\n    case 'B':\n        text = 'ls'\nos.system(text)",
        "os.system('%d' % param)",
        "os.system(str(len(param)))",
    ],
)
def test_what_is_checked_replaced_or_never_reached_is_fine(body: str) -> None:
    assert commands(body) == []


def test_the_path_is_told_from_its_source_to_its_sink() -> None:
    (found,) = commands("text = 'ls ' + param\nrun(text)")
    code = buffer("python", HEAD + HANDLER.format(body="    text = 'ls ' + param\n    run(text)"))
    shown = [code.data[one.span.start : one.span.end].decode() for one in found.related]
    assert shown[0] == "request.args"
    assert shown[-1] == "os.system(command)"
    assert "request data" in found.message
    assert found.related[-1].message == "it reaches os.system here"


def test_one_finding_where_a_pattern_sees_the_same() -> None:
    text = HEAD + HANDLER.format(body="    cursor.execute(f\"SELECT a FROM b WHERE c = '{param}'\")")
    assert [one.rule for one in check(buffer("python", text)) if 89 in one.cwe] == ["sql-injection"]


def test_a_pattern_is_silent_where_flow_knows_better() -> None:
    known = HEAD + HANDLER.format(body="    bar = 'a' if 3 > 2 else param\n    cursor.execute(f\"SELECT a FROM b WHERE c = '{bar}'\")")
    unknown = HEAD + HANDLER.format(body="    bar = load()\n    cursor.execute(f\"SELECT a FROM b WHERE c = '{bar}'\")")
    assert [one.rule for one in check(buffer("python", known)) if 89 in one.cwe] == []
    assert [one.rule for one in check(buffer("python", unknown)) if 89 in one.cwe] == ["sql-built-from-text"]


def test_a_comment_silences_a_flow() -> None:
    assert commands("os.system(param)  # orchestra: ignore[command-injection] it is a toy") == []


def test_a_test_file_is_not_followed() -> None:
    code = buffer("python", HEAD + HANDLER.format(body="    os.system(param)"), "/project/tests/test_x.py")
    assert [one for one in check(code) if one.rule == "command-injection"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return value\n", "    return 'ls'\n"),
        ("    os.system(command)\n", "    print(command)\n"),
        ("def same(", "def other("),
        ("from flask import Flask, request", "from flask import Flask"),
        ("<name>", "<int:name>"),
        ("request.args", "settings"),
    ],
)
def test_an_edit_of_a_helper_is_seen_in_its_callers(old: str, new: str) -> None:
    text = HEAD + HANDLER.format(body="    run(same(param))\n    run(name)")
    for one, other in ((text, text.replace(old, new)), (text.replace(old, new), text)):
        code, at = buffer("python", one), one.index(old if one == text else new)
        end = at + len(old if one == text else new)
        after, changed = typed(code, at, end, other[at : len(other) - len(one) + end], 1)
        assert after.data.decode() == other
        assert update(check(code), code, after, changed) == check(after)


PIECES = [
    "param",
    "'ls'",
    "same(",
    ")",
    "request.args['b']",
    "\n    ",
    "return ",
    "if ",
    ":",
    "def same(x): return 'y'\n",
    "class A:\n    x = 1\n",
    "=",
    " ",
    "#",
]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_following_what_changed_equals_following_everything(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(list(cases())[::7]))
    code = buffer("python", case.code)
    before = check(code)
    start = max(0, case.code.index("def same"))
    for version in range(1, 5):
        at = data.draw(st.integers(start, len(code.data)))
        end = min(len(code.data), at + data.draw(st.sampled_from([0, 0, 1, 5, 30])))
        after, changed = typed(code, at, end, data.draw(st.sampled_from(PIECES)), version)
        before = update(before, code, after, changed)
        assert before == check(after)
        code = after


def test_our_own_cases_are_told_apart() -> None:
    """One in nine of the cases of the bench: none that is safe is reported."""
    assert len(list(cases())) > len(SINKS) * len(WAYS) > len(SOURCES)
    wrong = []
    for case in list(cases())[::9]:
        found = any(case.cwe in one.cwe for one in check(buffer("python", case.code)) if "-from-" not in one.rule or case.bad)
        if found != case.bad:
            wrong.append(case.name)
    assert wrong == []


def test_a_function_without_end_is_given_up() -> None:
    body = "\n".join(f"    a{number} = same(same(same(param)))" for number in range(1500)) + "\n    os.system(a1)"
    code = buffer("python", HEAD + HANDLER.format(body="    os.system(param)\n" + body))
    assert [line_at(code, one.span.start) for one in check(code) if one.rule == "command-injection"] == [13]


def test_helpers_that_call_each_other_end() -> None:
    head = HEAD + "def one(x):\n    return two(x)\n\ndef two(x):\n    return one(x) or x\n\n"
    assert len(commands("os.system(one(param))", head)) == 1


def test_positions_are_those_of_the_text() -> None:
    code = buffer("python", "# é😀\n" + HEAD + HANDLER.format(body="    os.system(param)"))
    (found,) = [one for one in check(code) if one.rule == "command-injection"]
    assert code.data[found.span.start : found.span.end] == b"os.system(param)"
