"""A stream's events in Redis, for whoever lost their socket or comes back to another process: sealed, for ten minutes.

A batch is one entry, named after its last event's place. The process that writes a stream says so every second; when it
is not heard for a while, it is gone, and so is the rest of the stream.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from core.ground import Ground
from services.access import Actor
from services.assistant.copilot import events
from services.assistant.copilot.claims import ALIVE, alive_of, mark_of, stream_of
from services.assistant.copilot.events import Failed, Numbered, merged

KEPT: Final = 600
"""Seconds for which events can be read again after the last one."""

_BLOCK_MS: Final = 1_000
_BATCHES: Final = 5_000
_FURTHEST: Final = 2**53
_READ: Final = 100
_TIMEOUT: Final = 2.0
_AWAY: Final = (RedisError, OSError, TimeoutError)
_GONE: Final = "STREAM_LOST"
_LOST: Final = Failed(code=_GONE, message="The server that wrote this is gone: ask again.", retryable=True)

log = structlog.stdlib.get_logger(__name__)


class Mirror:
    """Writes one stream's events, and hears whether it should end."""

    def __init__(self, ground: Ground, actor: Actor, stream_id: UUID) -> None:
        self._ground = ground
        self.is_followed = False
        """Whether it is followed through Redis, as was heard last."""
        self._key = stream_of(actor, stream_id)
        self._alive = alive_of(actor, stream_id)
        self._mark = mark_of(stream_id.hex)
        self._is_away = False

    async def tell(self, batch: list[Numbered]) -> str | None:
        """Write a batch, which may be empty, and say that this goes on; return why it should end, if it should."""
        redis = self._ground.redis
        async with redis.pipeline(transaction=False) as pipe:
            if batch:
                sealed = self._ground.vault.seal(events.written(batch))
                pipe.xadd(self._key, {b"e": sealed}, id=f"{batch[-1].seq}-0", maxlen=_BATCHES)
                pipe.expire(self._key, KEPT)
            if batch and batch[-1].is_last:
                pipe.delete(self._alive)
            else:
                pipe.set(self._alive, b"1", ex=ALIVE)
            pipe.exists(_followed(self._key))
            pipe.get(self._mark)
            try:
                async with asyncio.timeout(_TIMEOUT):
                    answers: list[Any] = await pipe.execute(raise_on_error=False)
            except _AWAY as error:
                self._note_away(error)
                return None
        followed, mark = answers[-2:]
        self.is_followed = followed == 1
        for each in answers:
            # an entry that is there already was written by a try whose answer was lost
            if isinstance(each, Exception) and not isinstance(each, ResponseError):
                self._note_away(each)
        return mark.decode() if isinstance(mark, bytes) else None

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            self._is_away = True
            log.warning("a stream can be followed in this process alone", reason=type(error).__name__)


async def end(redis: Redis, stream_id: UUID, why: str) -> None:
    """Have a stream ended, wherever it runs."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            await redis.set(mark_of(stream_id.hex), why, ex=KEPT)
    except _AWAY as error:
        log.warning("a stream was not ended elsewhere", reason=type(error).__name__)


async def is_kept(ground: Ground, actor: Actor, stream_id: UUID) -> bool:
    """Tell whether a stream's events can be read, or will be."""
    async with asyncio.timeout(_TIMEOUT):
        found: int = await ground.redis.exists(stream_of(actor, stream_id), alive_of(actor, stream_id))
    return found > 0


async def is_shown(ground: Ground, actor: Actor, stream_id: UUID) -> bool:
    """Tell whether anybody reads a stream's pieces through Redis, or did. While that is away, nobody is known to."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            found: int = await ground.redis.exists(_shown(stream_of(actor, stream_id)))
    except _AWAY as error:
        log.warning("who follows a stream elsewhere is not known", reason=type(error).__name__)
        return False
    return found > 0


async def read(ground: Ground, actor: Actor, stream_id: UUID, after: int, *, shows: bool) -> AsyncGenerator[Numbered]:
    """Yield a stream's events behind a place, as they come, until its last one. What comes together is joined. Whoever
    reads `shows` the pieces, or waits for all of them.

    Raises:
        RedisError, OSError, TimeoutError: Redis is away.
        SealBroken: what is kept was sealed with another secret.
    """
    key, alive, seq = stream_of(actor, stream_id), alive_of(actor, stream_id), min(max(after, 0), _FURTHEST)
    if shows:
        async with asyncio.timeout(_TIMEOUT):
            await ground.redis.set(_shown(key), b"1", ex=KEPT)
    while True:
        async with asyncio.timeout(_TIMEOUT):
            await ground.redis.set(_followed(key), b"1", ex=ALIVE)
            entries: list[Any] = await ground.redis.xrange(key, min=f"({seq}-0", count=_READ)
        found = [each for _, fields in entries for each in events.read(ground.vault.unseal(fields[b"e"]))]
        for each in merged([each for each in found if each.seq > seq]):
            yield each
            seq = each.seq
            if each.is_last:
                return
        if not entries and not await _wait(ground, key, alive, seq):
            if not await _is_whole(ground, key):
                yield Numbered(seq=seq + 1, event=_LOST)
            return


async def _wait(ground: Ground, key: str, alive: str, seq: int) -> bool:
    """Wait a second at most for more; return whether there is, or will be."""
    async with asyncio.timeout(_BLOCK_MS / 1_000 + _TIMEOUT):
        if await ground.redis.xread({key: f"{seq}-0"}, count=1, block=_BLOCK_MS):
            return True
        if await ground.redis.exists(alive):
            return True
        # it may have been written between the two
        return bool(await ground.redis.xrange(key, min=f"({seq}-0", count=1))


async def _is_whole(ground: Ground, key: str) -> bool:
    """Tell whether a stream's last event is there: whoever has seen it waits for nothing."""
    async with asyncio.timeout(_TIMEOUT):
        entries: list[Any] = await ground.redis.xrevrange(key, count=1)
    return any(events.read(ground.vault.unseal(fields[b"e"]))[-1].is_last for _, fields in entries)


def _shown(key: str) -> str:
    """Name what says that somebody was shown pieces through Redis."""
    return f"{key}:shown"


def _followed(key: str) -> str:
    """Name what says that somebody follows through Redis."""
    return f"{key}:followed"
