"""What is expected of a tool before anything was learned of it, by the rows of `catalogue.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from orchestra_lsp.model import Complexity, Kind, Reach

MACHINE_KIND = "llamacpp"


@dataclass(frozen=True, slots=True)
class Prior:
    """Expected rewards (0..1) by kind, what simple code adds and complex code takes off, and times in ms; `name` is for people."""

    name: str
    quality: Mapping[Kind, float]
    easy: float
    hard: float
    p50_ms: Mapping[Kind, float]
    weight: float  # in answers

    def expected(self, kind: Kind, complexity: Complexity) -> float:
        """The reward this tool is expected to earn."""
        quality = self.quality[kind]
        if kind in (Kind.COMPLETE, Kind.NEXT_EDIT):  # one place in the code, however complex the rest
            return quality
        if complexity is Complexity.SIMPLE:
            return min(0.98, quality + self.easy)
        return max(0.02, quality - self.hard) if complexity is Complexity.COMPLEX else quality


@cache
def prior(adapter: str, model: str, reach: Reach = Reach.OUTSIDE) -> Prior:
    """The first class that fits. A tool on this machine that no row names by its model counts as a local model."""
    wanted = MACHINE_KIND if reach is Reach.MACHINE and adapter not in ("ollama", MACHINE_KIND) else adapter
    name = model.lower().rpartition("/")[2]
    return _prior(next(row for row in _document()["class"] if _fits(row, wanted, name)))


def _fits(row: Mapping[str, Any], adapter: str, model: str) -> bool:
    if "kinds" in row and adapter not in row["kinds"]:
        return False
    named = "models" not in row or any(fnmatchcase(model, one) for one in row["models"])
    return named and not any(fnmatchcase(model, one) for one in row.get("not_models", ()))


def _prior(row: Mapping[str, Any]) -> Prior:
    document = _document()
    other = row["other"]
    quality = {kind: float(row.get(kind.value, other)) for kind in Kind}
    quality[Kind.NEXT_EDIT] = float(row.get("next_edit", row["complete"]))
    times = {kind: float(row["p50_ms"]) * document["slower"].get(kind.value, 1.0) for kind in Kind}
    return Prior(row["name"], quality, float(row["easy"]), float(row["hard"]), times, float(document["weight"]["answers"]))


@cache
def _document() -> Mapping[str, Any]:
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files("orchestra_lsp.engine").joinpath("catalogue.toml").read_text(encoding="utf-8"))
