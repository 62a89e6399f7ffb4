"""Count the letter pairs of names in Python files and print the table of `trust/strangeness.py`.

python -m tests.trust.train_strangeness FOLDER...
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from itertools import pairwise
from math import log2
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz0_"
STEPS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{3,60}")
UNSEEN = 0.5  # what a pair that never occurred counts


def main(folders: list[str]) -> None:
    files: Counter[str] = Counter()  # in how many files each name stands
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.py")):
            files.update(set(NAME.findall(path.read_text(encoding="utf-8", errors="replace"))))
    pairs = {first: Counter(dict.fromkeys(LETTERS, UNSEEN)) for first in LETTERS}
    for name, count in files.items():
        for first, second in pairwise(f"_{plain(name)}_"):
            pairs[first][second] += log2(1 + count)  # type: ignore[assignment]  # a Counter may hold fractions
    for first in LETTERS:
        print(f'    "{row(pairs[first])}",  # {first}')


def plain(name: str) -> str:
    return "".join("0" if letter.isdigit() else letter if letter in LETTERS else "_" for letter in name.lower())


def row(counts: Counter[str]) -> str:
    total = sum(counts.values())
    return "".join(STEPS[min(len(STEPS) - 1, round(-5 * log2(counts[second] / total)))] for second in LETTERS)


if __name__ == "__main__":
    main(sys.argv[1:])
