"""Who follows what: one stream for a request, one for a chat, a few for a person; known to all processes through Redis.

Without Redis each process counts for itself, and a request that is sent twice begins twice. Chats have phone numbers in
their names: Redis is told of digests of names alone.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import phone
from core.errors import Invalid
from services.access import Actor
from services.assistant.copilot.asked import Asked

LEASE: Final = 180.0
"""Seconds for which a stream counts as running, should its process die."""

REMEMBERED: Final = 3_600.0
"""Seconds for which a client's request is known to have been begun."""

ALIVE: Final = 6
"""Seconds for which a process that is not heard of counts as alive."""

_TIMEOUT: Final = 0.5
_PREFIX: Final = "ai:"
_HEX: Final = 32
_AWAY: Final = (RedisError, OSError, TimeoutError)

# KEYS: the request, who runs, the chat, that the stream is alive. ARGV: the stream, milliseconds of the lease, the most
# at once, milliseconds for which a request is remembered, what marks begin with, whether there is a request ('1'),
# whether there is a chat ('1'), seconds for which the stream counts as alive until it says so itself, what is asked.
_CLAIM: Final = """
if ARGV[6] == '1' then
  local before = redis.call('GET', KEYS[1])
  if before then return {'again', before} end
end
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local old = ARGV[7] == '1' and redis.call('GET', KEYS[3])
if old then redis.call('ZREM', KEYS[2], old) end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return {'full', ''} end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[4], '1', 'EX', ARGV[8])
if ARGV[6] == '1' then redis.call('SET', KEYS[1], ARGV[1] .. ARGV[9], 'PX', ARGV[4]) end
if ARGV[7] == '1' then redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2]) end
if old then redis.call('SET', ARGV[5] .. old, 'SUPERSEDED', 'PX', ARGV[2]) end
return {'begun', old or ''}
"""
# KEYS: who runs, the chat, the request. ARGV: the stream, whether the request is to be forgotten ('1').
_RELEASE: Final = """
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
local request = ARGV[2] == '1' and redis.call('GET', KEYS[3])
if request and string.sub(request, 1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
"""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Leave to begin, or why there is none: `before` is the stream that this request began, `superseded` the one that
    ends because of this. `is_other` when the name of the request was given to another one before.
    """

    is_full: bool = False
    is_other: bool = False
    before: UUID | None = None
    superseded: UUID | None = None


async def claim(redis: Redis, actor: Actor, asked: Asked, stream_id: UUID, most: int) -> Claim:
    """Ask for leave to begin a stream."""
    keys = [_request(actor, asked), _running(actor), _chat(actor, asked), alive_of(actor, stream_id)]
    values: list[str | int] = [stream_id.hex, int(LEASE * 1_000), most, int(REMEMBERED * 1_000), mark_of("")]
    values += [int(asked.client_request_id is not None), int(asked.chat is not None), ALIVE, _digest(repr(asked))]
    script: Any = redis.eval(_CLAIM, len(keys), *keys, *values)
    try:
        async with asyncio.timeout(_TIMEOUT):
            said, which = await script
    except _AWAY as error:
        log.warning("streams are counted by this process alone", reason=type(error).__name__)
        return Claim()
    told = which.decode()
    named = UUID(hex=told[:_HEX]) if told else None
    match said:
        case b"again" if told[_HEX:] != _digest(repr(asked)):
            return Claim(is_other=True)
        case b"again":
            return Claim(before=named)
        case b"full":
            return Claim(is_full=True)
        case _:
            return Claim(superseded=named)


async def release(redis: Redis, actor: Actor, asked: Asked, stream_id: UUID, *, is_void: bool = False) -> None:
    """Give a stream's place back; one that `is_void` never began, and its request may be sent again."""
    keys = [_running(actor), _chat(actor, asked), _request(actor, asked)]
    script: Any = redis.eval(_RELEASE, len(keys), *keys, stream_id.hex, int(is_void))
    try:
        async with asyncio.timeout(_TIMEOUT):
            await script
    except _AWAY as error:
        log.warning("a stream's place runs out by itself", reason=type(error).__name__)


def mark_of(stream_id: str) -> str:
    """Name the mark that ends a stream, wherever it runs."""
    return f"{_PREFIX}end:{stream_id}"


def stream_of(actor: Actor, stream_id: UUID) -> str:
    """Name a stream's events: only who began it finds them."""
    return f"{_PREFIX}stream:{_person(actor)}:{stream_id.hex}"


def alive_of(actor: Actor, stream_id: UUID) -> str:
    """Name what says that a stream is still written."""
    return f"{stream_of(actor, stream_id)}:alive"


def _request(actor: Actor, asked: Asked) -> str:
    return f"{_PREFIX}request:{_person(actor)}:{_digest(asked.client_request_id or '')}"


def _running(actor: Actor) -> str:
    return f"{_PREFIX}running:{_person(actor)}"


def _chat(actor: Actor, asked: Asked) -> str:
    return f"{_PREFIX}chat:{_person(actor)}:{_digest(_same(asked.chat or ''))}"


def _same(chat: str) -> str:
    """Return what all spellings of a person's chat have in common; what is no person's stays as it is."""
    try:
        known = phone.whatsapp(chat)
    except Invalid:
        return chat
    return f"{known.kind}:{known.key}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _person(actor: Actor) -> str:
    """Name who asks, in which workspace."""
    return f"{actor.workspace_id.hex}:{'' if actor.user_id is None else actor.user_id.hex}"
