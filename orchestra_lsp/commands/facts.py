"""Measure code: language, lines, and the complexity of every function."""

from __future__ import annotations

from orchestra_lsp.commands.parts.away import away
from orchestra_lsp.commands.parts.subject import sources
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes
from orchestra_lsp.commands.result import Result, Table
from orchestra_lsp.model import Buffer, Facts
from orchestra_lsp.syntax.facts import facts_of

COLUMNS = ("function", "where", "lines", "cyclomatic", "cognitive", "nesting", "parameters")


async def run(context: Context, arguments: Arguments) -> Result:
    return await away(_measure, context, arguments)


def _measure(context: Context, arguments: Arguments) -> Table:
    rows: list[tuple[str, ...]] = []
    value: list[object] = []
    skipped: list[str] = []
    for path, found in sources(context, arguments):
        if isinstance(found, Buffer):
            facts = facts_of(found)
            rows += _rows(path, facts)
            value.append(_value(path, facts))
        else:
            skipped.append(f"{path} {found}")
    functions = "1 function" if len(rows) == 1 else f"{len(rows)} functions"
    files = "1 file" if len(value) == 1 else f"{len(value)} files"
    return Table(f"{functions} in {files}", COLUMNS, tuple(rows), value, tuple(skipped))


def _rows(path: str, facts: Facts) -> list[tuple[str, ...]]:
    return [
        (
            one.name,
            f"{path}:{one.start_line + 1}",
            str(one.end_line - one.start_line + 1),
            *map(str, (one.cyclomatic, one.cognitive, one.nesting, one.parameters)),
        )
        for one in facts.functions
    ]


def _value(path: str, facts: Facts) -> object:
    return {
        "path": path,
        "language": facts.language,
        "lines": facts.lines,
        "complexity": facts.complexity.value,
        "functions": [
            {
                "name": one.name,
                "startLine": one.start_line + 1,
                "endLine": one.end_line + 1,
                "cyclomatic": one.cyclomatic,
                "cognitive": one.cognitive,
                "nesting": one.nesting,
                "parameters": one.parameters,
            }
            for one in facts.functions
        ],
    }


COMMAND = Command(
    name="facts",
    title="Show the complexity of this file",
    summary="Measure files: language, lines, complexity of every function.",
    phrases=(
        "facts about {paths}",
        "how complex is {paths}",
        "complexity of {paths}",
        "measure {paths}",
        "show the complexity metrics of {paths}",
        "which functions are too complicated",
        "which functions are the most complex",
        "cyclomatic complexity of {paths}",
        "how many lines and functions are in {paths}",
    ),
    run=run,
    parameters=(Parameter("paths", Takes.PATHS, "Files and folders to measure.", slot="paths"),),
)
