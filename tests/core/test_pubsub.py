"""Hints: what arrives, and that a silent death of Redis is noticed."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.pubsub import Hints
from tests.fixtures.redis_server import RedisServer, free_port
from tests.fixtures.waiting import until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@contextlib.asynccontextmanager
async def running(url: str, channel: str = "hints") -> AsyncIterator[Hints]:
    hints = Hints(url, channel)
    await hints.start()
    try:
        yield hints
    finally:
        await hints.stop()


async def test_a_hint_reaches_listeners_of_another_process(redis: RedisServer) -> None:
    heard: list[UUID] = []
    workspace = uuid4()
    async with running(redis.url) as here, running(redis.url) as there:
        there.listen(heard.append)
        await until(lambda: here.healthy and there.healthy)

        here.send(workspace)

        await until(lambda: heard == [workspace])


async def test_a_hint_reaches_local_listeners_at_once_and_without_redis() -> None:
    heard: list[UUID] = []
    workspace = uuid4()
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")
    hints.listen(heard.append)

    hints.send(workspace)

    assert heard == [workspace]


async def test_its_own_hint_does_not_come_back_as_an_echo(redis: RedisServer) -> None:
    heard: list[UUID] = []
    foreign = uuid4()
    async with running(redis.url) as here, running(redis.url) as there:
        here.listen(heard.append)
        await until(lambda: here.healthy and there.healthy)

        here.send(own := uuid4())
        await asyncio.sleep(0.3)
        there.send(foreign)
        await until(lambda: foreign in heard)

    assert heard == [own, foreign]


async def test_an_unlistened_callback_hears_nothing() -> None:
    heard: list[UUID] = []
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")
    unlisten = hints.listen(heard.append)

    unlisten()
    unlisten()
    hints.send(uuid4())

    assert heard == []


async def test_a_failing_listener_does_not_keep_others_from_hearing() -> None:
    heard: list[UUID] = []
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")

    def fail(_: UUID) -> None:
        raise RuntimeError

    hints.listen(fail)
    hints.listen(heard.append)
    hints.send(uuid4())

    assert len(heard) == 1


async def test_channels_keep_deployments_apart(redis: RedisServer) -> None:
    heard: list[UUID] = []
    async with running(redis.url, "one") as one, running(redis.url, "two") as two, running(redis.url, "two") as three:
        two.listen(heard.append)
        await until(lambda: one.healthy and two.healthy and three.healthy)

        one.send(uuid4())
        three.send(right := uuid4())
        await until(lambda: bool(heard))

    assert heard == [right]


async def test_a_unix_socket_works(redis: RedisServer) -> None:
    heard: list[UUID] = []
    url = f"unix://{redis.socket}"
    async with running(url) as here, running(url) as there:
        there.listen(heard.append)
        await until(lambda: here.healthy and there.healthy)

        here.send(workspace := uuid4())

        await until(lambda: heard == [workspace])


async def test_a_killed_redis_is_noticed_and_hints_flow_again_after_its_return(redis: RedisServer) -> None:
    heard: list[UUID] = []
    async with running(redis.url) as here, running(redis.url) as there:
        there.listen(heard.append)
        await until(lambda: here.healthy and there.healthy)

        redis.kill()
        await until(lambda: not here.healthy and not there.healthy, 4)
        redis.start()
        await until(lambda: here.healthy and there.healthy)
        here.send(workspace := uuid4())

        await until(lambda: workspace in heard)


async def test_a_redis_that_freezes_is_noticed(redis: RedisServer) -> None:
    async with running(redis.url) as hints:
        await until(lambda: hints.healthy)
        assert redis.process is not None

        os.kill(redis.process.pid, signal.SIGSTOP)
        try:
            await until(lambda: not hints.healthy, 4)
        finally:
            os.kill(redis.process.pid, signal.SIGCONT)

        await until(lambda: hints.healthy)


async def test_starting_without_redis_succeeds_and_stopping_is_quick() -> None:
    hints = Hints(f"redis://127.0.0.1:{free_port()}/0")
    began = time.monotonic()

    await hints.start()
    await asyncio.sleep(0.3)
    healthy = hints.healthy
    await hints.stop()

    assert not healthy
    assert time.monotonic() - began < 2


async def test_a_subscription_that_dies_while_publishing_works_is_built_anew(redis: RedisServer) -> None:
    heard: list[UUID] = []
    async with running(redis.url) as here, running(redis.url) as there:
        there.listen(heard.append)
        await until(lambda: here.healthy and there.healthy)

        redis.kill()
        redis.start()
        await until(lambda: not there.healthy, 4)
        await until(lambda: here.healthy and there.healthy)
        here.send(workspace := uuid4())

        await until(lambda: workspace in heard)
