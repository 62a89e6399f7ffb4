"""The threads between the client and the server: nothing is lost, nothing overtakes, nobody waits for the other side."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from orchestra_lsp.server.connection import Connection, Sink
from orchestra_lsp.server.messages import Json, notification
from orchestra_lsp.server.stream import Framer, Incoming, Stream, framed
from orchestra_lsp.server.watch import follow, is_alive


@contextmanager
def connected(sink: Sink, most_unread: int = 10_000_000) -> Iterator[tuple[Connection, BinaryIO, BinaryIO]]:
    """A started connection over two pipes, and the client's ends: what it writes to and what it reads from."""
    source, to_server = os.pipe()
    from_server, target = os.pipe()
    connection = Connection(Stream(source, target), sink, most_unread)
    connection.start()
    with os.fdopen(to_server, "wb") as writing, os.fdopen(from_server, "rb") as reading:
        yield connection, writing, reading
    connection.close(2)
    os.close(source)
    os.close(target)


def numbered(number: int) -> Json:
    return notification("x", {"number": number})


def number_of(incoming: Incoming) -> int:
    assert isinstance(incoming, dict)
    params = incoming["params"]
    assert isinstance(params, dict)
    return int(params["number"])


def test_diverting_loses_and_reorders_nothing() -> None:
    old: list[Incoming] = []
    new: list[Incoming] = []
    ended = threading.Event()

    def sink(incoming: Incoming) -> None:
        new.append(incoming)
        if incoming is None:
            ended.set()

    with connected(old.append) as (connection, writing, _):
        for number in range(2000):
            writing.write(framed(numbered(number)))
            if number == 1000:
                writing.flush()
                connection.divert(sink)
                kept = len(old)
        writing.flush()
        writing.close()
        assert ended.wait(5)
    assert len(old) == kept
    assert new.pop() is None
    assert [number_of(incoming) for incoming in old + new] == list(range(2000))


def test_sending_never_blocks_and_keeps_the_order() -> None:
    with connected(lambda incoming: None) as (connection, _, reading):
        began = time.monotonic()
        for number in range(3000):  # a megabyte and more, and nobody reads yet
            connection.send(notification("x", {"number": number, "filler": "y" * 400}))
        assert time.monotonic() - began < 2
        framer, found = Framer(), []
        while len(found) < 3000:
            found += framer.feed(reading.read1(65536))  # type: ignore[attr-defined]
        assert [f'"number":{number},' in str(body) for number, body in enumerate(found)] == [True] * 3000


def test_a_client_that_never_reads_is_given_up_in_the_end() -> None:
    heard: list[Incoming] = []
    with connected(heard.append, most_unread=200_000) as (connection, _, reading):
        sent = 0
        while not heard and sent < 40:
            connection.send(notification("x", "y" * 10_000))
            sent += 1
        assert heard == [None]
        assert sent > 15
        reading.close()


def test_the_end_is_told_once() -> None:
    heard: list[Incoming] = []
    with connected(heard.append) as (connection, writing, _):
        connection.lose()
        writing.close()
        connection.lose()
        time.sleep(0.2)
    assert heard == [None]


def test_what_was_sent_before_closing_arrives() -> None:
    with connected(lambda incoming: None) as (connection, _, reading):
        for number in range(100):
            connection.send(numbered(number))
        connection.close(2)
        assert len(Framer().feed(reading.read1(65536))) == 100  # type: ignore[attr-defined]


def test_a_reader_that_is_gone_is_noticed_by_writing() -> None:
    heard: list[Incoming] = []
    with connected(heard.append) as (connection, _, reading):
        reading.close()
        connection.send(numbered(1))
        deadline = time.monotonic() + 5
        while not heard and time.monotonic() < deadline:
            time.sleep(0.01)
        connection.send(numbered(2))
    assert heard == [None]


def test_processes_are_told_alive_from_dead() -> None:
    assert is_alive(os.getpid())
    assert is_alive(1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        gone = threading.Event()
        follow(process.pid, gone.set)
        assert is_alive(process.pid)
        assert not gone.is_set()
    assert not is_alive(process.pid)
    assert gone.wait(3)
    for nothing in (None, 0, -1, "1", 1.5, [], 2**70):
        assert not is_alive(nothing)
