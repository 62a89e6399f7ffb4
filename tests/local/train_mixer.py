"""Trains `tools/local/mixer.npz` on source folders of your choice: python tests/local/train_mixer.py OUT FOLDER...

Holds out some files of each folder, indexes the rest, and asks all sources what comes next at random places of the held-out ones.
Seeded. What the weights in use were trained on is in `train_mixer.txt`. Needs about 8 GB and five minutes for 20 folders.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestra_lsp.syntax.language import UNKNOWN, detect
from orchestra_lsp.tools.local.build import Builder
from orchestra_lsp.tools.local.counts import CANDIDATES, Place, look
from orchestra_lsp.tools.local.cursor import cursor_at
from orchestra_lsp.tools.local.document import NO_DOCUMENT, Document, Encoder, line_break
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.files import is_source, read
from orchestra_lsp.tools.local.knowledge import Knowledge
from orchestra_lsp.tools.local.lexer import NOTHING, is_word, lex
from orchestra_lsp.tools.local.mixer import FEATURES, features
from orchestra_lsp.tools.local.segment import Segment
from orchestra_lsp.tools.local.skips import call_keys
from orchestra_lsp.tools.local.stream import Stream

#: Turns with each folder, each with other files held out, and places in each turn.
TURNS = 3
PLACES = 1100
HELD_FILES = 30
OPEN_FILES = 3
HIDDEN = 40
EPOCHS = 12
BATCH = 128
RATE = 2e-3
SEED = 7

Floats = npt.NDArray[np.float32]
Weights = dict[str, Floats]


@dataclass(frozen=True)
class Source:
    path: str
    text: str
    language: str


def sources(folder: Path) -> list[Source]:
    found = []
    for path in sorted(folder.rglob("*")):
        if is_source(path.relative_to(folder).as_posix()) and (source := read(str(path))):
            language = detect("", str(path), b"")
            if language != UNKNOWN:
                found.append(Source(str(path), source.text, language))
    return found


def samples(job: tuple[str, int]) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int64], list[int]]:
    """Features (padded to CANDIDATES), the column of the truth or -1, and how many columns are real."""
    folder, seed = job
    rows, truths, widths = [], [], []
    for given, truth in places(Path(folder), seed):
        padded = np.zeros((CANDIDATES, FEATURES), np.float16)
        padded[: len(given)] = given
        rows.append(padded)
        truths.append(truth)
        widths.append(len(given))
    print(
        f"# {folder}: {len(rows)} places, {sum(one < 0 for one in truths) / max(1, len(rows)):.1%} not among the candidates",
        file=sys.stderr,
    )
    return np.array(rows, np.float16).reshape(-1, CANDIDATES, FEATURES), np.array(truths), widths


def places(folder: Path, seed: int) -> Iterator[tuple[Floats, int]]:
    chance = random.Random(f"{folder.name} {seed}")
    everything = sources(folder)
    fitting = [one for one in everything if 40 <= one.text.count("\n") <= 3000 and one.language not in ("c", "cpp", "java")]
    held = chance.sample(fitting, min(HELD_FILES, len(fitting) // 4))
    builder = Builder()
    for one in everything:
        if one not in held:
            builder.add(one.path, one.text, one.language)
    segment = Segment(builder.finish())
    encoder, knowledge = Encoder(), Knowledge()
    for one in held:
        neighbours = [other for other in everything if other.language == one.language and other not in held]
        beside = [other for other in neighbours if os.path.dirname(other.path) == os.path.dirname(one.path)]
        for _ in range(PLACES // len(held)):
            near = beside if len(beside) >= OPEN_FILES else neighbours
            opened = chance.sample(near, min(OPEN_FILES, len(near))) if chance.random() < 0.4 else []
            found = _place(one, opened, segment, (encoder, knowledge), chance)
            if found:
                yield found


def _place(
    one: Source, opened: Sequence[Source], segment: Segment, known: tuple[Encoder, Knowledge], chance: random.Random
) -> tuple[Floats, int] | None:
    encoder, knowledge = known
    lines = one.text.split("\n")
    at = chance.randrange(len(lines))
    line = lex(lines[at], one.language)
    if line.indent < 0 or "\n".join(lines[: at + 1]).count('"""') % 2:
        return None
    which = chance.randrange(len(line.tokens) + 1)
    suffix = "\n" + "\n".join(lines[at + 1 :]) if chance.random() < 0.35 else ""
    cursor = cursor_at("\n".join([*lines[:at], ""]), suffix, one.language, encoder)
    levels = list(cursor.file.levels)
    begun = [line_break(levels, line.indent), *line.tokens[:which]]
    truth, start = _truth(lines[at + 1 :], line.tokens, which, one.language, levels), ""
    if is_word(truth) and chance.random() < 0.5:
        start = truth[: chance.randrange(1, len(truth) + 1)]
    tokens = "".join([encoder.character(token) for token in begun])
    calls = [NOTHING, *(encoder.character(key) if key else NOTHING for key in call_keys(begun[1:]))]
    file = Document(cursor.file.tokens + tokens, cursor.file.gaps + tokens, cursor.file.calls + "".join(calls[:-1]), tuple(levels))
    joined = [encoder.document(other.text[:100_000], other.language) for other in opened]
    others = (
        Document(*(NOTHING.join(parts) for parts in zip(*[(each.tokens, each.gaps, each.calls) for each in joined], strict=True)))
        if joined
        else NO_DOCUMENT
    )
    learned = []
    if chance.random() < 0.85:  # some people switch the index off, and all of them wait for it once
        learned = [knowledge.learned(segment, [other.path for other in opened], one.path, family(one.language, one.path))]
    stream = Stream(file, encoder)
    stream.call_here(ord(calls[-1]))
    seen = look(Place(file, others, stream, Stream(others, encoder), learned, start), encoder)
    if not len(seen.candidates):
        return None
    (column,) = np.nonzero(seen.candidates == ord(encoder.known(truth)))
    return features(seen, encoder), int(column[0]) if len(column) else -1


