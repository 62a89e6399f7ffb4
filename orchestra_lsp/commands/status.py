"""Show the tools: what each can do and how it is, without asking any of them."""

from __future__ import annotations

from orchestra_lsp.commands.registry import Arguments, Command, Context
from orchestra_lsp.commands.result import Result, Table
from orchestra_lsp.model import State

COLUMNS = ("tool", "kind", "state", "model", "found", "what to do")


async def run(context: Context, _arguments: Arguments) -> Result:
    settings = context.loaded.settings.tools
    health = context.orchestra().health()
    rows = []
    value = []
    for name, one in health.items():
        tool = settings.get(name)
        kind, model = (tool.kind or name, tool.model) if tool else (name, "")
        rows.append((name, kind, one.state.value, model, one.reason, one.remedy))
        value.append({"tool": name, "kind": kind, "model": model, "state": one.state.value, "reason": one.reason, "remedy": one.remedy})
    well = not any(one.state in (State.DOWN, State.DEGRADED) for one in health.values())
    return Table("Tools", COLUMNS, tuple(rows), value, ok=well)


COMMAND = Command(
    name="status",
    title="Show the tools and how they are",
    summary="List the configured tools and how they are, without calling any.",
    phrases=(
        "status",
        "show status",
        "list tools",
        "which tools are there",
        "which tools do i have",
        "what tools are configured",
        "which models can you use",
        "how are the tools",
        "are the tools up",
        "are the tools ready",
        "is tool ready",
        "what tools can you use",
    ),
    run=run,
)
