"""The store of this person, for commands that show what is on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from orchestra_lsp.commands.registry import Context, WrongUse

if TYPE_CHECKING:
    from orchestra_lsp.store.store import Store

OFF: Final = "server.store is off, so nothing is on record; set it to true in your settings."
EMPTY: Final = "Nothing is on record yet; it begins with the first suggestion in your editor."


@contextmanager
def recorded(context: Context) -> Iterator[Store]:
    """Raises WrongUse, with the one thing to do, when there is nothing to read. Not for an event loop."""
    from orchestra_lsp.store.store import default_path, open_store

    if not context.loaded.settings.server.store:
        raise WrongUse(OFF)
    path = default_path()
    if not path.exists():
        raise WrongUse(EMPTY)
    store, problem = open_store(path)
    if store is None:
        raise WrongUse(problem)
    try:
        yield store
    finally:
        store.close()
