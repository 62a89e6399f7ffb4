"""A code quality report as GitLab reads it from a job's artifacts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final

from orchestra_lsp.model import Rule, Severity
from orchestra_lsp.review.report.places import region, shown_path
from orchestra_lsp.review.reviewed import Reviewed, fingerprints

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "minor", Severity.HINT: "info"}


def write(files: Sequence[Reviewed], _rules: Mapping[str, Rule]) -> str:
    return json.dumps([one for file in files for one in _entries(file)], indent=1) + "\n"


def _entries(file: Reviewed) -> list[object]:
    path = shown_path(file.path)
    return [
        {
            "description": finding.message,
            "check_name": finding.rule,
            # GitLab wants them unlike each other over the whole report, so the path is part of it.
            "fingerprint": hashlib.sha256(f"{path}\0{print_}".encode()).hexdigest(),
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": path, "lines": {"begin": at.line, "end": at.end_line}},
        }
        for finding, print_ in zip(file.findings, fingerprints(file.buffer, file.findings), strict=True)
        for at in (region(file.buffer, finding.span),)
    ]
