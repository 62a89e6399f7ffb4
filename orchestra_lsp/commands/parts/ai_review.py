"""A change reviewed by a tool: the diff of each file is asked about, and what comes back is believed only where it can be checked."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from orchestra_lsp.commands.parts import files
from orchestra_lsp.commands.parts.asking import answer
from orchestra_lsp.commands.parts.git import base_of, since, staged
from orchestra_lsp.commands.parts.subject import Subject
from orchestra_lsp.commands.registry import Arguments, Context, WrongUse
from orchestra_lsp.commands.result import Findings
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.model import Buffer, Category, Confidence, Finding, Kind, Severity, Span
from orchestra_lsp.review.project import Project, read_project
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.syntax.language import UNKNOWN, detect
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.text import decode, line_at, line_bounds
from orchestra_lsp.trust import git

RULE: Final = "ai-review"
AROUND: Final = 8  # lines of context of a diff
MOST_FILES: Final = 30
MOST_CHARACTERS: Final = 40_000  # of one diff
MOST_FINDINGS: Final = 10  # of one file
MOST_TOLD: Final = 20  # findings and functions that the tool hears of
_SIGNS: Final = 400  # characters of a message that are taken over


@dataclass(frozen=True, slots=True)
class Changed:
    """One changed file: its new text, what it was, and the changed lines of the new text, from 0."""

    path: str  # as it is told
    buffer: Buffer
    before: bytes
    lines: frozenset[int]


async def reviewed_by_tools(context: Context, arguments: Arguments) -> Findings:
    """Raises WrongUse where there is no change to see, and Unanswered where no tool answered for any file."""
    try:
        project, changed = await asyncio.to_thread(_changes, context, arguments)
    except git.GitFailed as error:
        raise WrongUse(f"What has changed cannot be read: {error}.") from error
    skipped = [f"{one.path}: only {MOST_FILES} files are reviewed at once" for one in changed[MOST_FILES:]]
    done: list[Reviewed] = []
    refused: Unanswered | None = None
    for one in changed[:MOST_FILES]:
        known = await asyncio.to_thread(_known, project, context, one)
        try:
            found, tool = await _asked(context, one, known)
        except Unanswered as error:
            refused = error
            skipped.append(f"{one.path}: {error}")
        else:
            done.append(Reviewed(one.path, replace(one.buffer, tree=None), merged(one, known, found, tool)))
    if refused is not None and not done:
        raise refused
    count = sum(len(file.findings) for file in done)
    return Findings(f"{count or 'No'} findings in what changed in {len(done)} files", tuple(done), tuple(skipped))


# --- what has changed ---


def _changes(context: Context, arguments: Arguments) -> tuple[Project, list[Changed]]:
    """Raises GitFailed and WrongUse."""
    here = Path(context.roots[0] if context.roots else ".")
    if context.buffer is not None and context.buffer.path:
        here = Path(context.buffer.path).parent
    root = git.root_of(here)
    project = read_project(context.roots[0] if context.roots else str(root), context.loaded.settings.review)
    if context.buffer is not None and not arguments.flag("staged"):
        return project, list(_of_buffer(root, context.buffer))
    ref = arguments.text("since", "HEAD")
    return project, list(
        _staged(root) if arguments.flag("staged") else _of_tree(root, ref, context.loaded.settings.server.max_document_bytes)
    )


def _of_buffer(root: Path, buffer: Buffer) -> Iterator[Changed]:
    """An open document as it stands in the editor, against the last commit."""
    relative = os.path.relpath(os.path.realpath(buffer.path), os.path.realpath(root)).replace(os.sep, "/")
    before = _before(root, "HEAD", relative)
    if lines := changed_lines(before, buffer.data):
        yield Changed(buffer.path, buffer, before, lines)


def _staged(root: Path) -> Iterator[Changed]:
    for one in staged(root):
        if one.lines and b"\0" not in one.data[: files.HEAD]:
            path = root / one.path
            buffer = open_buffer(path.as_uri(), str(path), 0, detect("", one.path, one.data), one.data)
            yield Changed(one.path, buffer, _before(root, "HEAD", one.path), one.lines)


def _of_tree(root: Path, ref: str, most: int) -> Iterator[Changed]:
    base = base_of(root, ref)
    for one in since(root, ref):
        buffer = files.read(str(root / one.path), most)
        if isinstance(buffer, Buffer):
            lines = one.lines if one.lines is not None else frozenset(range(len(buffer.line_starts)))
            if lines:
                yield Changed(one.path, buffer, _before(root, base, one.path), lines)


def _before(root: Path, commit: str, path: str) -> bytes:
    """What a file was; empty where it was not there."""
    return git.run(root, ("show", f"{commit}:{path}"), accepted=(0, 128))


def changed_lines(before: bytes, after: bytes) -> frozenset[int]:
    """The lines of `after`, from 0, that `before` has not."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return frozenset(line for tag, _, _, start, end in matcher.get_opcodes() if tag != "equal" for line in range(start, end))


# --- asking ---


