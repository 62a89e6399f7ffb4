"""What judging an answer costs, in CPU time: real statements cut out of a file of 2,000 lines and judged where they stood."""

from __future__ import annotations

import sysconfig
import time
from pathlib import Path
from random import Random

from orchestra_lsp.engine.judge import judge
from orchestra_lsp.engine.judging.case import in_place
from orchestra_lsp.model import Ask, Kind, Span, Trigger
from orchestra_lsp.syntax.parse import open_buffer

LINES = 2000
SOURCES = ("configparser.py", "heapq.py", "textwrap.py")
LEAST = 15  # letters of a line that says something


def judging(rounds: int) -> None:
    """Reported apart: placing (the parse with the answer in it) and the checks."""
    library = Path(sysconfig.get_paths()["stdlib"])
    lines = [line for name in SOURCES for line in (library / name).read_text("utf-8").splitlines(keepends=True)][:LINES]
    dice = Random(1)
    placing, checking, refused = [], [], 0
    while len(placing) < rounds * 10:
        first, count = dice.randrange(50, len(lines) - 20), dice.choice((1, 1, 3, 6))
        said = "".join(lines[first : first + count])
        if len(said.strip()) < LEAST or said.lstrip().startswith("#"):
            continue
        buffer = open_buffer("file:///a.py", "/a.py", 1, "python", "".join(lines[:first] + lines[first + count :]))
        at = len("".join(lines[:first]).encode())
        ask = Ask("a", Kind.COMPLETE, buffer, Span(at, at), Trigger.MANUAL, 0.0)
        start = time.process_time()
        case = in_place(ask, ask.span, said)
        middle = time.process_time()
        refused += not judge(case).accepted
        placing.append((middle - start) * 1e3)
        checking.append((time.process_time() - middle) * 1e3)
    print(f"judging a completion in {LINES} lines, CPU ms, n {len(placing)}; refused of what people wrote: {refused / len(placing):.1%}")
    for name, values in (("placing", placing), ("checks", checking)):
        ordered = sorted(values[1:])
        print(f"  {name:12} p50 {ordered[len(ordered) // 2]:6.2f}   p95 {ordered[int(len(ordered) * 0.95)]:6.2f}   max {ordered[-1]:6.2f}")
    print()


if __name__ == "__main__":
    judging(15)
