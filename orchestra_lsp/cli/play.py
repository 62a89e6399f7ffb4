"""`orchestra try`: plays an editor on real files, against the real server, and shows what an editor would show."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from orchestra_lsp.cli.word import FORMAT, Options, Word
from orchestra_lsp.commands.registry import Arguments, Parameter, Takes, WrongUse

if TYPE_CHECKING:
    from orchestra_lsp.cli.rehearse import Seen
    from orchestra_lsp.model import Buffer

SHOWN: Final = 6  # files of a folder
FAILED: Final = 1


def act(arguments: Arguments, options: Options) -> int:
    files = _pick(arguments.paths())
    return asyncio.run(_play(files, options.json))


async def _play(files: Sequence[tuple[str, Buffer]], as_json: bool) -> int:
    from orchestra_lsp.cli.editor import Editor, ServerFailed
    from orchestra_lsp.cli.perform import project_of
    from orchestra_lsp.cli.rehearse import LEARN_S, rehearse
    from orchestra_lsp.cli.render import console
    from orchestra_lsp.cli.stage import Stage
    from orchestra_lsp.config import load

    stage = Stage(console())
    seen: list[Seen] = []
    start = time.perf_counter()
    try:
        roots = tuple(dict.fromkeys(project_of(path) for path, _ in files))
        index = load(roots).settings.index
        async with Editor(roots) as editor:
            started_ms = (time.perf_counter() - start) * 1e3
            until = time.monotonic() + (LEARN_S if index.enabled and index.max_files and index.max_bytes else 0)
            for path, buffer in files:
                seen.append(await rehearse(editor, path, buffer, until))
                if not as_json:
                    stage.file(seen[-1])
    except ServerFailed as error:
        print(f"orchestra try: {error}", file=sys.stderr)
        return FAILED
    if as_json:
        json.dump([_value(one) for one in seen], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        stage.end(seen, started_ms)
    return 0


def _pick(paths: Sequence[str]) -> list[tuple[str, Buffer]]:
    """Every file that is named; of folders the longest files, as many languages as there are. Raises WrongUse."""
    import os

    from orchestra_lsp.commands.parts import files
    from orchestra_lsp.config import Settings
    from orchestra_lsp.model import Buffer

    limit = Settings().server.max_document_bytes
    named = [path for path in paths if not os.path.isdir(path)]
    below = list(files.find([path for path in paths if os.path.isdir(path)]))
    read = {path: files.read(path, limit) for path in files.find(named)}
    for path, found in read.items():
        if isinstance(found, str):
            raise WrongUse(f"{path} {found}.")
    longest = sorted(below, key=lambda path: (-os.path.getsize(path), path))
    folder = {path: found for path in longest[:200] if isinstance(found := files.read(path, limit), Buffer)}
    chosen = [(path, found) for path, found in read.items() if isinstance(found, Buffer)] + _mixed(folder)
    if not chosen:
        raise WrongUse("There is no source file to try.")
    return chosen


def _mixed(found: dict[str, Buffer]) -> list[tuple[str, Buffer]]:
    """One of each language in turn, until there are enough."""
    by_language: dict[str, list[tuple[str, Buffer]]] = {}
    for path, buffer in found.items():
        if buffer.language != "text":
            by_language.setdefault(buffer.language, []).append((path, buffer))
    turns = max(map(len, by_language.values()), default=0)
    mixed = [queue[turn] for turn in range(turns) for queue in by_language.values() if turn < len(queue)]
    return mixed[:SHOWN]


def _value(seen: Seen) -> object:
    return {
        "path": seen.path,
        "language": seen.facts.language,
        "lines": seen.facts.lines,
        "complexity": seen.facts.complexity.value,
        "functions": len(seen.facts.functions),
        "firstDiagnosticsMs": round(seen.first_ms, 1),
        "diagnostics": [{**one.diagnostic, "fixes": one.fixes} for one in seen.found],
        "actions": [{"title": title, "disabled": reason} for title, reason in seen.actions],
        "hover": seen.page,
        "lenses": seen.lenses,
        "learned": seen.learned,
        "completions": [
            {
                "line": one.place.line + 1,
                "typed": one.place.typed,
                "really": one.place.really,
                "offered": one.text,
                "verdict": one.verdict,
                "tool": one.tool,
                "confidence": one.confidence,
                "reason": one.reason,
                "ms": round(one.ms, 2),
            }
            for one in seen.offers
        ],
    }


WORD = Word(
    name="try",
    summary="Play an editor on some files: findings, actions, completions, and why each tool was picked.",
    parameters=(Parameter("paths", Takes.PATHS, "Files, or folders to pick some from.", required=True, slot="paths"),),
    phrases=(
        "try {paths}",
        "try it on {paths}",
        "demo on {paths}",
        "show me what you can do with {paths}",
        "what can you do with {paths}",
        "play an editor on {paths}",
        "give me a tour of {paths}",
    ),
    act=act,
    options=(FORMAT,),
)
