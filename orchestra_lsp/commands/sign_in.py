"""Sign in to a tool: shows the page to open and the code to enter there, and waits until it is done."""

from __future__ import annotations

from contextlib import aclosing

from orchestra_lsp.commands.parts.accounts import account_of
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Result, Text
from orchestra_lsp.tools.contract import ToolError

#: GitHub's codes are good for a quarter of an hour.
LIMIT_SECONDS = 900.0


async def run(context: Context, arguments: Arguments) -> Result:
    name, tool = account_of(context, arguments.text("tool"))
    context.progress(f"Signing in to {name}")
    try:
        async with aclosing(tool.sign_in(context.clock() + LIMIT_SECONDS)) as steps:
            async for step in steps:
                context.show(step)
    except ToolError as error:
        raise WrongUse(f"You are not signed in to {name}: {error.problem}. To do: {error.remedy}.") from error
    await context.orchestra().recheck(name)
    return Text(f"Signed in to {name}", f"You are signed in to {name}.\n")


COMMAND = Command(
    name="sign-in",
    title="Sign in to a tool",
    summary="Sign in to a tool that wants it, such as GitHub Copilot.",
    phrases=("sign in", "sign in to tool", "log in", "log in to tool", "login", "authenticate with github", "connect my github account"),
    run=run,
    parameters=(Parameter("tool", Takes.WORDS, "Its name in your settings; left out, the one that waits for it."),),
)
