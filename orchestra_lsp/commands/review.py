"""Find faults in files and folders, in what is staged in git, or in what has changed since a commit."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestra_lsp.commands.parts import files
from orchestra_lsp.commands.parts.away import away
from orchestra_lsp.commands.parts.git import since, staged
from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit, Findings, Result, counted
from orchestra_lsp.model import Edit, Severity, Span
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.syntax.language import UNKNOWN, detect
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.trust import git

if TYPE_CHECKING:
    from orchestra_lsp.commands.parts.gate import Job, Seen, Wanted

LEVELS: Final = (*(severity.value for severity in reversed(Severity)), "never")
BAR: Final = 20  # characters of the progress bar


async def run(context: Context, arguments: Arguments) -> Result:
    if arguments.flag("stats"):
        from orchestra_lsp.commands.parts.tallied import tallied

        return await away(tallied, context, arguments)
    if arguments.paths()[:1] == ("import",) and not os.path.lexists("import"):
        return await away(_imported, context, arguments)
    _check_together(context, arguments)
    if arguments.flag("ai"):
        from orchestra_lsp.commands.parts.ai_review import reviewed_by_tools

        return replace(await reviewed_by_tools(context, arguments), fail_on=_level(arguments))
    return await away(_reviewed, context, arguments)


def _check_together(context: Context, arguments: Arguments) -> None:
    """Raises WrongUse for what makes no sense together."""
    if arguments.flag("staged") and arguments.paths():
        raise WrongUse("Name paths or say --staged, not both.")
    if arguments.flag("staged") and arguments.text("since"):
        raise WrongUse("Say --staged or --since, not both.")
    if arguments.flag("ai") and (arguments.paths() or arguments.text("baseline")):
        raise WrongUse("--ai is about a change: say --staged or --since, and neither paths nor --baseline.")
    for name in ("fix", "accept"):
        if arguments.flag(name) and (arguments.flag("staged") or arguments.text("since") or not arguments.paths()):
            raise WrongUse(f"--{name} is about whole files: name paths, and neither --staged nor --since.")
    if arguments.flag("fix") and (arguments.flag("accept") or context.buffer is not None):
        raise WrongUse("--fix stands alone, and in a terminal; an editor has source.fixAll.")


def _reviewed(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.review.baseline import BaselineError

    root = context.roots[0] if context.roots else "."
    try:
        if arguments.flag("accept"):
            return _accepted(context, arguments, root)
        return _summed(context, arguments, _Run(context, _job(context, arguments, root), _jobs(arguments)))
    except BaselineError as error:
        raise WrongUse(f"{error}.") from error
    except git.GitFailed as error:
        what = "What is staged" if arguments.flag("staged") else "What has changed"
        raise WrongUse(f"{what} cannot be read: {error}.") from error


def _job(context: Context, arguments: Arguments, root: str) -> Job:
    from orchestra_lsp.commands.parts.gate import Job

    return Job(root, context.loaded.settings, arguments.text("baseline"), arguments.flag("fix"), arguments.flag("accept"))


def _jobs(arguments: Arguments) -> int:
    text = arguments.text("jobs", "0")
    if not text.isdecimal():
        raise WrongUse(f"--jobs is a whole number, not {text!r}.")
    return int(text)


# --- what is looked at ---


class _Run:
    """One review: what it looks at, and what has been found so far."""

    def __init__(self, context: Context, job: Job, jobs: int) -> None:
        self.context, self.job, self.jobs = context, job, jobs
        self.told = ""  # of the progress
        self.lines = 0
        self.project = job.project()
        self.skipped = [f"{problem}" for problem in self.project.problems]
        self.skipped += [self.project.complaint] if self.project.complaint else []

    def seen(self, arguments: Arguments) -> Iterator[Seen]:
        if arguments.flag("staged"):
            return self._staged()
        if ref := arguments.text("since"):
            return self._from_disk(self._since(ref, arguments.paths()), ())
        if not arguments.paths():
            return self._open()
        return self._from_disk(self._named(arguments.paths()), arguments.paths())

    def _open(self) -> Iterator[Seen]:
        from orchestra_lsp.commands.parts.gate import Wanted, look_at

        buffer = self.context.buffer
        if buffer is None:
            raise WrongUse("Name at least one file or folder, for instance a dot for this folder.")
        yield look_at(self.job, self.project, Wanted(buffer.path or buffer.uri), buffer)

    def _named(self, paths: Sequence[str]) -> list[Wanted]:
        from orchestra_lsp.commands.parts.gate import Wanted

        return [Wanted(path) for path in files.find(paths)]

    def _since(self, ref: str, paths: Sequence[str]) -> list[Wanted]:
        """Raises GitFailed."""
        from orchestra_lsp.commands.parts.gate import Wanted

        root = git.root_of(Path(self.job.root))
        limits = [os.path.realpath(path) for path in paths]
        there = [(root / touched.path, touched.lines) for touched in since(root, ref)]
        return [Wanted(_from_here(path), lines) for path, lines in there if not limits or _below(os.path.realpath(path), limits)]

    def _from_disk(self, wanted: Sequence[Wanted], named: Sequence[str]) -> Iterator[Seen]:
        from orchestra_lsp.commands.parts.gate import review_all

        for number, (path, found) in enumerate(review_all(self.job, wanted, self.jobs, self._tick), start=1):
            self.told = _bar(number, len(wanted), path)
            self._tick()
            if not isinstance(found, str):
                yield found
            elif path in named:
                raise WrongUse(f"{path} {found}.")
            elif found != files.BINARY:  # those of a folder are nobody's concern
                self.skipped.append(f"{path} {found}")

    def _tick(self) -> None:
        """Tell how far it is, and end where nobody waits for it any more."""
        self.context.progress(self.told)

    def _staged(self) -> Iterator[Seen]:
        """Only what stands on staged lines: the rest of a file is nobody's business at a commit. Raises GitFailed."""
        from orchestra_lsp.commands.parts.gate import Wanted, look_at

        root, most = git.root_of(Path(self.job.root)), self.job.settings.server.max_document_bytes
        for one in staged(root):
            self.context.progress(one.path)
            path = root / one.path
            if len(one.data) > most:
                self.skipped.append(f"{one.path} is larger than server.max_document_bytes ({len(one.data)} of {most} bytes)")
            elif b"\0" not in one.data[: files.HEAD]:
                buffer = open_buffer(path.as_uri(), str(path), 0, detect("", one.path, one.data), one.data)
                yield look_at(self.job, self.project, Wanted(_from_here(path), one.lines), buffer)


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)


