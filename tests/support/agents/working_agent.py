"""A coding agent that speaks the Agent Client Protocol over stdio and changes files:  python working_agent.py PLAN

PLAN is JSON: `do`, a list of steps ["write", path, text], ["replace", path, old, new], ["delete", path], ["move", path, new path],
["wait", seconds], ["say", text], ["die"]; `spy`, paths outside of its folder. Paths are relative to the session's folder.
It never asks for permission. Before it works it reads all it can get at (its folder, its git, the folders above, `spy` by path and by a
link, its environment) and says that, in base64 as one chunk, so that a test can look through it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GIT = (["log", "-p", "--all"], ["show", "HEAD"], ["reflog"], ["config", "--list"], ["cat-file", "--batch-all-objects", "--batch"])
MOST = 400_000


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def say(session: str, text: str) -> None:
    update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
    send({"method": "session/update", "params": {"sessionId": session, "update": update}})


def read(path: Path) -> bytes:
    try:
        if path.is_dir():
            return " ".join(sorted(os.listdir(path))).encode()
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def everything(folder: Path, spied: list[str]) -> bytes:
    """All that this process can get at."""
    seen = [json.dumps(dict(os.environ)).encode(), " ".join(sys.argv[:1]).encode()]
    for here, folders, files in os.walk(folder):
        seen += [name.encode() for name in (*folders, *files)]
        seen += [read(Path(here) / name) for name in files]
    for words in GIT:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False, timeout=20)
        seen.append(done.stdout + done.stderr)
    above = [*folder.parents][:-1]
    seen += [read(parent) for parent in above]
    seen += [read(folder / "../.." / name) for name in ("config.py", ".env", "work/config.py", "work/.env")]
    for number, path in enumerate(spied):
        link = folder / f"spying-{number}"
        seen.append(read(Path(path)))
        try:
            link.symlink_to(path)
            seen.append(read(link))
            link.unlink()
        except OSError as error:
            seen.append(str(error).encode())
    seen += [read(Path(f"/proc/{number}/environ")) for number in range(1, 50) if number != os.getpid()]
    return b"\n".join(seen)[:MOST]


def step(folder: Path, session: str, words: list[Any]) -> None:
    kind, *rest = words
    path = folder / rest[0] if rest and kind not in ("wait", "say") else folder
    match kind:
        case "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest[1], encoding="utf-8", newline="")
        case "replace":
            data = path.read_bytes()
            assert rest[1].encode() in data, (path, rest[1], data)
            path.write_bytes(data.replace(rest[1].encode(), rest[2].encode()))
        case "delete":
            path.unlink()
        case "move":
            (folder / rest[1]).parent.mkdir(parents=True, exist_ok=True)
            path.rename(folder / rest[1])
        case "wait":
            time.sleep(rest[0])
        case "say":
            say(session, rest[0])
        case "die":
            os._exit(3)


def main() -> None:
    plan = json.loads(sys.argv[1])
    folder = Path()
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                send({"id": message["id"], "result": {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}})
            case "session/new":
                folder = Path(message["params"]["cwd"])
                send({"id": message["id"], "result": {"sessionId": "one"}})
            case "session/prompt":
                asked = message["params"]["prompt"][0]["text"]
                if "spy" in plan:
                    seen = everything(folder, plan["spy"]) + asked.encode()
                    say("one", f"<seen>{base64.b64encode(seen).decode()}</seen>\n")
                for words in plan["do"]:
                    step(folder, "one", words)
                say("one", "I am done.")
                usage = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}
                send({"id": message["id"], "result": {"stopReason": "end_turn", "usage": usage}})


if __name__ == "__main__":
    main()
