"""Which tool a person means to sign in to, or out of."""

from __future__ import annotations

from collections.abc import Mapping

from orchestra_lsp.commands.registry import Context, WrongUse
from orchestra_lsp.model import State
from orchestra_lsp.tools.contract import SignsIn


def account_of(context: Context, name: str) -> tuple[str, SignsIn]:
    """By its name, else the only one there is, else the only one that is signed out. Raises WrongUse."""
    orchestra = context.orchestra()
    found = {tool_name: tool for tool_name, tool in orchestra.tools.items() if isinstance(tool, SignsIn)}
    health = orchestra.health()
    if name:
        return _named(name, found, {one: health[one].remedy for one in health if one not in orchestra.tools})
    waiting = [one for one in found if health[one].state is State.SIGNED_OUT]
    candidates = list(found) if len(found) == 1 else waiting
    if len(candidates) == 1:
        return candidates[0], found[candidates[0]]
    if not found:
        raise WrongUse("No tool that is signed in to here is configured. For GitHub Copilot, add [tools.copilot] to your settings.")
    raise WrongUse(f"Name the tool: {', '.join(found)}.")


def _named(name: str, found: Mapping[str, SignsIn], missing: Mapping[str, str]) -> tuple[str, SignsIn]:
    if name in found:
        return name, found[name]
    if remedy := missing.get(name):
        raise WrongUse(f"{name} is not there: {remedy}.")
    known = f" These do: {', '.join(found)}." if found else ""
    raise WrongUse(f"{name} is no tool that is signed in to here; `orchestra doctor` says what each tool needs.{known}")
