"""Short ways to build a tool from settings and to ask it, for all tests of the tools."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import pytest

from orchestra_lsp.config import Settings
from orchestra_lsp.model import Kind, Piece, Prompt, Snippet
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.registry import Shared, build
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask, waive

PROMPT = Prompt(
    kind=Kind.COMPLETE,
    language="python",
    uri="file:///code/sums.py",
    path="sums.py",
    prefix="def add(a, b):\n    return ",
    selection="",
    suffix="\n\n\nprint(add(1, 2))\n",
    snippets=(Snippet("other.py", "def subtract(a, b):\n    return a - b\n"),),
    max_tokens=8,
)


def prompt(kind: Kind = Kind.COMPLETE, **changes: Any) -> Prompt:
    fields = {name: getattr(PROMPT, name) for name in Prompt.__slots__}
    return Prompt(**{**fields, "kind": kind, **changes})


def tool(shared: Shared, kind: str, name: str = "it", **settings: Any) -> Tool[MaskedPrompt]:
    """A tool built as the server builds it; what stood in the way is raised."""
    built = build(settings_of({name: {"kind": kind, **settings}}), shared)
    if name in built.problems:
        health = built.problems[name]
        raise ToolError(name, health.reason, health.remedy)
    return built.tools[name]


def settings_of(tools: Mapping[str, Mapping[str, Any]]) -> Settings:
    return Settings.model_validate({"tools": tools})


async def ask(tool: Tool[MaskedPrompt], asked: Prompt = PROMPT, seconds: float = 10.0) -> list[Piece]:
    """All pieces of the answer to `asked`, masked or in plain text as the tool's reach wants it."""
    masked = waive(asked, tool.endpoint) if tool.endpoint else mask(asked, Vault())
    async with aclosing(tool.ask(masked, time.monotonic() + seconds)) as pieces:
        return [piece async for piece in pieces]


async def answered(tool: Tool[MaskedPrompt], asked: Prompt) -> list[Piece]:
    """The answer of a model that is noise, so that now and then it begins with the end; then it is asked again."""
    for _ in range(5):
        try:
            return await ask(tool, asked, seconds=30)
        except ToolError as error:
            if "empty" not in error.problem and "before it wrote anything" not in error.problem:
                raise
    raise AssertionError("five empty answers")


async def failure(tool: Tool[MaskedPrompt], asked: Prompt = PROMPT, seconds: float = 10.0) -> ToolError:
    """The error that asking ends with; it has to be one, and it has to be told well."""
    with pytest.raises(ToolError) as caught:
        await ask(tool, asked, seconds)
    error = caught.value
    assert error.tool == tool.name
    assert error.problem
    assert error.remedy
    return error


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)
