"""The audit log through the door: who did what, filtered, page by page, for those who may."""

from typing import Any

import pytest

from core.ground import Ground
from core.ids import encode
from models import Role
from tests.fixtures.contacts import CREATE, UPDATE, make
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

LOG = """query($filter: AuditFilter, $first: Int, $after: String, $orderBy: [AuditOrder!]) {
  auditLog(filter: $filter, first: $first, after: $after, orderBy: $orderBy) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id seq action subject subjectId actor { id } at ip userAgent requestId changes }
  }
}"""


async def test_an_act_is_told_with_who_where_and_what(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana", "company": "Padaria"}}))["contact"]
    await asking.mutate(UPDATE, {"input": {"id": contact["id"], "name": "Bia", "company": None}})

    page = (await asking.execute(LOG, {"filter": {"subjectId": {"eq": contact["id"]}}})).data["auditLog"]

    newest, oldest = page["nodes"]
    assert (newest["action"], oldest["action"]) == ("contact.update", "contact.create")
    assert newest["changes"] == {
        "name": {"before": "Ana", "after": "Bia"},
        "company": {"before": "Padaria", "after": None},
    }
    assert newest["actor"] == {"id": encode("user", tenant.owner_user.id)}
    assert newest["subject"] == "Contact"
    assert newest["subjectId"] == contact["id"]
    assert newest["ip"] == "127.0.0.1"
    assert newest["userAgent"].startswith("python-httpx")
    assert newest["requestId"]
    assert int(newest["seq"]) == int(oldest["seq"]) + 1
    assert page["totalCount"] == 2


async def test_filters_narrow_the_log_down(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    mine = await make(ground, tenant.owner, name="Ana")
    await make(ground, member, name="Bia")
    asking = await door.as_(tenant.owner)
    assert member.user_id is not None

    async def count(filter: Any) -> int:
        return (await asking.execute(LOG, {"filter": filter})).data["auditLog"]["totalCount"]

    assert await count({"actor": {"eq": encode("user", member.user_id)}}) == 1
    assert await count({"action": {"startsWith": "contact."}}) == 2
    assert await count({"action": {"eq": "contact.create"}, "actor": {"ne": encode("user", member.user_id)}}) == 1
    assert await count({"subject": {"eq": "Contact"}, "subjectId": {"in": [encode("contact", mine.id)]}}) == 1
    assert await count({"subjectId": {"eq": encode("secret", mine.id)}}) == 0
    assert await count({"at": {"gt": "2100-01-01T00:00:00Z"}}) == 0
    assert await count({"not": [{"action": {"startsWith": "contact"}}]}) == await count({}) - 2


async def test_pages_of_the_log_are_dense_and_in_order(ground: Ground, door: Door, tenant: Tenant) -> None:
    for n in range(5):
        await make(ground, tenant.owner, name=f"Ana {n}")
    asking = await door.as_(tenant.owner)

    seqs: list[int] = []
    after = None
    while True:
        page = (await asking.execute(LOG, {"first": 2, "after": after, "orderBy": ["OLDEST"]})).data["auditLog"]
        seqs += [int(each["seq"]) for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) == page["totalCount"] >= 5


@pytest.mark.parametrize(("role", "code"), [(Role.ADMIN, None), (Role.MEMBER, "FORBIDDEN"), (Role.VIEWER, "FORBIDDEN")])
async def test_only_those_who_may_read_the_log(
    ground: Ground, door: Door, tenant: Tenant, role: Role, code: str | None
) -> None:
    asking = await door.as_(await join(ground, tenant, role))

    assert (await asking.execute(LOG)).code == code


async def test_the_log_of_others_is_not_seen(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = await make(ground, other_tenant.owner, name="Bia")
    asking = await door.as_(tenant.owner)

    page = (await asking.execute(LOG, {"filter": {"subjectId": {"eq": encode("contact", theirs.id)}}})).data

    assert page["auditLog"]["nodes"] == []
