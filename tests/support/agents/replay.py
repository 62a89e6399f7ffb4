"""Play a recording of `fixtures/wire` as if it were the tool, on stdio:  python replay.py FILE [arguments that are not looked at]

Each recorded request of the client must arrive (compared by method, in order) before the answers to it are sent; ids are translated,
/workspace becomes the folder of the run. Requests of `EXTRA`, which were not made when it was recorded, are answered with success, any
other one with -32601. An {"after": {...}} record writes those files, as the tool did, an {"exit": n} record ends the process.
One-way recordings are simply printed, once standard input has ended.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
EXTRA = frozenset({"session/set_mode", "session/set_config_option", "session/close"})


class Player:
    def __init__(self) -> None:
        self.ids: dict[str, Any] = {}  # recorded id of a client's request -> id used in this run

    def read(self) -> Json | None:
        line = sys.stdin.buffer.readline()
        return json.loads(line) if line else None

    def write(self, message: Json) -> None:
        text = json.dumps(message, ensure_ascii=False).replace("/workspace", str(Path.cwd()))
        sys.stdout.buffer.write(text.encode() + b"\n")
        sys.stdout.buffer.flush()

    def expect(self, recorded: Json) -> bool:
        """Wait for the message that was recorded; False when the client is gone."""
        while message := self.read():
            method = message.get("method")
            if "method" in recorded and method == recorded["method"]:
                self.ids[json.dumps(recorded["id"])] = message.get("id")
                return True
            if "method" not in recorded and method is None and message.get("id") == recorded["id"]:
                return True
            if method in EXTRA:
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": {}})
            elif method and "id" in message:
                self.write({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": f"not recorded here: {method}"}})
        return False

    def play(self, records: list[Json]) -> int:
        for record in records:
            message: Json = record.get("msg", {})
            if record.get("from") == "client":
                if "id" in message and not self.expect(message):
                    return 0
            elif "msg" in record:
                if "method" not in message and "id" in message:
                    message = message | {"id": self.ids.get(json.dumps(message["id"]), message["id"])}
                self.write(message)
            elif "stderr" in record:
                print(record["stderr"], file=sys.stderr)
            elif "after" in record:
                for name, text in record["after"].items():
                    Path(name).write_text(text, encoding="utf-8")
            elif "exit" in record:
                return int(record["exit"])
            else:
                self.write(record)
        return 0


def main() -> int:
    _, *records = (json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    if not any(record.get("from") == "client" for record in records):
        sys.stdin.buffer.read()
    return Player().play(records)


if __name__ == "__main__":
    sys.exit(main())
