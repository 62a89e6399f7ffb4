"""The indexing process, `python -m orchestra_lsp.tools.local.indexer`: reads a job from stdin, writes progress and the segment to stdout.

A process of its own, because sorting and lexing hold the interpreter lock: a thread would delay keystrokes, and its memory is
given back when it ends. Lines of JSON: {"files", "bytes"} as it goes, at last {"size", "files", "bytes", "skipped"} and that many bytes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from orchestra_lsp.tools.local.files import Caps, listed, read

#: Tokens in one index, whatever the caps say: about 160 MB while sorting.
MAX_TOKENS = 4_000_000
_REPORT_EVERY = 50


@dataclass(frozen=True, slots=True)
class Job:
    """Folders to index, as absolute paths; `only`: of these just the files that changed."""

    roots: tuple[str, ...]
    max_files: int
    max_bytes: int
    only: tuple[str, ...] | None = None

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> int:
    """Do one job. Ends early when stdin closes, that is when the server is gone."""
    _be_polite()
    raw = json.loads(sys.stdin.buffer.readline())
    only = raw["only"]
    job = Job(tuple(raw["roots"]), raw["max_files"], raw["max_bytes"], None if only is None else tuple(only))
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

    builder = Builder()
    files = size = skipped = 0
    for path in _paths(job):
        if files >= job.max_files or size >= job.max_bytes or builder.tokens >= MAX_TOKENS:
            skipped += 1
            continue
        source = read(path)
        if source is None:
            skipped += 1
            continue
        builder.add(os.path.normcase(source.path), source.text, source.language)
        files += 1
        size += len(source.text)
        if files % _REPORT_EVERY == 0:
            _tell(out, files=files, bytes=size)
    data = builder.finish()
    _tell(out, size=len(data), files=files, bytes=size, skipped=skipped)
    out.write(data)
    out.flush()


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
