"""Roo Code's command line for tests, as a process of its own; its lines follow the published types and are not a recording.

fake_cli.py BEHAVIOUR LOG [arguments of the adapter]      answer, edit, fail, no-key, cut, garbage, hang
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

COST = {"totalCost": 0.0123, "inputTokens": 900, "outputTokens": 40}


def line(**event: Any) -> None:
    print(json.dumps(event), flush=True)


def main() -> int:
    behaviour, log, *arguments = sys.argv[1:]
    with open(log, "a", encoding="utf-8") as file:
        told = {"arguments": arguments, "cwd": os.getcwd(), "pid": os.getpid(), "environment": sorted(os.environ)}
        file.write(json.dumps(told) + "\n")
    if "--version" in arguments:
        print("0.1.17")
        return 0
    line(type="system", subtype="init", content="Task started")
    line(type="thinking", id=1, content="The person wants")
    line(type="assistant", id=2, content="I look ")
    line(type="assistant", id=2, content="at it.")
    line(type="assistant", id=2, content="I look at it.", done=True)
    if behaviour == "edit":
        line(type="tool_use", id=3, subtype="tool", tool_use={"name": "editedExistingFile", "input": {"path": "a.py"}})
        Path("a.py").write_text("def add(a, b):\n    return a + b\n", encoding="utf-8")
    if behaviour == "hang":
        time.sleep(600)
    if behaviour == "cut":
        print("fatal: out of memory", file=sys.stderr)
        return 1
    if behaviour == "garbage":
        print("{not json\n\x00\xff[]\n17\n" + json.dumps({"type": ["result"]}), flush=True)
    if behaviour in ("fail", "no-key"):
        why = "No API key provided for anthropic" if behaviour == "no-key" else "Overloaded"
        line(type="error", id=4, content=why)
        line(type="result", id=5, success=False, done=True)
        return 1
    line(type="result", id=5, content="```python\nb = 3\n```", done=True, success=True, cost=COST)
    return 0


if __name__ == "__main__":
    sys.exit(main())
