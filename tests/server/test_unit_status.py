"""The status line says in a few words what matters."""

from __future__ import annotations

import pytest

from orchestra_lsp.model import Health, State
from orchestra_lsp.server.status import describe

READY = Health(State.READY)


@pytest.mark.parametrize(
    ("health", "message"),
    [
        ({"local": READY, "model": READY}, "local, model ready"),
        ({"local": READY, "model": Health(State.DOWN, "no key", "set one")}, "model: no key"),
        ({"local": READY, "model": Health(State.OFF, "switched off")}, "local ready"),
        ({"local": Health(State.OFF)}, "no tool is switched on"),
        ({}, "no tool is switched on"),
    ],
)
def test_the_message(health: dict[str, Health], message: str) -> None:
    assert describe(health, busy=False)["message"] == message


def test_every_tool_is_told_with_what_to_do() -> None:
    told = describe({"model": Health(State.DOWN, "no key", "set one")}, busy=True)
    assert told["tools"] == [{"name": "model", "state": "down", "reason": "no key", "remedy": "set one"}]
    assert told["busy"] is True
