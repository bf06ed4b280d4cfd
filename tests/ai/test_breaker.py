"""Circuits open and close for all processes at once, one probe finds out for everybody, and Redis may be away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from ai import circuit_scripts
from ai.breaker import Breaker, Permit
from ai.circuits import POLICIES, Circuit, Policy, State, Target, struck
from ai.errors import FailureKind, ProviderFailed
from core.ground import Ground
from core.ids import uuid7
from core.voice import Pace, Voice
from tests.fixtures.redis_server import RedisServer, free_port
from tests.fixtures.waiting import until, until_holds

ALERT = Pace(ping=0.1, deaf=0.5, call=0.5, retry_most=0.3)
CALM = Pace(ping=0.1, deaf=8.0, call=8.0, retry_most=0.3)
"""For processes whose Redis is there, however busy the machine is."""


def target(model: str | None = None, scope: str = "ours") -> Target:
    return Target(provider="groq", model=model or f"groq/{uuid7().hex}", scope=scope)


def failure(kind: FailureKind, retry_after: float | None = None) -> ProviderFailed:
    return ProviderFailed(kind, provider="groq", model="m", retry_after=retry_after)


@asynccontextmanager
async def breaker_at(
    url: str, *, lease: float = 5.0, look: float = 60.0, call: float = 0.3, pace: Pace = ALERT
) -> AsyncIterator[Breaker]:
    redis = Redis.from_url(url, socket_timeout=max(call, 1), socket_connect_timeout=max(call, 1))
    breaker = Breaker(redis, Voice(url, f"test:{lease}", pace=pace), lease=lease, look=look, call=call)
    await breaker.start()
    try:
        yield breaker
    finally:
        await breaker.stop()
        await redis.aclose()


def patient(url: str, *, lease: float = 60.0, look: float = 60.0) -> AbstractAsyncContextManager[Breaker]:
    """Return a breaker that waits for its Redis."""
    return breaker_at(url, lease=lease, look=look, call=8.0, pace=CALM)


@pytest.fixture
async def pair(ground: Ground, redis_url: str) -> AsyncIterator[tuple[Breaker, Breaker]]:
    """The breakers of two processes."""
    async with patient(redis_url) as here, patient(redis_url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        yield here, there


async def admitted(breaker: Breaker, asked: Target) -> Permit:
    permit = await breaker.admit(asked)
    assert permit is not None
    return permit


async def fail(breaker: Breaker, asked: Target, kind: FailureKind, retry_after: float | None = None) -> None:
    await breaker.failed(await admitted(breaker, asked), failure(kind, retry_after))


async def test_three_failures_in_a_row_open_a_circuit_and_two_do_not(pair: tuple[Breaker, Breaker]) -> None:
    here, _ = pair
    asked = target()
    for _ in range(2):
        await fail(here, asked, FailureKind.OVERLOADED)
    assert here.state(asked) is State.CLOSED

    await fail(here, asked, FailureKind.OVERLOADED)

    assert here.state(asked) is State.OPEN
    assert await here.admit(asked) is None
    assert 29 < here.open_for(asked) <= 30


async def test_failures_of_two_processes_count_together(pair: tuple[Breaker, Breaker]) -> None:
    here, there = pair
    asked = target()

    for each in (here, there, here):
        await fail(each, asked, FailureKind.OVERLOADED)

    await until(lambda: there.state(asked) is State.OPEN)
    assert here.state(asked) is State.OPEN


async def test_a_few_failures_among_many_successes_open_nothing(pair: tuple[Breaker, Breaker]) -> None:
    here, there = pair
    asked = target()

    for number in range(90):
        each = (here, there)[number % 2]
        if number % 9 == 0:
            await fail(each, asked, FailureKind.OVERLOADED)
        else:
            await here.succeeded(await admitted(here, asked))
            await there.succeeded(await admitted(there, asked))

    assert here.state(asked) is State.CLOSED


async def test_a_change_is_known_to_every_process_within_a_tenth_of_a_second(pair: tuple[Breaker, Breaker]) -> None:
    here, there = pair
    took: list[float] = []
    for _ in range(20):
        asked = target(scope=uuid7().hex)
        permit = await admitted(here, asked)
        began = time.perf_counter()
        await here.failed(permit, failure(FailureKind.RATE_LIMITED, 30))
        while there.open_for(asked) == 0:  # noqa: ASYNC110  (the time is what is measured)
            await asyncio.sleep(0.0005)
        took.append(time.perf_counter() - began)

    took.sort()
    print(f"breaker propagation: p50 {took[10] * 1e3:.1f} ms, worst {took[-1] * 1e3:.1f} ms")  # noqa: T201
    assert took[10] < 0.05
    assert took[17] < 0.1


async def test_a_limit_is_open_for_as_long_as_the_provider_says_and_only_for_that_key(
    pair: tuple[Breaker, Breaker],
) -> None:
    here, there = pair
    model = target().model
    ours, theirs = target(model, uuid7().hex), target(model, uuid7().hex)

    await fail(here, ours, FailureKind.RATE_LIMITED, 7)

    await until(lambda: there.open_for(ours) > 0)
    assert 6 < there.open_for(ours) <= 7
    assert there.open_for(theirs) == 0
    assert await there.admit(theirs) is not None


async def test_a_bad_key_is_shut_out_of_every_model_of_its_provider_and_of_no_others(
    pair: tuple[Breaker, Breaker],
) -> None:
    here, _ = pair
    scope = uuid7().hex

    await fail(here, target(scope=scope), FailureKind.AUTH)

    assert 599 < here.open_for(target(scope=scope)) <= 600
    assert here.open_for(target(scope=uuid7().hex)) == 0


async def test_a_server_of_ones_own_that_is_away_is_away_for_nobody_else(pair: tuple[Breaker, Breaker]) -> None:
    here, _ = pair
    model = target().model
    own = Target(provider="ollama", model=model, scope=uuid7().hex, is_shared=False)

    for _ in range(2):
        await fail(here, own, FailureKind.UNREACHABLE)

    assert here.state(own) is State.OPEN
    assert here.state(Target(provider="ollama", model=model, scope=uuid7().hex, is_shared=False)) is State.CLOSED


async def test_a_refused_request_says_nothing_of_the_provider(pair: tuple[Breaker, Breaker]) -> None:
    here, _ = pair
    asked = target()

    for _ in range(20):
        await fail(here, asked, FailureKind.REFUSED)

    assert here.state(asked) is State.CLOSED


async def half_opened(redis: Redis, pair: tuple[Breaker, Breaker]) -> Target:
    """Return a target whose circuit is half open for both, and for Redis."""
    asked = target(scope=uuid7().hex)
    await fail(pair[0], asked, FailureKind.RATE_LIMITED, 0.15)
    await until(lambda: pair[1].state(asked) is not State.CLOSED)
    await until(lambda: all(each.state(asked) is State.HALF_OPEN for each in pair))

    async def is_over() -> bool:
        known = await circuit_scripts.opened(redis)
        return all(known[name][0] == 0 for name in asked.circuits if name in known)

    await until_holds(is_over)
    return asked


async def test_one_probe_for_the_whole_fleet(ground: Ground, pair: tuple[Breaker, Breaker]) -> None:
    asked = await half_opened(ground.redis, pair)

    permits = await asyncio.gather(*(pair[number % 2].admit(asked) for number in range(40)))

    assert sum(each is not None for each in permits) == 1


async def test_a_probe_that_is_answered_closes_the_circuit_for_all(
    ground: Ground, pair: tuple[Breaker, Breaker]
) -> None:
    asked = await half_opened(ground.redis, pair)
    probe = await admitted(pair[1], asked)

    await pair[1].succeeded(probe)

    assert pair[1].state(asked) is State.CLOSED
    await until(lambda: pair[0].state(asked) is State.CLOSED)
    assert await pair[0].admit(asked) is not None


async def test_a_probe_that_fails_opens_it_again_for_longer(ground: Ground, pair: tuple[Breaker, Breaker]) -> None:
    asked = await half_opened(ground.redis, pair)
    probe = await admitted(pair[0], asked)

    await pair[0].failed(probe, failure(FailureKind.RATE_LIMITED))

    assert 39 < pair[0].open_for(asked) <= 40
    await until(lambda: pair[1].state(asked) is State.OPEN)


@pytest.mark.parametrize("kind", [None, FailureKind.REFUSED])
async def test_a_probe_without_an_outcome_lets_another_be_it(
    ground: Ground, pair: tuple[Breaker, Breaker], kind: FailureKind | None
) -> None:
    asked = await half_opened(ground.redis, pair)
    probe = await admitted(pair[0], asked)
    assert await pair[1].admit(asked) is None

    if kind is None:
        await pair[0].abandoned(probe)
    else:
        await pair[0].failed(probe, failure(kind))

    assert await pair[1].admit(asked) is not None


async def test_a_probe_of_a_process_that_died_is_free_after_its_lease(ground: Ground, redis_url: str) -> None:
    async with patient(redis_url, lease=1.0) as here, patient(redis_url, lease=1.0) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        asked = await half_opened(ground.redis, (here, there))
        began = time.monotonic()
        await admitted(here, asked)

        assert await there.admit(asked) is None

        await until_holds(lambda: there.admit(asked))
        assert time.monotonic() - began >= 1.0


async def test_a_last_resort_may_always_be_asked_and_its_answer_closes(pair: tuple[Breaker, Breaker]) -> None:
    here, _ = pair
    asked = target()
    for _ in range(3):
        await fail(here, asked, FailureKind.TIMEOUT)

    permit = await here.admit(asked, is_last_resort=True)

    assert permit is not None
    await here.succeeded(permit)
    assert here.state(asked) is State.CLOSED


async def test_a_process_that_starts_later_knows_what_is_open(ground: Ground, redis_url: str) -> None:
    asked = target(scope=uuid7().hex)
    async with patient(redis_url) as here:
        await fail(here, asked, FailureKind.AUTH)

        async with patient(redis_url) as later:
            await until(lambda: later.state(asked) is State.OPEN)


async def test_a_word_that_was_lost_is_made_good(ground: Ground, redis_url: str) -> None:
    asked = target(scope=uuid7().hex)
    async with patient(redis_url, lease=7.0) as here, patient(redis_url, lease=8.0, look=0.2) as elsewhere:
        await fail(here, asked, FailureKind.RATE_LIMITED, 1.5)
        await until(lambda: elsewhere.state(asked) is State.OPEN)
        await until(lambda: here.state(asked) is State.HALF_OPEN)
        await here.succeeded(await admitted(here, asked))

        await until(lambda: elsewhere.state(asked) is State.CLOSED)


async def test_nothing_of_a_key_is_in_redis_and_all_of_it_runs_out(ground: Ground, redis_url: str) -> None:
    asked = target(scope="0123456789abcdef")
    async with breaker_at(redis_url) as here:
        for kind in POLICIES:
            await here.failed(Permit(target=asked), failure(kind))

    names = [each async for each in ground.redis.scan_iter("ai:circuit*")]
    assert names
    for name in names:
        assert 0 < await ground.redis.pttl(name) <= 172_800_000


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


async def test_without_redis_a_process_goes_on_by_itself_by_the_same_rules() -> None:
    asked = target()
    async with breaker_at(f"redis://127.0.0.1:{free_port()}/0", lease=0.5) as alone:
        for _ in range(3):
            await fail(alone, asked, FailureKind.OVERLOADED)
        assert await alone.admit(asked) is None
        brief = target(scope=uuid7().hex)
        await fail(alone, brief, FailureKind.RATE_LIMITED, 0.05)
        await asyncio.sleep(0.06)

        permits = await asyncio.gather(*(alone.admit(brief) for _ in range(10)))

        [probe] = [each for each in permits if each is not None]
        await alone.succeeded(probe)
        assert alone.state(brief) is State.CLOSED


async def test_a_redis_that_dies_takes_no_call_with_it_and_is_heard_again(mortal: RedisServer) -> None:
    known, later = target(), target(scope=uuid7().hex)
    async with breaker_at(mortal.url) as here, breaker_at(mortal.url) as there:
        await until(lambda: here.is_hearing and there.is_hearing)
        await fail(here, known, FailureKind.MISSING)
        await until(lambda: there.state(known) is State.OPEN)
        mortal.kill()

        began = time.perf_counter()
        await fail(here, later, FailureKind.RATE_LIMITED, 30)
        assert time.perf_counter() - began < 1
        assert here.state(later) is State.OPEN
        assert there.state(known) is State.OPEN

        mortal.start()
        await until(lambda: here.is_hearing and there.is_hearing)
        again = target(scope=uuid7().hex)
        await fail(here, again, FailureKind.AUTH)
        await until(lambda: there.state(again) is State.OPEN)
        assert here.state(later) is State.OPEN


@settings(deadline=None)
@given(
    policy=st.sampled_from(sorted(POLICIES.values(), key=repr)),
    steps=st.lists(st.tuples(st.floats(0, 500), st.integers(0, 20), st.none() | st.floats(0, 100)), max_size=20),
)
def test_a_circuit_opens_longer_each_time_but_never_longer_than_the_most(
    policy: Policy, steps: list[tuple[float, int, float | None]]
) -> None:
    circuit, now = Circuit(), 1_000.0
    for passed, successes, wait in steps:
        now += passed
        before = circuit
        circuit = struck(circuit, policy, successes=successes, wait=wait, now=now)

        assert circuit.trips in (before.trips, min(before.trips + 1, 20))
        assert circuit.until >= before.until or before.state(now) is not State.OPEN
        assert circuit.until - now <= max(policy.most, wait or 0, before.until - now) + 1e-6
        assert circuit.streak < policy.threshold


def test_with_every_second_call_failing_a_circuit_opens_and_with_every_fourth_it_does_not() -> None:
    policy = POLICIES[FailureKind.OVERLOADED]

    def after(successes: int) -> State:
        circuit = Circuit()
        for _ in range(50):
            circuit = struck(circuit, policy, successes=successes, wait=None, now=0.0)
        return circuit.state(0.0)

    assert after(1) is State.OPEN
    assert after(3) is State.CLOSED
