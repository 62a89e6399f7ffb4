"""The indexing process, `python -m orchestra_lsp.tools.local.indexer`: reads a job from stdin, writes progress and the segment to stdout.

A process of its own, because sorting and lexing hold the interpreter lock: a thread would delay keystrokes, and its memory is
given back when it ends. Lines of JSON: {"files", "bytes"} as it goes, at last {"size", "files", "bytes", "skipped"} and that many bytes;
or {"wrote"} when they are in the file that the job names. {"changed"} names the files that are no longer as in the index kept.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from orchestra_lsp.tools.local.files import Caps, listed, read, stamp_of

#: Tokens in one index, whatever the caps say: 200 MB of index, and 1 GB while it is sorted.
MAX_TOKENS = 4_000_000
#: With more changed files than this everything is indexed anew.
MANY_CHANGED = 200
_REPORT_EVERY = 50


@dataclass(frozen=True, slots=True)
class Job:
    """Folders to index, as absolute paths. `only`: of these just the files that changed; `kept`: an index of them all, so that just what
    is new since then is read; `into`: where to write an index of everything.
    """

    roots: tuple[str, ...]
    max_files: int
    max_bytes: int
    only: tuple[str, ...] | None = None
    kept: str = ""
    into: str = ""

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> int:
    """Do one job. Ends early when stdin closes, that is when the server is gone."""
    _be_polite()
    raw = json.loads(sys.stdin.buffer.readline())
    only = raw["only"]
    job = Job(
        tuple(raw["roots"]),
        raw["max_files"],
        raw["max_bytes"],
        None if only is None else tuple(only),
        raw.get("kept", ""),
        raw.get("into", ""),
    )
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        run(job, sys.stdout.buffer)
    except BrokenPipeError:
        return 1
    except MemoryError:
        _tell(sys.stdout.buffer, failed="there is not enough memory; set index.max_bytes lower")
        return 1
    return 0


def run(job: Job, out: BinaryIO) -> None:
    """Index, and write to `out` as described above."""
    from orchestra_lsp.tools.local.build import Builder

    paths = list(_paths(job))
    if job.kept and (changed := _changed(paths, job.kept)) is not None:
        _tell(out, changed=changed)
        job = replace(job, into="", only=tuple(changed))
        there = set(changed)
        paths = [path for path in paths if os.path.normcase(path) in there]
    builder = Builder()
    files = size = skipped = 0
    for path in paths:
        if files >= job.max_files or size >= job.max_bytes or builder.tokens >= MAX_TOKENS:
            skipped += 1
            continue
        source = read(path)
        if source is None:
            skipped += 1
            continue
        builder.add(os.path.normcase(source.path), source.text, source.language, source.stamp)
        files += 1
        size += len(source.text)
        if files % _REPORT_EVERY == 0:
            _tell(out, files=files, bytes=size)
    data = builder.finish()
    if job.into and _written(data, job.into):
        _tell(out, wrote=job.into, files=files, bytes=size, skipped=skipped)
        return
    _tell(out, size=len(data), files=files, bytes=size, skipped=skipped)
    out.write(data)
    out.flush()


def _changed(paths: Sequence[str], kept: str) -> list[str] | None:
    """The files that were changed, made or deleted since an index was written; None when they are so many that all is read anew."""
    from orchestra_lsp.tools.local.kept import mapped
    from orchestra_lsp.tools.local.segment import NotASegment

    try:
        segment = mapped(kept)
    except (NotASegment, OSError, ValueError):
        return None  # the server said what is wrong with it when it read it, and what it was not told of is built anew
    before = dict(zip(segment.paths, segment.stamps, strict=True))
    now = {os.path.normcase(path): stamp_of(path) for path in paths}
    changed = [path for path, stamp in now.items() if path in before and before[path] != stamp]
    new = [path for path in now if path not in before and read(path)]
    gone = [path for path in before if path not in now]
    found = [*changed, *new, *gone]
    return found if len(found) <= MANY_CHANGED else None


def _written(data: bytes, path: str) -> bool:
    """Write a whole file or none; False when that is not possible."""
    beside = f"{path}.{os.getpid()}"
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(beside, path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        return False
    return True


def _paths(job: Job) -> Iterator[str]:
    only = None if job.only is None else {os.path.normcase(path) for path in job.only}
    seen: set[str] = set()
    for root in job.roots:
        for path in listed(root, Caps(job.max_files, job.max_bytes)):
            key = os.path.normcase(path)
            if key not in seen and (only is None or key in only):
                seen.add(key)
                yield path


def _tell(out: BinaryIO, **words: Any) -> None:
    out.write(json.dumps(words).encode() + b"\n")
    out.flush()


def _end_with_stdin() -> None:
    # Not by sys.stdin: its lock would be held when the interpreter ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(1)


def _be_polite() -> None:
    """Lower priority, and one thread for numpy: the editor comes first."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if hasattr(os, "nice"):
        os.nice(10)


if __name__ == "__main__":
    sys.exit(main())
