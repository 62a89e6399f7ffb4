"""Keeps an index of the workspace up to date in the background; whoever asks takes the newest finished one and never waits."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from orchestra_lsp.tools.local import kept
from orchestra_lsp.tools.local.files import is_source, within
from orchestra_lsp.tools.local.indexer import MANY_CHANGED, Job

if TYPE_CHECKING:
    from orchestra_lsp.tools.local.segment import Segment

log = logging.getLogger(__name__)

#: Changed files are read again after this pause: saving all files or switching a branch is one change.
QUIET_S = 3.0
JOB_S = 180.0
#: Tries of a job whose process died, and the pause before each further one.
TRIES = 3
AGAIN_S = 5.0
_MAX_SEGMENT_BYTES = 400_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """For the editor. `state`: "off", "waiting", "reading", "ready" or "failed"; `reason` says why it failed."""

    state: str
    files: int = 0
    bytes: int = 0  # of their text
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The finished indexes: `base` of everything, `changed` of the files that `outdated` names and that base has in an old form."""

    base: Segment | None = None
    changed: Segment | None = None
    outdated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Result:
    """What an indexing process made. `bytes`: of text read; `changed`: the files it is about, None for all; `wrote`: its file."""

    segment: Segment
    bytes: int
    changed: tuple[str, ...] | None = None
    wrote: str = ""


class JobFailed(Exception):
    """An indexing process died, took too long or wrote nonsense."""


class Workspace:
    """One thread that waits for work and runs one indexing process at a time."""

    def __init__(self, quiet_s: float = QUIET_S, again_s: float = AGAIN_S) -> None:
        self._quiet_s, self._again_s = quiet_s, again_s
        self.snapshot = Snapshot()
        self.progress = Progress("off")
        self._wake = threading.Condition()
        self._job: Job | None = None  # the whole workspace, when it is to be indexed
        self._fresh = self._keep = False
        self._roots: tuple[str, ...] = ()
        self._changed: set[str] = set()  # since base was begun
        self._due = float("inf")  # when the changed files are to be read, in seconds of time.monotonic()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def learn(self, roots: Sequence[str], max_files: int, max_bytes: int, keep: bool = False) -> None:
        """Index these folders, from now on; `keep`: on disk as well, for the next start. Returns at once."""
        with self._wake:
            if self._closed:
                return
            self._roots = tuple(os.path.abspath(root) for root in roots)
            self._job, self._keep = Job(self._roots, max_files, max_bytes), keep
            self._fresh = True
            self.progress = Progress("waiting")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="orchestra-index", daemon=True)
                self._thread.start()
            self._wake.notify()

    def update(self, path: str) -> None:
        """A file was changed, made or deleted on disk. Returns at once."""
        path = os.path.abspath(path)
        relative = within(path, self._roots)
        if relative is None or not is_source(relative):
            return
        with self._wake:
            self._changed.add(os.path.normcase(path))
            self._due = time.monotonic() + self._quiet_s
            self._wake.notify()

    def close(self) -> None:
        """Stop working; a running process is ended. Calling it twice is harmless."""
        with self._wake:
            self._closed = True
            process = self._process
            self._wake.notify()
        if process is not None:
            process.kill()

    # --- the thread ---

    def _work(self) -> None:
        # What answers is loaded here, so that the first keystroke does not wait for it.
        import orchestra_lsp.tools.local.offering  # noqa: F401

        while job := self._next_job():
            if job.only is None:
                job = self._resumed(job)
            for attempt in range(1, TRIES + 1):
                try:
                    self._do(job)
                    break
                except JobFailed as error:
                    if self._closed:
                        return
                    log.warning("indexing the workspace failed (try %d of %d): %s", attempt, TRIES, error)
                    if self.snapshot.base is None:  # otherwise the older index goes on serving
                        self.progress = Progress("failed", reason=str(error))
                    self._pause(self._again_s if attempt < TRIES else 0)

    def _resumed(self, job: Job) -> Job:
        """With an index kept from the last start, which answers until it is known what changed since then."""
        if not self._keep:
            return job
        key = kept.key_of(job.roots, job.max_files, job.max_bytes)
        found = kept.load(key) if self.snapshot.base is None else None
        if found:
            self.snapshot = Snapshot(found[0])
            self.progress = Progress("reading", len(found[0].paths))
        return replace(job, kept=found[1] if found else "", into=kept.new_path(key))

    def _pause(self, seconds: float) -> None:
        with self._wake:
            self._wake.wait_for(lambda: self._closed, seconds)

    def _next_job(self) -> Job | None:
        """Wait for something to do; None at the end."""
        with self._wake:
            while not self._closed:
                assert self._job  # the thread starts with a job
                pause = self._due - time.monotonic()
                if self._fresh or (pause <= 0 and len(self._changed) > MANY_CHANGED):
                    self._fresh, self._due = False, float("inf")
                    self._changed.clear()
                    return self._job
                if pause <= 0:
                    self._due = float("inf")
                    return Job(self._roots, self._job.max_files, self._job.max_bytes, tuple(sorted(self._changed)))
                self._wake.wait(None if pause == float("inf") else pause)
        return None

    def _do(self, job: Job) -> None:
        result = self._run(job)
        changed = result.changed if result.changed is not None else job.only
        if changed is None:
            self.snapshot = Snapshot(result.segment)
        else:
            # What changed on disk while the kept index was looked through comes on top of what has changed since it was written.
            with self._wake:
                self._changed.update(changed)
            self.snapshot = Snapshot(self.snapshot.base, result.segment if changed else None, frozenset(changed))
        if result.wrote:
            kept.tidy(kept.key_of(job.roots, job.max_files, job.max_bytes), result.wrote)
        base = self.snapshot.base or result.segment
        self.progress = Progress("ready", len(base.paths), self.progress.bytes if changed is not None else result.bytes)

    def _run(self, job: Job) -> Result:
        """Run the indexing process. Raises JobFailed."""
        process = self._start()
        limit = threading.Timer(JOB_S, process.kill)
        limit.daemon = True
        limit.start()
        try:
            return self._talk(process, job)
        except (OSError, ValueError) as error:
            raise JobFailed(f"{error}; exit code {_exit_code(process)}") from error
        finally:
            limit.cancel()
            process.kill()
            process.wait()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        # -P: the folder the server was started in must not shadow our modules with its own.
        command = [sys.executable, "-P", "-m", "orchestra_lsp.tools.local.indexer"]
        no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, creationflags=no_window)
        except OSError as error:
            raise JobFailed(f"it could not be started: {error}") from error
        with self._wake:
            self._process = process
            if self._closed:
                process.kill()
        return process

    def _talk(self, process: subprocess.Popen[bytes], job: Job) -> Result:
        assert process.stdin is not None
        assert process.stdout is not None
        # stdin stays open: its end tells the process that nobody waits any more.
        with process.stdin as stdin, process.stdout as stdout:
            stdin.write(job.line())
            stdin.flush()
            return read_result(stdout, self._reading)

    def _reading(self, files: int, size: int) -> None:
        if self.snapshot.base is None:
            self.progress = Progress("reading", files, size)


