"""Rooms between processes: who is there is known everywhere, fades by itself, and a silence concludes nothing."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis

from core.ephemeral import Ephemeral, EphemeralClosed, EphemeralFull, Member, Members, Pace, Seat
from core.voice import Pace as VoicePace
from core.voice import Voice
from tests.fixtures.redis_server import RedisServer, free_port
from tests.fixtures.waiting import until

FAST = Pace(beat=0.2, fade=0.8, mark=0.6, gather=0.05, look=0.05)
ALERT = VoicePace(ping=0.1, deaf=0.5, call=0.5, retry_most=0.3)
ANA, BIA = Member("ana"), Member("bia")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def running(url: str, *, pace: Pace = FAST) -> AsyncIterator[Ephemeral]:
    ephemeral = Ephemeral(Voice(url, pace=ALERT), pace=pace)
    await ephemeral.start()
    try:
        yield ephemeral
    finally:
        await ephemeral.stop()


async def becomes(seat: Seat, *members: Member, seconds: float = 5.0) -> None:
    """Wait until a seat is told of exactly these."""
    async with asyncio.timeout(seconds):
        while await seat.get(seconds) != members:
            pass


async def stays_silent(seat: Seat, seconds: float) -> bool:
    return await seat.get(seconds) is None


async def test_whoever_enters_hears_who_is_there_in_every_process(redis: RedisServer) -> None:
    async with running(redis.url) as here, running(redis.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with here.enter("room", "ana") as ana:
            await becomes(ana, ANA)

            with there.enter("room", "bia") as bia:
                await becomes(bia, ANA, BIA)
                await becomes(ana, ANA, BIA)

            await becomes(ana, ANA)


async def test_whoever_enters_need_not_wait_until_the_others_speak_by_themselves(redis: RedisServer) -> None:
    slow = Pace(beat=60, fade=60)
    async with running(redis.url, pace=slow) as here, running(redis.url, pace=slow) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with here.enter("room", "ana") as ana:
            with there.enter("room", "bia") as bia:
                await becomes(bia, ANA, BIA)
            await becomes(ana, ANA)

            with there.enter("room", "bia") as bia:
                await becomes(bia, ANA, BIA)


async def test_rooms_are_apart(redis: RedisServer) -> None:
    async with running(redis.url) as here, running(redis.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with here.enter("room", "ana") as ana, there.enter("other room", "bia") as bia:
            await becomes(ana, ANA)
            await becomes(bia, BIA)

            assert await stays_silent(ana, 0.4)


async def test_a_person_with_two_seats_is_there_until_the_last_is_left(redis: RedisServer) -> None:
    async with running(redis.url) as here, running(redis.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with there.enter("room", "bia") as bia:
            with here.enter("room", "ana"):
                with here.enter("room", "ana"):
                    await becomes(bia, ANA, BIA)
                assert await stays_silent(bia, 0.3)

            await becomes(bia, BIA)


async def test_a_mark_fades_unless_it_is_made_again_and_may_be_taken_back_elsewhere(redis: RedisServer) -> None:
    async with running(redis.url) as here, running(redis.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with there.enter("room", "bia") as bia:
            await becomes(bia, BIA)
            here.mark("room", "ana", is_busy=True)
            await becomes(bia, Member("ana", True), BIA)
            await becomes(bia, BIA, seconds=2.0)
            here.mark("room", "ana", is_busy=True)
            await becomes(bia, Member("ana", True), BIA)

            there.mark("room", "ana", is_busy=False)

            await becomes(bia, BIA, seconds=0.4)


async def test_changes_in_quick_succession_are_told_together(redis: RedisServer) -> None:
    async with running(redis.url, pace=Pace(gather=0.3)) as here:
        await until(lambda: here.is_hearing)
        told: list[Members] = []
        with here.enter("room", "ana") as ana:
            await becomes(ana, ANA)
            for number in range(50):
                here.mark("room", "ana", is_busy=number % 2 == 0)
                found = await ana.get(0.005)
                told += [] if found is None else [found]
            here.mark("room", "bia", is_busy=True)
            await becomes(ana, ANA, Member("bia", True))

        assert len(told) <= 4


async def test_who_belongs_to_a_process_that_died_fades(redis: RedisServer) -> None:
    async with running(redis.url) as here:
        await until(lambda: here.is_hearing)
        with here.enter("room", "ana") as ana:
            async with Redis.from_url(redis.url) as speaker:
                said = {"from": "another", "room": "room", "members": [["bia", False]], "asks": False, "unmarked": []}
                await speaker.publish("whatshybrid:voice", orjson.dumps(said))
            await becomes(ana, ANA, BIA)

            await becomes(ana, ANA, seconds=2.0)


async def test_a_killed_redis_says_nothing_and_afterwards_all_is_as_it_is(redis: RedisServer) -> None:
    async with running(redis.url) as here, running(redis.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with here.enter("room", "ana") as ana, there.enter("room", "bia"):
            await becomes(ana, ANA, BIA)
            redis.kill()
            is_silent = await stays_silent(ana, 1.6)
            caio = there.enter("room", "caio")

            redis.start()

            await becomes(ana, ANA, BIA, Member("caio"), seconds=6.0)
            assert is_silent
            caio.__exit__()


async def test_a_frozen_redis_is_noticed(redis: RedisServer) -> None:
    assert redis.process is not None
    async with running(redis.url) as here, running(redis.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        with here.enter("room", "ana") as ana, there.enter("room", "bia"):
            await becomes(ana, ANA, BIA)
            os.kill(redis.process.pid, signal.SIGSTOP)
            await until(lambda: not here.is_hearing)
            is_silent = await stays_silent(ana, 1.2)
            os.kill(redis.process.pid, signal.SIGCONT)
            await until(lambda: here.is_hearing)

            assert is_silent
            assert await stays_silent(ana, 0.5)


async def test_a_seat_that_is_taken_while_redis_is_away_is_told_when_it_is_back(redis: RedisServer) -> None:
    redis.kill()
    async with running(redis.url) as here:
        with here.enter("room", "ana") as ana:
            assert await stays_silent(ana, 0.3)

            redis.start()

            await becomes(ana, ANA)


async def test_it_ends_at_once_with_a_word_even_without_redis() -> None:
    before = asyncio.all_tasks()
    ephemeral = Ephemeral(Voice(f"redis://127.0.0.1:{free_port()}/0", pace=ALERT), pace=FAST)
    await ephemeral.start()
    seat = ephemeral.enter("room", "ana")

    async with asyncio.timeout(2):
        await ephemeral.stop()

    with pytest.raises(EphemeralClosed):
        await seat.get(1)
    with pytest.raises(EphemeralClosed):
        ephemeral.enter("room", "ana")
    assert asyncio.all_tasks() - before == set()


async def test_nothing_is_left_when_all_have_gone(redis: RedisServer) -> None:
    async with running(redis.url) as here:
        await until(lambda: here.is_hearing)
        for number in range(50):
            with here.enter(f"room {number}", "ana"):
                here.mark(f"room {number}", "bia", is_busy=True)

        await until(lambda: here.rooms == 0)

        assert here.seats == 0
        async with Redis.from_url(redis.url) as looking:
            assert await looking.keys("*") == []


async def test_what_is_no_message_does_no_harm(redis: RedisServer) -> None:
    junk = [b"", b"{", b"[]", b"1", b'{"from":1}', b'{"from":"x","room":"room"}', b'{"from":"x","room":[]}', b"\xff"]
    bad = {"from": "x", "room": "room", "members": [1, None], "asks": True, "unmarked": []}
    async with running(redis.url) as here, Redis.from_url(redis.url) as speaker:
        await until(lambda: here.is_hearing)
        with here.enter("room", "ana") as ana:
            await becomes(ana, ANA)

            for each in (*junk, orjson.dumps(bad)):
                await speaker.publish("whatshybrid:voice", each)

            assert await stays_silent(ana, 0.3)
            assert here.is_hearing


async def test_a_room_shows_a_bounded_number_of_people(redis: RedisServer) -> None:
    async with running(redis.url) as here:
        await until(lambda: here.is_hearing)
        seats = [here.enter("room", f"p{number:03}") for number in range(80)]

        members = await seats[0].get(2)

        assert members is not None
        assert len(members) == 50
        for each in seats:
            each.__exit__()


async def test_there_are_so_many_seats_and_no_more() -> None:
    ephemeral = Ephemeral(Voice(f"redis://127.0.0.1:{free_port()}/0", pace=ALERT), pace=FAST)
    await ephemeral.start()
    seats = [ephemeral.enter("room", "ana") for _ in range(10_000)]

    with pytest.raises(EphemeralFull):
        ephemeral.enter("room", "ana")

    for each in seats:
        each.__exit__()
    assert ephemeral.rooms == 0
    await ephemeral.stop()


async def test_a_server_that_is_no_redis_is_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with running(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0") as here:
            with here.enter("room", "ana") as ana:
                assert await stays_silent(ana, 1.0)
                assert not here.is_hearing
