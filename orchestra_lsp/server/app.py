"""Puts the server together: every module of this package that has a `register` brings its methods along."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import orchestra_lsp.server
from orchestra_lsp.server.loop import OrchestraServer, ServerOptions
from orchestra_lsp.server.session import Session

#: Modules for the time before the server is there; none of them has methods.
DOOR = frozenset({"app", "door"})


def create(options: ServerOptions) -> OrchestraServer:
    """A server with its session, ready to run."""
    server = OrchestraServer(options)
    server.session = Session()
    for name in method_modules():
        import_module(f"{orchestra_lsp.server.__name__}.{name}").register(server)
    return server


def method_modules() -> list[str]:
    names = [found.name for found in pkgutil.iter_modules(orchestra_lsp.server.__path__) if found.name not in DOOR]
    return [name for name in names if hasattr(import_module(f"{orchestra_lsp.server.__name__}.{name}"), "register")]
