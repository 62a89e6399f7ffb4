"""Facts about a buffer: its functions with their complexity, and one complexity class for routing."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra_lsp.model import Buffer, Complexity, Facts, FunctionFacts, Span
from orchestra_lsp.syntax.cognitive import cognitive
from orchestra_lsp.syntax.cyclomatic import cyclomatic
from orchestra_lsp.syntax.outline import Function, Outline, outline_of
from orchestra_lsp.syntax.text import line_at

# SonarSource's and McCabe's own limits for a function, 15 and 10, divide moderate from complex
COMPLEX_COGNITIVE, COMPLEX_CYCLOMATIC, COMPLEX_LINES = 15, 10, 1500
_AHEAD = 200  # bytes between a name and the function bound to it
SIMPLE_COGNITIVE, SIMPLE_CYCLOMATIC, SIMPLE_LINES = 5, 5, 200


def facts_of(buffer: Buffer) -> Facts:
    """All facts of a buffer in one pass. Without a tree: no functions, and the class goes by size alone.

    Functions are those with a name: definitions, methods, nested functions, and lambdas or function expressions bound to a name.
    Parameters are the declared ones without self, cls or this. Nesting is the depth of if, loop, switch and catch.
    """
    functions = _measure(buffer, outline_of(buffer))
    lines = len(buffer.line_starts)
    return Facts(buffer.language, lines, functions, complexity_of(functions, lines))


def function_facts(buffer: Buffer, span: Span) -> FunctionFacts | None:
    """Facts of the innermost function that holds `span`, in its code or its name, at the cost of the outermost; None if none does.

    The figures are those of `facts_of`, but a call cycle through other functions is not seen.
    """
    # a function expression stands behind its name, so look a little further
    around = outline_of(buffer, Span(span.start, span.end + _AHEAD))
    holders = [function for function in around.functions if _holds(function, span)] if around else []
    if not holders:
        return None
    measured = _measure(buffer, outline_of(buffer, holders[0].span))
    return max((facts for facts in measured if _holds(facts, span)), key=lambda facts: facts.span.start)


def complexity_of(functions: Sequence[FunctionFacts], lines: int) -> Complexity:
    """The class of a file, by its worst function and its size.

    Complex: a function beyond the customary limits, or a very long file. Simple: short, and no function that asks for attention.
    """
    cognitive_most = max((function.cognitive for function in functions), default=0)
    cyclomatic_most = max((function.cyclomatic for function in functions), default=1)
    if cognitive_most > COMPLEX_COGNITIVE or cyclomatic_most > COMPLEX_CYCLOMATIC or lines > COMPLEX_LINES:
        return Complexity.COMPLEX
    if cognitive_most <= SIMPLE_COGNITIVE and cyclomatic_most <= SIMPLE_CYCLOMATIC and lines <= SIMPLE_LINES:
        return Complexity.SIMPLE
    return Complexity.MODERATE


def _holds(function: Function | FunctionFacts, span: Span) -> bool:
    """Whether the span lies in the function or its name, a cursor at the end included."""
    return any(outer.start <= span.start and span.end <= outer.end for outer in (function.span, function.name_span))


def _measure(buffer: Buffer, outline: Outline | None) -> tuple[FunctionFacts, ...]:
    if outline is None:
        return ()
    measured = zip(outline.functions, cyclomatic(outline), cognitive(buffer.data, outline), strict=True)
    return tuple(
        FunctionFacts(
            name=function.name,
            span=function.span,
            name_span=function.name_span,
            start_line=line_at(buffer, min(function.span.start, function.name_span.start)),
            end_line=line_at(buffer, max(function.span.start, function.span.end - 1)),
            cyclomatic=decisions,
            cognitive=effort,
            nesting=nesting,
            parameters=function.parameters,
        )
        for function, decisions, (effort, nesting) in measured
    )
