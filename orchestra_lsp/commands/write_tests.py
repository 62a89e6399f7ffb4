"""Write tests of code into the file where that language keeps them: a tool's edit, shown before it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from orchestra_lsp.commands.parts.asking import CONSENSUS, REFRESH, answer, consensus_of
from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, subject_of
from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context, WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit, Result
from orchestra_lsp.model import Buffer, Edit, Kind, Span
from orchestra_lsp.syntax.parse import read_buffer

BESIDE: Final = ""
#: Language -> folder of the tests ("": beside the code) and the file's name.
LAYOUT: Final = {
    "python": ("tests", "test_{stem}.py"),
    "go": (BESIDE, "{stem}_test.go"),
    "javascript": (BESIDE, "{stem}.test{suffix}"),
    "typescript": (BESIDE, "{stem}.test{suffix}"),
    "tsx": (BESIDE, "{stem}.test{suffix}"),
    "rust": ("tests", "{stem}.rs"),
    "java": (BESIDE, "{stem}Test.java"),
    "c": ("tests", "test_{stem}.c"),
    "cpp": ("tests", "test_{stem}{suffix}"),
}
MAX_ANCESTORS: Final = 6


async def run(context: Context, arguments: Arguments) -> Result:
    subject = subject_of(context, arguments)
    target = home_of_tests(subject.buffer, context.roots)
    existing = read_buffer(target) if target.is_file() else None
    suggestion = await answer(
        context, Kind.TEST, subject, f"Write tests into {target.name}.", consensus_of(arguments), arguments.flag(REFRESH.name)
    )
    return Edits(
        f"Write tests of {subject.name}",
        (FileEdit(str(target), target.as_uri(), existing, (_appended(existing, suggestion.text),)),),
        suggestion.tool,
        suggestion.reason,
        suggestion=suggestion.id,
    )


def home_of_tests(buffer: Buffer, roots: tuple[str, ...]) -> Path:
    """Where the tests of this file belong. Raises WrongUse for a document without a path or a language without tests."""
    if not buffer.path:
        raise WrongUse("Save the file first, so that its tests have a place.")
    if buffer.language not in LAYOUT:
        raise WrongUse(f"There is no known place for tests of {buffer.language} files.")
    path = Path(buffer.path)
    folder, name = LAYOUT[buffer.language]
    home = path.parent if folder == BESIDE else _tests_folder(path, folder, roots)
    return home / name.format(stem=path.stem, suffix=path.suffix)


def _tests_folder(path: Path, folder: str, roots: tuple[str, ...]) -> Path:
    """The nearest one that is there already, else one to be made in the workspace folder."""
    for ancestor in path.parents[:MAX_ANCESTORS]:
        if (ancestor / folder).is_dir():
            return ancestor / folder
    root = next((Path(root) for root in roots if path.is_relative_to(root)), path.parent)
    return root / folder


def _appended(existing: Buffer | None, text: str) -> Edit:
    text = text.strip("\r\n") + "\n"
    if existing is None:
        return Edit(Span(0, 0), text)
    end = len(existing.data)
    gap = "\n\n" if existing.data.endswith(b"\n") or not end else "\n\n\n"
    return Edit(Span(end, end), gap + text)


COMMAND = Command(
    name="write-tests",
    title="Write tests",
    summary="Write tests of a file or a function.",
    phrases=(
        "write tests for {path}",
        "write tests for {symbol}",
        "write unit tests",
        "write a test of function {symbol}",
        "generate tests for {path}",
        "create tests for {path}",
        "add tests for {path}",
        "add test coverage for {path}",
        "test {path}",
        "test function {symbol}",
        "cover {path} with tests",
    ),
    run=run,
    parameters=(PATH, SYMBOL, LINES, CONSENSUS, REFRESH),
    changes=Changes.DISK,
    needs_model=True,
)
