"""Credits: held, settled and given back once, and never more than there are."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from core import clock
from core.errors import DomainError
from core.ground import Ground
from core.ids import uuid7
from models import CreditAccount, CreditBudget, CreditEntry, CreditHold, CreditKind, Event, EventType
from services import crediting
from services.crediting import ReleaseHolds, RightHolds
from services.transaction import begin
from tests.fixtures.tenants import Tenant
from workers.crediting import release_holds, right_holds


async def account(ground: Ground, tenant: Tenant) -> tuple[int, int]:
    async with ground.database.system() as session:
        own = CreditAccount.workspace_id == tenant.workspace_id
        found = (await session.scalars(select(CreditAccount).where(own))).one()
        return found.balance, found.held


async def alerts(ground: Ground, tenant: Tenant) -> list[Any]:
    statement = select(Event.payload).where(
        Event.workspace_id == tenant.workspace_id, Event.type == EventType.CREDITS_LOW
    )
    async with ground.database.system() as session:
        return [each["alert"] for each in await session.scalars(statement.order_by(Event.seq))]


async def hold(ground: Ground, tenant: Tenant, request_id: UUID, amount: int, feature: str = "copilot") -> str | None:
    """Hold credits; return the code of a refusal."""
    try:
        async with begin(ground, tenant.owner) as tx:
            await crediting.hold(tx, request_id, feature, amount)
    except DomainError as error:
        return error.code
    return None


async def settle(ground: Ground, tenant: Tenant, request_id: UUID, micro_usd: int) -> None:
    async with begin(ground, tenant.owner) as tx:
        await crediting.settle(tx, request_id, micro_usd)


async def spend(ground: Ground, tenant: Tenant, credits_: int) -> None:
    request_id = uuid7()
    assert await hold(ground, tenant, request_id, credits_) is None
    await settle(ground, tenant, request_id, credits_ * 1_000)


async def test_a_new_workspace_has_credits_to_try_with(ground: Ground, tenant: Tenant) -> None:
    assert await account(ground, tenant) == (crediting.TRIAL, 0)


async def test_a_request_pays_what_it_cost_and_gets_the_rest_back(ground: Ground, tenant: Tenant) -> None:
    request_id = uuid7()
    await hold(ground, tenant, request_id, 10)
    held = await account(ground, tenant)

    await settle(ground, tenant, request_id, 2_001)
    await settle(ground, tenant, request_id, 9_000)

    assert held == (1_000, 10)
    assert await account(ground, tenant) == (997, 0)


async def test_what_costs_nothing_takes_nothing(ground: Ground, tenant: Tenant) -> None:
    request_id = uuid7()
    await hold(ground, tenant, request_id, 10)

    await settle(ground, tenant, request_id, 0)

    assert await account(ground, tenant) == (1_000, 0)


async def test_a_request_holds_once_and_is_over_once(ground: Ground, tenant: Tenant) -> None:
    request_id = uuid7()

    codes = await asyncio.gather(*(hold(ground, tenant, request_id, 10) for _ in range(5)))
    once = await account(ground, tenant)
    async with begin(ground, tenant.owner) as tx:
        await crediting.release(tx, request_id)
        await crediting.release(tx, request_id)
    late = await hold(ground, tenant, request_id, 10)
    await settle(ground, tenant, request_id, 5_000)

    assert codes == [None] * 5
    assert once == (1_000, 10)
    assert late == "CONFLICT"
    assert await account(ground, tenant) == (1_000, 0)


async def test_a_hundred_calls_at_once_never_spend_more_than_there_is(ground: Ground, tenant: Tenant) -> None:
    ids = [uuid7() for _ in range(100)]

    async def call(request_id: UUID) -> str | None:
        code = await hold(ground, tenant, request_id, 30)
        if code is None:
            await settle(ground, tenant, request_id, 30_000)
        return code

    codes = await asyncio.gather(*map(call, ids))

    assert codes.count(None) == 33
    assert {each for each in codes if each} == {"CREDITS_SPENT"}
    assert await account(ground, tenant) == (10, 0)
    async with ground.database.system() as session:
        own = select(CreditEntry.balance_after).where(CreditEntry.workspace_id == tenant.workspace_id)
        balances = list(await session.scalars(own))
    assert sorted(balances, reverse=True) == [1_000 - 30 * n for n in range(34)]


async def test_what_costs_more_than_is_left_is_written_off(ground: Ground, tenant: Tenant) -> None:
    await spend(ground, tenant, 995)
    request_id = uuid7()
    await hold(ground, tenant, request_id, 3)

    await settle(ground, tenant, request_id, 50_000)

    assert await account(ground, tenant) == (0, 0)


async def test_what_never_ended_is_given_back_after_its_lease(ground: Ground, tenant: Tenant) -> None:
    late, running = [uuid7() for _ in range(3)], uuid7()
    for each in late:
        await hold(ground, tenant, each, 10)
    await hold(ground, tenant, running, 7)
    async with ground.database.system() as session:
        own = (CreditHold.workspace_id == tenant.workspace_id, CreditHold.id.in_(late))
        await session.execute(update(CreditHold).where(*own).values(expires_at=clock.now() - timedelta(seconds=1)))

    await crediting.release_holds(ground)

    assert await account(ground, tenant) == (1_000, 7)


async def drift(ground: Ground, tenant: Tenant, credits_: int) -> None:
    """Have an account hold other than its open holds."""
    async with ground.database.system() as session:
        own = CreditAccount.workspace_id == tenant.workspace_id
        await session.execute(update(CreditAccount).where(own).values(held=CreditAccount.held + credits_))


async def test_what_is_held_for_nothing_is_put_right(ground: Ground, tenant: Tenant, other_tenant: Tenant) -> None:
    await hold(ground, tenant, uuid7(), 7)
    await hold(ground, other_tenant, uuid7(), 5)
    await drift(ground, tenant, 20)

    with capture_logs() as told:
        await release_holds(ground, ReleaseHolds())
        before = await account(ground, tenant)
        await right_holds(ground, RightHolds())
        await right_holds(ground, RightHolds())

    assert before == (1_000, 27)
    assert await account(ground, tenant) == (1_000, 7)
    assert await account(ground, other_tenant) == (1_000, 5)
    [line] = [each for each in told if each["event"] == "credits were held for nothing"]
    assert line["accounts"] >= 1
    assert str(tenant.workspace_id) not in str(line)


async def test_what_is_held_is_put_right_behind_who_holds_just_now(ground: Ground, tenant: Tenant) -> None:
    await hold(ground, tenant, settled := uuid7(), 7)
    await drift(ground, tenant, 20)

    async with begin(ground, tenant.owner) as tx:
        await crediting.hold(tx, uuid7(), "copilot", 5)
        await crediting.settle(tx, settled, 2_000)
        righting = asyncio.create_task(crediting.right_holds(ground))
        done, _ = await asyncio.wait({righting}, timeout=0.3)
    await righting

    assert not done
    assert await account(ground, tenant) == (998, 5)


async def test_an_account_whose_balance_does_not_cover_its_holds_is_left_alone(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    await hold(ground, tenant, uuid7(), 900)
    async with ground.database.system() as session:
        own = CreditAccount.workspace_id == tenant.workspace_id
        await session.execute(update(CreditAccount).where(own).values(balance=100, held=0))
    await drift(ground, other_tenant, 9)

    await crediting.right_holds(ground)

    assert await account(ground, tenant) == (100, 0)
    assert await account(ground, other_tenant) == (1_000, 0)


async def test_alerts_are_told_once_each_and_begin_anew_with_new_credits(ground: Ground, tenant: Tenant) -> None:
    for amount in (700, 100, 1, 180, 9, 1, 4):
        await spend(ground, tenant, amount)
    first = await alerts(ground, tenant)
    topup = uuid7()
    for _ in range(2):
        async with begin(ground, tenant.owner) as tx:
            await crediting.add(tx, CreditKind.TOPUP, 95, topup)
    await spend(ground, tenant, 81)

    assert first == ["eighty_percent_used", "ten_left", "five_left"]
    assert await account(ground, tenant) == (19, 0)
    assert await alerts(ground, tenant) == [*first, "eighty_percent_used"]


async def test_a_feature_stays_within_its_month(ground: Ground, tenant: Tenant) -> None:
    async with ground.database.system() as session:
        session.add(CreditBudget(workspace_id=tenant.workspace_id, feature="copilot", monthly=20))
    await spend(ground, tenant, 15)
    running = uuid7()

    within = await hold(ground, tenant, running, 5)
    beyond = await hold(ground, tenant, uuid7(), 1)
    other = await hold(ground, tenant, uuid7(), 50, "sentiment")
    await settle(ground, tenant, running, 1_000)
    again = await hold(ground, tenant, uuid7(), 4)

    assert (within, beyond, other, again) == (None, "FEATURE_BUDGET_SPENT", None, None)


@pytest.mark.parametrize("amount", [0, -1, 10**10])
async def test_no_credits_and_too_many_are_refused(ground: Ground, tenant: Tenant, amount: int) -> None:
    assert await hold(ground, tenant, uuid7(), amount) == "INVALID"
    assert await account(ground, tenant) == (1_000, 0)
