"""Counts and durations of this process. They stay in memory until the person configures an exporter."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

KEPT = 512  # durations kept for each name: enough for a stable p95, bounded for a process that runs for weeks


@dataclass(frozen=True, slots=True)
class Durations:
    """Percentiles of the last durations of one name, in ms."""

    count: int
    p50: float
    p95: float


class Telemetry:
    """One process's counters. Safe to call from any thread: each update is one atomic container operation."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._durations: dict[str, deque[float]] = {}

    def count(self, name: str, by: int = 1) -> None:
        self._counts[name] += by

    def took(self, name: str, ms: float) -> None:
        self._durations.setdefault(name, deque(maxlen=KEPT)).append(ms)

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Record how long the block took, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.took(name, (time.perf_counter() - start) * 1e3)

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def durations(self) -> Mapping[str, Durations]:
        return {name: _summary(list(values)) for name, values in list(self._durations.items()) if values}


def _summary(values: list[float]) -> Durations:
    values.sort()
    return Durations(len(values), values[len(values) // 2], values[min(len(values) - 1, int(len(values) * 0.95))])
