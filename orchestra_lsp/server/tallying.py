"""Follows what becomes of the findings that a person sees; see `review/tally.py`."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from orchestra_lsp.model import Buffer, Finding

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.session import Session

MOST: Final = 300  # findings of one document; nobody fixes or ignores more one by one
_SILENCED: Final = re.compile(rb"orchestra:\s*ignore\[([^\]]*)\]")


@dataclass(slots=True)
class _Watched:
    """One open document. `peak`: by rule, the largest set of findings that was shown at once."""

    root: str
    first: Buffer
    last: Buffer
    peak: dict[str, frozenset[str]] = field(default_factory=dict)
    now: dict[str, frozenset[str]] = field(default_factory=dict)


class Tallying:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def shown(self, session: Session, uri: str, buffer: Buffer, findings: Iterable[Finding]) -> None:
        """What a document shows now."""
        from orchestra_lsp.review.reviewed import fingerprints
        from orchestra_lsp.server.projects import root_of

        findings = tuple(findings)[:MOST]
        if not findings and uri not in self._watched:
            return
        watched = self._watched.get(uri) or _Watched(root_of(session.roots, buffer.path), buffer, buffer)
        self._watched[uri] = watched
        now: dict[str, set[str]] = {}
        for finding, print_ in zip(findings, fingerprints(buffer, findings), strict=True):
            now.setdefault(finding.rule, set()).add(print_)
        watched.last, watched.now = buffer, {rule: frozenset(prints) for rule, prints in now.items()}
        for rule, prints in watched.now.items():
            if len(prints) >= len(watched.peak.get(rule, ())):
                watched.peak[rule] = prints

    def closed(self, session: Session, uri: str) -> None:
        """A document is closed: what is known of its findings goes to the store. A file that was only looked at tells nothing."""
        watched, store = self._watched.pop(uri, None), session.conductor.store
        if watched is None or store is None or not watched.root or not session.settings.server.store:
            return
        from orchestra_lsp.review.tally import State, ended, project_key
        from orchestra_lsp.store.records import RuleRecord

        project, path = project_key(watched.root), project_key(watched.last.path)
        silenced = _silenced(watched.last) - _silenced(watched.first)
        states = {(rule, one): State.SHOWN for rule, prints in watched.peak.items() for one in prints}
        if watched.last.data != watched.first.data:
            states |= {(rule, one): state for rule, one, state in ended(watched.peak, watched.now, silenced)}
        for (rule, one), state in states.items():
            store.put(RuleRecord(project, rule, f"{path}{one}", time.time_ns() // 1000, state.value))

    def shut_down(self, session: Session) -> None:
        for uri in list(self._watched):
            self.closed(session, uri)


async def demote(ls: OrchestraServer) -> None:
    """Learn from the store which rules are ignored in these folders, and tell them less loudly."""
    import asyncio

    store = ls.session.conductor.store
    if store is None or not ls.session.roots:
        return
    ls.session.projects.demoted = await asyncio.to_thread(_demoted, ls.session)
    if any(ls.session.projects.demoted.values()):
        ls.session.diagnostics.reconfigured(ls)


def _demoted(session: Session) -> dict[str, frozenset[str]]:
    import sqlite3

    from orchestra_lsp.review.tally import QUERY, project_key, tallies
    from orchestra_lsp.server.projects import log

    store, found = session.conductor.store, {}
    for root in session.roots if store else ():
        try:
            assert store
            known = tallies(store.read(QUERY, (project_key(root),)))
        except sqlite3.Error as error:
            log.warning("store: what became of findings cannot be read: %s", error)
            return {}
        found[root] = frozenset(rule for rule, tally in known.items() if tally.demoted)
    return found


def _silenced(buffer: Buffer) -> Counter[str]:
    """How many of our comments name each rule."""
    named = (name for found in _SILENCED.finditer(buffer.data) for name in re.findall(r"[\w-]+", found[1].decode(errors="replace")))
    return Counter(named)