def _bar(number: int, of: int, path: str) -> str:
    done = BAR * number // of
    return f"[{'#' * done}{'.' * (BAR - done)}] {number} of {of}  {path}"


# --- what comes of it ---


def _summed(context: Context, arguments: Arguments, review: _Run) -> Findings:
    from orchestra_lsp.commands.parts.trend import record
    from orchestra_lsp.review.dialect import dialects

    ruled = {*dialects(), UNKNOWN}
    kept: list[Reviewed] = []
    silent: list[str] = []
    changed: list[FileEdit] = []
    told = True
    for seen in review.seen(arguments):
        file = seen.reviewed
        review.lines += seen.lines
        if file.buffer.language not in ruled and not file.findings:
            silent.append(file.buffer.language)
            continue
        kept.append(file)
        if seen.original is not None:
            changed.append(FileEdit(file.path, seen.original.uri, seen.original, seen.edits))
        elif file.findings and not review.job.fix:
            told = context.found(file) and told
    if [os.path.realpath(path) for path in arguments.paths()] == [os.path.realpath(review.job.root)] and not arguments.text("since"):
        record(context, review.job.root, kept, review.lines)
    fixed = Edits("Make all safe fixes", tuple(changed)) if changed else None
    skipped = (*review.skipped, *_without_rules(silent))
    return Findings(_title(kept), tuple(kept), skipped, _level(arguments), fixed, told and not review.job.fix)


