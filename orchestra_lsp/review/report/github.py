"""Workflow commands of GitHub Actions: annotations at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from orchestra_lsp.model import Finding, Rule, Severity
from orchestra_lsp.review.report.places import region, shown_path
from orchestra_lsp.review.reviewed import Reviewed

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice", Severity.HINT: "notice"}


def write(files: Sequence[Reviewed], _rules: Mapping[str, Rule]) -> str:
    return "".join(_line(file, finding) for file in files for finding in file.findings)


def _line(file: Reviewed, finding: Finding) -> str:
    at = region(file.buffer, finding.span)
    told = {"file": shown_path(file.path), "line": at.line, "endLine": at.end_line}
    if at.line == at.end_line:  # columns of a finding over several lines are refused
        told |= {"col": at.column, "endColumn": at.end_column}
    told |= {"title": finding.rule}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in told.items())
    return f"::{_COMMANDS[finding.severity]} {properties}::{_data(finding.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
