"""Make every fix that is safe, in files and folders."""

from __future__ import annotations

from orchestra_lsp.commands.parts.away import away
from orchestra_lsp.commands.parts.subject import sources
from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context, Parameter, Place, Takes
from orchestra_lsp.commands.result import Edits, FileEdit, Result, Text
from orchestra_lsp.model import Buffer


async def run(context: Context, arguments: Arguments) -> Result:
    return await away(_fixed, context, arguments)


def _fixed(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.review.fix import fix_all_with
    from orchestra_lsp.review.project import read_project

    review = context.loaded.settings.review
    project = read_project(context.roots[0] if context.roots else ".", review)
    changed: list[FileEdit] = []
    for path, found in sources(context, arguments):
        if isinstance(found, Buffer):
            findings = project.wanted(project.check(found), found, review)
            if edits := fix_all_with(project.table(found.language), found, findings):
                changed.append(FileEdit(path, found.uri, found, edits))
    if not changed:
        return Text("Nothing to fix", "No fix that is safe is wanted here; `orchestra review` shows the rest.\n")
    return Edits("Make all safe fixes", tuple(changed))


COMMAND = Command(
    name="fix",
    title="Make all safe fixes",
    summary="Make every fix that is safe, in files and folders.",
    phrases=(
        "fix {paths}",
        "fix my code",
        "fix all faults in {paths}",
        "fix everything that is safe",
        "make all safe fixes in {paths}",
        "apply the fixes to {paths}",
        "repair {paths}",
    ),
    run=run,
    parameters=(Parameter("paths", Takes.PATHS, "Files and folders to change.", slot="paths"),),
    changes=Changes.DISK,
    places=frozenset({Place.TERMINAL}),  # an editor has source.fixAll
)
