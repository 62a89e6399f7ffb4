"""Which code a command is about: the editor's selection, or a path with a function's name or lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestra_lsp.commands.parts import files
from orchestra_lsp.commands.registry import Arguments, Context, Parameter, Takes, WrongUse
from orchestra_lsp.model import Buffer, FunctionFacts, Span
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.syntax.scope import enclosing

PATH = Parameter("path", Takes.PATH, "The file it is about.", slot="path")
SYMBOL = Parameter("symbol", Takes.TEXT, "Only the function of this name.", slot="symbol")
LINES = Parameter("lines", Takes.TEXT, "Only these lines, such as 10-20, counted from 1.", slot="lines")

SEARCHED_FILES = 2000  # most files looked through for a function that is named without a file


@dataclass(frozen=True, slots=True)
class Subject:
    """Code and how to call it in a sentence: "pay in orders.py"."""

    buffer: Buffer
    span: Span
    name: str


def subject_of(context: Context, arguments: Arguments) -> Subject:
    """Raises WrongUse when there is no such code."""
    path, symbol, lines = arguments.text("path"), arguments.text("symbol"), arguments.text("lines")
    if symbol and not path and context.buffer is None:
        return _searched(context, symbol)
    buffer = _opened(context, path)
    if symbol:
        return _function(buffer, symbol)
    if lines:
        return _lines(buffer, lines)
    if not path and context.span is not None:
        return _selected(buffer, context.span)
    return Subject(buffer, Span(0, len(buffer.data)), _name(buffer))


def sources(context: Context, arguments: Arguments) -> Iterator[tuple[str, Buffer | str]]:
    """The files of the `paths` argument, or the editor's buffer: the path as written, and the file or why it is not read.

    Raises WrongUse for a file that was named and cannot be read.
    """
    paths = arguments.paths()
    if not paths and context.buffer is None:
        raise WrongUse("Name at least one file or folder, for instance a dot for this folder.")
    if not paths and context.buffer is not None:
        yield context.buffer.path or context.buffer.uri, context.buffer
        return
    for number, path in enumerate(files.find(paths), start=1):
        context.progress(f"{number} {path}")
        found = files.read(path, context.loaded.settings.server.max_document_bytes)
        if isinstance(found, str) and path in paths:
            raise WrongUse(f"{path} {found}.")
        if found != files.BINARY:  # those of a folder are nobody's concern
            yield path, found


def _opened(context: Context, path: str) -> Buffer:
    if not path:
        if context.buffer is None:
            raise WrongUse("Name a file.")
        return context.buffer
    if os.path.isdir(path):
        raise WrongUse(f"{path} is a folder; name a file in it.")
    if not os.path.exists(path):
        raise WrongUse(f"There is no file {path!r}.")
    found = files.read(path, context.loaded.settings.server.max_document_bytes)
    if isinstance(found, str):
        raise WrongUse(f"{path} {found}.")
    return found


def _selected(buffer: Buffer, span: Span) -> Subject:
    """A bare cursor means the function around it, and outside of functions the whole file."""
    if span.start < span.end:
        return Subject(buffer, span, f"the selection in {_name(buffer)}")
    function = next((scope for scope in enclosing(buffer, span.start) if scope.kind == "function"), None)
    if function is None:
        return Subject(buffer, Span(0, len(buffer.data)), _name(buffer))
    return Subject(buffer, function.span, f"{function.name} in {_name(buffer)}")


def _function(buffer: Buffer, symbol: str) -> Subject:
    found = _named(buffer, symbol)
    if found is None:
        known = ", ".join(function.name for function in facts_of(buffer).functions[:12])
        raise WrongUse(f"There is no function {symbol!r} in {_name(buffer)}." + (f" There are: {known}." if known else ""))
    return Subject(buffer, found.span, f"{found.name} in {_name(buffer)}")


def _lines(buffer: Buffer, lines: str) -> Subject:
    asked = re.fullmatch(r"(\d+)(?:\s*[-:,]\s*(\d+))?", lines.strip())
    if asked is None:
        raise WrongUse(f"Lines are written as 10 or 10-20, not {lines!r}.")
    first, last, there = int(asked[1]), int(asked[2] or asked[1]), len(buffer.line_starts)
    if not 1 <= first <= last or first > there:
        raise WrongUse(f"{_name(buffer)} has lines 1 to {there}; {lines} is not among them.")
    end = buffer.line_starts[last] if last < there else len(buffer.data)
    return Subject(buffer, Span(buffer.line_starts[first - 1], end), f"lines {first}-{min(last, there)} of {_name(buffer)}")


def _searched(context: Context, symbol: str) -> Subject:
    """Look through the workspace for a function that was named without its file."""
    found = list(definitions(symbol, context.roots or (".",), context.loaded.settings.server.max_document_bytes))
    if len(found) > 1:
        raise WrongUse(f"There are several functions {symbol!r}: {', '.join(one.name for one in found[:5])}. Name the file too.")
    if not found:
        raise WrongUse(f"There is no function {symbol!r} in this folder. Name its file.")
    return found[0]


def definitions(symbol: str, paths: Sequence[str], max_bytes: int) -> Iterator[Subject]:
    """The functions of this name in some files and folders. Raises WrongUse for a path that is not there."""
    needle = symbol.rpartition(".")[2].encode()
    for path in islice(files.find(paths), SEARCHED_FILES):
        buffer = files.read(path, max_bytes)
        if isinstance(buffer, Buffer) and needle in buffer.data and (function := _named(buffer, symbol)):
            yield Subject(buffer, function.span, f"{function.name} in {path}")


def _named(buffer: Buffer, symbol: str) -> FunctionFacts | None:
    """By its whole name, else by the last part of it: `Order.pay` is also found as `pay`."""
    functions = facts_of(buffer).functions
    last = symbol.rpartition(".")[2]
    whole = next((one for one in functions if one.name == symbol), None)
    return whole or next((one for one in functions if one.name.rpartition(".")[2] == last), None)


def _name(buffer: Buffer) -> str:
    return os.path.basename(buffer.path) or buffer.uri
