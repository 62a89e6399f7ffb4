"""Results as values that JSON knows, for programs."""

from __future__ import annotations

from collections.abc import Mapping

from orchestra_lsp.commands.result import Edits, FileEdit, Findings, Result, Table, Text
from orchestra_lsp.model import Buffer, Finding, Span
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.syntax.text import Encoding, line_starts, position_at


def value_of(result: Result) -> object:
    """Lines and columns count from 1, columns in code points, ends are exclusive."""
    match result:
        case Text():
            return {"title": result.title, "markdown": result.markdown}
        case Table():
            return result.value
        case Findings():
            return [_finding(file, finding) for file in result.files for finding in file.findings]
        case Edits():
            files = [_file_edit(file) for file in result.files]
            told = {"title": result.title, "tool": result.tool, "reason": result.reason, "files": files}
            return told | {name: value for name, value in (("notes", list(result.notes)), ("said", result.said)) if value}


def place(buffer: Buffer, span: Span) -> Mapping[str, int]:
    line, column = position_at(buffer, span.start, Encoding.UTF32)
    end_line, end_column = position_at(buffer, span.end, Encoding.UTF32)
    return {"line": line + 1, "column": column + 1, "endLine": end_line + 1, "endColumn": end_column + 1}


def _finding(file: Reviewed, finding: Finding) -> object:
    return {
        "path": file.path,
        **place(file.buffer, finding.span),
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "category": finding.category.value,
        "cwe": list(finding.cwe),
        "message": finding.message,
        "fixable": finding.fix is not None,
    }


def _file_edit(file: FileEdit) -> object:
    buffer = file.buffer or Buffer(file.uri, file.path, 0, "text", b"", line_starts(b""), None)
    edits = [{**place(buffer, edit.span), "text": edit.text} for edit in file.edits]
    told = {"path": file.path, "uri": file.uri, "new": file.buffer is None, "edits": edits}
    more = (("movedTo", file.moved_to), ("deleted", file.deleted), ("care", file.care))
    return told | {name: value for name, value in more if value}
