"""Budgets of features: set, removed, enforced, and counted as the enforcement counts."""

import asyncio

import pytest
from sqlalchemy import select

from core.database import Database
from core.ground import Ground
from core.ids import uuid7
from models import CreditBudget, Event, EventType, Feature, Role
from services import budgets, crediting
from services.access import PermissionMissing
from services.budgets import Budget, BudgetInvalid
from services.crediting import FeatureBudgetSpent
from services.transaction import begin
from tests.fixtures.contacts import acts_of
from tests.fixtures.tenants import Tenant, join


async def put(ground: Ground, tenant: Tenant, monthly: int | None, feature: Feature = Feature.COPILOT) -> Budget:
    async with begin(ground, tenant.owner) as tx:
        return await budgets.put(tx, feature, monthly)


async def use(ground: Ground, tenant: Tenant, feature: Feature, *, settled: int = 0, running: int = 0) -> None:
    async with begin(ground, tenant.owner) as tx:
        for amount, is_settled in ((settled, True), (running, False)):
            if amount:
                request_id = uuid7()
                await crediting.hold(tx, request_id, feature, amount)
                if is_settled:
                    await crediting.settle(tx, request_id, amount * 1_000)


async def test_a_budget_binds_from_the_next_request_until_it_is_removed(ground: Ground, tenant: Tenant) -> None:
    await put(ground, tenant, 10)
    await use(ground, tenant, Feature.COPILOT, settled=8)

    with pytest.raises(FeatureBudgetSpent):
        await use(ground, tenant, Feature.COPILOT, settled=3)
    await put(ground, tenant, None)
    await use(ground, tenant, Feature.COPILOT, settled=3)


async def test_a_budget_of_nothing_stops_a_feature(ground: Ground, tenant: Tenant) -> None:
    await put(ground, tenant, 0)

    with pytest.raises(FeatureBudgetSpent):
        await use(ground, tenant, Feature.COPILOT, running=1)


async def test_every_feature_is_listed_with_what_it_used_and_holds_back(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    await put(ground, tenant, 50)
    await put(ground, other_tenant, 7, Feature.SUMMARY)
    await use(ground, tenant, Feature.COPILOT, settled=4, running=3)
    await use(ground, tenant, Feature.SUMMARY, settled=2)
    await use(ground, other_tenant, Feature.INTENT, settled=9)

    listed = await budgets.every(ground, tenant.owner)
    async with begin(ground, tenant.owner) as tx:
        enforced = {each: await crediting.used_this_month(tx, each) for each in Feature}

    assert [each.feature for each in listed] == list(Feature)
    assert {each.feature: each.used for each in listed} == enforced
    assert [(each.feature, each.monthly, each.used) for each in listed if each.monthly is not None or each.used] == [
        (Feature.COPILOT, 50, 7),
        (Feature.SUMMARY, None, 2),
    ]


async def test_budgets_that_are_set_at_once_leave_one(ground: Ground, tenant: Tenant) -> None:
    await asyncio.gather(*(put(ground, tenant, n) for n in range(6)))

    async with ground.database.read(tenant.workspace_id) as session:
        own = select(CreditBudget.monthly).where(CreditBudget.workspace_id == tenant.workspace_id)
        assert len(list(await session.scalars(own))) == 1


async def test_a_change_is_noted_and_no_change_is_not(ground: Ground, database: Database, tenant: Tenant) -> None:
    for monthly in (None, 10, 10, 20, None, None):
        await put(ground, tenant, monthly)

    acts = [each for each in await acts_of(database, tenant.workspace_id) if each.action == "ai_budget.set"]
    own = (Event.workspace_id == tenant.workspace_id, Event.type == EventType.SETTINGS_UPDATED)
    async with database.read(tenant.workspace_id) as session:
        payloads = list(await session.scalars(select(Event.payload).where(*own)))
    assert [each.changes["monthly"] for each in acts] == [
        {"before": None, "after": 10}, {"before": 10, "after": 20}, {"before": 20, "after": None},
    ]  # fmt: skip
    assert payloads == [{"changed": ["ai_budgets"]}] * 3


@pytest.mark.parametrize("monthly", [-1, 1_000_000_001])
async def test_what_is_no_budget_is_refused(ground: Ground, tenant: Tenant, monthly: int) -> None:
    with pytest.raises(BudgetInvalid):
        await put(ground, tenant, monthly)


async def test_a_member_reads_and_does_not_set(ground: Ground, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)

    assert len(await budgets.every(ground, member)) == len(Feature)
    with pytest.raises(PermissionMissing):
        async with begin(ground, member) as tx:
            await budgets.put(tx, Feature.COPILOT, 1)
