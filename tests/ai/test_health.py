"""What was measured is known to all, fades, and is known here at least when Redis is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from ai.health import Health, Measured
from core.ground import Ground
from core.ids import uuid7
from tests.fixtures.redis_server import free_port
from tests.fixtures.waiting import until


@asynccontextmanager
async def health_at(url: str, *keys: str, every: float = 0.05) -> AsyncIterator[Health]:
    redis = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    health = Health(redis, every=every)
    await health.start(keys)
    try:
        yield health
    finally:
        await health.stop()
        await redis.aclose()


async def test_what_two_processes_measure_is_known_to_both(ground: Ground, redis_url: str) -> None:
    key = uuid7().hex
    async with health_at(redis_url, key) as here, health_at(redis_url, key) as there:
        for wait in (100.0, 300.0):
            here.note(key, first_token_ms=wait, is_failure=False)
        there.note(key, first_token_ms=None, is_failure=True)
        there.note(key, first_token_ms=800.0, is_failure=False)

        for each in (here, there):
            await until(lambda each=each: each.measured(key).calls > 3.9)
            measured = each.measured(key)
            assert measured.calls == pytest.approx(4, rel=0.02)
            assert measured.error_rate == pytest.approx(0.25, rel=0.02)
            assert measured.first_token_ms == pytest.approx(400, rel=0.02)


async def test_what_is_measured_is_known_here_at_once(ground: Ground, redis_url: str) -> None:
    key = uuid7().hex
    async with health_at(redis_url, every=60) as here:
        here.note(key, first_token_ms=250.0, is_failure=False)

        assert here.measured(key).first_token_ms == pytest.approx(250)


async def test_many_notes_are_told_once_and_not_twice(ground: Ground, redis_url: str) -> None:
    key = uuid7().hex
    async with health_at(redis_url, every=60) as here:
        for _ in range(5):
            await asyncio.gather(here.exchange(), here.exchange())
            here.note(key, first_token_ms=10.0, is_failure=False)
        for _ in range(3):
            await here.exchange()

        assert here.measured(key).calls == pytest.approx(5, rel=0.02)


async def test_what_nobody_asked_is_unknown(ground: Ground, redis_url: str) -> None:
    async with health_at(redis_url) as here:
        assert here.measured(uuid7().hex) == Measured()


async def test_without_redis_a_process_knows_its_own() -> None:
    async with health_at(f"redis://127.0.0.1:{free_port()}/0") as alone:
        for is_failure in (True, False):
            alone.note("key", first_token_ms=None if is_failure else 90.0, is_failure=is_failure)
        await asyncio.sleep(0.2)

        measured = alone.measured("key")
        assert measured.error_rate == pytest.approx(0.5, rel=0.02)
        assert measured.first_token_ms == pytest.approx(90)


async def test_keys_run_out_and_are_bounded_here(ground: Ground, redis_url: str) -> None:
    async with health_at(redis_url, every=60) as here:
        for number in range(1_500):
            here.note(f"k{number}", first_token_ms=1.0, is_failure=False)
        await here.exchange()

        assert here.measured("k0") == Measured()
        assert 0 < await ground.redis.pttl("ai:health:k1499") <= 900_000
