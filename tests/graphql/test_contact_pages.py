"""Pages of contacts: 1 to 100, in every order, steady while others write, counted only when asked."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from core.database import Database
from core.ids import decode, encode
from models import Contact
from tests.fixtures.contacts import plant
from tests.fixtures.door import Door
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import Tenant

PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $orderBy: [ContactOrder!]) {
  contacts(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
    nodes { id name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
COUNTED = "query($filter: ContactFilter) { contacts(filter: $filter) { totalCount nodes { __typename } } }"
PAGES_MOST = 40
MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
ORDERS = [
    "NEWEST", "OLDEST", "RECENTLY_UPDATED", "NAME_A_TO_Z", "NAME_Z_TO_A", "LEAD_SCORE_HIGHEST", "LEAD_SCORE_LOWEST",
    "LAST_MESSAGE_NEWEST", "LAST_MESSAGE_OLDEST",
]  # fmt: skip


def rows(count: int, *, start: int = 0) -> list[dict[str, Any]]:
    """Contacts that share many keys, and differ by single microseconds."""
    return [
        {
            "name": f"{'Ána' if n % 3 else 'ana'} {n % 4}",
            "lead_score": n % 3,
            "created_at": MOMENT + timedelta(microseconds=n // 2),
            "updated_at": MOMENT + timedelta(microseconds=n // 3),
            "last_message_at": MOMENT + timedelta(microseconds=n // 4) if n % 5 else None,
        }
        for n in range(start, start + count)
    ]


async def walk(asking: Door, **given: Any) -> AsyncIterator[list[str]]:
    """Go through all pages forward."""
    after = None
    for _ in range(PAGES_MOST):
        page = (await asking.execute(PAGE, {**given, "after": after})).data["contacts"]
        yield [each["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return
    pytest.fail("the walk does not end")


@pytest.mark.parametrize("order", ORDERS)
async def test_every_order_walks_forward_as_backward(
    door: Door, database: Database, tenant: Tenant, order: str
) -> None:
    ids = [encode("contact", each) for each in await plant(database, tenant.workspace_id, rows(25))]
    asking = await door.as_(tenant.owner)

    forward = [each async for page in walk(asking, first=4, orderBy=[order]) for each in page]
    backward: list[str] = []
    before = None
    for _ in range(PAGES_MOST):
        page = (await asking.execute(PAGE, {"last": 7, "before": before, "orderBy": [order]})).data["contacts"]
        backward = [each["id"] for each in page["nodes"]] + backward
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break

    assert sorted(forward) == sorted(ids)
    assert backward == forward


@pytest.mark.parametrize("order", ["NEWEST", "NAME_A_TO_Z", "LEAD_SCORE_HIGHEST"])
async def test_a_walk_sees_each_contact_once_while_others_add_and_delete(
    door: Door, database: Database, tenant: Tenant, order: str
) -> None:
    ids = await plant(database, tenant.workspace_id, rows(60))
    doomed, kept = ids[::6], [each for n, each in enumerate(ids) if n % 6]
    asking = await door.as_(tenant.owner)
    seen: list[str] = []

    async def disturb(turn: int) -> None:
        await plant(database, tenant.workspace_id, rows(3, start=turn))
        async with database.write(tenant.workspace_id) as session:
            await session.execute(delete(Contact).where(Contact.id.in_(doomed[turn % 10 : turn % 10 + 1])))

    turn = 0
    async for page in walk(asking, first=7, orderBy=[order]):
        seen += page
        turn += 1
        if turn < 12:
            await asyncio.gather(disturb(turn), disturb(turn + 20))

    assert len(seen) == len(set(seen))
    assert {encode("contact", each) for each in kept} <= set(seen)


async def test_a_cursor_of_a_deleted_contact_still_marks_its_place(
    door: Door, database: Database, tenant: Tenant
) -> None:
    await plant(database, tenant.workspace_id, rows(6))
    asking = await door.as_(tenant.owner)
    whole = [each["id"] for each in (await asking.execute(PAGE, {"orderBy": ["OLDEST"]})).data["contacts"]["nodes"]]
    page = (await asking.execute(PAGE, {"first": 3, "orderBy": ["OLDEST"]})).data["contacts"]
    async with database.write(tenant.workspace_id) as session:
        await session.execute(delete(Contact).where(Contact.id == decode("contact", whole[2])))

    rest = await asking.execute(PAGE, {"first": 3, "orderBy": ["OLDEST"], "after": page["pageInfo"]["endCursor"]})

    assert [each["id"] for each in rest.data["contacts"]["nodes"]] == whole[3:]


@pytest.mark.parametrize("given", [{"first": 0}, {"first": -1}, {"first": 101}, {"last": 101}, {"first": 1, "last": 1}])
async def test_a_page_holds_one_to_a_hundred(door: Door, tenant: Tenant, given: Any) -> None:
    assert (await (await door.as_(tenant.owner)).execute(PAGE, given)).code == "BAD_PAGE_SIZE"


async def test_a_page_of_a_hundred_is_given(door: Door, database: Database, tenant: Tenant) -> None:
    await plant(database, tenant.workspace_id, rows(101))

    page = (await (await door.as_(tenant.owner)).execute(PAGE, {"first": 100})).data["contacts"]

    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (100, True)


async def test_a_cursor_of_another_workspace_shows_nothing_of_it(
    door: Door, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    for each in (tenant, other_tenant):
        await plant(database, each.workspace_id, rows(4))
    mine, theirs = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    own = {each["id"] for each in (await mine.execute(PAGE)).data["contacts"]["nodes"]}
    cursor = (await theirs.execute(PAGE, {"first": 1})).data["contacts"]["pageInfo"]["endCursor"]

    found = (await mine.execute(PAGE, {"after": cursor})).data["contacts"]["nodes"]

    assert {each["id"] for each in found} <= own


@pytest.mark.parametrize("spoil", [str.upper, lambda c: c[:-1], lambda c: c + "A", lambda c: "", lambda c: "é" + c])
async def test_a_cursor_that_was_tampered_with_is_refused(
    door: Door, database: Database, tenant: Tenant, spoil: Any
) -> None:
    await plant(database, tenant.workspace_id, rows(2))
    asking = await door.as_(tenant.owner)
    cursor = (await asking.execute(PAGE, {"first": 1})).data["contacts"]["pageInfo"]["endCursor"]

    assert (await asking.execute(PAGE, {"after": spoil(cursor)})).code == "BAD_CURSOR"


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    with sent_to(database) as sent:
        yield sent


async def test_a_list_is_counted_only_when_asked(
    door: Door, database: Database, tenant: Tenant, statements: list[str]
) -> None:
    await plant(database, tenant.workspace_id, rows(5))
    asking = await door.as_(tenant.owner)

    def counted() -> int:
        found = [each for each in statements if "row_counts" in each or ("count(*)" in each and "contacts" in each)]
        statements.clear()
        return len(found)

    counted()
    await asking.execute(PAGE, {"first": 2})
    without = counted()
    reply = await asking.execute("{ contacts(first: 2) { totalCount nodes { id } } }")

    assert without == 0
    assert counted() == 1
    assert reply.data["contacts"]["totalCount"] == 5


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (None, 3),
        ({}, 3),
        ({"isArchived": None}, 3),
        ({"isArchived": {"eq": False}}, 3),
        ({"isArchived": {"eq": True}}, 2),
        ({"isArchived": {"ne": True}}, 3),
        ({"isArchived": {"eq": None}}, 0),
        ({"isArchived": {"ne": None}}, 5),
        ({"isArchived": {"isNull": False}}, 5),
        ({"isArchived": {"isNull": True}}, 0),
        ({"isArchived": {"eq": True, "ne": True}}, 0),
        ({"isArchived": {"eq": True}, "leadScore": {"gte": 0}}, 2),
        ({"and": [{"isArchived": {"eq": True}}]}, 2),
    ],
)
async def test_a_count_is_looked_up_where_it_is_kept_and_is_that_of_the_rows(
    door: Door, database: Database, tenant: Tenant, statements: list[str], filter: Any, found: int
) -> None:
    await plant(database, tenant.workspace_id, rows(3))
    await plant(database, tenant.workspace_id, [{"name": "Ana", "archived_at": MOMENT}] * 2)
    asking = await door.as_(tenant.owner)
    statements.clear()

    reply = await asking.execute(COUNTED, {"filter": filter})

    assert reply.data == {"contacts": {"totalCount": found, "nodes": [{"__typename": "Contact"}] * found}}
    is_kept = len(filter or {}) <= 1 and "and" not in (filter or {}) and filter != {"isArchived": None}
    assert [("row_counts" in each) for each in statements if "count(" in each or "sum(" in each] == [is_kept]
