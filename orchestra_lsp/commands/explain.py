"""Explain code: a tool's explanation, in Markdown."""

from __future__ import annotations

from orchestra_lsp.commands.parts.asking import REFRESH, answer
from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, subject_of
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes
from orchestra_lsp.commands.result import Result, Text
from orchestra_lsp.model import Kind


async def run(context: Context, arguments: Arguments) -> Result:
    subject = subject_of(context, arguments)
    suggestion = await answer(context, Kind.EXPLAIN, subject, arguments.text("question"), refresh=arguments.flag(REFRESH.name))
    return Text(f"Explanation of {subject.name}", f"{suggestion.text.rstrip()}\n\n*{suggestion.tool}: {suggestion.reason}*\n")


COMMAND = Command(
    name="explain",
    title="Explain this code",
    summary="Explain a file, a function or some lines.",
    phrases=(
        "explain {path}",
        "explain function {symbol}",
        "explain lines",
        "what does {symbol} do",
        "what does {path} do",
        "how does {symbol} work",
        "how does {path} work",
        "help me understand {path}",
        "describe {path}",
        "walk me through {path}",
        "tell me about function {symbol}",
    ),
    run=run,
    parameters=(PATH, SYMBOL, LINES, Parameter("question", Takes.TEXT, "What you want to know about it."), REFRESH),
    needs_model=True,
)
