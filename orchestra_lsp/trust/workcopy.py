"""A throw-away copy of a workspace for an agent: secrets masked, secret files left out, no history."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from pathlib import Path

_SEAL = object()


@dataclass(frozen=True, slots=True)
class MaskedFolder:
    """A folder that an agent may see: `path` holds masked files, `home` is an empty HOME of its own. Only this module makes one."""

    path: Path
    home: Path
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a MaskedFolder is made by trust.workcopy alone")
