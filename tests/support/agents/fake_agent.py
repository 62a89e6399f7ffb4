"""A coding agent that speaks the Agent Client Protocol over stdio and misbehaves as it is told:  python fake_agent.py BEHAVIOUR [LOG]

What it is sent, and the environment it sees, is written to LOG, one JSON value on each line. Like the real agents it reads and writes
the disk itself. See `BEHAVIOURS` for what it can do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]

OPTIONS = [
    {"optionId": "yes-always", "kind": "allow_always", "name": "Always allow"},
    {"optionId": "reject_once", "kind": "allow_once", "name": "Allow"},  # the name lies: only the kind counts
    {"optionId": "allow", "kind": "reject_once", "name": "Reject"},
]
OLD, NEW = "a - b", "a + b"


class Agent:
    """One process: reads a message, does what the behaviour says, goes on."""

    def __init__(self, behaviour: str, log: str) -> None:
        self.behaviour = behaviour
        self.log = open(log, "a", encoding="utf-8") if log else None  # noqa: SIM115 - for as long as the process lives
        self.folders: dict[str, Path] = {}
        self.asked = 100
        self.waiting: dict[str, Any] = {}  # session -> id of its prompt
        self.note({"environment": dict(os.environ), "pid": os.getpid()})

    # --- the wire ---

    def note(self, value: Json) -> None:
        if self.log:
            self.log.write(json.dumps(value) + "\n")
            self.log.flush()

    def send(self, message: Json) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def receive(self) -> Json | None:
        line = sys.stdin.buffer.readline()
        if not line:
            return None
        message: Json = json.loads(line)
        self.note(message)
        return message

    def update(self, session: str, what: str, /, **fields: Any) -> None:
        self.send({"method": "session/update", "params": {"sessionId": session, "update": {"sessionUpdate": what, **fields}}})

    def say(self, session: str, text: str) -> None:
        self.update(session, "agent_message_chunk", content={"type": "text", "text": text})

    def ask(self, method: str, params: Json) -> Json:
        """A request of ours; other messages that come meanwhile are handled."""
        self.asked += 1
        number = f"ask-{self.asked}"
        self.send({"id": number, "method": method, "params": params})
        while (message := self.receive()) is not None:
            if message.get("id") == number and "method" not in message:
                return message
            self.handle(message)
        sys.exit(0)

    def done(self, number: Any, reason: str = "end_turn", **fields: Any) -> None:
        self.send({"id": number, "result": {"stopReason": reason, **fields}})

    # --- the protocol ---

    def run(self) -> None:
        while (message := self.receive()) is not None:
            self.handle(message)

    def handle(self, message: Json) -> None:
        number, params = message.get("id"), message.get("params", {})
        match message.get("method"):
            case "initialize":
                self.initialize(number)
            case "authenticate":
                self.folders["signed-in"] = Path()
                self.send({"id": number, "result": {}})
            case "session/new":
                self.new(number, params)
            case "session/prompt":
                self.prompt(number, params["sessionId"], params["prompt"][0]["text"])
            case "session/cancel":
                if self.behaviour != "stubborn" and (prompt := self.waiting.pop(params["sessionId"], None)) is not None:
                    self.done(prompt, "cancelled")
            case "session/set_mode" | "session/set_config_option" | "session/close":
                self.send({"id": number, "result": {}})

    def initialize(self, number: Any) -> None:
        if self.behaviour == "hang-start":
            time.sleep(3600)
        able = {"promptCapabilities": {"embeddedContext": True}, "sessionCapabilities": {"close": {}}}
        methods = [{"id": "key", "name": "Key"}, {"id": "browser", "name": "Browser"}]
        version = 2 if self.behaviour == "version-2" else 1
        self.send({"id": number, "result": {"protocolVersion": version, "agentCapabilities": able, "authMethods": methods}})

    def new(self, number: Any, params: Json) -> None:
        if self.behaviour == "sign-in" and "signed-in" not in self.folders:
            self.send({"id": number, "error": {"code": -32000, "message": "Authentication required"}})
            return
        session = f"session-{len(self.folders) + 1}"
        self.folders[session] = Path(params["cwd"])
        modes = [{"id": one, "name": one} for one in ("default", "bypass", "ask", "plan")]
        model = {"id": "model", "category": "model", "type": "select", "options": [{"value": "big-1", "name": "Big"}]}
        result = {"sessionId": session, "modes": {"currentModeId": "bypass", "availableModes": modes}, "configOptions": [model]}
        self.send({"id": number, "result": result})

    def prompt(self, number: Any, session: str, text: str) -> None:
        BEHAVIOURS.get(self.behaviour, Agent.answer)(self, number, session, text)

    # --- what it does in a turn ---

    def answer(self, number: Any, session: str, text: str) -> None:
        """Says what it was asked to echo."""
        self.update(session, "agent_thought_chunk", content={"type": "text", "text": "hm"})
        self.say(session, "```python\n")
        self.say(session, "return a + b\n```")
        self.update(session, "usage_update", used=10, size=1000, cost={"amount": 0.01, "currency": "USD"})
        self.done(number, usage={"inputTokens": 300, "outputTokens": 15, "cachedReadTokens": 150, "totalTokens": 465})

    def edit(self, number: Any, session: str, text: str) -> None:
        """Proposes one edit and makes it when it may."""
        path = self.folders[session] / "a.py"
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        self.note({"read": before, "around": sorted(str(one) for one in path.parent.iterdir())})
        call = {"toolCallId": "call-1", "title": "Edit a.py", "kind": "edit", "locations": [{"path": str(path)}]}
        self.update(
            session, "tool_call", status="pending", content=[{"type": "diff", "path": str(path), "oldText": OLD, "newText": NEW}], **call
        )
        self.say(session, "I edit.")
        allowed = self.behaviour == "write" or self.permitted(session, call)
        if allowed and before:
            path.write_text(before.replace(OLD, NEW, 1), encoding="utf-8")
        self.update(session, "tool_call_update", toolCallId="call-1", status="completed" if allowed else "failed")
        self.say(session, "Done." if allowed else "It was rejected.")
        self.done(number)

    def permitted(self, session: str, call: Json, options: list[Json] = OPTIONS) -> bool:
        answer = self.ask("session/request_permission", {"sessionId": session, "toolCall": call, "options": options})
        outcome = answer["result"]["outcome"]
        kinds = {one["optionId"]: one["kind"] for one in options}
        return outcome["outcome"] == "selected" and kinds[outcome["optionId"]].startswith("allow")

    def escalate(self, number: Any, session: str, text: str) -> None:
        """Asks for more than it may have, in every way it knows; says what it was given."""
        here = self.folders[session]
        (here / "way-out").symlink_to(here.parent)
        calls = {
            "execute": {"kind": "execute", "rawInput": {"command": "git show HEAD:secret.env"}},
            "fetch": {"kind": "fetch", "rawInput": {"url": "https://example.com"}},
            "mode": {"kind": "switch_mode", "rawInput": {}},
            "unknown kind": {"kind": "surprise", "rawInput": {}},
            "no kind": {"rawInput": {}},
            "parent": {"kind": "edit", "rawInput": {"file_path": "../outside.py"}},
            "absolute": {"kind": "read", "rawInput": {"path": "/etc/passwd"}},
            "home": {"kind": "read", "rawInput": {"path": "~/.ssh/id_rsa"}},
            "location": {"kind": "edit", "locations": [{"path": "/etc/hosts"}]},
            "diff": {"kind": "edit", "content": [{"type": "diff", "path": "/etc/hosts", "newText": "x"}]},
            "nested": {"kind": "edit", "rawInput": {"edits": [{"fileName": "/etc/hosts"}]}},
            "link": {"kind": "edit", "rawInput": {"path": "way-out/x"}},
        }
        given = [name for name, call in calls.items() if self.permitted(session, {"toolCallId": name, "title": name, **call})]
        only_always = [OPTIONS[0]]
        inside = {"toolCallId": "inside", "kind": "edit", "rawInput": {"path": "a.py"}}
        given += ["only always"] if self.permitted(session, inside, only_always) else []
        given += ["broken options"] if self.broken_options(session, inside) else []
        self.say(session, f"given: {given}")
        self.done(number)

    def broken_options(self, session: str, call: Json) -> bool:
        params = {
            "sessionId": session,
            "toolCall": call,
            "options": [None, 7, {"kind": "allow_once"}, {"optionId": "x", "kind": "new_kind"}],
        }
        outcome: Json = self.ask("session/request_permission", params)["result"]["outcome"]
        return outcome["outcome"] == "selected"

    def wants(self, number: Any, session: str, text: str) -> None:
        """Uses everything of the client that is not offered."""
        methods = ["fs/read_text_file", "fs/write_text_file", "terminal/create", "terminal/output", "elicitation/create", "made/up"]
        answers = [self.ask(method, {"sessionId": session, "path": "/etc/passwd"}) for method in methods]
        self.say(session, " ".join(str(one.get("error", {}).get("code")) for one in answers))
        self.done(number)

    def hang(self, number: Any, session: str, text: str) -> None:
        """Never ends its turn, unless it is cancelled."""
        self.say(session, "I begin.")
        self.waiting[session] = number

    def flood(self, number: Any, session: str, text: str) -> None:
        """Speaks without end."""
        while True:
            self.say(session, "x" * 100_000)

    def die(self, number: Any, session: str, text: str) -> None:
        """Dies in the middle, with a secret on its lips."""
        self.say(session, "I be")
        key = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
        print(f"\x1b[31mfatal: token {key}\x1b[0m was refused", file=sys.stderr, flush=True)
        os._exit(3)

    def garbage(self, number: Any, session: str, text: str) -> None:
        """Prints what is no message, then goes on as if nothing had been."""
        self.raw(b"Welcome to the agent!\n\n[1, 2]\n7\nnull\n\x00\xff\xfe\n" + b"[" * 50_000 + b'\n{"half": \n')
        self.raw(b'{"jsonrpc": "2.0", "id": 9999, "result": {}}\n{"jsonrpc": "2.0", "id": {}, "result": 1}\n')
        self.raw(b'{"jsonrpc": "2.0", "method": "session/update", "params": [1]}\n{"jsonrpc": "2.0", "method": 7}\n')
        self.send({"method": "session/update", "params": {"sessionId": session, "update": "no object"}})
        self.send({"method": "session/update", "params": {"sessionId": ["x"], "update": {}}})
        self.answer(number, session, text)

    def nonsense(self, number: Any, session: str, text: str) -> None:
        """Speaks another protocol altogether."""
        for line in range(100_000):
            self.raw(b"line %d\n" % line)
        time.sleep(3600)

    def partial(self, number: Any, session: str, text: str) -> None:
        """Sends its lines byte by byte, and two in one write."""
        chunk = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "h\u00e9llo \U0001d54f "}}
        message = {"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": session, "update": chunk}}
        line = json.dumps(message, ensure_ascii=False).encode() + b"\r\n"
        for at in range(len(line)):
            self.raw(line[at : at + 1])
        self.raw(line + line[:30])
        time.sleep(0.05)
        self.raw(line[30:])
        self.done(number)

    def long_line(self, number: Any, session: str, text: str) -> None:
        """One line of 11 MB."""
        self.say(session, "x" * 11_000_000)
        self.done(number)

    def long_enough(self, number: Any, session: str, text: str) -> None:
        """One line of 6 MB, which is allowed."""
        self.say(session, "x" * 6_000_000)
        self.done(number)

    def bad_utf8(self, number: Any, session: str, text: str) -> None:
        """Bytes that are no characters, inside a text."""
        head = {"sessionId": session, "update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "CUT"}}}
        line = json.dumps({"jsonrpc": "2.0", "method": "session/update", "params": head}).encode()
        self.raw(line.replace(b"CUT", b"a\xff\xfeb\\ud83d") + b"\n")
        self.done(number)

    def enums(self, number: Any, session: str, text: str) -> None:
        """Kinds and values that no version has."""
        for kind in ("plan", "user_message_chunk", "current_mode_update", "session_info_update", "next_edit_v9", "", None, 7):
            self.update(session, kind, entries=[{"status": "later"}])  # type: ignore[arg-type]
        self.update(session, "agent_message_chunk", content={"type": "hologram", "text": "no"})
        self.update(session, "agent_message_chunk", content=["no"])
        self.update(session, "tool_call", toolCallId=7, kind=["x"], status="half", locations="here", content=[{"type": "diff", "path": 1}])
        self.update(session, "usage_update", used="many", cost={"amount": "much", "currency": "EUR"})
        self.say(session, "fine")
        self.done(number, "because_i_want_to", usage={"inputTokens": -1, "outputTokens": True, "totalTokens": "x"})

    def refuse(self, number: Any, session: str, text: str) -> None:
        self.done(number, "refusal")

    def too_long(self, number: Any, session: str, text: str) -> None:
        self.say(session, "```python\nreturn a")
        self.done(number, "max_tokens")

    def nothing(self, number: Any, session: str, text: str) -> None:
        self.done(number)

    def fail(self, number: Any, session: str, text: str) -> None:
        key = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
        self.send({"id": number, "error": {"code": -32603, "message": "Internal error", "data": {"details": f"bad {key}\nsecond line"}}})

    def late_sign_in(self, number: Any, session: str, text: str) -> None:
        self.send({"id": number, "error": {"code": -32000, "message": "Authentication required"}})

    def after(self, number: Any, session: str, text: str) -> None:
        """Ends its turn and goes on asking."""
        self.say(session, "fine")
        self.done(number)
        call = {"toolCallId": "late", "kind": "edit", "rawInput": {"path": "a.py"}}
        self.note({"late": self.ask("session/request_permission", {"sessionId": session, "toolCall": call, "options": OPTIONS})})
        self.say(session, "too late")

    def children(self, number: Any, session: str, text: str) -> None:
        """Starts a program that outlives it and holds its output open, then hangs."""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        self.note({"child": child.pid})
        self.hang(number, session, text)

    def leaves(self, number: Any, session: str, text: str) -> None:
        """The same, and then goes away without a word."""
        self.children(number, session, text)
        os._exit(0)

    def deaf(self, number: Any, session: str, text: str) -> None:
        """Stops reading, asks for much and reads no answer."""
        for one in range(400_000):
            self.send({"id": f"deaf-{one}", "method": "made/up/" + "x" * 200, "params": {}})
        time.sleep(3600)

    def tidy(self, number: Any, session: str, text: str) -> None:
        """Leaves a file that cannot be written in its folder."""
        locked = self.folders[session] / "locked"
        locked.mkdir()
        (locked / "file").write_text("x")
        (locked / "file").chmod(0o400)
        locked.chmod(0o500)
        self.answer(number, session, text)


BEHAVIOURS: dict[str, Callable[[Agent, Any, str, str], None]] = {
    "answer": Agent.answer,
    "ask": Agent.edit,
    "write": Agent.edit,
    "stubborn": Agent.hang,
    **{
        name.replace("_", "-"): getattr(Agent, name)
        for name in (
            *("escalate", "wants", "hang", "flood", "die", "garbage", "nonsense", "partial", "long_line", "long_enough", "bad_utf8"),
            *("enums", "refuse", "too_long", "nothing", "fail", "late_sign_in", "after", "children", "leaves", "deaf", "tidy"),
        )
    },
}

if __name__ == "__main__":
    Agent(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "").run()