def _known(project: Project, context: Context, one: Changed) -> tuple[Finding, ...]:
    """What the rules say of the changed lines."""
    found = project.wanted(project.check(one.buffer), one.buffer, context.loaded.settings.review)
    return tuple(finding for finding in found if line_at(one.buffer, finding.span.start) in one.lines)


async def _asked(context: Context, one: Changed, known: Sequence[Finding]) -> tuple[list[Finding], str]:
    """Checked findings and the tool that they are from. The diff stands under the file's own path, so what is never sent is not."""
    diff = difference(one)
    shown = open_buffer(one.buffer.uri, one.buffer.path, one.buffer.version, UNKNOWN, diff)
    suggestion = await answer(context, Kind.REVIEW, Subject(shown, Span(0, len(shown.data)), one.path), _told(one, known))
    return checked(suggestion.text, one), suggestion.tool


def difference(one: Changed) -> str:
    """The diff of a file, cut at MOST_CHARACTERS."""
    old, new = decode(one.before).splitlines(keepends=True), decode(one.buffer.data).splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, one.path, one.path, n=AROUND)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)[:MOST_CHARACTERS]


def _told(one: Changed, known: Sequence[Finding]) -> str:
    functions = facts_of(one.buffer).functions
    touched = [one_function for one_function in functions if one.lines & set(range(one_function.start_line, one_function.end_line + 1))]
    parts = ["Review this diff; only its added lines can have findings."]
    if touched:
        parts.append(
            "Cognitive complexity: " + ", ".join(f"{function.name} {function.cognitive}" for function in touched[:MOST_TOLD]) + "."
        )
    if known:
        told = (f"line {line_at(one.buffer, finding.span.start) + 1}: {finding.message}" for finding in known[:MOST_TOLD])
        parts.append("Already known, do not repeat: " + "; ".join(told))
    return " ".join(parts)


# --- what came back ---


def checked(text: str, one: Changed) -> list[Finding]:
    """The findings of an answer that name this file, stand on a changed line, and quote what is really there."""
    found: list[Finding] = []
    for entry in _entries(text)[:MOST_FINDINGS]:
        line = _line(entry, one) if isinstance(entry, dict) else None
        message = _sentence(entry.get("message")) if isinstance(entry, dict) else ""
        if line is None or not message:
            continue
        start, end = line_bounds(one.buffer.data, one.buffer.line_starts, line)
        inside = one.buffer.data[start:end]
        span = Span(start + len(inside) - len(inside.lstrip()), start + len(inside.rstrip()))
        remedy = _sentence(entry.get("remedy"))
        whole = f"{message} {remedy}".strip()
        found.append(Finding(RULE, whole, span, _severity(entry.get("severity")), Confidence.MEDIUM, Category.QUALITY))
    return found


def merged(one: Changed, known: Sequence[Finding], told: Sequence[Finding], tool: str) -> tuple[Finding, ...]:
    """The rules' findings and those of a tool; of several on one line a rule's counts, else the tool's first."""
    taken = {line_at(one.buffer, finding.span.start) for finding in known}
    kept = list(known)
    for finding in told:
        line = line_at(one.buffer, finding.span.start)
        if line not in taken:
            taken.add(line)
            kept.append(replace(finding, message=f"{finding.message} ({tool})"))
    return tuple(sorted(kept, key=lambda finding: finding.span))


def _entries(text: str) -> list[Any]:
    """The list under `findings` of the JSON object in a text; models put talk and fences around it."""
    start, end = text.find("{"), text.rfind("}")
    try:
        value = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return []
    found = value.get("findings") if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _line(entry: dict[str, Any], one: Changed) -> int | None:
    """The changed line that is quoted, the one nearest to where it is said to be."""
    quote, said, path = entry.get("quote"), entry.get("line"), entry.get("file")
    if not isinstance(quote, str) or not quote.strip() or not _is_named(path, one.path):
        return None
    wanted = quote.removeprefix("+").strip()
    there = [line for line in one.lines if _text(one.buffer, line) == wanted]
    near = said - 1 if isinstance(said, int) else 0
    return min(there, key=lambda line: (abs(line - near), line), default=None)


def _is_named(path: object, known: str) -> bool:
    if not isinstance(path, str) or not path:
        return False
    one, other = (text.replace("\\", "/").removeprefix("./") for text in (path, known))
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def _text(buffer: Buffer, line: int) -> str:
    if line >= len(buffer.line_starts):
        return ""
    start, end = line_bounds(buffer.data, buffer.line_starts, line)
    return decode(buffer.data[start:end]).strip()


def _sentence(value: object) -> str:
    """Text of a tool as one line of a message, without what a terminal would take for an order."""
    text = "".join(sign if sign.isprintable() else " " for sign in value) if isinstance(value, str) else ""
    return " ".join(text.split())[:_SIGNS]


def _severity(value: object) -> Severity:
    """What a tool says is never an error: it may be wrong."""
    severity = Severity(value) if isinstance(value, str) and value in list(Severity) else Severity.INFO
    return Severity.WARNING if severity is Severity.ERROR else severity
