"""How an agent's requests for permission are answered: by the kind of option, never by its name, and never for longer than once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]

#: Kinds of tool call that work on files of the copy. Every other one (execute, fetch, switch_mode, one that is new) is refused.
ON_FILES = frozenset({"read", "search", "edit", "delete", "move", "think"})
#: Names of arguments that hold a path, in the words of the agents.
PATH_NAME = re.compile(r"(?i)(?:^|_)(?:path|file|files|paths|dir|directory|cwd|folder)$|(?:path|file|fileName|filename|dir)$")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What is known of one tool call: its kind and the paths it names."""

    kind: str = ""
    paths: tuple[str, ...] = ()

    def told(self, update: Json) -> ToolCall:
        """The same with what an update or a request adds."""
        kind = update.get("kind")
        paths = dict.fromkeys((*self.paths, *_paths(update)))
        return ToolCall(kind if isinstance(kind, str) and kind else self.kind, tuple(paths))


def outcome(options: object, call: ToolCall, folder: Path | None) -> dict[str, Any]:
    """The answer to `session/request_permission`: `allow_once` for work on files inside `folder`, else `reject_once`.

    Without `folder` nothing is allowed. An agent that does not offer the option is told that its request was cancelled.
    """
    wanted = "allow_once" if folder is not None and allowed(call, folder) else "reject_once"
    for option in options if isinstance(options, list) else []:
        if isinstance(option, dict) and option.get("kind") == wanted and isinstance(option.get("optionId"), str):
            return {"outcome": {"outcome": "selected", "optionId": option["optionId"]}}
    return {"outcome": {"outcome": "cancelled"}}


def allowed(call: ToolCall, folder: Path) -> bool:
    """Whether it is work on files and every path it names is inside `folder`."""
    return call.kind in ON_FILES and all(_inside(path, folder) for path in call.paths)


def _inside(path: str, folder: Path) -> bool:
    if path.startswith("~") or "\0" in path:
        return False
    root = os.path.realpath(folder)
    target = os.path.realpath(os.path.join(root, path.removeprefix("file://")))
    return os.path.commonpath([root, target]) == root if os.path.splitdrive(root)[0] == os.path.splitdrive(target)[0] else False


def _paths(update: Json) -> Iterator[str]:
    """Paths in its locations, its diffs and its arguments."""
    for name in ("locations", "content"):
        for one in _dicts(update.get(name)):
            if isinstance(path := one.get("path"), str):
                yield path
    yield from _named(update.get("rawInput"))


def _named(given: object) -> Iterator[str]:
    """Values of arguments whose names are those of paths, at any depth, each as often as it occurs."""
    waiting = [given]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for name, value in one.items():
                listed = value if isinstance(value, list) else [value]
                if PATH_NAME.search(str(name)):
                    yield from (text for text in listed if isinstance(text, str))
                waiting += [item for item in listed if isinstance(item, dict | list)]
        elif isinstance(one, list):
            waiting += one


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
