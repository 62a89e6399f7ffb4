"""Rewrite code as the person says: a tool's edit, shown before it is made."""

from __future__ import annotations

from orchestra_lsp.commands.parts.asking import CONSENSUS, REFRESH, answer, consensus_of, in_place
from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, subject_of
from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context, Parameter, Takes
from orchestra_lsp.commands.result import Result
from orchestra_lsp.model import Kind

IMPROVE = "Make this code simpler and clearer without changing what it does."


async def run(context: Context, arguments: Arguments) -> Result:
    subject = subject_of(context, arguments)
    suggestion = await answer(
        context, Kind.EDIT, subject, arguments.text("instruction", IMPROVE), consensus_of(arguments), arguments.flag(REFRESH.name)
    )
    return in_place(f"Rewrite {subject.name}", subject, suggestion)


COMMAND = Command(
    name="rewrite",
    title="Rewrite the selection",
    summary="Rewrite a file, a function or some lines as you say.",
    phrases=(
        "rewrite {path}",
        "rewrite {path} to {instruction}",
        "rewrite function {symbol}",
        "rewrite {symbol} to {instruction}",
        "rewrite lines",
        "refactor {path}",
        "refactor function {symbol}",
        "simplify {path}",
        "simplify function {symbol}",
        "clean up {path}",
        "change {symbol} to {instruction}",
        "change {path} to {instruction}",
        "improve {path}",
        "make {symbol}",
    ),
    run=run,
    parameters=(
        PATH,
        SYMBOL,
        LINES,
        Parameter("instruction", Takes.TEXT, "What to do with it. Left out: make it simpler and clearer.", slot="instruction"),
        CONSENSUS,
        REFRESH,
    ),
    changes=Changes.BUFFER,
    needs_selection=True,
    needs_model=True,
)
