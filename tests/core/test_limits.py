"""Limits: exact under concurrency, refilled as time passes, and held by each process when Redis is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from core.errors import RateLimited
from core.ground import Ground
from core.ids import uuid7
from core.limits import Quota, Throttle
from tests.fixtures.redis_server import RedisServer, free_port
from tests.fixtures.waiting import until_holds

TEN = Quota(limit=10, seconds=600)


@asynccontextmanager
async def throttle_at(url: str, *, call: float = 0.3) -> AsyncIterator[Throttle]:
    redis = Redis.from_url(url, socket_timeout=max(call, 1), socket_connect_timeout=max(call, 1))
    try:
        yield Throttle(redis, call=call)
    finally:
        await redis.aclose()


@pytest.fixture
async def throttle(redis_url: str) -> AsyncIterator[Throttle]:
    """Limits that wait for their Redis, however busy the machine is."""
    async with throttle_at(redis_url, call=8.0) as patient:
        yield patient


async def accepted(throttle: Throttle, key: str, tries: int, quota: Quota = TEN) -> int:
    results = await asyncio.gather(*(throttle.spend(key, quota) for _ in range(tries)), return_exceptions=True)
    assert all(isinstance(each, RateLimited) for each in results if isinstance(each, BaseException))
    return sum(not isinstance(each, BaseException) for each in results)


async def test_as_many_are_accepted_as_may_be_and_no_more(throttle: Throttle) -> None:
    key = uuid7().hex

    assert await accepted(throttle, key, 50) == 10
    assert await accepted(throttle, uuid7().hex, 1) == 1


async def test_two_processes_share_one_limit(throttle: Throttle, redis_url: str) -> None:
    key = uuid7().hex
    async with throttle_at(redis_url, call=8.0) as other:
        both = await asyncio.gather(accepted(throttle, key, 20), accepted(other, key, 20))

    assert sum(both) == 10


async def test_the_wait_is_told_and_what_is_refused_is_not_counted(throttle: Throttle) -> None:
    key = uuid7().hex
    await accepted(throttle, key, 10)

    waits = []
    for _ in range(3):
        with pytest.raises(RateLimited) as refused:
            await throttle.spend(key, TEN)
        waits.append(refused.value.retry_after)

    assert all(55 < each <= 60 for each in waits)


async def test_time_pays_back_one_by_one(throttle: Throttle) -> None:
    key, quick = uuid7().hex, Quota(limit=5, seconds=1.0)
    await accepted(throttle, key, 5, quick)
    with pytest.raises(RateLimited) as refused:
        await throttle.spend(key, quick)

    await asyncio.sleep(refused.value.retry_after + 0.02)

    assert 1 <= await accepted(throttle, key, 5, quick) <= 2


async def test_a_cost_counts_as_many(throttle: Throttle) -> None:
    key = uuid7().hex

    standing = await throttle.spend(key, TEN, cost=7)

    assert standing.remaining == 3
    with pytest.raises(RateLimited):
        await throttle.spend(key, TEN, cost=4)
    assert (await throttle.spend(key, TEN, cost=3)).remaining == 0


async def test_what_is_forgotten_begins_again(throttle: Throttle) -> None:
    key = uuid7().hex
    await accepted(throttle, key, 10)

    await throttle.clear(key)

    assert await accepted(throttle, key, 20) == 10


async def test_keys_leave_the_process_as_hashes_and_go_by_themselves(ground: Ground) -> None:
    key = f"ana.{uuid7().hex}@example.com"
    await ground.throttle.spend(key, TEN)

    names = [each async for each in ground.redis.scan_iter("limit:*")]
    lives = [await ground.redis.pttl(each) for each in names]

    assert not any(key.encode() in each for each in names)
    assert all(each == -2 or 0 < each <= 3_600_001 for each in lives), "-2: gone meanwhile"


async def test_without_redis_the_limit_holds_in_this_process() -> None:
    async with throttle_at(f"redis://127.0.0.1:{free_port()}/0") as alone:
        assert await accepted(alone, "key", 50) == 10
        await alone.clear("key")
        assert await accepted(alone, "key", 50) == 10


async def test_a_redis_that_dies_does_not_open_the_limit(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with throttle_at(server.url) as throttle:
            assert await accepted(throttle, "used up", 15) == 10
            assert await accepted(throttle, "half", 4) == 4
            server.kill()

            assert await accepted(throttle, "used up", 15) == 0
            assert await accepted(throttle, "half", 15) == 6
            assert await accepted(throttle, "fresh", 15) == 10
    finally:
        server.kill()


async def test_a_redis_that_comes_back_is_used_again(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with throttle_at(server.url) as throttle, Redis.from_url(server.url) as redis:
            await throttle.spend("key", TEN)
            server.kill()
            await throttle.spend("key", TEN)
            server.start()

            async def is_used() -> bool:
                await throttle.spend(uuid7().hex, TEN)
                return await redis.dbsize() > 0

            await until_holds(is_used)
    finally:
        server.kill()


async def test_a_redis_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", free := free_port())
    async with server, throttle_at(f"redis://127.0.0.1:{free}/0") as throttle:
        async with asyncio.timeout(3):
            assert await accepted(throttle, "key", 20) == 10
