"""No connection to Redis is left behind, whenever and however often whoever holds it is interrupted."""

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from redis import Redis

from core import pubsub, voice
from core.endings import ended, surely
from core.pubsub import Hints
from core.voice import Voice
from tests.fixtures.redis_server import RedisServer
from tests.fixtures.waiting import until

_CALL = 0.15
_BUSY = 1.2 * _CALL
HURRIED = pubsub.Pace(ping=0.02, deaf=0.12, call=_CALL, retry_first=0.005, retry_most=0.01)
HURRIED_VOICE = voice.Pace(ping=0.02, deaf=0.12, call=_CALL, retry_first=0.005, retry_most=0.01)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def listening(url: str) -> AsyncGenerator[None]:
    """Hold both lines to Redis, until they hear themselves, and stop them at the end."""
    async with AsyncExitStack() as stack:
        hints, line = Hints(url, pace=HURRIED), Voice(url, pace=HURRIED_VOICE)
        await hints.start()
        stack.push_async_callback(hints.stop)
        await line.start(lambda _origin, _said: None, lambda: None, lambda: iter(()))
        stack.push_async_callback(line.stop)
        await until(lambda: hints.healthy and line.is_hearing)
        yield


def left_at(redis: RedisServer) -> int:
    """Return how many connections there are; one that was let go unclosed is an error here."""
    gc.collect()
    with Redis(port=redis.port) as looking:
        return len(looking.client_list()) - 1  # pyright: ignore[reportUnknownMemberType, reportArgumentType]


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("first", [3, 6])
async def test_a_process_that_is_too_busy_to_hear_itself_leaves_no_connection(redis: RedisServer, first: int) -> None:
    for second in range(1, 5):
        async with listening(redis.url):
            for each in (0, first, second, second):
                await turns(each)
                time.sleep(_BUSY)  # noqa: ASYNC251  (what keeps a process busy is what is tested)

        assert left_at(redis) == 0


@pytest.mark.parametrize("times", [1, 4, 7, 8, 9])
async def test_what_is_cancelled_again_while_it_ends_leaves_no_connection(redis: RedisServer, times: int) -> None:
    others = asyncio.all_tasks()
    async with listening(redis.url):
        held = {each for each in asyncio.all_tasks() - others if each.get_name() in {"hints", "voice"}}
        for _ in range(times):
            for each in held:
                each.cancel()
            await asyncio.sleep(0)
        await asyncio.wait(held)

    assert left_at(redis) == 0


async def test_a_redis_that_goes_while_somebody_listens_leaves_no_connection(redis: RedisServer) -> None:
    async with listening(redis.url):
        redis.kill()
        await asyncio.sleep(_BUSY)
        redis.start()

    assert left_at(redis) == 0


async def test_an_ending_is_waited_for_by_whoever_is_cancelled_twice() -> None:
    done = asyncio.Event()

    async def ending() -> None:
        await asyncio.sleep(0.05)
        done.set()

    task = asyncio.create_task(surely(ending()))
    for _ in range(2):
        await turns(2)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert done.is_set()


async def test_a_task_that_loses_a_cancellation_is_asked_again() -> None:
    async def deaf() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await ended({task})

    assert task.cancelled()
