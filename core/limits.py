"""How often something may be done: the generic cell rate algorithm, in Redis for all processes, or here without it.

When Redis is away each process counts on by itself, from where it last saw the count. That slows down, and never opens.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from core.errors import RateLimited

_CALL: Final = 0.3
_LOCAL_KEYS: Final = 10_000
_PREFIX: Final = "limit:"

# Keeps, per key, the moment at which everything spent so far is paid back ("theoretical arrival time"). Redis's own
# clock counts, so that processes need not agree on the time. Returns the wait and the time until all is paid back.
_SCRIPT: Final = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
local new = due + interval * cost
local wait = new - burst - now
if wait > 0 then return {tostring(wait), tostring(due - now)} end
redis.call('SET', KEYS[1], string.format('%.6f', new), 'PX', math.ceil((new - now) * 1000) + 1)
return {'0', tostring(new - now)}
"""
_SHA: Final = hashlib.sha1(_SCRIPT.encode()).hexdigest()  # noqa: S324  (the name that Redis gives a script)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many at once, and the same number again over so many seconds. `interval` is in how many one is paid back."""

    limit: int
    seconds: float
    interval: float = field(init=False)

    def __post_init__(self) -> None:
        """Divide once."""
        object.__setattr__(self, "interval", self.seconds / self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many are left now, and in how many seconds all will be."""

    remaining: int
    resets_in: float


class Throttle:
    """Counts by key. Keys are hashed before they leave the process: they may hold addresses.

    `call` is how many seconds Redis may take: after that this process counts by itself.
    """

    def __init__(self, redis: Redis, *, call: float = _CALL) -> None:
        self._redis = redis
        self._call = call
        self._local: OrderedDict[str, float] = OrderedDict()
        self._was_away = False

    async def spend(self, key: str, quota: Quota, cost: int = 1) -> Standing:
        """Count one, or `cost`.

        Raises:
            RateLimited: the quota is used up; says after how many seconds to try again. Nothing was counted.
        """
        name = _name(key)
        try:
            wait, ahead = await self._in_redis(name, quota, cost)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_away(error)
            wait, ahead = self._here(name, quota, cost)
        else:
            self._was_away = False
            self._remember(name, time.time() + ahead)
        if wait > 0:
            raise RateLimited(retry_after=wait)
        return Standing(remaining=max(0, int((quota.seconds - ahead) / quota.interval + 1e-6)), resets_in=ahead)

    async def clear(self, key: str) -> None:
        """Forget what was counted."""
        name = _name(key)
        self._local.pop(name, None)
        try:
            async with asyncio.timeout(self._call):
                await self._redis.delete(name)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_away(error)

    async def _in_redis(self, name: str, quota: Quota, cost: int) -> tuple[float, float]:
        redis: Any = self._redis
        arguments = (1, name, quota.interval, quota.seconds, cost)
        async with asyncio.timeout(self._call):
            try:
                wait, ahead = await redis.evalsha(_SHA, *arguments)
            except NoScriptError:
                wait, ahead = await redis.eval(_SCRIPT, *arguments)
        return float(wait), float(ahead)

    def _here(self, name: str, quota: Quota, cost: int) -> tuple[float, float]:
        now = time.time()
        due = max(self._local.get(name, now), now)
        new = due + quota.interval * cost
        wait = new - quota.seconds - now
        if wait > 0:
            return wait, due - now
        self._remember(name, new)
        return 0.0, new - now

    def _remember(self, name: str, due: float) -> None:
        # answers that were asked for at once may come in any order: the latest due is the true one
        self._local[name] = max(due, self._local.get(name, 0.0))
        self._local.move_to_end(name)
        while len(self._local) > _LOCAL_KEYS:
            self._local.popitem(last=False)

    def _note_away(self, error: Exception) -> None:
        if not self._was_away:
            self._was_away = True
            log.warning("limits are counted in this process alone", reason=type(error).__name__)


def _name(key: str) -> str:
    return _PREFIX + hashlib.blake2s(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
