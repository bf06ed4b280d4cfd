"""The contacts of a label are read in their order from an index, whatever their number, and that order stays true."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.database import Database
from core.ids import encode
from graph import statements
from graph.facts import Page, total
from graph.plan.text import Text, raw
from models import Contact, ContactLabel, Label
from schema.contact_list import ContactOrder
from tests.contracts.test_scale import listings
from tests.fixtures.contacts import plant
from tests.fixtures.door import Door
from tests.fixtures.scratch import fresh_workspace, scratch_database
from tests.fixtures.tenants import Tenant

PAGE = 20
SIZES = (1, 200, 4_000)
NO_SUCH_KEY = "23503"
MIDDLE = datetime(2026, 3, 1, tzinfo=UTC)
_CROWD = sa.text("""
    INSERT INTO contacts (workspace_id, id, name, created_at)
    SELECT :here, gen_random_uuid(), 'Pessoa ' || n, timestamptz '2026-01-01' + n * interval '31 minutes'
    FROM generate_series(1, 5000) n
""")
_LABELLED = sa.text("""
    INSERT INTO contact_labels (workspace_id, contact_id, label_id)
    SELECT :here, id, :label FROM contacts WHERE workspace_id = :here ORDER BY md5(id::text) LIMIT :size
""")
WALK = """query($id: ID!, $order: [ContactOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  label(id: $id) { contacts(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
PLACES: Mapping[tuple[str, ...], Callable[[Contact], Any]] = {
    ("OLDEST",): lambda each: (each.created_at, each.id),
    ("NEWEST",): lambda each: (-each.created_at.timestamp(), -each.id.int),
    ("NAME_A_TO_Z",): lambda each: each.name,
    ("NEWEST", "NAME_A_TO_Z"): lambda each: (-each.created_at.timestamp(), each.name),
    ("LEAD_SCORE_LOWEST", "NEWEST"): lambda each: (-each.created_at.timestamp(), -each.id.int),
}
"""What contacts of equal scores are sorted by in an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A workspace with a label for each size."""

    database: Database
    workspace_id: UUID
    labels: Sequence[UUID]


async def labelled(database: Database, workspace_id: UUID, *sizes: int) -> list[UUID]:
    """Make labels of so many of a workspace's contacts."""
    labels = [Label(workspace_id=workspace_id, name=f"L{n}", color="#112233", position=n) for n in range(len(sizes))]
    async with database.write(workspace_id) as session:
        session.add_all(labels)
        await session.flush()
        for label, size in zip(labels, sizes, strict=True):
            await session.execute(_LABELLED, {"here": workspace_id, "label": label.id, "size": size})
    return [each.id for each in labels]


@pytest.fixture(scope="module", params=["analysed", "not yet analysed"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    """A database of this module's own, whose statistics nobody else changes."""
    async with scratch_database() as url:
        database = Database(url)
        workspace_id = await fresh_workspace(database)
        async with database.write(workspace_id) as session:
            await session.execute(_CROWD, {"here": workspace_id})
        labels = await labelled(database, workspace_id, *SIZES)
        async with database.system() as session:
            await session.execute(sa.text("SET LOCAL ROLE NONE"))
            for table in ("contacts", "contact_labels") if request.param == "analysed" else ():
                await session.execute(sa.text(f"ANALYZE {table}"))
        yield Shop(database=database, workspace_id=workspace_id, labels=labels)
        await database.close()


def held(fact: Page, order: ContactOrder, end: bool | None, *, backward: bool, names: Sequence[str] | None) -> Text:
    """The statement of a page: of the resolvers (whole rows), or of a plan (`names`); `end` is the side of a cursor."""
    sorts = total([order.sort])
    place = statements.placed(sorts, (MIDDLE, UUID(int=7)))
    bounds = [] if end is None else [statements.beyond(fact, sorts, place, later=end)]
    where = [Contact.archived_at.is_(None), *bounds]
    return Text(statements.page(fact, sorts, where, backward=backward, names=names), limit=PAGE + 1)


async def explained(shop: Shop, text: Text, labels: Sequence[UUID] | None = None) -> Mapping[str, Any]:
    """The plan that a kept statement has for any values, with what it read of some, or all, of the shop's labels."""
    given = text.arguments({"tenant": shop.workspace_id, "keys": list(labels or shop.labels)})
    values = ", ".join(f"'{_literal(each)}'" for each in given)
    name = f"page_{uuid4().hex}"
    async with shop.database.write(shop.workspace_id) as session:
        await session.execute(sa.text("SET LOCAL plan_cache_mode = force_generic_plan"))
        connection = await session.connection()
        await connection.exec_driver_sql(f"PREPARE {name} AS {text.sql}")
        found = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE {name}({values})")
        shown = found.scalar_one()
        await connection.exec_driver_sql(f"DEALLOCATE {name}")
    return (orjson.loads(shown) if isinstance(shown, str) else shown)[0]["Plan"]


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ",".join(map(_literal, cast("list[Any]", value))) + "}"
    match value:
        case bytes():
            return str(UUID(bytes=value))
        case int() if value == raw(MIDDLE):
            return str(MIDDLE)
        case _:
            return str(value)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All nodes of a plan."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def of_labels() -> Page:
    """The list of a label's contacts."""
    return dict(listings())["Label.contacts"]


@pytest.mark.parametrize("names", [None, ["id", "name"]], ids=["resolvers", "plan"])
@pytest.mark.parametrize("end", [None, True, False], ids=["no cursor", "after", "before"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("order", [ContactOrder.NEWEST, ContactOrder.OLDEST])
async def test_a_page_of_a_labels_contacts_is_read_from_an_index(
    shop: Shop, order: ContactOrder, backward: bool, end: bool | None, names: Sequence[str] | None
) -> None:
    text = held(of_labels(), order, end, backward=backward, names=names)

    plan = await explained(shop, text)

    returned = plan["Actual Rows"]
    assert returned in range(2 * PAGE, 2 * (PAGE + 1) + 2)
    # PostgreSQL tells of the average of each label: before 18 without a fraction
    assert abs(read(plan, "contacts") - returned) < len(SIZES)
    assert abs(read(plan, "contact_labels") - returned) < len(SIZES)
    assert [each["Actual Rows"] for each in nodes(plan) if "Sort" in each["Node Type"]] == [returned]


@pytest.mark.parametrize("names", [None, ["id", "name"]], ids=["resolvers", "plan"])
async def test_a_few_contacts_of_a_label_are_looked_up_whatever_their_order(
    shop: Shop, names: Sequence[str] | None
) -> None:
    few = [size for size in SIZES if size <= statements.FEW]
    text = held(of_labels(), ContactOrder.NAME_A_TO_Z, None, backward=False, names=names)

    plan = await explained(shop, text, shop.labels[: len(few)])

    assert plan["Actual Rows"] == 1 + PAGE + 1
    assert read(plan, "contacts") <= sum(few)


def read(plan: Mapping[str, Any], table: str) -> int:
    """How many rows of a table were read, about: a node tells of an average."""
    own = [each for each in nodes(plan) if each.get("Relation Name") == table]
    return round(sum(each["Actual Rows"] * each["Actual Loops"] for each in own))


# What stands in the join table is true.


@pytest.fixture
async def people(database: Database, tenant: Tenant) -> list[UUID]:
    """Contacts, many of them made at the same moment."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [{"name": f"P{n * 7 % 30:02}", "created_at": start + timedelta(seconds=n * 7 % 3)} for n in range(30)]
    return await plant(database, tenant.workspace_id, rows)


async def copied(database: Database, workspace_id: UUID) -> set[bool]:
    """Whether the copies are true."""
    same = sa.select(ContactLabel.contact_created_at == Contact.created_at).where(
        ContactLabel.contact_id == Contact.id, ContactLabel.workspace_id == Contact.workspace_id
    )
    async with database.read(workspace_id) as session:
        return set(await session.scalars(same))


async def test_no_writer_has_to_know_of_the_copy(database: Database, tenant: Tenant, people: list[UUID]) -> None:
    here = tenant.workspace_id
    first, second = await labelled(database, here, 30, 0)

    async with database.write(here) as session:
        session.add(ContactLabel(workspace_id=here, contact_id=people[0], label_id=second))
        await session.flush()
        pair = {"workspace_id": here, "contact_id": people[1], "label_id": second}
        await session.execute(sa.insert(ContactLabel).values(pair))

    assert first != second
    assert await copied(database, here) == {True}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE contacts SET created_at = created_at - interval '1 day'",
        "UPDATE contact_labels SET contact_created_at = contact_created_at + interval '1 microsecond'",
        """INSERT INTO contact_labels (workspace_id, contact_id, label_id, contact_created_at)
           SELECT workspace_id, contact_id, (SELECT id FROM labels WHERE position = 1), now() FROM contact_labels""",
        """INSERT INTO contact_labels (workspace_id, contact_id, label_id)
           SELECT workspace_id, gen_random_uuid(), label_id FROM contact_labels LIMIT 1""",
        """UPDATE contact_labels k SET contact_id = (
               SELECT id FROM contacts c WHERE c.created_at <> k.contact_created_at
               AND NOT EXISTS (SELECT FROM contact_labels l WHERE l.contact_id = c.id) LIMIT 1)
           WHERE contact_id = (SELECT contact_id FROM contact_labels LIMIT 1)""",
    ],
)
async def test_nobody_makes_the_copy_untrue(
    database: Database, tenant: Tenant, people: list[UUID], change: str
) -> None:
    await labelled(database, tenant.workspace_id, len(people) // 2, 0)

    with pytest.raises(IntegrityError) as refused:
        async with database.write(tenant.workspace_id) as session:
            await session.execute(sa.text(change))

    assert cast("Any", refused.value.orig).sqlstate == NO_SUCH_KEY


@pytest.mark.parametrize("order", PLACES, ids="+".join)
async def test_a_walk_over_a_labels_contacts_meets_each_once_in_order(
    database: Database, door: Door, tenant: Tenant, people: list[UUID], order: tuple[str, ...]
) -> None:
    (label,) = await labelled(database, tenant.workspace_id, len(people))
    async with database.write(tenant.workspace_id) as session:
        await session.execute(sa.update(Contact).where(Contact.id.in_(people[4:9])).values(archived_at=sa.func.now()))
    async with database.read(tenant.workspace_id) as session:
        found = await session.scalars(sa.select(Contact).where(Contact.archived_at.is_(None)))
        expected = [each.name for each in sorted(found, key=PLACES[order])]
    asking = await door.as_(tenant.owner)
    given = {"id": encode("label", label), "order": list(order)}

    forward = [each async for each in pages(asking, given, "first", "after", "endCursor", "hasNextPage")]
    backward = [each async for each in pages(asking, given, "last", "before", "startCursor", "hasPreviousPage")]

    assert [name for page in forward for name in page] == expected
    assert [name for page in reversed(backward) for name in page] == expected


async def pages(asking: Door, given: Mapping[str, Any], *words: str) -> AsyncIterator[list[str]]:
    """The names on the pages of a label's contacts, one page after the other."""
    size, cursor, end, more = words
    given = {**given, size: 7}
    for _ in range(10):
        page = (await asking.execute(WALK, given)).data["label"]["contacts"]
        yield [each["name"] for each in page["nodes"]]
        given[cursor] = page["pageInfo"][end]
        if not page["pageInfo"][more]:
            return
    raise AssertionError
