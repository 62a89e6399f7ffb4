"""The adapter against GitHub's real language server (1.539.0), which runs here without an account.

For completions and next edits it is told by its own `testing/` methods what to offer, since no model can be reached. Install it first:
`python tests/peers/install.py copilot-language-server`.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from orchestra_lsp.model import Kind, Outcome, Piece, Span, State
from orchestra_lsp.tools.contract import SignedOut, ToolError
from orchestra_lsp.tools.copilot import Copilot
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.trust.mask import Vault, mask
from tests.peers.install import program
from tests.tools.kit import prompt, tool

pytestmark = [pytest.mark.peers, pytest.mark.timeout(240)]
BEFORE, AFTER = "# 😀 é\ndef add(a, b):\n    return ", "\n"
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"


@pytest.fixture
async def copilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Copilot]:
    """Started in a home of its own, so that nobody is signed in; afterwards nothing of it runs."""
    found = program("copilot-language-server")
    assert found, "install it first: python tests/peers/install.py copilot-language-server"
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    made = tool(Shared(), "copilot", command=[str(found), "--stdio"])
    assert isinstance(made, Copilot)
    began = time.monotonic()
    await made.start()
    print(f"\nstarted in {time.monotonic() - began:.1f} s")
    yield made
    group = (await made.server(time.monotonic() + 20)).child.process.pid
    ours = [one for one in psutil.process_iter() if os.getpgid(one.pid) == group]
    assert ours
    await made.close()
    _, alive = psutil.wait_procs(ours, timeout=5)
    assert not alive, f"still there: {alive}"


async def ask(it: Copilot, kind: Kind = Kind.COMPLETE, prefix: str = BEFORE) -> Piece:
    asked = mask(prompt(kind, prefix=prefix, suffix=AFTER), Vault())
    async with aclosing(it.ask(asked, time.monotonic() + 20)) as pieces:
        (piece,) = [piece async for piece in pieces]
    return piece


async def request(it: Copilot, method: str, **params: object) -> object:
    return await (await it.server(time.monotonic() + 20)).child.request(method, params)


async def test_nobody_is_signed_in(copilot: Copilot) -> None:
    for kind in (Kind.COMPLETE, Kind.NEXT_EDIT):
        with pytest.raises(SignedOut, match="sign-in"):
            await ask(copilot, kind)
    assert (await copilot.check()).state is State.SIGNED_OUT
    assert (await copilot.server(time.monotonic() + 5)).version == "1.539.0"


async def test_signing_in_needs_a_network(copilot: Copilot) -> None:
    """Where there is one, the first step is shown and nobody takes it."""
    found: str
    try:
        async with aclosing(copilot.sign_in(time.monotonic() + 30)) as steps:
            step = await anext(steps)
        found = f"{step.url} {step.code}"
    except ToolError as error:
        found = error.problem
    assert re.match(r"https://github.com/\S+ \S+$|GitHub could not be reached", found)


async def test_offers_and_what_became_of_them(copilot: Copilot) -> None:
    assert await request(copilot, "testing/alwaysAuth") == "OK"
    await request(copilot, "testing/setCompletionDocuments", documents=[f"{BEFORE}a + b{AFTER}"])
    piece = await ask(copilot)
    cursor = len(BEFORE.encode())
    assert (piece.text, piece.span) == ("a + b\n", Span(cursor, cursor))
    for outcome in (Outcome.SHOWN, Outcome.PARTLY_ACCEPTED, Outcome.ACCEPTED):
        await copilot.hear(piece.receipt, outcome, accepted=3)
    place = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 7}}
    edit = {"text": "total", "range": place, "predictedCursorPosition": {"line": 2, "character": 11}}
    await request(copilot, "testing/setNextEditDocument", edits=[edit])
    piece = await ask(copilot, Kind.NEXT_EDIT)
    start = BEFORE.encode().index(b"add")
    assert (piece.text, piece.span) == ("total", Span(start, start + 3))
    for outcome in (Outcome.SHOWN, Outcome.ACCEPTED, Outcome.DISMISSED):
        await copilot.hear(piece.receipt, outcome)
    assert (await copilot.check()).state is State.READY
    await request(copilot, "testing/triggerShowMessageRequest")
    assert (await copilot.server(time.monotonic() + 5)).child.broken is None


async def test_it_has_the_masked_text_and_nothing_else(copilot: Copilot) -> None:
    await request(copilot, "testing/alwaysAuth")
    await request(copilot, "testing/setCompletionDocuments", documents=["x\n" * 9])
    vault, server = Vault(), await copilot.server(time.monotonic() + 20)
    for text in (f'key = "{SECRET}"\r\n😀 = "é"', "😀 = 1\r\n", "", "a\nb\n"):
        asked = mask(prompt(prefix=text, suffix=""), vault)
        async with aclosing(copilot.ask(asked, time.monotonic() + 20)) as pieces:
            assert [piece async for piece in pieces]
        document, _ = server.mirror.show(asked.uri, asked.path, asked.language, asked.prefix)
        has = await server.child.request("testing/getDocument", {"uri": document.uri})
        assert has == {"uri": document.uri, "languageId": "python", "version": document.version, "text": asked.prefix}
        assert SECRET not in has["text"]


async def test_it_is_started_anew_when_it_was_killed(copilot: Copilot) -> None:
    server = await copilot.server(time.monotonic() + 5)
    psutil.Process(server.child.process.pid).kill()
    await server.child.process.wait()
    errors: list[str] = []
    while not errors or "not signed in" not in errors[-1]:
        with pytest.raises(ToolError) as caught:
            await ask(copilot)
        errors.append(caught.value.problem)
        await asyncio.sleep(caught.value.retry_after or 0)
    assert "ended by signal 9" in errors[0]
    assert await copilot.server(time.monotonic() + 5) is not server
