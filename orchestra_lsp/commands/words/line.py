"""A command and its arguments as one would type them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from orchestra_lsp.commands.registry import Parameter, Takes


def command_line(name: str, parameters: Sequence[Parameter], arguments: Mapping[str, str | bool | tuple[str, ...]]) -> str:
    """`orchestra review --staged`: names first, then what stands without a name."""
    named: list[str] = []
    bare: list[str] = []
    for parameter in parameters:
        value = arguments.get(parameter.name)
        match parameter.takes, value:
            case _, None | False | "" | ():
                continue
            case Takes.FLAG, _:
                named.append(f"--{parameter.name}")
            case ((Takes.PATHS | Takes.PATH | Takes.WORDS | Takes.SENTENCE), _):
                bare += value if isinstance(value, tuple) else (str(value),)
            case _:
                named += [f"--{parameter.name}", str(value)]
    return shlex.join(["orchestra", name, *named, *bare])
