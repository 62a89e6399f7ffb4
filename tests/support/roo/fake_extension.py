"""The socket of Roo Code's extension for tests, as a process of its own; its messages follow the published types and are no recording.

    fake_extension.py SOCKET BEHAVIOUR LOG       answer, asks, aborts, hang, closes, garbage, mute

Its own pieces are cut at odd places. It prints a line when it listens.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

USAGE = {"totalTokensIn": 700, "totalTokensOut": 30, "totalCost": 0.02, "contextTokens": 730}


class Extension:
    def __init__(self, connection: socket.socket, behaviour: str, log: str) -> None:
        self.connection = connection
        self.behaviour = behaviour
        self.log = log

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"type": "message", "data": message}).encode() + b"\f"
        for start in range(0, len(data), 7):
            self.connection.sendall(data[start : start + 7])

    def event(self, name: str, *payload: Any) -> None:
        self.send({"type": "TaskEvent", "origin": "server", "data": {"eventName": name, "payload": list(payload)}})

    def say(self, task: str, text: str, partial: bool = False, **kind: str) -> None:
        message = {"ts": 1, "text": text, "partial": partial, **(kind or {"type": "say", "say": "text"})}
        self.event("message", {"taskId": task, "action": "created", "message": message})

    def task(self) -> None:
        self.event("taskStarted", "mine")
        self.say("mine", "I lo", partial=True)
        self.say("mine", "I look at it.")
        self.event("taskCreated", "other")
        self.say("other", "of somebody else")
        self.event("taskCompleted", "other", USAGE, {}, {"isSubtask": False})
        match self.behaviour:
            case "asks":
                self.say("mine", "May I read a.py?", type="ask", ask="tool")
            case "aborts":
                self.event("taskAborted", "mine")
            case "closes":
                self.connection.close()
            case "garbage":
                self.connection.sendall(b'{"type":\f[]\f"x"\f{"type": "message", "data": 3}\f\xff\xfe\f')
                self.answer()
            case "answer":
                self.answer()

    def answer(self) -> None:
        self.say("mine", "b = 3", type="say", say="completion_result")
        self.event("taskCompleted", "mine", USAGE, {}, {"isSubtask": False})

    def serve(self) -> None:
        if self.behaviour != "mute":
            self.send({"type": "Ack", "origin": "server", "data": {"clientId": "c1", "pid": 1, "ppid": 1}})
        waiting = b""
        while chunk := self.connection.recv(65536):
            *whole, waiting = (waiting + chunk).split(b"\f")
            for one in whole:
                command = json.loads(one)["data"]
                with open(self.log, "a", encoding="utf-8") as file:
                    file.write(json.dumps(command) + "\n")
                if command["data"]["commandName"] == "StartNewTask":
                    self.task()


def main() -> None:
    path, behaviour, log = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("listening", flush=True)
        while True:
            connection, _ = listener.accept()
            try:
                Extension(connection, behaviour, log).serve()
            except OSError:
                continue  # the client has left, or this behaviour closed it


if __name__ == "__main__":
    main()
