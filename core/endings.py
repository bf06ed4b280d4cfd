"""How a conversation with Redis ends: its parts together, then its connections, whatever interrupts that.

A connection is closed for good only when nobody is left who would open it again, so the order matters. A process may be
too busy for seconds and a cancellation may come more than once: neither ends an ending half way.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

_AGAIN: Final = 0.1
_TRIES: Final = 10


async def first_end(*parts: Coroutine[Any, Any, None], name: str) -> None:
    """Run parts together until one ends; end the others and raise what ended it."""
    tasks = {asyncio.create_task(part, name=name) for part in parts}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await surely(ended(tasks))
    for task in done:
        task.result()


async def ended(tasks: set[asyncio.Task[None]], *, again: float = _AGAIN) -> None:
    """End tasks, within some seconds. Until Python 3.12 redis-py may lose a cancellation, so they are asked again."""
    pending = tasks
    for _ in range(_TRIES):
        for each in pending:
            each.cancel()
        if pending:
            _, pending = await asyncio.wait(pending, timeout=again)
    # what failed on its way out is of no interest, and asyncio need not report it
    await asyncio.gather(*(tasks - pending), return_exceptions=True)


async def closed(redis: Redis, *, within: float) -> None:
    """Close all connections of a client, also those of its subscriptions. Nobody may be using them any more.

    Twice: a process that was too busy may have had no time for the first, and a connection that was being opened is
    found by the second.
    """
    for close in (redis.aclose, redis.connection_pool.disconnect):
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(within):
                await close()


async def surely(ending: Coroutine[Any, Any, None]) -> None:
    """Wait for an ending that bounds itself. A cancellation, or several, are heeded after it."""
    task = asyncio.create_task(ending, name="ending")
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
