"""Fits the indentation of an answer to the file: its tabs or spaces, the column of the cursor, nothing that already stands there."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft, after, before, left

_TAB = 4  # columns of one level in files that indent with tabs
_OPENERS = (":", "{", "(", "[", "=>", "->")


def polish(draft: Draft) -> Draft | None:
    lines = draft.text.split("\n")
    here = left(draft)
    if not here.strip() and draft.span.start == draft.span.end:
        lines = _under(here, lines)
    return replace(draft, text="\n".join([lines[0], *_as_in(before(draft) + after(draft), lines[1:])]))


def _under(here: str, lines: list[str]) -> list[str]:
    """The cursor stands on an empty line, behind the white space `here`."""
    if lines[0].startswith(here):
        lines = [lines[0][len(here) :], *lines[1:]]
    elif lines[0].strip():
        lines = [lines[0].lstrip(), *lines[1:]]
    inner = next((line for line in lines[1:] if line.strip()), "")
    # Written as if at the left margin: the line after an opened block would stand at most as deep as the block itself.
    if here and lines[0].rstrip().endswith(_OPENERS) and _columns(inner) <= _columns(here):
        return [lines[0], *[here + line if line.strip() else line for line in lines[1:]]]
    return lines


def _as_in(file: str, lines: list[str]) -> list[str]:
    """Tabs or spaces, as the file has them; a file without indentation leaves the lines as they are."""
    tabs, blanks = file.count("\n\t"), file.count("\n  ")
    if tabs > blanks:
        unit = min([_columns(line) for line in lines if line.startswith("  ")], default=_TAB)
        return [_with_tabs(line, unit) for line in lines]
    if blanks and any(line.startswith("\t") for line in lines):
        unit = min(_columns(line) for line in file.split("\n") if line.startswith("  ") and line.strip())
        return [_with_spaces(line, unit) for line in lines]
    return lines


def _with_tabs(line: str, unit: int) -> str:
    body = line.lstrip(" \t")
    space = line[: len(line) - len(body)]
    if " " not in space or not unit:
        return line
    levels, rest = divmod(space.count(" "), unit)
    return "\t" * (space.count("\t") + levels) + " " * rest + body


def _with_spaces(line: str, unit: int) -> str:
    body = line.lstrip(" \t")
    space = line[: len(line) - len(body)]
    return " " * (space.count("\t") * unit + space.count(" ")) + body


def _columns(line: str) -> int:
    space = line[: len(line) - len(line.lstrip(" \t"))]
    return len(space) + (_TAB - 1) * space.count("\t")
