"""`orchestra mask`: standard input to standard output, block by block, so that any length goes through."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack
from typing import BinaryIO

from orchestra_lsp.cli.word import Options, Word
from orchestra_lsp.commands.registry import Arguments, Parameter, Takes, WrongUse, command


def act(arguments: Arguments, _options: Options) -> int:
    from orchestra_lsp.commands.mask import summary
    from orchestra_lsp.commands.parts.blocks import masked
    from orchestra_lsp.trust.mask import Vault

    seen: Counter[str] = Counter()
    with ExitStack() as stack:
        source = _source(arguments.text("path"), stack)
        for block in masked(source.read, Vault(), seen):
            sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
    print(summary(seen), file=sys.stderr)
    return 0


def _source(path: str, stack: ExitStack) -> BinaryIO:
    if not path:
        if sys.stdin.isatty():
            print("Reading from the terminal; an end-of-file key (Ctrl-D, on Windows Ctrl-Z and Enter) ends it.", file=sys.stderr)
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(path, "rb"))
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error


_COMMAND = command("mask")
WORD = Word(
    name="mask",
    summary=_COMMAND.summary,
    parameters=(Parameter("path", Takes.PATH, "A file. Left out: standard input.", slot="path"),),
    phrases=_COMMAND.phrases,
    act=act,
)
