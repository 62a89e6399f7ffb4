"""What the protocol allows when: pure rules shared by the door, while the server is being imported, and by the server itself."""

from __future__ import annotations

from enum import Enum

from orchestra_lsp.server.messages import INVALID_REQUEST, NOT_INITIALIZED


class Phase(Enum):
    """How far a connection is."""

    FRESH = "fresh"  # before initialize
    READY = "ready"
    SHUTDOWN = "shutdown"  # only exit is left


def refusal(phase: Phase, method: str) -> tuple[int, str] | None:
    """The error code and message a request gets for coming at the wrong time; None when it may be served."""
    if phase is Phase.FRESH and method != "initialize":
        return NOT_INITIALIZED, f"{method} came before initialize"
    if phase is Phase.READY and method == "initialize":
        return INVALID_REQUEST, "initialize may be sent only once"
    if phase is Phase.SHUTDOWN:
        return INVALID_REQUEST, f"{method} came after shutdown; only exit may follow"
    return None


def is_heeded(phase: Phase, method: str) -> bool:
    """Whether a notification counts: before initialize and after shutdown, only exit does."""
    return phase is Phase.READY or method == "exit"


def exit_code(phase: Phase) -> int:
    """0 after a shutdown request, else 1."""
    return 0 if phase is Phase.SHUTDOWN else 1
