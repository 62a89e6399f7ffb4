"""Write the documentation of code: a tool's edit, shown before it is made."""

from __future__ import annotations

from orchestra_lsp.commands.parts.asking import CONSENSUS, REFRESH, answer, consensus_of, in_place
from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, subject_of
from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context
from orchestra_lsp.commands.result import Result
from orchestra_lsp.model import Kind


async def run(context: Context, arguments: Arguments) -> Result:
    subject = subject_of(context, arguments)
    suggestion = await answer(context, Kind.DOCUMENT, subject, consensus=consensus_of(arguments), refresh=arguments.flag(REFRESH.name))
    return in_place(f"Document {subject.name}", subject, suggestion)


COMMAND = Command(
    name="document",
    title="Write documentation",
    summary="Write the documentation comments of a file or a function.",
    phrases=(
        "document {path}",
        "document function {symbol}",
        "add docstrings to {path}",
        "add a docstring to {symbol}",
        "write documentation for {path}",
        "write the docs of {symbol}",
        "write doc comments for {path}",
        "comment {path}",
        "add comments to {symbol}",
        "javadoc for {path}",
    ),
    run=run,
    parameters=(PATH, SYMBOL, LINES, CONSENSUS, REFRESH),
    changes=Changes.BUFFER,
    needs_model=True,
)
