"""How models have been lately: time to the first token and share of failures, known to all processes through Redis.

Sums that halve every two minutes: they can be added whoever measured them, what was not measured for long is unknown
again, and no list of calls is kept. Redis is asked once a second, never by a call. Without it each process knows its
own.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

_KEYS: Final = 1_000
_LEAST: Final = 0.01
_HALF_LIFE: Final = 120.0
_KEPT: Final = 900.0
_TIMEOUT: Final = 0.5
_STOP: Final = 2.0
_PREFIX: Final = "ai:health:"

# Adds to the sums of one model, faded to this moment by Redis's own clock, and returns them. Reading writes nothing.
_SCRIPT: Final = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local old = redis.call('HMGET', KEYS[1], 'calls', 'failures', 'waits', 'waited', 'at')
local fade = old[5] and 0.5 ^ (math.max(now - old[5], 0) / ARGV[1]) or 0
local sums = {}
for place = 1, 4 do sums[place] = (tonumber(old[place]) or 0) * fade + ARGV[place + 2] end
if tonumber(ARGV[3]) > 0 then
  redis.call('HSET', KEYS[1], 'calls', sums[1], 'failures', sums[2], 'waits', sums[3], 'waited', sums[4],
    'at', string.format('%.3f', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {tostring(sums[1]), tostring(sums[2]), tostring(sums[3]), tostring(sums[4])}
"""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Lately: how many calls, which share failed, and milliseconds to the first token, when there was one."""

    calls: float = 0.0
    error_rate: float = 0.0
    first_token_ms: float | None = None


_UNMEASURED: Final = Measured()


@dataclass(frozen=True, slots=True)
class _Sums:
    """Calls, failures, answers that began, and the milliseconds until they did; as of a monotonic moment."""

    calls: float = 0.0
    failures: float = 0.0
    waits: float = 0.0
    waited: float = 0.0
    at: float = 0.0

    def __add__(self, other: "_Sums") -> "_Sums":
        at = max(self.at, other.at)
        mine, its = _fade(at - self.at), _fade(at - other.at)
        return _Sums(
            self.calls * mine + other.calls * its,
            self.failures * mine + other.failures * its,
            self.waits * mine + other.waits * its,
            self.waited * mine + other.waited * its,
            at,
        )


@dataclass(slots=True)
class _Known:
    """What all processes measured as Redis last said, and what is not told to it yet."""

    shared: _Sums
    own: _Sums


class Health:
    """Notes calls, and tells how models have been. Keys are the catalogue's."""

    def __init__(self, redis: Redis, *, every: float = 1.0) -> None:
        """`every` is how often to tell and to ask, in seconds."""
        self._redis = redis
        self._every = every
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._was_away = False

    async def start(self, keys: Iterable[str] = ()) -> None:
        """Begin to exchange with Redis, in the background; ask for these from the beginning."""
        for key in keys:
            self._of(key)
        if self._task is None:
            self._task = asyncio.create_task(self._exchange(), name="health")

    async def stop(self) -> None:
        """Tell what was measured, and end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_STOP)
            await self.exchange()

    def note(self, key: str, *, first_token_ms: float | None, is_failure: bool) -> None:
        """Count one call of a model. Never blocks."""
        waits, waited = (0.0, 0.0) if first_token_ms is None else (1.0, first_token_ms)
        known = self._of(key)
        known.own += _Sums(1.0, float(is_failure), waits, waited, time.monotonic())

    def measured(self, key: str) -> Measured:
        """Return how a model has been, as far as it is known here."""
        known = self._known.get(key)
        if known is None:
            return _UNMEASURED
        sums = known.shared + known.own + _Sums(at=time.monotonic())
        return Measured(
            calls=max(sums.calls, 0.0),
            error_rate=min(max(sums.failures / sums.calls, 0.0), 1.0) if sums.calls > _LEAST else 0.0,
            first_token_ms=max(sums.waited / sums.waits, 0.0) if sums.waits > _LEAST else None,
        )

    async def exchange(self) -> None:
        """Tell Redis what was measured here, and hear what all measured."""
        keys = tuple(self._known)
        told = {key: self._known[key].own for key in keys}
        try:
            async with asyncio.timeout(_TIMEOUT):
                answers = await self._tell(told)
        except (RedisError, OSError, TimeoutError) as error:
            if not self._was_away:
                self._was_away = True
                log.warning("health of models is known to this process alone", reason=type(error).__name__)
            return
        self._was_away = False
        now = time.monotonic()
        for key, answer in zip(keys, answers, strict=True):
            known = self._known.get(key)
            if known is not None:
                calls, failures, waits, waited = map(float, answer)
                known.shared = _Sums(calls, failures, waits, waited, now)
                known.own += _negative(told[key])

    async def _tell(self, told: dict[str, _Sums]) -> list[Any]:
        pipeline: Any = self._redis.pipeline(transaction=False)
        for key, sums in told.items():
            times = (_HALF_LIFE, int(_KEPT * 1_000))
            pipeline.eval(_SCRIPT, 1, _PREFIX + key, *times, sums.calls, sums.failures, sums.waits, sums.waited)
        return await pipeline.execute()

    async def _exchange(self) -> None:
        while True:
            await self.exchange()
            await asyncio.sleep(self._every)

    def _of(self, key: str) -> _Known:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known(_Sums(), _Sums())
            while len(self._known) > _KEYS:
                self._known.popitem(last=False)
        return known


def _fade(seconds: float) -> float:
    with suppress(OverflowError):
        return 0.5 ** (max(seconds, 0.0) / _HALF_LIFE)
    return 0.0


def _negative(sums: _Sums) -> _Sums:
    return _Sums(-sums.calls, -sums.failures, -sums.waits, -sums.waited, sums.at)
