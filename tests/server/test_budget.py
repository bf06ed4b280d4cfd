"""Points: what may be spent by whom, what comes back, and what holds when Redis is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from core.errors import RateLimited
from core.ground import Ground
from core.ids import uuid7
from core.limits import Quota, Throttle
from server.engine.budget import LARGEST, Budget, BudgetSpent, OperationTooExpensive
from tests.fixtures.redis_server import RedisServer, free_port

SLOW = Quota(limit=10_000, seconds=100_000)


async def spend(budget: Budget, key: str, cost: int, times: int, quota: Quota = SLOW) -> int:
    """Spend at once; return how many were accepted."""
    results = await asyncio.gather(*(budget.charge(key, cost, quota) for _ in range(times)), return_exceptions=True)
    assert all(isinstance(each, RateLimited) for each in results if isinstance(each, BaseException))
    return sum(not isinstance(each, BaseException) for each in results)


async def test_no_more_is_spent_than_there_is(ground: Ground) -> None:
    budget = Budget(ground.throttle)

    accepted = await spend(budget, uuid7().hex, 100, 300)

    assert 80 <= accepted <= 100


async def test_one_by_one_all_there_is_can_be_spent(ground: Ground) -> None:
    budget, key = Budget(ground.throttle), uuid7().hex

    accepted = sum([await spend(budget, key, 100, 1) for _ in range(110)])

    assert 99 <= accepted <= 100


async def test_two_processes_spend_from_one_bucket(ground: Ground) -> None:
    one, two, key = Budget(ground.throttle), Budget(ground.throttle), uuid7().hex

    both = await asyncio.gather(spend(one, key, 100, 150), spend(two, key, 100, 150))

    assert sum(both) <= 100


async def test_others_are_not_concerned(ground: Ground) -> None:
    budget = Budget(ground.throttle)
    await spend(budget, uuid7().hex, 100, 300)

    assert await spend(budget, uuid7().hex, 100, 1) == 1


async def test_an_operation_that_no_bucket_can_pay_is_refused_for_good(ground: Ground) -> None:
    budget, key, small = Budget(ground.throttle), uuid7().hex, Quota(limit=100, seconds=10)

    with pytest.raises(OperationTooExpensive, match="5001"):
        await budget.charge(key, LARGEST + 1, SLOW)
    with pytest.raises(OperationTooExpensive, match="100 are the most") as refused:
        await budget.charge(key, 101, small)

    assert refused.value.code == "COST_EXCEEDED"
    assert (refused.value.cost["requested"], refused.value.cost["remaining"]) == (101, 100)


async def test_who_asks_for_too_much_is_told_what_is_left(ground: Ground) -> None:
    budget, key = Budget(ground.throttle), uuid7().hex
    await spend(budget, key, 1_000, 3)

    told: list[Any] = []
    for asked in (budget, Budget(ground.throttle)):
        with pytest.raises(OperationTooExpensive) as refused:
            await asked.charge(key, LARGEST + 1, SLOW)
        told.append(refused.value.cost)

    assert [each["remaining"] for each in told] == [7_000, 7_000]
    assert all(each["resetAt"] > time.time() for each in told)


async def test_what_an_operation_did_not_use_can_be_spent_again(ground: Ground) -> None:
    budget, key = Budget(ground.throttle), uuid7().hex

    for _ in range(200):
        (await budget.charge(key, 1_000, SLOW)).settled(10)

    assert (await budget.charge(key, 1_000, SLOW)).settled(0)["remaining"] > 7_000


async def test_the_cost_is_told_with_what_is_left_and_when_all_is_back(ground: Ground) -> None:
    budget, key = Budget(ground.throttle), uuid7().hex
    before = time.time()

    first = (await budget.charge(key, 300, SLOW)).settled(120)
    second = (await budget.charge(key, 300, SLOW)).settled(900)

    assert (first["requested"], first["actual"]) == (300, 120)
    assert (second["requested"], second["actual"]) == (300, 900)
    assert first["remaining"] == 10_000 - 120
    assert second["remaining"] == 10_000 - 1_020
    assert first["resetAt"] > before + 100


async def test_the_wait_is_told(ground: Ground) -> None:
    budget, key = Budget(ground.throttle), uuid7().hex
    await spend(budget, key, 1_000, 12)

    with pytest.raises(RateLimited) as refused:
        await budget.charge(key, 1_000, SLOW)

    assert isinstance(refused.value, BudgetSpent)
    assert 0 < refused.value.retry_after <= 10_000
    assert (refused.value.cost["requested"], refused.value.cost["remaining"]) == (1_000, 0)
    assert refused.value.cost["resetAt"] > time.time() + 90_000


async def test_what_was_used_beyond_its_price_is_paid_by_the_next(ground: Ground) -> None:
    budget, key = Budget(ground.throttle), uuid7().hex
    (await budget.charge(key, 100, SLOW)).settled(9_500)

    assert await spend(budget, key, 600, 1) == 0
    assert await spend(budget, key, 400, 1) == 1


async def test_nobody_is_shut_out_for_what_they_owe(ground: Ground) -> None:
    budget, key, quick = Budget(ground.throttle), uuid7().hex, Quota(limit=1_000, seconds=0.1)
    (await budget.charge(key, 100, quick)).settled(3_000)

    accepted = 0
    for _ in range(10):
        accepted += await spend(budget, key, 100, 1, quick)
        await asyncio.sleep(0.1)

    assert accepted >= 3


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 1_200)), max_size=40))
async def test_nothing_is_gained_by_giving_back(ground: Ground, operations: list[tuple[int, int]]) -> None:
    budget, key, spent = Budget(ground.throttle), uuid7().hex, 0

    for cost, actual in operations:
        try:
            told = (await budget.charge(key, cost, SLOW)).settled(actual)
        except RateLimited:
            continue
        assert spent + cost <= SLOW.limit + 1
        spent += actual
        assert told["actual"] == actual
        assert 0 <= told["remaining"] <= max(0, SLOW.limit - spent) + 1


@asynccontextmanager
async def throttle_at(url: str) -> AsyncIterator[Throttle]:
    redis = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        yield Throttle(redis)
    finally:
        await redis.aclose()


async def test_without_redis_each_process_counts_and_opens_nothing() -> None:
    async with throttle_at(f"redis://127.0.0.1:{free_port()}/0") as throttle:
        assert await spend(Budget(throttle), "x", 1_000, 50) <= 10


async def test_when_redis_goes_away_the_count_goes_on_where_it_was(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with throttle_at(server.url) as throttle:
            budget = Budget(throttle)
            before = await spend(budget, "x", 1_000, 6)
            server.kill()
            after = await spend(budget, "x", 1_000, 20)
    finally:
        server.kill()

    assert before == 6
    assert after <= 4
