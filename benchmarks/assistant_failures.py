"""Failures: how fast the next candidate is asked, how soon another process knows, and how many find out again.

`python -m benchmarks.assistant_failures REDIS_URL` is the other process: it is told names of circuits on its input, and
says when each was open, in nanoseconds of this machine's monotonic clock, or to how many of its calls leave was given.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Final

import uvloop
from pydantic import SecretStr
from redis.asyncio import Redis

from ai.breaker import Breaker, Permit
from ai.circuits import State, Target
from ai.errors import FailureKind, ProviderFailed
from ai.failover import Failover
from ai.health import Health
from ai.messages import Message, Request, Role
from ai.outcomes import Chosen
from ai.provider import Credential, Provider
from ai.providers import make_provider
from ai.routing import Wish
from benchmarks.assistants import Bench, percentile, say
from core.settings import Strategy
from core.voice import Voice

TIMES: Final = 60
OPENED: Final = 40
PROBED: Final = 20
CALLS: Final = 50
_COOLDOWN: Final = 0.2
_LOOK: Final = 0.0005
_WAIT: Final = 10.0
_MOST_FAILOVER: Final = 50.0
_MOST_HEARD: Final = 100.0
_NOBODY: Final = "http://127.0.0.1:9"
_CHANNEL: Final = "bench:circuits"


async def measure(bench: Bench) -> None:
    """Measure, and print tables."""
    await _fail_over(bench)
    redis = bench.ground.redis
    async with _breaker(redis, bench.redis_url) as breaker, _other(bench.redis_url) as other:
        await _open(breaker, other)
        await _probe(breaker, other)


async def _fail_over(bench: Bench) -> None:
    """Measure the time to the first piece behind a first candidate that fails, and without one."""
    kinds = {
        "the first candidate answers": bench.models,
        "the first says 500": f"{bench.models}/status=500",
        "the first says 429": f"{bench.models}/status=429",
        "nobody listens where the first is": _NOBODY,
    }
    found: dict[str, list[float]] = {}
    for _ in range(TIMES):
        for name, address in kinds.items():
            found.setdefault(name, []).append(await _first(bench, address))
    bare = found["the first candidate answers"]
    say(f"\nfailover: ms of the clock to the first piece, {TIMES} interleaved calls")
    say(f"{'':36}{'p50':>8}{'p95':>8}{'p50 added':>12}{'p95 added':>12}")
    most = 0.0
    for name, each in found.items():
        p50, p95 = percentile(each, 0.5), percentile(each, 0.95)
        added = p95 - percentile(bare, 0.95)
        most = max(most, added)
        say(f"{name:36}{p50:>8.2f}{p95:>8.2f}{p50 - percentile(bare, 0.5):>12.2f}{added:>12.2f}")
    say(f"the target of {_MOST_FAILOVER:.0f} ms at p95 {'holds' if most <= _MOST_FAILOVER else 'is missed'}")


async def _first(bench: Bench, address: str) -> float:
    """Return milliseconds to the first piece, with a first candidate at an address and a second one that answers."""
    fleet = bench.assistant.fleet
    # a key of its own for each call, so that no circuit is open
    providers = {"openai": _provider(bench, "openai", address), "groq": _provider(bench, "groq", bench.models)}
    failover = Failover(fleet.failover.breaker, Health(bench.ground.redis))
    ranking = failover.rank(fleet.catalogue.models, Wish(strategy=Strategy.FAILOVER), providers)
    firsts = {each.model.provider: each for each in reversed(ranking.candidates)}
    ranking = replace(ranking, candidates=(firsts["openai"], firsts["groq"]))
    messages = (Message(role=Role.USER, text="Oi, pieces=5"),)
    run = failover.run(Request(messages=messages, model=firsts["openai"].model), ranking, providers)
    began = time.perf_counter()
    async with aclosing(run.events()) as events:
        async for each in events:
            if isinstance(each, Chosen):
                break
    whole = (time.perf_counter() - began) * 1_000
    await failover.stop()
    return whole


def _provider(bench: Bench, name: str, address: str) -> Provider:
    credential = Credential(secret=SecretStr(f"sk-{time.monotonic_ns()}"), address=address)
    return make_provider(name, credential, bench.assistant.fleet.client)


async def _open(breaker: Breaker, other: asyncio.subprocess.Process) -> None:
    """Open circuits here, and ask the other process when it knew."""
    waits: list[float] = []
    for place in range(OPENED):
        target = _target(f"open{place}")
        told = asyncio.create_task(_ask(other, f"open {target.scope}"))
        await asyncio.sleep(0.02)
        began = time.monotonic_ns()
        await breaker.failed(Permit(target=target), _failure(None))
        waits.append((int(await told) - began) / 1_000_000)
    p50, p95 = percentile(waits, 0.5), percentile(waits, 0.95)
    verdict = "holds" if max(waits) <= _MOST_HEARD else "is missed"
    taken = f"{p50:.1f} ms p50, {p95:.1f} p95, {max(waits):.1f} most"
    say(f"\na circuit opens, until another process refuses too: {taken}, of {OPENED}")
    say(f"the target of {_MOST_HEARD:.0f} ms {verdict}")


async def _probe(breaker: Breaker, other: asyncio.subprocess.Process) -> None:
    """Let two processes find a circuit half open at once, and count to how many of their calls leave is given."""
    given: list[int] = []
    for place in range(PROBED):
        target = _target(f"probe{place}")
        await breaker.failed(Permit(target=target), _failure(_COOLDOWN))
        told = asyncio.create_task(_ask(other, f"probe {target.scope}"))
        await _until(lambda: breaker.state(target) is State.HALF_OPEN)  # noqa: B023  (awaited here)
        given.append(await _admitted(breaker, target) + int(await told))
    verdict = "each time one" if set(given) == {1} else f"not always one: {sorted(set(given))}"
    say(f"half open, {CALLS} calls of each of two processes at once, {PROBED} times: {verdict} was the probe")


async def _ask(other: asyncio.subprocess.Process, line: str) -> str:
    if other.stdin is None or other.stdout is None:
        raise RuntimeError("the other process has no pipes")
    other.stdin.write(f"{line}\n".encode())
    async with asyncio.timeout(_WAIT):
        return (await other.stdout.readline()).decode()


async def _admitted(breaker: Breaker, target: Target) -> int:
    return sum(each is not None for each in await asyncio.gather(*(breaker.admit(target) for _ in range(CALLS))))


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_WAIT):
        while not is_so():  # noqa: ASYNC110  (how soon is what is measured)
            await asyncio.sleep(_LOOK)


def _target(scope: str) -> Target:
    return Target(provider="groq", model="groq/bench", scope=scope)


def _failure(retry_after: float | None) -> ProviderFailed:
    kind = FailureKind.RATE_LIMITED
    return ProviderFailed(kind, provider="groq", model="bench", status=429, retry_after=retry_after)


@asynccontextmanager
async def _breaker(redis: Redis, redis_url: str) -> AsyncGenerator[Breaker]:
    breaker = Breaker(redis, Voice(redis_url, _CHANNEL))
    await breaker.start()
    try:
        await _until(lambda: breaker.is_hearing)
        yield breaker
    finally:
        await breaker.stop()


@asynccontextmanager
async def _other(redis_url: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    pipes: Mapping[str, int] = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    command = (sys.executable, "-m", "benchmarks.assistant_failures", redis_url)
    process = await asyncio.create_subprocess_exec(*command, **pipes)
    try:
        await _ask(process, "hello")
        yield process
    finally:
        process.terminate()
        await process.wait()


async def _be_other(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    async with _breaker(redis, redis_url) as breaker:
        while line := (await asyncio.to_thread(sys.stdin.readline)).split():
            wanted = State.OPEN if line[0] == "open" else State.HALF_OPEN
            target = _target(line[-1])
            if line[0] != "hello":
                await _until(lambda: breaker.state(target) is wanted)  # noqa: B023  (awaited here)
            say(str(await _admitted(breaker, target) if line[0] == "probe" else time.monotonic_ns()))
    await redis.aclose()


if __name__ == "__main__":
    uvloop.run(_be_other(sys.argv[1]))