def read_result(stream: IO[bytes], tell: Callable[[int, int], None]) -> Result:
    """Read what the indexing process writes. Raises ValueError (NotASegment among them) or OSError for anything else."""
    from orchestra_lsp.tools.local.segment import NotASegment, Segment

    changed: tuple[str, ...] | None = None
    while line := stream.readline():
        said = json.loads(line)
        match said:
            case {"failed": str(reason)}:
                raise ValueError(reason)
            case {"changed": [*paths]}:
                changed = tuple(map(str, paths))
            case {"wrote": str(path), "bytes": int(read)}:
                return Result(kept.mapped(path), read, changed, path)
            case {"size": int(size), "bytes": int(read)} if 0 <= size <= _MAX_SEGMENT_BYTES:
                return Result(Segment(_exactly(stream, size)), read, changed)
            case {"files": int(files), "bytes": int(read)} if "size" not in said:
                tell(files, read)
            case _:
                raise NotASegment(f"the indexing process wrote {line[:80]!r}")
    raise ValueError("the indexing process ended without a result")


def _exactly(stream: IO[bytes], size: int) -> memoryview:
    """Read straight into place: joining pieces of a large index would hold the interpreter lock for some keystrokes."""
    view = memoryview(bytearray(size))
    got = 0
    while got < size:
        piece = stream.read(min(1 << 20, size - got))
        if not piece:
            raise ValueError(f"the index ends after {got} of {size} bytes")
        view[got : got + len(piece)] = piece
        got += len(piece)
    return view.toreadonly()


def _exit_code(process: subprocess.Popen[bytes]) -> str:
    try:
        return str(process.wait(2))
    except subprocess.TimeoutExpired:
        return "none, it hangs"