def _truth(after: Sequence[str], tokens: Sequence[str], which: int, language: str, levels: list[int]) -> str:
    if which < len(tokens):
        return tokens[which]
    following = next((line for text in after if (line := lex(text, language)).indent >= 0), None)
    return line_break(levels, following.indent if following else 0)


# --- training ---


def started(chance: np.random.Generator) -> Weights:
    def small(*shape: int) -> Floats:
        return (chance.standard_normal(shape) * 0.6 / np.sqrt(shape[0])).astype(np.float32)

    return {
        "inner": small(FEATURES, HIDDEN),
        "inner_bias": np.zeros(HIDDEN, np.float32),
        "outer": small(HIDDEN),
        "straight": np.zeros(FEATURES, np.float32),
        "escape": np.zeros(FEATURES, np.float32),
        "escape_bias": np.zeros(1, np.float32),
    }


def forward(given: Floats, real: npt.NDArray[np.bool_], weights: Weights) -> tuple[Floats, Floats, Floats]:
    hidden = np.tanh(given @ weights["inner"] + weights["inner_bias"])
    scores = hidden @ weights["outer"] + given @ weights["straight"]
    highest = np.where(real[:, :, None], given, -np.inf).max(1)
    escape = highest @ weights["escape"] + weights["escape_bias"]
    scores = np.concatenate([np.where(real, scores, -1e9), escape[:, None]], 1)
    scores -= scores.max(1, keepdims=True)
    odds = np.exp(scores)
    return hidden, highest, odds / odds.sum(1, keepdims=True)


def gradients(given: Floats, real: npt.NDArray[np.bool_], truth: npt.NDArray[np.int64], weights: Weights) -> tuple[float, Weights]:
    hidden, highest, odds = forward(given, real, weights)
    rows = np.arange(len(given))
    loss = float(-np.log(np.maximum(odds[rows, truth], 1e-9)).mean())
    error = odds.copy()
    error[rows, truth] -= 1
    error /= len(given)
    own, escape = error[:, :-1], error[:, -1]
    flat, into = given.reshape(-1, FEATURES), hidden.reshape(-1, HIDDEN)
    back = own[:, :, None] * weights["outer"] * (1 - hidden**2)
    return loss, {
        "inner": flat.T @ back.reshape(-1, HIDDEN),
        "inner_bias": back.sum((0, 1)),
        "outer": into.T @ own.reshape(-1),
        "straight": flat.T @ own.reshape(-1),
        "escape": highest.T @ escape,
        "escape_bias": escape.sum(keepdims=True),
    }


def trained(
    given: npt.NDArray[np.float16], real: npt.NDArray[np.bool_], truth: npt.NDArray[np.int64], weak: npt.NDArray[np.bool_]
) -> Weights:
    """Adam with linear decay; `weak` marks the places that are only looked at."""
    chance = np.random.default_rng(SEED)
    weights = started(chance)
    first = {name: np.zeros_like(one) for name, one in weights.items()}
    second = {name: np.zeros_like(one) for name, one in weights.items()}
    learning, checking = np.nonzero(~weak)[0], np.nonzero(weak)[0]
    steps = EPOCHS * (len(learning) // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        losses = []
        order = chance.permutation(learning)
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            loss, slopes = gradients(given[rows].astype(np.float32), real[rows], truth[rows], weights)
            losses.append(loss)
            step += 1
            rate = RATE * (1 - step / (steps + 1))
            for name, slope in slopes.items():
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope**2 - second[name])
                lifted = np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8
                decay = 1e-4 * weights[name] if name == "inner" else 0
                weights[name] -= rate * (first[name] / (1 - 0.9**step) / lifted + decay)
        checked, right = [], []
        for start in range(0, len(checking), 1000):
            rows = checking[start : start + 1000]
            _, _, odds = forward(given[rows].astype(np.float32), real[rows], weights)
            checked.append(-np.log(np.maximum(odds[np.arange(len(rows)), truth[rows]], 1e-9)))
            right.append(odds.argmax(1) == np.where(truth[rows] == CANDIDATES, -1, truth[rows]))
        left_out = f"{np.concatenate(checked).mean():.4f}, top-1 {np.concatenate(right).mean():.3f}"
        print(f"# epoch {epoch + 1}: {np.mean(losses):.4f} nats, on the places left out {left_out}", flush=True)
    return weights


def main() -> None:
    out, *folders = sys.argv[1:]
    # The last two folders are only looked at.
    begun = time.time()
    jobs = [(folder, turn) for folder in folders for turn in range(TURNS)]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(samples, jobs))
    given = np.concatenate([one[0] for one in found])
    truth = np.concatenate([one[1] for one in found])
    widths = np.concatenate([one[2] for one in found])
    weak = np.concatenate([np.full(len(one[1]), folder in folders[-2:]) for one, (folder, _) in zip(found, jobs, strict=True)])
    print(f"# {len(given)} places after {time.time() - begun:.0f} s", flush=True)
    real = np.arange(CANDIDATES)[None, :] < widths[:, None]
    weights = trained(given, real, np.where(truth < 0, CANDIDATES, truth), weak)
    np.savez(out, **{name: one.astype(np.float32) for name, one in weights.items()})


if __name__ == "__main__":
    main()
