"""Time limits of waits: they end in time, move, and let cancellation from outside through."""

from __future__ import annotations

import asyncio
import time

import pytest

from orchestra_lsp.tools.wire.limit import Limit


def soon(seconds: float) -> float:
    return time.monotonic() + seconds


async def test_a_wait_that_ends_in_time_gives_its_result() -> None:
    limit = Limit()
    for number in range(3):
        assert await limit.wait(asyncio.sleep(0.001, number), soon(5)) == number
    limit.close()


async def test_a_wait_that_does_not_is_ended() -> None:
    limit = Limit()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        await limit.wait(asyncio.Event().wait(), soon(0.05))
    assert 0.04 < time.monotonic() - start < 1
    assert await limit.wait(asyncio.sleep(0, "and then another"), soon(5)) == "and then another"
    limit.close()


async def test_a_limit_in_the_past_ends_at_once() -> None:
    limit = Limit()
    with pytest.raises(TimeoutError):
        await limit.wait(asyncio.Event().wait(), soon(-1))
    limit.close()


@pytest.mark.parametrize(("first", "second"), [(5, 0.05), (0.05, 0.15)], ids=["earlier", "later"])
async def test_the_limit_can_be_moved(first: float, second: float) -> None:
    limit = Limit()
    await limit.wait(asyncio.sleep(0), soon(first))
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        await limit.wait(asyncio.Event().wait(), soon(second))
    assert second - 0.02 < time.monotonic() - start < second + 1
    limit.close()


async def test_it_rings_only_for_those_who_wait() -> None:
    limit = Limit()
    await limit.wait(asyncio.sleep(0), soon(0.01))
    await asyncio.sleep(0.05)  # whoever does something else in between is left alone
    assert await limit.wait(asyncio.sleep(0.01, "fine"), soon(5)) == "fine"
    limit.close()


async def test_cancelling_from_outside_is_not_taken_for_the_limit() -> None:
    limit = Limit()
    task = asyncio.create_task(limit.wait(asyncio.Event().wait(), soon(5)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    limit.close()


async def test_an_outer_limit_goes_first() -> None:
    limit = Limit()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await limit.wait(asyncio.Event().wait(), soon(5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await limit.wait(asyncio.Event().wait(), soon(0.03))
    limit.close()
