"""How soon ghost text stands beside a slow model, and how many calls the gates and the pause save:  run.py trigger

The typist goes through lines of real files (this Python's library) by a seeded script with pauses like a person's: 150 ms between the
keys of a word, more at its end, half a second and more at the end of a line; one key in twenty is wrong and taken back, one line in
five is changed in its middle. Time is simulated, so that the figures do not depend on the machine. The first part needs the real
server, and is measured by the clock.
"""

from __future__ import annotations

import random
import statistics
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from orchestra_lsp.engine import trigger
from orchestra_lsp.engine.typist import Typist
from orchestra_lsp.model import Ask, Kind, Span, Trigger
from orchestra_lsp.syntax.parse import open_buffer
from tests.server.conversing import column, editing, folder_in, model
from tests.support.lsp.client import Client, Json

FILES = ("textwrap.py", "heapq.py", "configparser.py", "shlex.py", "sched.py")
LINES = 120
KEY_S, WORD_S, LINE_S = 0.15, 0.25, 0.7  # medians
WRONG_KEY, IN_THE_MIDDLE = 0.05, 0.2
LATENCY_MS = 300.0  # of the model
MODEL_S = 1.5  # of the slow one
LINE = "    total_amount = compute_total(order, discount)\n"
NAMES = ("pay", "show", "store", "send")
KNOWN = "".join(f"def {name}(order, discount):\n{LINE}    {name}_order(total_amount)\n\n\n" for name in NAMES)


def main(rounds: int) -> None:
    for title, capabilities, settings in (
        ("a model is waited for (as before)", None, "wait_ms = 60000\n"),
        ("editors that only ask", None, ""),
        ("editors that hear of later answers", {"experimental": {"orchestra": {"inlineCompletionReady": True}}}, ""),
    ):
        times = sorted(first_text(rounds, capabilities, settings))
        print(f"first ghost text, model of {MODEL_S} s, {title:36} p50 {statistics.median(times):6.0f} ms, worst {times[-1]:6.0f} ms")
    calls = session()
    asks = sum(calls.values())
    for why, number in calls.most_common():
        print(f"{number / asks:6.1%} of {asks} keys: {why}")


def first_text(rounds: int, capabilities: Json | None, settings: str) -> Iterator[float]:
    """Milliseconds until something is shown where the embedded engine is nearly sure."""
    with tempfile.TemporaryDirectory() as made, model() as slow:
        folder = folder_in(Path(made))
        slow.text, slow.delay_s = "quite_another(order)", MODEL_S
        config = f"{slow.config}[completion]\nprefetch = false\nsure = 0.95\ndeadline_ms = 8000\n{settings}"
        with editing(folder, config=config, capabilities=capabilities) as client:
            client.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": [{"show": False}]})
            for number in range(rounds):
                yield asked(client, folder / f"a{number}.py", KNOWN + f"def last_{number}(order, discount):\n    total_am")


def asked(client: Client, path: Path, text: str) -> float:
    uri = client.open(path, text)
    params = {"textDocument": {"uri": uri}, "position": column(text, len(text), "utf-16"), "context": {"triggerKind": 2}}
    start = time.perf_counter()
    items = client.request("textDocument/inlineCompletion", params, 30)["items"]
    took = (time.perf_counter() - start) * 1e3
    client.close(uri)
    return took if items else float("inf")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def session() -> Counter[str]:
    """What became of every key: called a model, or why not."""
    draws, clock = random.Random(7), Clock()
    typist, became = Typist(clock), Counter[str]()
    for text, start, line in places(draws):
        keys = list(typed(line, draws))
        for number, (before, rest) in enumerate(keys):
            gap = pause(before, draws)
            ask = asking(text, start, before, rest)
            typist.note(ask)
            moment = typist.moment(ask)
            last = number + 1 == len(keys)
            if why := trigger.obstacle(ask, moment):
                became[f"no call: {why}"] += 1
            elif not last and gap * 1e3 < trigger.delay_ms(ask, moment, LATENCY_MS):
                became["no call: the next key came before the pause was over"] += 1
            else:
                became["called"] += 1
            clock.now += gap
    return became


def places(draws: random.Random) -> Iterator[tuple[str, int, str]]:
    library = Path(sysconfig.get_paths()["stdlib"])
    for _ in range(LINES):
        whole = (library / draws.choice(FILES)).read_text("utf-8").splitlines(keepends=True)
        number = draws.choice([n for n, one in enumerate(whole) if len(one.strip()) > 15])
        yield "".join([*whole[:number], "\n", *whole[number + 1 :]]), len("".join(whole[:number])), whole[number].rstrip("\n")


def typed(line: str, draws: random.Random) -> Iterator[tuple[str, str]]:
    """The line before and behind the cursor after every key."""
    middle = draws.random() < IN_THE_MIDDLE
    at, end = (len(line) // 3, 2 * len(line) // 3) if middle else (0, len(line))
    while at < end:
        if draws.random() < WRONG_KEY:
            yield line[:at] + "q", line[end:]
            yield line[:at], line[end:]
        at += 1
        yield line[:at], line[end:]


def pause(before: str, draws: random.Random) -> float:
    median = LINE_S if before.endswith((":", ")", "(")) else KEY_S if before[-1:].isalnum() else WORD_S
    return median * draws.lognormvariate(0, 0.4)


def asking(text: str, start: int, before: str, rest: str) -> Ask:
    buffer = open_buffer("file:///w/a.py", "/w/a.py", 1, "text", text[:start] + before + rest + text[start:])
    here = len((text[:start] + before).encode())
    return Ask("x", Kind.COMPLETE, buffer, Span(here, here), Trigger.AUTOMATIC, 0.0)


if __name__ == "__main__":
    main(5)
