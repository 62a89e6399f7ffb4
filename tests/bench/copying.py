"""How long the copy of a workspace for an agent takes: the first, the next, the comparison and the clean-up.

    python tests/bench/run.py copy

The workspace has FILES files, made of this project's own code with a line of its own in each, in a git repository.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = 10_000
IN_A_FOLDER = 50
SOURCES = Path(__file__).parents[2] / "orchestra_lsp"


def copying(files: int = FILES) -> dict[str, tuple[float, float]]:
    """Seconds of wall clock and of CPU (children included) by step."""
    sys.path.insert(0, str(SOURCES.parent))
    from orchestra_lsp.trust.mask import Vault
    from orchestra_lsp.trust.returned import compare
    from orchestra_lsp.trust.workcopy import Copier, Workspace

    with tempfile.TemporaryDirectory(prefix="orchestra-bench-") as name:
        root = workspace(Path(name) / "work", files)
        vault = Vault()
        copier = Copier(vault)
        found: dict[str, tuple[float, float]] = {}
        for number, title in enumerate(("first copy", "next copy")):
            copy, found[title] = measured(lambda: copier.copy(Workspace((str(root),)), parent=Path(name)))
            if number:
                _, found["comparison"] = measured(lambda copy=copy: compare(copy, vault))
            _, found["removal"] = measured(copy.remove)
    return found


def workspace(root: Path, files: int) -> Path:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SOURCES.rglob("*.py"))]
    for number in range(files):
        path = root / f"part_{number // IN_A_FOLDER}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {number}\n{texts[number % len(texts)]}", encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
    return root


def measured(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    wall, cpu = time.perf_counter(), cpu_s()
    result = work()
    return result, (time.perf_counter() - wall, cpu_s() - cpu)


def cpu_s() -> float:
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def show() -> None:
    print(f"\ncopy of a workspace of {FILES} files for an agent: seconds, and seconds of CPU with git's")
    for title, (wall, cpu) in copying().items():
        print(f"  {title:12} {wall:6.2f} {cpu:6.2f}")


if __name__ == "__main__":
    show()
