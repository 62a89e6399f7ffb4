"""SARIF 2.1.0: findings with their rules, fixes, taint paths and fingerprints, for code scanning services."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from orchestra_lsp import __version__
from orchestra_lsp.model import Buffer, Category, Confidence, Edit, Finding, Rule, Severity, Span
from orchestra_lsp.review.report.places import region, shown_path
from orchestra_lsp.review.reviewed import Reviewed, fingerprints
from orchestra_lsp.syntax.text import slice_text

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
HOME: Final = "https://github.com/orchestra-lsp/orchestra-lsp"
#: The name of our fingerprints; a change of how they are made gets another number.
FINGERPRINT: Final = "orchestraLine/v1"
LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note", Severity.HINT: "note"}
_PRECISION: Final = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
#: GitHub sorts security alerts by a number from 0 to 10.
_SECURITY: Final = {Severity.ERROR: "8.0", Severity.WARNING: "6.0", Severity.INFO: "3.0", Severity.HINT: "1.0"}

Object = dict[str, Any]


def write(files: Sequence[Reviewed], rules: Mapping[str, Rule]) -> str:
    """`rules` by id; one that is not among them is told by its id alone."""
    found = {finding.rule: finding for file in files for finding in file.findings}
    ids = sorted(found)
    descriptors = [_descriptor(found[name], rules.get(name)) for name in ids]
    indexes = {name: number for number, name in enumerate(ids)}
    driver = {"name": "Orchestra LSP", "semanticVersion": __version__, "informationUri": HOME, "rules": descriptors}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [result for file in files for result in _results(file, indexes)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _descriptor(finding: Finding, rule: Rule | None) -> Object:
    link: Object = {"helpUri": finding.link} if finding.link else {}
    tags = [finding.category.value, *(f"external/cwe/cwe-{number:03}" for number in finding.cwe)]
    properties: Object = {"tags": tags, "precision": _PRECISION[finding.confidence]}
    if finding.category is Category.SECURITY:
        properties["security-severity"] = _SECURITY[rule.severity if rule else finding.severity]
    told: Object = {"id": finding.rule, "name": finding.rule, **link, "properties": properties}
    if rule is None:
        return told
    properties["tags"] = list(dict.fromkeys([*tags, *rule.tags]))
    title = rule.title.rstrip(".") + "."
    return told | {
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": rule.description or title, "markdown": rule.description or title},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _results(file: Reviewed, indexes: Mapping[str, int]) -> list[Object]:
    return [
        _result(file, finding, indexes[finding.rule], print_)
        for finding, print_ in zip(file.findings, fingerprints(file.buffer, file.findings), strict=True)
    ]


def _result(file: Reviewed, finding: Finding, index: int, print_: str) -> Object:
    told: Object = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [_location(file, finding.span)],
        "partialFingerprints": {FINGERPRINT: print_},
    }
    if finding.related:
        path = [_location(file, related.span, related.message) for related in finding.related]
        told["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(path, start=1)]
        steps = [*path, _location(file, finding.span, finding.message)]
        told["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in steps]}]}]
    if finding.fix:
        changes = [_replacement(file.buffer, edit) for edit in sorted(finding.fix.edits, key=lambda edit: edit.span)]
        change = {"artifactLocation": _artifact(file.path), "replacements": changes}
        told["fixes"] = [{"description": {"text": finding.fix.title}, "artifactChanges": [change]}] if changes else []
    return told


def _location(file: Reviewed, span: Span, message: str = "") -> Object:
    text = slice_text(file.buffer, span)
    where = {"artifactLocation": _artifact(file.path), "region": {**_region(file.buffer, span), "snippet": {"text": text}}}
    return {"physicalLocation": where} | ({"message": {"text": message}} if message else {})


def _region(buffer: Buffer, span: Span) -> Object:
    at = region(buffer, span)
    return {"startLine": at.line, "startColumn": at.column, "endLine": at.end_line, "endColumn": at.end_column}


def _replacement(buffer: Buffer, edit: Edit) -> Object:
    return {"deletedRegion": _region(buffer, edit.span), "insertedContent": {"text": edit.text}}


def _artifact(path: str) -> Object:
    """Relative to where the review ran, so that a service finds the file in its own checkout."""
    if os.path.isabs(path):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(shown_path(path))}
