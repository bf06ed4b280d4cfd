"""Budgets through the door."""

from typing import Any

from core.ground import Ground
from core.ids import uuid7
from models import Role
from services import crediting
from services.transaction import begin
from tests.fixtures.door import Door
from tests.fixtures.people import act, refusals
from tests.fixtures.tenants import Tenant, join

SHOWN = "aiBudget { feature monthlyCredits usedThisMonth }"
LIST = "{ aiBudgets { feature monthlyCredits usedThisMonth } }"
SET = "mutation($input: AiBudgetSetInput!) { aiBudgetSet(input: $input) { userErrors { code } } }"


async def put(door: Door, **given: Any) -> Any:
    return await act(door, "aiBudgetSet", "AiBudgetSetInput", SHOWN, **given)


async def test_a_budget_is_set_shown_with_its_use_and_removed(ground: Ground, door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    async with begin(ground, tenant.owner) as tx:
        await crediting.hold(tx, uuid7(), "smart_replies", 12)

    made = await put(owner, feature="SMART_REPLIES", monthlyCredits=100)
    listed = (await owner.execute(LIST)).data["aiBudgets"]
    gone = await put(owner, feature="SMART_REPLIES", monthlyCredits=None)

    shown = {"feature": "SMART_REPLIES", "monthlyCredits": 100, "usedThisMonth": 12}
    assert made == {"aiBudget": shown, "userErrors": []}
    assert shown in listed
    assert {"feature": "COPILOT", "monthlyCredits": None, "usedThisMonth": 0} in listed
    assert len(listed) == 10
    assert gone["aiBudget"] == shown | {"monthlyCredits": None}


async def test_what_is_no_budget_is_refused(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    negative = await put(owner, feature="COPILOT", monthlyCredits=-1)
    left_out = await put(owner, feature="COPILOT")

    assert refusals(negative) == [("BUDGET_INVALID", ["monthlyCredits"])]
    assert refusals(left_out) == [("REQUIRED", ["monthlyCredits"])]


async def test_a_member_sees_and_does_not_set(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    await put(await door.as_(other_tenant.owner), feature="COPILOT", monthlyCredits=5)
    member = await door.as_(await join(ground, tenant, Role.MEMBER))

    listed = (await member.execute(LIST)).data["aiBudgets"]

    assert {each["monthlyCredits"] for each in listed} == {None}
    assert (await member.execute(SET, {"input": {"feature": "COPILOT", "monthlyCredits": 1}})).code == "FORBIDDEN"
