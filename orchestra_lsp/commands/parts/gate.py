"""Reviews many files at once, in as many processes as there are processors: what is read and found is sent back file by file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from orchestra_lsp.commands.parts import files
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.review.project import Project, read_project
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.syntax.parse import splice
from orchestra_lsp.syntax.text import line_at

if TYPE_CHECKING:
    from concurrent.futures import Future

    from orchestra_lsp.config import Settings

BATCH_BYTES: Final = 120_000  # small enough that all processes end at about the same time
WORTH_BYTES: Final = 400_000  # below this a second process costs more than it saves
MOST_JOBS: Final = 64
TICK_S: Final = 0.2


@dataclass(frozen=True)
class Job:
    """How files are reviewed. `fix`: after their safe fixes; `baseline`: the file that the person named; `strict`: accept nothing."""

    root: str
    settings: Settings
    baseline: str = ""
    fix: bool = False
    strict: bool = False

    def project(self) -> Project:
        """Raises BaselineError."""
        settings = self.settings.review.model_copy(update={"baseline": ""}) if self.strict else self.settings.review
        return read_project(self.root, settings, "" if self.strict else self.baseline)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to read; `lines` (from 0): only what stands on these counts, None: everything does."""

    path: str
    lines: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one file, and the fixes that were taken out of it; `original` is what they are edits of."""

    reviewed: Reviewed
    original: Buffer | None = None
    edits: tuple[Edit, ...] = ()
    lines: int = 0


def review_all(job: Job, wanted: Sequence[Wanted], jobs: int, tick: Callable[[], None]) -> Iterator[tuple[str, Seen | str]]:
    """Every path, in their order, with what was found or why it was not looked at; `tick` is called now and then. Raises WrongUse."""
    batches, total = _batches(wanted)
    count = min(jobs or processors(), MOST_JOBS, len(batches))
    if count <= 1 or (not jobs and total < WORTH_BYTES):
        project = job.project()
        for one in wanted:
            yield one.path, look(job, project, one)
        return
    yield from _in_processes(job, batches, count, tick)


def look(job: Job, project: Project, wanted: Wanted) -> Seen | str:
    """One file from disk."""
    found = files.read(wanted.path, job.settings.server.max_document_bytes)
    return found if isinstance(found, str) else look_at(job, project, wanted, found)


def look_at(job: Job, project: Project, wanted: Wanted, buffer: Buffer) -> Seen:
    """One buffer. What comes back is small: no tree, and no text where nothing was found."""
    from orchestra_lsp.review.fix import fix_all_with

    review, original = job.settings.review, buffer
    edits: tuple[Edit, ...] = ()
    found = project.wanted(project.check(buffer), buffer, review)
    if job.fix and (edits := fix_all_with(project.table(buffer.language), buffer, found)):
        buffer = splice(buffer, edits)
        found = project.wanted(project.check(buffer), buffer, review)
    if wanted.lines is not None:
        found = tuple(finding for finding in found if _touches(buffer, finding.span, wanted.lines))
    reviewed = Reviewed(wanted.path, _light(buffer, bool(found)), found)
    lines = len(buffer.line_starts)
    return Seen(reviewed, _light(original, True), edits, lines) if edits else Seen(reviewed, lines=lines)


def processors() -> int:
    """How many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _touches(buffer: Buffer, span: Span, lines: frozenset[int]) -> bool:
    return not lines.isdisjoint(range(line_at(buffer, span.start), line_at(buffer, span.end) + 1))


def _light(buffer: Buffer, with_text: bool) -> Buffer:
    return replace(buffer, tree=None) if with_text else replace(buffer, tree=None, data=b"", line_starts=(0,))


def _batches(wanted: Sequence[Wanted]) -> tuple[list[list[Wanted]], int]:
    """Neighbours together, about BATCH_BYTES each; and the sum of their sizes."""
    batches: list[list[Wanted]] = []
    total, room = 0, 0
    for one in wanted:
        size = _size(one.path)
        if room <= 0:
            batches.append([])
            room = BATCH_BYTES
        batches[-1].append(one)
        room, total = room - size - 1, total + size
    return batches, total


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0  # whoever reads it will say what is wrong


# --- processes ---


def _in_processes(job: Job, batches: Sequence[Sequence[Wanted]], count: int, tick: Callable[[], None]) -> Iterator[tuple[str, Seen | str]]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    others = set(multiprocessing.active_children())
    # Not forked: this process has threads already.
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)
    done = False
    try:
        waiting = [pool.submit(_look_at_batch, job, batch) for batch in batches]
        for number, batch in enumerate(batches):
            found = _result(waiting[number], tick)
            yield from zip((one.path for one in batch), found, strict=True)
        done = True
    except BrokenProcessPool as error:
        raise WrongUse("A process of the review was ended from outside, perhaps for want of memory. Try --jobs 1.") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        if not done:  # nobody waits for the rest
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()


def _result(future: Future[list[Seen | str]], tick: Callable[[], None]) -> list[Seen | str]:
    while True:
        try:
            return future.result(timeout=TICK_S)
        except TimeoutError:
            tick()


def _begin() -> None:
    """Ctrl-C is the parent's to deal with, and nobody works on for a parent that is gone."""
    import signal
    from multiprocessing import parent_process
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=follow, daemon=True).start()


def _look_at_batch(job: Job, batch: Sequence[Wanted]) -> list[Seen | str]:
    project = _project(job.root, job.baseline, job.strict, job.settings.model_dump_json())
    return [look(job, project, one) for one in batch]


@cache
def _project(root: str, baseline: str, strict: bool, settings: str) -> Project:
    """Once for each process, although every batch brings its job along."""
    from orchestra_lsp.config import Settings

    return Job(root, Settings.model_validate_json(settings), baseline, False, strict).project()
