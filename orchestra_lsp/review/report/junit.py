"""JUnit's XML, which every build server shows: a file is a suite, a finding a failure, a clean file a passed test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from orchestra_lsp.model import Finding, Rule
from orchestra_lsp.review.report.places import region, shown_path
from orchestra_lsp.review.reviewed import Reviewed

#: What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(files: Sequence[Reviewed], _rules: Mapping[str, Rule]) -> str:
    failed = sum(len(file.findings) for file in files)
    tests = sum(max(1, len(file.findings)) for file in files)
    suites = "".join(_suite(file) for file in files)
    head = f'<testsuites name="orchestra review" tests="{tests}" failures="{failed}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{suites}</testsuites>\n'


def _suite(file: Reviewed) -> str:
    path, count = _attribute(shown_path(file.path)), len(file.findings)
    cases = "".join(_case(file, finding) for finding in file.findings) or f'  <testcase name="no findings" classname={path}/>\n'
    return f' <testsuite name={path} tests="{max(1, count)}" failures="{count}" errors="0">\n{cases} </testsuite>\n'


def _case(file: Reviewed, finding: Finding) -> str:
    at, path = region(file.buffer, finding.span), shown_path(file.path)
    name = _attribute(f"{finding.rule} at line {at.line}, column {at.column}")
    message = _attribute(finding.message)
    text = escape(_clean(f"{path}:{at.line}:{at.column}: {finding.severity.value}: {finding.message} [{finding.rule}]"))
    failure = f"<failure type={_attribute(finding.severity.value)} message={message}>{text}</failure>"
    return f'  <testcase name={name} classname={_attribute(path)} file={_attribute(path)} line="{at.line}">{failure}</testcase>\n'


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
