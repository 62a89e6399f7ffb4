"""Let a tool review what has changed, beside the rules."""

from __future__ import annotations

from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes
from orchestra_lsp.commands.result import Result


async def run(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.commands.parts.ai_review import reviewed_by_tools

    return await reviewed_by_tools(context, arguments)


COMMAND = Command(
    name="review-change",
    title="Review this change",
    summary="Let a tool review what has changed since the last commit, beside the rules.",
    phrases=(
        "ask a model to judge my change",
        "let a model look at what has changed",
        "ask a model about my change",
    ),
    run=run,
    parameters=(
        Parameter("staged", Takes.FLAG, "Only what is staged in git."),
        Parameter("since", Takes.TEXT, "What has changed since this branch, tag or commit; default: since the last commit."),
    ),
    needs_model=True,
    formats=("text", "json", "sarif", "github", "gitlab", "junit"),
)
