"""The embedded engine, a nested-cache n-gram. This is also the adapter's door: `create` as `tools/registry.py` looks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.model import Prompt
    from orchestra_lsp.tools.contract import Tool
    from orchestra_lsp.tools.registry import Shared


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[Prompt]:
    """The engine has no settings of its own and shares nothing with others; it is imported when it is built."""
    del settings, shared
    from orchestra_lsp.tools.local.engine import LocalEngine

    return LocalEngine(name)
