"""What a call cost, by the dated rows of `prices.toml` or by the person's own price; what is not known stays unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal

from orchestra_lsp.model import Usage

MILLION = 1_000_000
#: What makers put behind a model's name for one of its versions; the price is that of the model.
VERSION = re.compile(r"(-latest|[-@]20\d{6}|-20\d\d-\d\d-\d\d)$")
FRIDAY = 4

#: The person's own price, `tools.<name>.price`.
Own = Mapping[Literal["input", "output", "cache_read"], float]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: US dollars for a million tokens, None where that is not known."""

    provider: str
    models: tuple[str, ...]
    effective_from: date
    unit: str  # "usd", "credits" or "included"
    source: str
    checked: date
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None
    above_tokens: int = 0  # the row is for prompts longer than this
    peak_hours: tuple[tuple[int, int], ...] = ()  # UTC, from Monday to Friday
    peak_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one tool's calls cost. `host` is who sends the bill, empty for this machine; `own` is the person's own price."""

    host: str = ""
    model: str = ""
    own: Own | None = None

    def priced(self, usage: Usage) -> Usage:
        """`usage` with its cost, if it is known."""
        if usage.cost is not None:
            return usage  # the endpoint said it itself
        cost = _own(self.own, usage) if self.own else self._listed(usage)
        return usage if cost is None else replace(usage, cost=cost)

    def _listed(self, usage: Usage) -> float | None:
        """By the table, which is only read for somebody who may be in it."""
        provider = provider_at(self.host) if self.host else ""
        return price_of(provider, self.model, usage, datetime.now(UTC)) if provider else None


def price_of(kind: str, model: str, usage: Usage, when: datetime) -> float | None:
    """US dollars for one call at `when`, which has a time zone. `kind` is an adapter's or a provider's name. None: not known."""
    row = row_for(kind, model, usage.input_tokens or 0, when)
    if row is None or row.unit != "usd" or row.input is None or row.output is None:
        return None
    return _cost(row, usage, _factor(row, when))


def row_for(kind: str, model: str, prompt_tokens: int, when: datetime) -> Row | None:
    """The row that counts for a call, or None when the table has none."""
    provider = _kinds().get(kind, kind)
    name = VERSION.sub("", model.lower())
    today = when.astimezone(UTC).date()
    fitting = [
        row
        for row in table()
        if row.provider == provider
        and row.effective_from <= today
        and (prompt_tokens > row.above_tokens or not row.above_tokens)
        and any(fnmatchcase(name, one) for one in row.models)
    ]
    return max(fitting, key=lambda row: (row.above_tokens > 0, row.effective_from, row.above_tokens), default=None)


def provider_at(host: str) -> str:
    """Whose bills calls to `host` (without its port) are on; empty when that is not known."""
    return _hosts().get(host.lower(), "")


@cache
def table() -> tuple[Row, ...]:
    """All rows of the table."""
    return tuple(_row(found) for found in _document()["price"])


def _row(found: Mapping[str, Any]) -> Row:
    lists = {"models": tuple(found["models"]), "peak_hours": tuple((start, end) for start, end in found.get("peak_hours", ()))}
    return Row(**{**found, **lists})


def _cost(row: Row, usage: Usage, factor: float) -> float | None:
    """Each part of the prompt by its own price. A part without a price makes the whole unknown."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    fresh = max(0, usage.input_tokens - read - written)
    parts = ((fresh, row.input), (read, row.cache_read), (written, row.cache_write_5m), (usage.output_tokens, row.output))
    total = 0.0
    for tokens, price in parts:
        if tokens and price is None:
            return None
        total += tokens * (price or 0.0)
    return total * factor / MILLION


def _own(price: Own, usage: Usage) -> float | None:
    if "input" not in price or "output" not in price or usage.input_tokens is None or usage.output_tokens is None:
        return None
    read = usage.cache_read_tokens or 0
    fresh = max(0, usage.input_tokens - read)
    return (fresh * price["input"] + read * price.get("cache_read", price["input"]) + usage.output_tokens * price["output"]) / MILLION


def _factor(row: Row, when: datetime) -> float:
    now = when.astimezone(UTC)
    peak = now.weekday() <= FRIDAY and any(start <= now.hour < end for start, end in row.peak_hours)
    return row.peak_factor if peak else 1.0


@cache
def _kinds() -> dict[str, str]:
    return {kind: one["name"] for one in _document()["provider"] for kind in one["kinds"]}


@cache
def _hosts() -> dict[str, str]:
    return {host: one["name"] for one in _document()["provider"] for host in one["hosts"]}


@cache
def _document() -> dict[str, Any]:
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files("orchestra_lsp.tools.wire").joinpath("prices.toml").read_text(encoding="utf-8"))
