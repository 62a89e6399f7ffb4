"""Findings of the open documents: reviewed in one worker as they change, then pushed, or handed out when the editor asks."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp import __version__
from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.server.lateness import Timing, rules_on, timing
from orchestra_lsp.server.reviewer import Examined, examine

if TYPE_CHECKING:
    from orchestra_lsp.server.documents import Document
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.progress import Progress

log = logging.getLogger("orchestra")

REFRESH_S = 5.0  # after this an unanswered refresh counts as lost


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the editor was told last, and which review it comes from."""

    examined: Examined
    timing: Timing

    @property
    def items(self) -> list[t.Diagnostic]:
        return self.examined.select(self.timing.shown)

    def released(self) -> _Shown:
        return _Shown(self.examined, Timing((*self.timing.shown, *self.timing.held)))


@dataclass(slots=True)
class _Track:
    """What is known of one open document."""

    examined: Examined | None = None  # the newest finished review, the base of the next
    document: Document | None = None  # the version that was examined
    outdated: bool = False  # the settings have changed since: nothing of it may be reused
    shown: _Shown | None = None
    paused: bool = True  # the person is not typing, so nothing is held back
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None


class Diagnostics:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._configuration: Mapping[str, Sequence[t.Diagnostic]] = {}
        # One worker: reviews are work for the processor under one interpreter lock, more threads would only take turns.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="orchestra-review")
        self._refreshing: asyncio.Future[None] | None = None
        self._refresh_again = False

    def opened(self, ls: OrchestraServer, uri: str) -> None:
        self._drop(uri)
        track = self._tracks[uri] = _Track()
        if ls.session.client.diagnostic.pulled and self._configuration.get(uri):
            _publish(ls, uri, None, [])  # from here on the editor pulls them with the rest
        self._start(ls, uri, track)

    def changed(self, ls: OrchestraServer, uri: str) -> None:
        track, document = self._tracks[uri], ls.session.documents.find(uri)
        if track.timer:
            track.timer.cancel()
        track.paused = document is None or document.typed_line is None
        if not track.paused:
            seconds = ls.session.settings.review.idle_ms / 1000
            track.timer = asyncio.get_running_loop().call_later(seconds, self._pause, ls, uri, track)
        self._start(ls, uri, track)

    def closed(self, ls: OrchestraServer, uri: str) -> None:
        self._drop(uri)
        ls.session.tallying.closed(ls.session, uri)
        remaining = self._configuration.get(uri, ())
        if remaining or not ls.session.client.diagnostic.pulled:
            _publish(ls, uri, None, remaining)

    def reconfigured(self, ls: OrchestraServer) -> None:
        """Review everything again under the new settings."""
        for uri, track in self._tracks.items():
            track.outdated = True
            self._start(ls, uri, track)
        if self._tracks and ls.session.client.diagnostic.pulled:
            self._refresh(ls)

    def show_configuration(self, ls: OrchestraServer, problems: Mapping[str, Sequence[t.Diagnostic]]) -> None:
        """Show what is wrong with settings files on those files; what was shown before goes away."""
        touched = {*self._configuration, *problems}
        self._configuration = problems
        for uri in touched:
            if uri in self._tracks:
                self._announce_late(ls, uri, self._tracks[uri])
            else:
                _publish(ls, uri, None, problems.get(uri, ()))

    def newest(self, uri: str) -> Examined | None:
        """The last review of a document that is finished, of its newest text or of an older one."""
        track = self._tracks.get(uri)
        return track.examined if track else None

    async def current(self, uri: str) -> Examined | None:
        """What the review of the newest text found, once it is done; None when the document is not open."""
        while (track := self._tracks.get(uri)) is not None and track.task is not None and not track.task.done():
            await asyncio.wait({track.task})
        return track.examined if track else None

    async def report(self, ls: OrchestraServer, uri: str, previous: str | None) -> t.DocumentDiagnosticReport:
        """The answer to a pull; findings that are held back change its result id, so the refresh will bring them."""
        await self.current(uri)
        track = self._tracks.get(uri)
        if track is None or track.shown is None:
            return t.RelatedFullDocumentDiagnosticReport(items=[])
        result_id = _result_id(ls, track.shown, [problem.message for problem in self._configuration.get(uri, ())])
        if result_id == previous:
            return t.RelatedUnchangedDocumentDiagnosticReport(result_id=result_id)
        return t.RelatedFullDocumentDiagnosticReport(items=self._items(uri, track.shown), result_id=result_id)

    def shut_down(self) -> None:
        for uri in list(self._tracks):
            self._drop(uri)
        self._worker.shutdown(wait=False, cancel_futures=True)

    # --- reviewing ---

    def _start(self, ls: OrchestraServer, uri: str, track: _Track) -> None:
        if track.task is None or track.task.done():
            track.task = asyncio.ensure_future(self._review(ls, uri, track))

    async def _review(self, ls: OrchestraServer, uri: str, track: _Track) -> None:
        """Review until the newest text has been; what was found in older text is only a base for the next round."""
        while (document := await self._due(ls, uri, track)) is not None:
            buffer, changed = ls.session.documents.take(document)
            base = None if track.outdated else track.examined
            track.outdated = False
            track.examined, track.document = await self._examined(ls, base, buffer, changed), document
            if ls.session.documents.find(uri) is document and not track.outdated:
                track.shown = _Shown(track.examined, _timing(track, document, track.examined))
                ls.session.tallying.shown(ls.session, uri, buffer, track.shown.timing.shown)
                self._announce(ls, uri, track)

    async def _examined(self, ls: OrchestraServer, base: Examined | None, buffer: Buffer, changed: Sequence[Span]) -> Examined:
        settings, loop = ls.session.settings, asyncio.get_running_loop()
        found = loop.run_in_executor(self._worker, examine, base, buffer, changed, ls.session)
        if len(buffer.data) <= settings.server.parse_inline_bytes:
            return await found

        async def work(_: Progress) -> Examined:
            return await found

        return await ls.session.progresses.run(ls, f"Reviewing {buffer.path or buffer.uri}", work, cancellable=False)

    async def _due(self, ls: OrchestraServer, uri: str, track: _Track) -> Document | None:
        """The document, its tree in step, when it has to be reviewed (again)."""
        await ls.session.documents.settled(uri)
        document = ls.session.documents.find(uri)
        if document is None or self._tracks.get(uri) is not track or not document.parsed:
            return None
        return document if document is not track.document or track.outdated else None

    def _pause(self, ls: OrchestraServer, uri: str, track: _Track) -> None:
        """The person stopped typing: show what was held back."""
        track.paused = True
        if track.shown and track.shown.timing.held and ls.session.documents.find(uri) is track.document:
            track.shown = track.shown.released()
            ls.session.tallying.shown(ls.session, uri, track.shown.examined.buffer, track.shown.timing.shown)
            self._announce_late(ls, uri, track)

    def _drop(self, uri: str) -> None:
        track = self._tracks.pop(uri, None)
        if track and track.timer:
            track.timer.cancel()

    # --- showing ---

    def _announce(self, ls: OrchestraServer, uri: str, track: _Track) -> None:
        """A review is done: push it. An editor that pulls has already asked for it and is being answered."""
        if track.shown and not ls.session.client.diagnostic.pulled:
            _publish(ls, uri, track.shown.examined.buffer.version, self._items(uri, track.shown))

    def _announce_late(self, ls: OrchestraServer, uri: str, track: _Track) -> None:
        """Something changed that no edit brought about."""
        if ls.session.client.diagnostic.pulled:
            self._refresh(ls)
        else:
            self._announce(ls, uri, track)

    def _items(self, uri: str, shown: _Shown) -> list[t.Diagnostic]:
        return [*self._configuration.get(uri, ()), *shown.items]

    def _refresh(self, ls: OrchestraServer) -> None:
        """Ask the editor to pull again; requests that come while one is unanswered are joined into the next."""
        self._refresh_again = True
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.ensure_future(self._ask_refresh(ls))

    async def _ask_refresh(self, ls: OrchestraServer) -> None:
        while self._refresh_again:
            self._refresh_again = False
            try:
                await asyncio.wait_for(ls.workspace_diagnostic_refresh_async(None), REFRESH_S)
            except (JsonRpcException, TimeoutError) as error:
                log.warning("the editor did not refresh its diagnostics: %s", error or "no answer")


