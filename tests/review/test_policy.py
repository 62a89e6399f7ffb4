"""Which findings a person sees, by their settings."""

from __future__ import annotations

import pytest

from orchestra_lsp.config import ReviewSettings
from orchestra_lsp.model import Severity
from orchestra_lsp.review.check import check
from orchestra_lsp.review.policy import apply
from tests.review.support import buffer

CODE = buffer("python", "import yaml\nyaml.load(x == None)\n")
BOTH = ["yaml-load-unsafe", "comparison-to-none"]


@pytest.mark.parametrize(
    ("off", "seen"),
    [
        ([], BOTH),
        (["comparison-to-none"], ["yaml-load-unsafe"]),
        (["style"], ["yaml-load-unsafe"]),
        (["security", "style"], []),
        (["language:python"], []),
        (["language:go", "no-such-rule"], BOTH),
    ],
)
def test_what_is_switched_off(off: list[str], seen: list[str]) -> None:
    assert [finding.rule for finding in apply(check(CODE), ReviewSettings(rules_off=off), "python")] == seen


def test_a_severity_of_ones_own() -> None:
    found = apply(check(CODE), ReviewSettings(severity={"comparison-to-none": "error"}), "python")
    assert [finding.severity for finding in found] == [Severity.WARNING, Severity.ERROR]


def test_no_review_at_all() -> None:
    assert apply(check(CODE), ReviewSettings(enabled=False)) == ()
