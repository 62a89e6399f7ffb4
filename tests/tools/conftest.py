"""Providers for the tests of the tools: real processes that are started once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from orchestra_lsp.tools.registry import Shared
from tests.support.providers.processes import FakeProvider, fake_provider, llama_cpp


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    """The base address of a real llama.cpp server with a tiny random model."""
    with llama_cpp() as url:
        yield url


@pytest.fixture(scope="session")
def provider_process() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def provider(provider_process: FakeProvider) -> FakeProvider:
    """The provider with faults, its counters at zero."""
    provider_process.reset({})
    return provider_process


@pytest.fixture
async def shared() -> AsyncIterator[Shared]:
    """What tools share; afterwards nothing of it may be left running."""
    shared = Shared()
    yield shared
    await shared.close()
    for _ in range(20):  # httpx leaves its iterators to the garbage collector, which ends them on the loop
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and "connected" not in repr(task.get_coro())]
    assert not left, f"left running: {left}"
