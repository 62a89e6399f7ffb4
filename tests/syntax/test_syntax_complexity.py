"""Complexity: annotated examples in every language, and agreement with radon on the standard library."""

from __future__ import annotations

import ast
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from radon.visitors import ComplexityVisitor, Function

from orchestra_lsp.model import Complexity, FunctionFacts, Span
from orchestra_lsp.syntax.facts import complexity_of, facts_of, function_facts
from orchestra_lsp.syntax.parse import errors_in, open_buffer, read_buffer

EXAMPLES = sorted(Path(__file__).parent.joinpath("fixtures", "complexity").iterdir())
FIGURE = re.compile(r"\b(cyclomatic|cognitive|nesting|parameters) (\d+)")
LIBRARY = Path(sysconfig.get_path("stdlib"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples(path: Path) -> None:
    buffer = read_buffer(path)
    assert errors_in(buffer) == 0
    wanted = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        figures = {word: int(figure) for word, figure in FIGURE.findall(line)}
        if "cognitive" in figures:
            wanted[number] = figures
    found = {facts.start_line: facts for facts in facts_of(buffer).functions}
    assert {facts.name for line, facts in found.items() if line not in wanted} == set()
    wrong = [
        f"line {line + 1}, {found[line].name if line in found else 'nothing'}: {word} {getattr(found.get(line), word, None)}, not {figure}"
        for line, figures in wanted.items()
        for word, figure in figures.items()
        if line not in found or getattr(found[line], word) != figure
    ]
    assert not wrong, "\n".join(wrong)


def radon_functions(source: str) -> Iterator[Function]:
    """Functions and methods at any depth of classes that hold no function or class of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visitor = ComplexityVisitor.from_code(source)
        nested = {
            node.lineno
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(
                isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for inner in ast.walk(node) if inner is not node
            )
        }
    classes = list(visitor.classes)
    functions = list(visitor.functions)
    while classes:
        one = classes.pop()
        functions += one.methods
        classes += one.inner_classes
    return (function for function in functions if function.lineno not in nested)


def test_cyclomatic_agrees_with_radon_on_the_standard_library() -> None:
    same, other = 0, []
    for path in sorted(LIBRARY.glob("*.py"))[::4][:45]:
        buffer = read_buffer(path)
        ours = {(facts.name, facts.start_line + 1): facts.cyclomatic for facts in facts_of(buffer).functions}
        for function in radon_functions(buffer.data.decode()):
            if ours.get((function.name, function.lineno)) == function.complexity:
                same += 1
            else:
                other.append(f"{path.name}:{function.lineno} {function.name}: radon {function.complexity}")
    assert same > 800
    assert len(other) <= same / 100, "\n".join(other)


def test_one_function_alone_measures_the_same() -> None:
    buffer = read_buffer(LIBRARY / "argparse.py")
    for facts in facts_of(buffer).functions:
        alone = function_facts(buffer, Span(facts.span.end - 1, facts.span.end - 1))
        assert alone is not None
        assert alone.name == facts.name
        assert (alone.cyclomatic, alone.nesting, alone.span) == (facts.cyclomatic, facts.nesting, facts.span)
        assert facts.cognitive - 1 <= alone.cognitive <= facts.cognitive  # cycles through other functions are not seen
    assert function_facts(buffer, Span(0, 0)) is None


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("javascript", "function f(){" + "if(a){" * 10_000 + "}" * 10_000 + "}", (10_001, 50_005_000, 10_000)),
        ("c", "void f(){" + "if(a){} else " * 10_000 + "{}}", (10_001, 10_001, 1)),
        ("python", "def f():\n  return " + " and ".join(["a"] * 10_000) + "\n", (10_000, 1, 0)),
        ("python", "def f():\n  return " + "(" * 10_000 + "a or b" + ")" * 10_000 + "\n", (2, 1, 0)),
        ("javascript", "const f = () => " + "a ? b : " * 10_000 + "c", (10_001, 50_005_000, 0)),
        ("javascript", "function f(){" * 2000 + "if(a){}" + "}" * 2000, (1, 1999, 0)),
    ],
)
def test_deep_nesting(language: str, text: str, expected: tuple[int, int, int]) -> None:
    first = facts_of(open_buffer("", "", 0, language, text)).functions[0]
    assert (first.cyclomatic, first.cognitive, first.nesting) == expected


@pytest.mark.parametrize("text", ["(" * 50_000, "{" * 50_000, "def " * 20_000, "\\\n" * 1000, "\0", "é" * 10])
def test_nonsense_is_measured_quickly(text: str) -> None:
    assert facts_of(open_buffer("", "", 0, "python", text)).functions == ()


def test_facts_without_a_tree_go_by_size() -> None:
    facts = facts_of(open_buffer("", "", 0, "text", "line\n" * 300))
    assert (facts.language, facts.lines, facts.functions, facts.complexity) == ("text", 301, (), Complexity.MODERATE)


@pytest.mark.parametrize(
    ("cyclomatic", "cognitive", "lines", "expected"),
    [
        (1, 0, 10, Complexity.SIMPLE),
        (5, 5, 200, Complexity.SIMPLE),
        (6, 0, 10, Complexity.MODERATE),
        (1, 6, 10, Complexity.MODERATE),
        (1, 0, 201, Complexity.MODERATE),
        (10, 15, 1500, Complexity.MODERATE),
        (11, 0, 10, Complexity.COMPLEX),
        (1, 16, 10, Complexity.COMPLEX),
        (1, 0, 1501, Complexity.COMPLEX),
    ],
)
def test_class_of_a_file(cyclomatic: int, cognitive: int, lines: int, expected: Complexity) -> None:
    function = FunctionFacts("f", Span(0, 9), Span(4, 5), 0, 1, cyclomatic, cognitive, 0, 0)
    assert complexity_of([function], lines) == expected
