"""Find faults in files, in folders, or in what is staged in git."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from orchestra_lsp.commands.parts.away import away
from orchestra_lsp.commands.parts.git import staged as staged_files
from orchestra_lsp.commands.parts.subject import sources
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Findings, Result, Reviewed
from orchestra_lsp.model import Buffer, Finding
from orchestra_lsp.syntax.language import UNKNOWN, detect
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.text import line_at
from orchestra_lsp.trust import git


async def run(context: Context, arguments: Arguments) -> Result:
    staged = arguments.flag("staged")
    if staged and arguments.paths():
        raise WrongUse("Name paths or say --staged, not both.")
    return await away(_staged if staged else _named, context, arguments)


def _named(context: Context, arguments: Arguments) -> Findings:
    files: list[Reviewed] = []
    skipped: list[str] = []
    for path, found in sources(context, arguments):
        if isinstance(found, Buffer):
            # Only the text is shown: the trees of a large folder would fill the memory.
            files.append(Reviewed(path, replace(found, tree=None), _findings(context, found)))
        else:
            skipped.append(f"{path} {found}")
    return _summed(files, skipped)


def _without_rules(languages: Iterable[str]) -> list[str]:
    """In which languages nothing can be found, so that silence is not taken for praise."""
    counts = Counter(languages)
    return [f"{_count(number, 'file')} of {language}: there are no rules for it yet" for language, number in sorted(counts.items())]


def _staged(context: Context, _arguments: Arguments) -> Findings:
    """Only what stands on staged lines: the rest of a file is nobody's business at a commit."""
    try:
        root = git.root_of(Path(context.roots[0] if context.roots else "."))
        files = list(_staged_files(context, root))
    except git.GitFailed as error:
        raise WrongUse(f"What is staged cannot be read: {error}.") from error
    return _summed(files, [])


def _staged_files(context: Context, root: Path) -> Iterator[Reviewed]:
    for staged in staged_files(root):
        context.progress(staged.path)
        path = root / staged.path
        buffer = open_buffer(path.as_uri(), str(path), 0, detect("", staged.path, staged.data), staged.data)
        here = tuple(finding for finding in _findings(context, buffer) if _lines(buffer, finding) & staged.lines)
        yield Reviewed(_from_here(path), buffer, here)


def _findings(context: Context, buffer: Buffer) -> tuple[Finding, ...]:
    from orchestra_lsp.review import policy
    from orchestra_lsp.review.check import check

    return policy.apply(check(buffer), context.loaded.settings.review, buffer.language)


def _lines(buffer: Buffer, finding: Finding) -> set[int]:
    return set(range(line_at(buffer, finding.span.start), line_at(buffer, finding.span.end) + 1))


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)


def _summed(files: list[Reviewed], skipped: list[str]) -> Findings:
    from orchestra_lsp.review.dialect import dialects

    ruled = {*dialects(), UNKNOWN}
    skipped += _without_rules(file.buffer.language for file in files if file.buffer.language not in ruled)
    files = [file for file in files if file.buffer.language in ruled]
    found = [finding for file in files for finding in file.findings]
    faulty = sum(bool(file.findings) for file in files)
    if not files:
        title = "No file to review"
    elif not found:
        title = f"No findings in {_count(len(files), 'file')}"
    else:
        fixable = sum(finding.fix is not None for finding in found)
        title = f"{_count(len(found), 'finding')} in {faulty} of {_count(len(files), 'file')}, {fixable} with a fix"
    return Findings(title, tuple(files), tuple(skipped))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


COMMAND = Command(
    name="review",
    title="Review this file",
    summary="Find faults in files and folders, or in what is staged in git.",
    phrases=(
        "review {paths}",
        "review what i staged",
        "review staged changes",
        "review the code in {paths}",
        "check {paths}",
        "check what i staged",
        "look over {paths}",
        "look at {paths} for problems",
        "find faults in {paths}",
        "find security problems in {paths}",
        "what is wrong with {paths}",
        "is {paths} safe",
        "is {paths} secure",
        "are there faults in {paths}",
        "any faults in {paths}",
        "show the faults in {paths}",
        "is my commit safe",
    ),
    run=run,
    parameters=(
        Parameter("paths", Takes.PATHS, "Files and folders.", slot="paths"),
        Parameter("staged", Takes.FLAG, "What is staged in git: only findings on staged lines.", slot="staged"),
    ),
)