async def pull(ls: OrchestraServer, params: t.DocumentDiagnosticParams) -> t.DocumentDiagnosticReport:
    report = await ls.session.diagnostics.report(ls, params.text_document.uri, params.previous_result_id)
    ls.session.warm_up(ls)
    return report


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_DIAGNOSTIC)(pull)


def _timing(track: _Track, document: Document, examined: Examined) -> Timing:
    line, before = None if track.paused else document.typed_line, track.shown
    known = rules_on(before.examined.buffer, before.timing.shown, line) if before and line is not None else Counter[str]()
    return timing(examined.buffer, examined.findings, line, known)


def _result_id(ls: OrchestraServer, shown: _Shown, configuration: Sequence[str]) -> str:
    """Equal only for the same text under the same settings and release, with the same findings held back."""
    buffer, settings = shown.examined.buffer, ls.session.settings.review.model_dump_json()
    digest = hashlib.blake2b(buffer.data, digest_size=16)
    for part in (buffer.version, __version__, settings, len(shown.timing.held), *configuration):
        digest.update(f"\0{part}".encode())
    return digest.hexdigest()


def _publish(ls: OrchestraServer, uri: str, version: int | None, items: Sequence[t.Diagnostic]) -> None:
    ls.text_document_publish_diagnostics(t.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=items))
    if version is not None:
        ls.session.warm_up(ls)
