"""What Redis does to a circuit, in one step each, by its own clock. The rules are those of `ai.circuits`.

A circuit is a hash that runs out; its probe's lease is a key beside it; and one sorted set names those that are open,
each until it is forgotten. Names hold a key's scope, never a key.
"""

import hashlib
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from ai.circuits import FADE, KEPT, WINDOW, Policy

_PREFIX: Final = "ai:circuit:"
_INDEX: Final = "ai:circuits"
_MANY: Final = 2_000

_NOW: Final = """
local now = redis.call('TIME')
now = now[1] * 1000 + now[2] / 1000
"""

# Counts a failure, and opens the circuit when it is enough. Returns milliseconds left, how often it opened, the streak.
_STRIKE: Final = (
    _NOW
    + """
local threshold, cooldown, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wait, fade, window, kept = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local old = redis.call('HMGET', KEYS[1], 'streak', 'trips', 'until')
local streak = (tonumber(old[1]) or 0) * fade ^ ARGV[4] + 1
local trips, ends = tonumber(old[2]) or 0, tonumber(old[3]) or 0
if trips > 0 and ends > now then
  streak = 0
  if wait >= 0 and now + wait > ends then ends = now + wait end
elseif trips > 0 or streak >= threshold then
  ends = now + (wait >= 0 and wait or math.min(cooldown * 2 ^ trips, most))
  trips = math.min(trips + 1, 20)
  streak = 0
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[1], 'streak', streak, 'trips', trips, 'until', string.format('%.0f', ends))
redis.call('PEXPIRE', KEYS[1], math.ceil(trips > 0 and (ends - now) + kept or window))
if trips > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  redis.call('ZADD', KEYS[3], ends + kept, ARGV[9])
  redis.call('PEXPIRE', KEYS[3], 172800000)
end
return {tostring(ends - now), trips, tostring(streak)}
"""
)

# Takes the lease of the probe when the circuit is half open. Returns milliseconds left, how often it opened, the lease.
_PROBE: Final = (
    _NOW
    + """
local old = redis.call('HMGET', KEYS[1], 'trips', 'until')
local trips, left = tonumber(old[1]) or 0, (tonumber(old[2]) or 0) - now
if trips == 0 or left > 0 then return {tostring(left), trips, 0} end
local taken = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {tostring(left), trips, taken and 1 or 0}
"""
)

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
"""


async def strike(
    redis: Redis, name: str, policy: Policy, successes: int, wait: float | None
) -> tuple[float, int, float]:
    """Count a failure; return the seconds for which the circuit is open, how often it opened, and the streak."""
    times = [round(each * 1_000) for each in (policy.cooldown, policy.most)]
    asked = -1 if wait is None else round(wait * 1_000)
    rest = (FADE, round(WINDOW * 1_000), round(KEPT * 1_000), name)
    keys = (_PREFIX + name, _lease(name), _INDEX)
    left, trips, streak = await _run(redis, _STRIKE, keys, policy.threshold, *times, successes, asked, *rest)
    return float(left) / 1_000, int(trips), float(streak)


async def probe(redis: Redis, name: str, token: str, lease: float) -> tuple[float, int, bool]:
    """Try to take the lease; return the seconds that are left, how often the circuit opened, and whether it is ours."""
    keys = (_PREFIX + name, _lease(name))
    left, trips, is_ours = await _run(redis, _PROBE, keys, token, round(lease * 1_000))
    return max(0.0, float(left) / 1_000), int(trips), bool(int(is_ours))


async def release(redis: Redis, name: str, token: str) -> None:
    """Give the lease back, if it is still ours."""
    await _run(redis, _RELEASE, (_lease(name),), token)


async def close(redis: Redis, name: str) -> None:
    """Forget that a circuit ever failed."""
    pipeline: Any = redis.pipeline(transaction=True)
    pipeline.delete(_PREFIX + name, _lease(name))
    pipeline.zrem(_INDEX, name)
    await pipeline.execute()


async def opened(redis: Redis) -> dict[str, tuple[float, int]]:
    """Return the circuits that are open or half open: seconds left, and how often each opened."""
    client: Any = redis
    seconds, micros = await client.time()
    now = seconds * 1_000 + micros / 1_000
    names = [each.decode() for each in await client.zrevrange(_INDEX, 0, _MANY - 1)]
    pipeline: Any = redis.pipeline(transaction=False)
    for name in names:
        pipeline.hmget(_PREFIX + name, "trips", "until")
    answers: list[tuple[bytes | None, bytes | None]] = await pipeline.execute() if names else []
    return {
        name: (max(0.0, float(until or 0) - now) / 1_000, int(trips))
        for name, (trips, until) in zip(names, answers, strict=True)
        if trips is not None and int(trips) > 0
    }


def _lease(name: str) -> str:
    return f"{_PREFIX}{name}:probe"


async def _run(redis: Redis, script: str, keys: tuple[str, ...], *arguments: object) -> Any:
    client: Any = redis
    try:
        return await client.evalsha(_sha(script), len(keys), *keys, *arguments)
    except NoScriptError:
        return await client.eval(script, len(keys), *keys, *arguments)


def _sha(script: str) -> str:
    return hashlib.sha1(script.encode()).hexdigest()  # noqa: S324  (the name that Redis gives a script)
