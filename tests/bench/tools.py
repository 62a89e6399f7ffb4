"""What our side of a call costs in CPU: over HTTP beside bare httpx, over ACP beside a bare loop; and how long real agents take to start.

Both sides of a comparison make one call each in turn, so that they see the same minutes; CPU is that of this process, threads included,
and the other end is a process of its own. Agents are those on the PATH or in the cache of `tests/peers/install.py`; a script plays
their model.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from faults import TEXT  # noqa: E402 - the tests' own helpers are packages of the repository
from providers import providers  # noqa: E402

from orchestra_lsp.config import Settings  # noqa: E402
from orchestra_lsp.model import Kind, Prompt  # noqa: E402
from orchestra_lsp.tools.contract import Tool  # noqa: E402
from orchestra_lsp.tools.registry import Shared, build  # noqa: E402
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask  # noqa: E402
from tests.peers.install import PACKAGES, cache, program  # noqa: E402
from tests.support.agents.stub_model import stub_model  # noqa: E402

BAR_MS = 1.0
WARM_UP = 20
FAST = {"ttft_ms": 1.0, "sigma": 0.0, "tpot_ms": 0.2, "tokens": 16, "text": TEXT}
AGENT = [sys.executable, str(ROOT / "tests" / "support" / "agents" / "fake_agent.py"), "answer"]
PROMPT = Prompt(Kind.COMPLETE, "python", "file:///w/a.py", "a.py", "def add(a, b):\n    return ", "", "\n")
QUESTION = Prompt(Kind.EXPLAIN, "python", "file:///w/a.py", "a.py", "", "def add(a, b):\n    return a + b\n", "")
Step = Callable[[], Awaitable[None]]


def tools(rounds: int) -> None:
    """All three."""
    with providers(("ann",)) as (found,):
        found.reset({"deployments": {"ann": FAST}}, 1)
        show("one completion over HTTP", asyncio.run(over_http(found.url, rounds * 20)), "bare httpx")
    show("one question over ACP, its session included", asyncio.run(over_acp(rounds * 10)), "bare loop")
    starts()


def built(kind: str, **settings: Any) -> Tool[MaskedPrompt]:
    made = build(Settings.model_validate({"tools": {"it": {"kind": kind, **settings}}}), Shared())
    assert "it" in made.tools, made.problems
    return made.tools["it"]


async def said(tool: Tool[MaskedPrompt], prompt: MaskedPrompt, seconds: float = 120) -> str:
    async with aclosing(tool.ask(prompt, time.monotonic() + seconds)) as pieces:
        return "".join([piece.text async for piece in pieces])


async def turns(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """CPU of each step in milliseconds, one of each in every round."""
    used: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + WARM_UP):
        for name, step in steps.items():
            begun = time.process_time()
            await step()
            if number >= WARM_UP:
                used[name].append((time.process_time() - begun) * 1e3)
    return used


async def over_http(url: str, rounds: int) -> dict[str, list[float]]:
    import httpx

    tool, masked = built("openai", url=url, model="m", local=True), mask(PROMPT, Vault())
    bare = httpx.AsyncClient(timeout=5, trust_env=False)

    async def by_httpx() -> None:
        body = {"model": "m", "prompt": masked.prefix, "suffix": masked.suffix, "max_tokens": 256, "temperature": 0.2, "stream": True}
        text = ""
        async with bare.stream("POST", f"{url}/completions", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {") and (choices := json.loads(line[6:])["choices"]):
                    text += choices[0]["text"]
        assert text

    async def ours() -> None:
        assert await said(tool, masked)

    async with bare:
        return await turns({"bare httpx": by_httpx, "ours": ours}, rounds)


async def over_acp(rounds: int) -> dict[str, list[float]]:
    tool, masked = built("acp", command=AGENT), mask(QUESTION, Vault())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tool.close)
        bare = await asyncio.create_subprocess_exec(*AGENT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        assert bare.stdin
        assert bare.stdout
        pipe_in, pipe_out, last = bare.stdin, bare.stdout, [0]

        async def request(method: str, params: dict[str, Any]) -> tuple[dict[str, Any], str]:
            last[0] += 1
            pipe_in.write(json.dumps({"jsonrpc": "2.0", "id": last[0], "method": method, "params": params}).encode() + b"\n")
            text = ""
            while message := json.loads(await pipe_out.readline()):
                if message.get("id") == last[0]:
                    return message["result"], text
                update = message["params"]["update"]
                text += update["content"]["text"] if update["sessionUpdate"] == "agent_message_chunk" else ""
            raise AssertionError

        async def by_loop() -> None:
            with tempfile.TemporaryDirectory() as folder:
                session = (await request("session/new", {"cwd": folder, "mcpServers": []}))[0]["sessionId"]
                await request("session/set_mode", {"sessionId": session, "modeId": "ask"})
                blocks = [{"type": "text", "text": masked.selection}]
                assert (await request("session/prompt", {"sessionId": session, "prompt": blocks}))[1]
                await request("session/close", {"sessionId": session})

        async def ours() -> None:
            assert await said(tool, masked)

        await request("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
        await tool.start()
        used = await turns({"bare loop": by_loop, "ours": ours}, rounds)
        pipe_in.close()
        await bare.wait()
    return used


def show(title: str, used: dict[str, list[float]], bare: str) -> None:
    typical = {name: statistics.median(values) for name, values in used.items()}
    print(f"CPU of {title}, ms, median (mean) of {len(used['ours'])}")
    for name, values in used.items():
        print(f"  {name:12} {typical[name]:6.2f} ({statistics.mean(values):.2f})")
    print(f"  ours over {bare}: {typical['ours'] - typical[bare]:+.2f} ms   [bar: {BAR_MS:.0f}]\n")


# --- real agents ---

WAYS = (
    ("Claude Code", "claude_code", "acp", "claude-agent-acp"),
    ("Claude Code", "claude_code", "headless", "claude"),
    ("Copilot CLI", "copilot_cli", "acp", "copilot"),
    ("Copilot CLI", "copilot_cli", "headless", "copilot"),
    ("Factory droid", "droid", "acp", "droid"),
    ("Factory droid", "droid", "headless", "droid"),
)


def starts() -> None:
    """With a home of its own, whose first use (programs unpack themselves) does not count."""
    print("real agents, wall clock, s: from nothing to the first answer, and an answer of the warm one (headless starts anew each time)")
    there = [str(found.parent) for name in PACKAGES if (found := program(name))]
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as home, stub_model(text="It adds.") as stub:
        os.environ.update(_environment(stub.url, home), PATH=os.pathsep.join([*there, before["PATH"]]))
        folder = Path(home) / ".factory"
        folder.mkdir()
        own = {"model": "stub", "displayName": "Stub", "baseUrl": f"{stub.url}/v1", "apiKey": "x", "maxOutputTokens": 1024}
        models = {"customModels": [own | {"provider": "generic-chat-completion-api"}]}
        (folder / "settings.json").write_text(json.dumps(models), encoding="utf-8")
        for what, adapter, protocol, name in WAYS:
            print(f"  {what:14} {protocol:9}", end=" ", flush=True)
            print(asyncio.run(_started(adapter, protocol)) if program(name) else "not installed")
    os.environ.clear()
    os.environ.update(before)
    print()


async def _started(adapter: str, protocol: str) -> str:
    masked = mask(QUESTION, Vault())
    cold: list[float] = []
    warm: list[float] = []
    for number in range(3):
        tool = built(adapter, protocol=protocol, **({"model": "custom:stub"} if adapter == "droid" else {}))
        for took in (cold, warm):
            begun = time.monotonic()
            await said(tool, masked)
            if number:
                took.append(time.monotonic() - begun)
        await tool.close()
    return f"cold {statistics.mean(cold):5.2f}   warm {statistics.mean(warm):5.2f}"


def _environment(url: str, home: str) -> dict[str, str]:
    copilot = {"OFFLINE": "true", "MODEL": "gpt-4.1", "PROVIDER_TYPE": "openai", "PROVIDER_BASE_URL": f"{url}/v1"}
    return {
        "HOME": home,
        "ORCHESTRA_PEERS": str(cache()),
        "IS_SANDBOX": "1",
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "dummy-dummy",
        "FACTORY_API_KEY": "fk-dummy",
        **{f"COPILOT_{name}": value for name, value in copilot.items()},
    }


if __name__ == "__main__":
    tools(15)
