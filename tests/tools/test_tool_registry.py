"""Which adapters there are, what the settings build, and what is said of those that cannot be built."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.model import Health, Kind, Reach, State
from orchestra_lsp.tools import registry
from orchestra_lsp.tools.contract import TEXT_KINDS
from orchestra_lsp.tools.registry import Built, Shared, build, kinds
from orchestra_lsp.tools.wire.endpoint import resolve
from tests.tools.kit import settings_of

TOOLS = Path(registry.__file__).parent


def built(**tools: Mapping[str, Any]) -> Built:
    return build(settings_of(tools), Shared())


def problem(name: str = "it", **settings: Any) -> Health:
    return built(**{name: settings}).problems[name]


def test_the_adapters_are_the_files() -> None:
    there = {path.stem for path in TOOLS.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(kinds()) == there - {"__init__", "contract", "registry", "wire"}
    assert {"openai", "claude"} <= set(kinds())


def test_tools_are_built_under_their_own_names_and_in_their_order() -> None:
    made = built(
        second={"kind": "openai", "url": "http://127.0.0.1:1", "local": True},
        claude={"url": "http://localhost:2", "model": "x"},
        first={"kind": "openai", "url": "https://models.example/v1", "model": "m"},
    )
    assert list(made.tools) == ["second", "claude", "first"]
    assert [tool.name for tool in made.tools.values()] == ["second", "claude", "first"]
    assert [tool.abilities.reach for tool in made.tools.values()] == [Reach.MACHINE, Reach.OUTSIDE, Reach.OUTSIDE]
    assert [tool.endpoint is not None for tool in made.tools.values()] == [True, False, False]
    assert [tool.model for tool in made.tools.values()] == ["", "x", "m"]
    assert not made.problems


def test_the_embedded_engine_stands_apart_and_there_is_one() -> None:
    made = built(local={}, again={"kind": "local"})
    assert made.embedded
    assert made.embedded.name == "local"
    assert made.embedded.abilities.reach is Reach.PROCESS
    assert not made.tools
    assert made.problems["again"].state is State.OFF


@pytest.mark.parametrize(
    ("settings", "state", "reason", "remedy"),
    [
        ({"kind": "opnai"}, State.DOWN, 'there is no adapter "opnai"; did you mean "openai"?', "tools.it.kind"),
        ({"kind": "xyzzy"}, State.DOWN, 'there is no adapter "xyzzy"', "claude"),
        ({}, State.DOWN, 'there is no adapter "it"', "tools.it.kind"),
        ({"kind": "wire"}, State.DOWN, 'there is no adapter "wire"', "tools.it.kind"),
        ({"kind": "../x"}, State.DOWN, 'there is no adapter "../x"', "tools.it.kind"),
        ({"kind": "openai", "enabled": False}, State.OFF, "switched off", "enabled = true"),
        ({"kind": "openai"}, State.DOWN, "no key is set", "env:OPENAI_API_KEY"),
        ({"kind": "claude"}, State.DOWN, "no key is set", "env:ANTHROPIC_API_KEY"),
        ({"kind": "openai", "url": "https://models.example"}, State.DOWN, "no model is set", "tools.it.model"),
        ({"kind": "openai", "key": "env:NO_SUCH_VARIABLE_HERE", "model": "m"}, State.DOWN, "NO_SUCH_VARIABLE_HERE", "set"),
        ({"kind": "openai", "url": "ftp://x", "model": "m"}, State.DOWN, "its address is not", "tools.it.url"),
        ({"kind": "openai", "url": "127.0.0.1:8080", "model": "m"}, State.DOWN, "its address is not", "tools.it.url"),
        ({"kind": "openai", "url": "http://[::1", "model": "m"}, State.DOWN, "its address is not", "tools.it.url"),
        ({"kind": "openai", "url": "http://x:99999", "model": "m"}, State.DOWN, "its address is not", "tools.it.url"),
        ({"kind": "openai", "url": "https://me:hunter2@x/v1", "model": "m"}, State.DOWN, "user name or password", "tools.it.key"),
        (
            {"kind": "openai", "url": "http://127.0.0.1", "kinds": ["complete"], "fill_in_middle": "off"},
            State.DOWN,
            "nothing for it to do",
            "kinds",
        ),
        ({"kind": "claude", "url": "http://127.0.0.1", "kinds": []}, State.DOWN, "nothing for it to do", "kinds"),
    ],
)
def test_what_cannot_be_built_says_why_and_what_to_do(settings: dict[str, Any], state: State, reason: str, remedy: str) -> None:
    found = problem(**settings)
    assert found.state is state
    assert reason in found.reason
    assert remedy in found.remedy
    assert "hunter2" not in f"{found}"


async def test_a_keyring_is_not_opened_before_the_first_call() -> None:
    """Opening it may ask the person for a password; without the package, or an entry, the first call says so."""
    shared = Shared()
    made = build(settings_of({"it": {"kind": "claude", "url": "http://127.0.0.1:1", "key": "keyring:no-such-entry-in-tests"}}), shared)
    assert "it" in made.tools
    health = await made.tools["it"].check()
    assert health.state is State.DOWN
    assert "keyring" in health.reason
    await shared.close()


async def test_getting_ready_calls_nobody() -> None:
    shared = Shared()
    made = build(settings_of({"it": {"kind": "openai", "url": "http://127.0.0.1:1"}}), shared)
    endpoint = resolve("it", settings_of({"it": {"url": "http://127.0.0.1:1"}}).tools["it"], "")
    await shared.http.warm(endpoint)  # nothing listens there, and nothing is said of it
    assert (await made.tools["it"].check()).state is State.DOWN
    await shared.close()
    await shared.close()


def test_one_that_cannot_be_built_does_not_keep_others_out() -> None:
    made = built(bad={"kind": "nothing"}, good={"kind": "openai", "url": "http://127.0.0.1:1"})
    assert list(made.tools) == ["good"]
    assert list(made.problems) == ["bad"]


def abilities(**settings: Any) -> frozenset[Kind]:
    return built(it={"url": "http://127.0.0.1:1", **settings}).tools["it"].abilities.kinds


def test_abilities_follow_the_settings() -> None:
    assert abilities(kind="openai") == TEXT_KINDS
    assert abilities(kind="openai", fill_in_middle="off") == TEXT_KINDS - {Kind.COMPLETE}
    assert abilities(kind="openai", kinds=["explain", "test"]) == {Kind.EXPLAIN, Kind.TEST}
    assert abilities(kind="claude") == TEXT_KINDS - {Kind.COMPLETE}
    assert abilities(kind="claude", kinds=["complete"]) == {Kind.COMPLETE}
    assert built(it={"kind": "openai", "url": "http://127.0.0.1:1", "context_tokens": 777}).tools["it"].abilities.context_tokens == 777


def test_what_is_known_of_a_maker_stands_in_for_what_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", "sk-x")
    made = built(
        openai={"key": "env:TEST_MODEL_KEY", "model": "m"},
        claude={"key": "env:TEST_MODEL_KEY"},
        small={"kind": "claude", "key": "env:TEST_MODEL_KEY", "context_tokens": 900},
        own={"kind": "openai", "url": "http://127.0.0.1:1"},
    )
    assert [tool.abilities.context_tokens for tool in made.tools.values()] == [128_000, 200_000, 900, 8192]
    assert made.tools["claude"].model == "claude-haiku-4-5"


@pytest.mark.parametrize(
    ("kind", "url", "base"),
    [
        ("openai", "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("openai", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1"),
        ("openai", "https://models.example/beta/", "https://models.example/beta"),
        ("claude", "https://models.example", "https://models.example"),
        ("claude", "https://models.example/v1/", "https://models.example"),
        ("claude", "https://models.example/anthropic", "https://models.example/anthropic"),
    ],
)
def test_addresses_are_understood_with_and_without_their_version(kind: str, url: str, base: str) -> None:
    settings = settings_of({"it": {"kind": kind, "url": url}}).tools["it"]
    root = "/v1" if kind == "openai" else ""
    assert resolve("it", settings, "https://default.example", root=root).base.removesuffix("/v1" if kind == "claude" else "-") == base


def test_a_query_of_the_address_stays_behind_every_path() -> None:
    settings = settings_of({"it": {"kind": "openai", "url": "https://x.example/v1?api-version=3"}}).tools["it"]
    endpoint = resolve("it", settings, "")
    assert endpoint.at("/models") == "https://x.example/v1/models?api-version=3"
    assert endpoint.at("/models?limit=2") == "https://x.example/v1/models?limit=2&api-version=3"


BUILD = """
import sys
from orchestra_lsp.tools.registry import Shared, build, kinds
early = {name for name in sys.modules if name.startswith("orchestra_lsp.tools.")}
assert not early & {"orchestra_lsp.tools." + kind for kind in kinds()}, early
from orchestra_lsp.config import Settings
tools = {kind: {"kind": kind, "url": "http://127.0.0.1:1"} for kind in ("openai", "claude")}
made = build(Settings.model_validate({"tools": tools}), Shared())
assert list(made.tools) == ["openai", "claude"]
heavy = {"httpx", "httpcore", "anyio", "certifi", "numpy", "keyring"} & set(sys.modules)
assert not heavy, heavy
"""


def test_building_imports_nothing_heavy_and_the_registry_no_adapter() -> None:
    done = subprocess.run([sys.executable, "-c", BUILD], capture_output=True, text=True, timeout=60, cwd=TOOLS.parents[1])
    assert done.returncode == 0, done.stderr
