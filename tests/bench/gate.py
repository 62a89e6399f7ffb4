"""The gate on 100,000 lines of this Python's own library, in processes, and one file of 2,000 lines in full and after one key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from statistics import median

GATE_LINES = 100_000
FILE_LINES = 2_000
BARS = "whole gate, 2 processes: 30 s must, 10 s aim; 2,000 lines in full: 30 ms / 20 ms; after one key: 5 ms / 2 ms"


def gate(rounds: int) -> None:
    print(f"gate (bars: {BARS})")
    with tempfile.TemporaryDirectory() as folder:
        lines = _copied(Path(folder))
        for jobs in ("1", "2"):
            wall, cpu = _reviewed(folder, jobs)
            print(f"  {lines} lines, --jobs {jobs}: {wall:.1f} s by the clock, {cpu:.1f} s of processor")
    _one_file(rounds)


def _copied(folder: Path) -> int:
    """Modules of the library without its tests, up to GATE_LINES lines."""
    library, lines = Path(sysconfig.get_paths()["stdlib"]), 0
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).parts
        if lines >= GATE_LINES or {"test", "tests", "site-packages", "idlelib", "lib2to3"} & set(parts):
            continue
        lines += path.read_bytes().count(b"\n")
        shutil.copyfile(path, folder / "_".join(parts))
    return lines


def _reviewed(folder: str, jobs: str) -> tuple[float, float]:
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "orchestra_lsp", "review", ".", "--jobs", jobs, "--fail-on", "never"]
    root = str(Path(__file__).parents[2])
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True, timeout=600, env={**os.environ, "PYTHONPATH": root})
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, used


def _one_file(rounds: int) -> None:
    from orchestra_lsp.review.check import check, update
    from orchestra_lsp.syntax.edits import Change
    from orchestra_lsp.syntax.parse import edit_buffer, open_buffer
    from orchestra_lsp.syntax.text import Encoding

    library = Path(sysconfig.get_paths()["stdlib"])
    text = "".join((library / "configparser.py").read_text("utf-8").splitlines(keepends=True) * 2)
    text = "".join(text.splitlines(keepends=True)[:FILE_LINES])
    buffer = open_buffer("file:///sample.py", "/sample.py", 0, "python", text)
    findings = check(buffer)
    whole, key = [], []
    # in the middle of a function, at the end of a name
    line = next(number for number, one in enumerate(text.splitlines()) if number > FILE_LINES // 2 and one.startswith("        return "))
    end = len(text.splitlines()[line])
    for _ in range(rounds):
        start = time.process_time()
        findings = check(buffer)
        whole.append((time.process_time() - start) * 1e3)
        column = end - (buffer.version % 2)  # typed, taken back, typed again
        typed = Change(line, column, line, end, "x" if column == end else "")
        end += 1 if column == end else -1
        new, changed = edit_buffer(buffer, buffer.version + 1, [typed], Encoding.UTF8)
        start = time.process_time()
        findings = update(findings, buffer, new, changed)
        key.append((time.process_time() - start) * 1e3)
        buffer = new
    told = f"{median(whole):.1f} ms in full, {median(key):.2f} ms after one key"
    print(f"  {FILE_LINES} lines, processor time: {told} ({len(findings)} findings)")
