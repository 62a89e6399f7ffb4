"""Sign out of a tool."""

from __future__ import annotations

from orchestra_lsp.commands.parts.accounts import account_of
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Result, Text
from orchestra_lsp.tools.contract import ToolError


async def run(context: Context, arguments: Arguments) -> Result:
    name, tool = account_of(context, arguments.text("tool"))
    context.progress(f"Signing out of {name}")
    try:
        await tool.sign_out()
    except ToolError as error:
        raise WrongUse(f"You may still be signed in to {name}: {error.problem}. To do: {error.remedy}.") from error
    await context.orchestra().recheck(name)
    return Text(f"Signed out of {name}", f"You are signed out of {name}.\n")


COMMAND = Command(
    name="sign-out",
    title="Sign out of a tool",
    summary="Sign out of a tool, such as GitHub Copilot.",
    phrases=("sign out", "sign out of tool", "log out", "log out of tool", "logout", "forget my github account"),
    run=run,
    parameters=(Parameter("tool", Takes.WORDS, "Its name in your settings; left out, the only one that there is."),),
)
