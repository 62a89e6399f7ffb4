"""Findings of other tools, read from SARIF and shown beside ours as long as the file they are about is unchanged."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from orchestra_lsp.model import Buffer, Category, Confidence, Finding, Severity, Span
from orchestra_lsp.review.baseline import inside
from orchestra_lsp.syntax.text import Encoding, line_bounds, offset_at

KEPT: Final = (".orchestra", "imported.json")
MOST_BYTES: Final = 50_000_000  # of a SARIF file; reading one takes about ten times its size in memory
MOST_RESULTS: Final = 20_000
MOST_MESSAGE: Final = 1_000
LEVELS: Final = {"error": Severity.ERROR, "warning": Severity.WARNING, "note": Severity.INFO, "none": Severity.HINT}

Object = dict[str, Any]


class ImportFailed(Exception):
    """A file that cannot be taken in: which, and why."""


@dataclass(frozen=True, slots=True)
class Imported:
    """By path below `root`: a digest of the file as it was, and what was found in it."""

    root: str = ""
    files: Mapping[str, Object] = field(default_factory=dict)

    def findings(self, buffer: Buffer) -> tuple[Finding, ...]:
        """What other tools said of a buffer; nothing once its text is another one."""
        known = self.files.get(inside(self.root, buffer.path)) if self.files else None
        if known is None or known["digest"] != digest(buffer.data):
            return ()
        return tuple(finding for entry in known["findings"] if (finding := _finding(buffer, entry)) is not None)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- taking in ---


def taken_in(path: Path, root: str) -> tuple[str, int, int]:
    """The text to keep, how many findings it holds, and how many were left out for want of their file. Raises ImportFailed."""
    files: dict[str, Object] = {}
    taken = lost = 0
    for name, entry in _results(_log(path)):
        where = _below(root, name)
        if where is None or taken >= MOST_RESULTS:
            lost += 1
            continue
        kept = files.setdefault(inside(root, str(where)), {"digest": digest(where.read_bytes()), "findings": []})
        kept["findings"].append(entry)
        taken += 1
    return json.dumps({"version": 1, "files": {name: files[name] for name in sorted(files)}}, indent=1) + "\n", taken, lost


def _log(path: Path) -> Object:
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ImportFailed(
                f"{path} has {size} bytes, and at most {MOST_BYTES} are read. Let the tool report less, or split the report."
            )
        log = json.loads(path.read_bytes())
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ImportFailed(f"{path} is no JSON: {str(error)[:100]}.") from error
    if not isinstance(log, dict) or not str(log.get("version", "")).startswith("2.1") or not isinstance(log.get("runs"), list):
        raise ImportFailed(f"{path} is no SARIF 2.1.0: it has no `version` 2.1.0 with a list of `runs`.")
    return log


def _results(log: Object) -> Iterator[tuple[str, Object]]:
    """Path and what is kept of every result that says where it is; others, and suppressed ones, are passed over."""
    for run in _objects(log, "runs"):
        driver = _object(_object(run, "tool"), "driver")
        tool = _text(driver, "name") or "unknown"
        levels = {_text(rule, "id"): _text(_object(rule, "defaultConfiguration"), "level") for rule in _objects(driver, "rules")}
        points = _text(run, "columnKind") == "unicodeCodePoints"
        for result in _objects(run, "results"):
            rule = _text(result, "ruleId") or _text(_object(result, "rule"), "id") or "result"
            message = _text(_object(result, "message"), "text")[:MOST_MESSAGE]
            place = next((_object(one, "physicalLocation") for one in _objects(result, "locations")), {})
            uri, region = _text(_object(place, "artifactLocation"), "uri"), _object(place, "region")
            if uri and message and _number(region, "startLine") and not _objects(result, "suppressions"):
                numbers = {name: _number(region, name) for name in ("startLine", "startColumn", "endLine", "endColumn")}
                level = _text(result, "level") or levels.get(rule) or "warning"
                yield uri, {"tool": tool, "rule": rule, "level": level, "message": message, "points": points, **numbers}


def _below(root: str, uri: str) -> Path | None:
    """The file of an address, if it is one of the project's."""
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return None
    try:
        path = Path(os.path.realpath(os.path.join(root, unquote(parts.path))))
        return path if path.is_file() and path.is_relative_to(os.path.realpath(root)) else None
    except (OSError, ValueError):
        return None  # a path that no file can have


def _object(value: Object, key: str) -> Object:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _objects(value: Object, key: str) -> list[Object]:
    found = value.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: Object, key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _number(value: Object, key: str) -> int:
    found = value.get(key)
    return found if isinstance(found, int) and 0 < found < 1 << 31 else 0


# --- showing ---


def read_imported(root: str) -> Imported:
    """What was taken in here; nothing where there is none or it cannot be used. Raises ImportFailed when it is broken."""
    path = Path(root, *KEPT)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportFailed(f"{path} is too large; import again, or delete it.")
        files = json.loads(path.read_bytes())["files"]
        whole = all(isinstance(one["digest"], str) and all(isinstance(entry, dict) for entry in one["findings"]) for one in files.values())
    except FileNotFoundError:
        return Imported(root)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ImportFailed(f"{path} cannot be used; import again, or delete it.") from error
    if not whole:
        raise ImportFailed(f"{path} cannot be used; import again, or delete it.")
    return Imported(root, files)


def _finding(buffer: Buffer, entry: Object) -> Finding | None:
    line = _number(entry, "startLine") - 1
    if not 0 <= line < len(buffer.line_starts):
        return None
    start, end = line_bounds(buffer.data, buffer.line_starts, line)
    units = Encoding.UTF32 if entry.get("points") is True else Encoding.UTF16
    if column := _number(entry, "startColumn"):
        start = offset_at(buffer, line, column - 1, units)
        if (last := _number(entry, "endColumn")) and _number(entry, "endLine") in (0, line + 1):
            end = max(start, offset_at(buffer, line, last - 1, units))
    else:
        start += len(buffer.data[start:end]) - len(buffer.data[start:end].lstrip())
    severity = LEVELS.get(_text(entry, "level"), Severity.WARNING)
    rule = f"{_text(entry, 'tool').lower()}:{_text(entry, 'rule')}"
    return Finding(rule, _text(entry, "message"), Span(start, end), severity, Confidence.MEDIUM, Category.QUALITY)
