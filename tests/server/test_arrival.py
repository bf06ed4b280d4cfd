"""The first message of a request: asked for at once, and waited for only when it is not here."""

import asyncio

import pytest
from starlette.types import Message

from server.protocols.asgi import Arrival, ClientGone, body_of

WHOLE: Message = {"type": "http.request", "body": b"whole", "more_body": False}


async def at_once() -> Message:
    return WHOLE


async def test_what_is_here_needs_no_waiting() -> None:
    first = Arrival(at_once)

    assert first.message == WHOLE
    assert await first == WHOLE
    assert await body_of(first, at_once, 5) == b"whole"


async def test_what_is_not_here_is_waited_for() -> None:
    ready, turns = asyncio.Event(), 0

    async def late() -> Message:
        nonlocal turns
        for _ in range(3):
            await ready.wait()
            await asyncio.sleep(0)
            turns += 1
        return WHOLE

    first = Arrival(late)
    assert first.message is None
    asyncio.get_running_loop().call_later(0.01, ready.set)

    assert await body_of(first, late, 5) == b"whole"
    assert turns == 3


async def test_whoever_stops_waiting_ends_what_was_asked_for() -> None:
    ended: list[str] = []

    async def never() -> Message:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")
        return WHOLE

    first = Arrival(never)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await first

    assert ended == ["ended"]


async def test_a_body_that_is_too_long_or_breaks_off_is_none() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    assert await body_of(Arrival(at_once), at_once, 4) is None
    with pytest.raises(ClientGone):
        await body_of(Arrival(gone), gone, 4)
