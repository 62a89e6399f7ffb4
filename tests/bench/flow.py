"""How well flows are told apart: true and false positive rates for each CWE, over our own cases or a folder of labelled ones.

    python tests/bench/flow.py [FOLDER --labels FILE.csv] [--show N]

The labels are lines `name,category,true|false,CWE`, one for each file `name.py` below the folder; other columns are ignored.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from flow_cases import Case, cases

from orchestra_lsp.review.check import check
from orchestra_lsp.syntax.parse import open_buffer

MUST, AIM = 0.55, 0.75
#: Weaknesses that are one for the person who reads the finding.
GROUPS = [
    {22, 23, 36, 73},
    {77, 78},
    {79, 80},
    {94, 95, 96},
    {89, 564},
    {643, 91},
    {330, 338},
    {327, 326, 321},
    {328, 916, 327},
    {611, 776, 827},
    {614, 1004},
    {94, 1336},
]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--show", type=int, default=0, help="how many wrong answers to name")
    given = parser.parse_args()
    report(labelled(given.folder, given.labels) if given.folder and given.labels else cases(), given.show)


def labelled(folder: Path, labels: Path) -> Iterator[Case]:
    with labels.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(line for line in lines if not line.startswith("#")):
            name, _, bad, cwe = (cell.strip() for cell in row[:4])
            for path in folder.rglob(f"{name}.py"):
                yield Case(name, int(cwe), bad == "true", path.read_text(encoding="utf-8"))


def report(every: Iterable[Case], show: int) -> None:
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    wrong: list[str] = []
    started = time.process_time()
    for case in every:
        found = reported(case)
        counts[case.cwe][(0 if found else 1) if case.bad else (2 if found else 3)] += 1
        if found != case.bad:
            wrong.append(f"  {'missed' if case.bad else 'false alarm'}: CWE-{case.cwe}: {case.name}")
    spent = time.process_time() - started
    print(f"{'CWE':>6} {'TP':>5} {'FN':>5} {'FP':>5} {'TN':>5} {'TPR':>6} {'FPR':>6} {'Youden':>7}")
    rates = [line(f"{cwe}", counts[cwe]) for cwe in sorted(counts)]
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    line("all", total)
    print(f"mean of the CWEs: {sum(rates) / len(rates):.3f} (must {MUST}, aim {AIM})")
    print(f"{spent / max(1, sum(total)) * 1000:.1f} ms of CPU for each case")
    print("\n".join(wrong[:show]))


def line(name: str, counted: list[int]) -> float:
    tp, fn, fp, tn = counted
    tpr, fpr = tp / max(1, tp + fn), fp / max(1, fp + tn)
    print(f"{name:>6} {tp:>5} {fn:>5} {fp:>5} {tn:>5} {tpr:>6.3f} {fpr:>6.3f} {tpr - fpr:>7.3f}")
    return tpr - fpr


def reported(case: Case) -> bool:
    """Whether any finding is of the case's weakness, or of one that means the same."""
    wanted = {case.cwe}.union(*(group for group in GROUPS if case.cwe in group))
    code = open_buffer("file:///case.py", "/case.py", 0, "python", case.code)
    return any(not wanted.isdisjoint(finding.cwe) for finding in check(code))


if __name__ == "__main__":
    main()
