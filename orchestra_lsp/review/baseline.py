"""Findings that a project has accepted: a file of fingerprints, so that only what is new is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orchestra_lsp.model import Buffer, Finding
from orchestra_lsp.review.reviewed import Reviewed, fingerprints

VERSION: Final = 1
MOST_BYTES: Final = 50_000_000


class BaselineError(Exception):
    """A baseline that cannot be used: which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted fingerprints by path below `root`, with forward slashes; `gone`: those of files that are no longer there."""

    root: str = ""
    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def new(self, path: str, buffer: Buffer, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings that are not accepted. A file that is not listed may be a renamed one, so what was accepted of lost files counts."""
        known = self.accepted.get(inside(self.root, path), self.gone) if self.accepted else frozenset()
        if not known:
            return tuple(findings)
        return tuple(finding for finding, print_ in zip(findings, fingerprints(buffer, findings), strict=True) if print_ not in known)


def read_baseline(path: Path, root: str) -> Baseline:
    """Raises BaselineError, also when there is no such file."""
    files = _files(path)
    accepted = {name: frozenset(print_ for prints in rules.values() for print_ in prints) for name, rules in files.items()}
    lost = (prints for name, prints in accepted.items() if not os.path.exists(os.path.join(root, name)))
    return Baseline(root, accepted, frozenset().union(*lost))


def with_accepted(path: Path, root: str, files: Iterable[Reviewed]) -> str:
    """The text of the baseline at `path` when all findings of these files are accepted too. Raises BaselineError.

    What is accepted of other files stays, unless they are gone. Everything is sorted, so that it makes small differences in git.
    """
    before = _files(path) if path.exists() else {}
    found = {name: rules for name, rules in before.items() if os.path.exists(os.path.join(root, name))}
    for file in files:
        rules: dict[str, list[str]] = {}
        for finding, print_ in zip(file.findings, fingerprints(file.buffer, file.findings), strict=True):
            rules.setdefault(finding.rule, []).append(print_)
        found[inside(root, file.buffer.path)] = {rule: sorted(rules[rule]) for rule in sorted(rules)}
    kept = {name: found[name] for name in sorted(found) if found[name]}
    return json.dumps({"version": VERSION, "files": kept}, indent=1) + "\n"


def _files(path: Path) -> dict[str, dict[str, list[str]]]:
    """Fingerprints by path and rule."""
    again = "delete it and write it anew with `orchestra review --accept`"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BaselineError(f"{path} is larger than {MOST_BYTES} bytes and is no baseline; {again}")
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {str(name): {str(rule): [str(one) for one in ones] for rule, ones in rules.items()} for name, rules in files.items()}
    except FileNotFoundError as error:
        raise BaselineError(f"there is no baseline {path}; write it with `orchestra review --accept`") from error
    except OSError as error:
        raise BaselineError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BaselineError(f"{path} is no baseline; {again}") from error


def inside(root: str, path: str) -> str:
    """The path below the root with forward slashes; one outside of it stays as it is."""
    try:
        relative = os.path.relpath(os.path.abspath(path), os.path.abspath(root or os.curdir))
    except ValueError:  # another drive
        relative = path
    return (path if relative.startswith(os.pardir) else relative).replace(os.sep, "/")
