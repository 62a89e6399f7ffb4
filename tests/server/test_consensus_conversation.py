"""Several tools at once through the real server: offered where there is more than one, answered with what differs."""

from __future__ import annotations

from pathlib import Path

from tests.server.conversing import asked_actions, editing, folder_in, model, range_of

TEXT = "def pay(amount):\n    return amount + 0\n"


def test_several_tools_are_offered_and_their_answers_compared(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with model() as one, model() as other:
        one.text, other.text = "    return amount\n", "    total = amount\n    return total\n"
        config = one.config + other.config.replace("[tools.model]", "[tools.second]")
        with editing(folder, config=config) as client:
            uri = client.open(folder / "a.py", TEXT)
            where = range_of(TEXT, "    return amount + 0\n")
            offered = {action["title"] for action in asked_actions(client, uri, where, ["refactor"])}
            assert "Ask several tools" in offered
            argument = {"uri": uri, "range": where, "show": False}
            found = client.request("workspace/executeCommand", {"command": "orchestra.ask-several", "arguments": [argument]})
            assert "2 of 2 tools answered" in found["reason"]
            assert "instead of" in found["reason"] or "also has" in found["reason"] or "without" in found["reason"]
            assert len(one.asked) == len(other.asked) == 1