def _level(arguments: Arguments) -> Severity | None:
    """From which severity on the gate fails."""
    level = arguments.text("fail-on", LEVELS[0])
    return None if level == "never" else Severity(level)


def _accepted(context: Context, arguments: Arguments, root: str) -> Edits:
    """The baseline with everything in it that these files have."""
    from orchestra_lsp.review.baseline import with_accepted

    review = _Run(context, _job(context, arguments, root), _jobs(arguments))
    named = arguments.text("baseline") or str(Path(root, context.loaded.settings.review.baseline or ".orchestra/baseline.json"))
    path = Path(named).absolute()
    found = [seen.reviewed for seen in review.seen(arguments)]
    text = with_accepted(path, root, found)
    return _kept(f"Accept {counted(sum(len(file.findings) for file in found), 'finding')}", path, text)


def _imported(context: Context, arguments: Arguments) -> Edits:
    """What another tool found, kept so that it is shown beside ours."""
    from orchestra_lsp.review.imported import KEPT, ImportFailed, taken_in

    if len(arguments.paths()) != 2:
        raise WrongUse("Name one SARIF file: orchestra review import FILE.")
    root = git_or_here(context)
    try:
        text, taken, lost = taken_in(Path(arguments.paths()[1]), root)
    except ImportFailed as error:
        raise WrongUse(str(error)) from error
    left = f"; {counted(lost, 'result')} left out: not about a file of this project, or too many" if lost else ""
    return _kept(f"Import {counted(taken, 'finding')}{left}", Path(root, *KEPT), text)


def git_or_here(context: Context) -> str:
    """The project of the folder that the person is in: the first argument is no path here."""
    try:
        return str(git.root_of(Path.cwd()))
    except git.GitFailed:
        return context.roots[0] if context.roots and os.path.isdir(context.roots[0]) else os.curdir


def _kept(title: str, path: Path, text: str) -> Edits:
    """A whole file with this text."""
    path = path.absolute()
    before = open_buffer(path.as_uri(), str(path), 0, UNKNOWN, path.read_bytes()) if path.exists() else None
    edit = Edit(Span(0, len(before.data) if before else 0), text)
    return Edits(title, (FileEdit(_from_here(path), path.as_uri(), before, (edit,)),))


def _without_rules(languages: Iterable[str]) -> list[str]:
    """In which languages nothing can be found, so that silence is not taken for praise."""
    counts = Counter(languages)
    return [f"{counted(number, 'file')} of {language}: there are no rules for it yet" for language, number in sorted(counts.items())]


def _title(reviewed: Sequence[Reviewed]) -> str:
    found = [finding for file in reviewed for finding in file.findings]
    faulty = sum(bool(file.findings) for file in reviewed)
    if not reviewed:
        return "No file to review"
    if not found:
        return f"No findings in {counted(len(reviewed), 'file')}"
    fixable = sum(finding.fix is not None for finding in found)
    return f"{counted(len(found), 'finding')} in {faulty} of {counted(len(reviewed), 'file')}, {fixable} with a fix"


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
        Parameter("since", Takes.TEXT, "Only findings on lines changed since this branch, tag or commit; PATHS limit it further."),
        Parameter("fail-on", Takes.CHOICE, "Exit with 1 for findings of this severity or worse.", choices=LEVELS),
        Parameter("baseline", Takes.TEXT, "File with accepted findings, which are not told; default: the one of review.baseline."),
        Parameter("accept", Takes.FLAG, "Accept all that is found in PATHS: write it to the baseline."),
        Parameter("fix", Takes.FLAG, "Make the safe fixes in PATHS first, and tell what is left."),
        Parameter("ai", Takes.FLAG, "Let a tool review the change too: what is staged, since a commit, or since the last commit."),
        Parameter("stats", Takes.FLAG, "What became of findings in this project, by rule, and what reviews of it found before."),
        Parameter("jobs", Takes.TEXT, "How many processes; default: as many as there are processors, when it is worth it."),
    ),
    formats=("text", "json", "sarif", "github", "gitlab", "junit"),
)
