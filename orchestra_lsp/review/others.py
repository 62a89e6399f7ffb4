"""What other servers of the same documents find as well, told by the codes that they publish."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from orchestra_lsp.model import Finding
from orchestra_lsp.review.pages import page, rules

#: How the codes of a tool look among the aliases of a page, where they carry no "tool:" before them.
_LOOKS: Final = {
    "ruff": re.compile(r"(?:PL[CERW]\d{4}|(?!B[1-7])[A-Z]{1,6}\d{3})\Z"),
    "clippy": re.compile(r"clippy::\w+\Z"),
    "eslint": re.compile(r"(?:[@\w-]+/)?[a-z]+(?:-[a-z]+)+\Z|eqeqeq\Z"),
    "pyright": re.compile(r"report[A-Z]\w+\Z"),
}
_SCRIPT: Final = ("javascript", "typescript", "tsx")
_SPEAKS: Final = {
    "ruff": ("python",),
    "pyright": ("python",),
    "eslint": _SCRIPT,
    "clippy": ("rust",),
    "gopls": ("go",),
    "golangci": ("go",),
}
#: Tools that another one brings along.
_BRINGS: Final = {"gopls": ("gopls", "vet", "staticcheck"), "golangci": ("gosec", "staticcheck", "revive", "gocritic", "errcheck")}


def left_to_others(findings: Iterable[Finding], others: Iterable[str], language: str) -> tuple[Finding, ...]:
    """Without what another server has a code for: "ruff" with all its codes, "ruff:E,F" with those that begin like this."""
    served = [(tool, codes) for tool, codes in map(_split, others) if language in _SPEAKS.get(tool, (language,))]
    if not served:
        return tuple(findings)
    return tuple(finding for finding in findings if not any(_has(tool, codes, finding.rule) for tool, codes in served))


def _split(other: str) -> tuple[str, tuple[str, ...]]:
    tool, _, codes = other.partition(":")
    return tool.strip().lower(), tuple(code.strip() for code in codes.split(",") if code.strip())


def _has(tool: str, prefixes: tuple[str, ...], rule: str) -> bool:
    codes = codes_of(tool, page(rule).aliases) if rule in rules() else ()
    return any(not prefixes or code.startswith(prefixes) for code in codes)


def codes_of(tool: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """Which of a page's aliases are codes of this tool, without the tool's name."""
    named = _BRINGS.get(tool, (tool,))
    looks = _LOOKS.get(tool)
    found = []
    for alias in aliases:
        owner, colon, code = alias.partition(":") if "::" not in alias else ("", "", alias)
        if (colon and owner in named) or (not colon and looks and looks.match(alias)):
            found.append(code if colon else alias)
    return tuple(found)
