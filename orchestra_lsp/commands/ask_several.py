"""Rewrite code by several tools at once: the answer they agree on most, with what the others have instead."""

from __future__ import annotations

from orchestra_lsp.commands.parts.asking import CONSENSUS, answer, consensus_of, in_place
from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, subject_of
from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context, Parameter, Takes
from orchestra_lsp.commands.result import Result
from orchestra_lsp.commands.rewrite import IMPROVE
from orchestra_lsp.model import Kind


async def run(context: Context, arguments: Arguments) -> Result:
    subject = subject_of(context, arguments)
    count = consensus_of(arguments) or context.loaded.settings.route.consensus_tools
    suggestion = await answer(context, Kind.EDIT, subject, arguments.text("instruction", IMPROVE), count)
    return in_place(f"Rewrite {subject.name} as several tools agree", subject, suggestion)


COMMAND = Command(
    name="ask-several",
    title="Ask several tools",
    summary="Rewrite code by several tools at once and take what they agree on.",
    phrases=(
        "ask several tools",
        "ask several tools about {path}",
        "ask all tools to rewrite {path}",
        "get a second opinion",
        "get a second opinion on {path}",
        "compare the tools on {path}",
        "let the tools vote on {path}",
        "consensus on {path}",
    ),
    run=run,
    parameters=(
        PATH,
        SYMBOL,
        LINES,
        Parameter("instruction", Takes.TEXT, "What to do with it. Left out: make it simpler and clearer."),
        CONSENSUS,
    ),
    changes=Changes.BUFFER,
    needs_selection=True,
    needs_model=True,
    needs_several=True,
)
