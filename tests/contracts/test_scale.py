"""Lists stay fast when they are long: each order has its index, each list its key's, and texts are found by theirs."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import class_mapper

from core.database import Database
from core.ground import Ground
from graph import narrowing, statements
from graph.facts import Page, total
from graph.registry import current
from graph.tables import class_of, column_of
from models import Role
from resolvers import root
from tests.fixtures.contacts import plant
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join_workspace

TENANT = "workspace_id"
SHORT = {"custom_fields", "labels", "prompt_templates", "workspace_invites", "workspace_members"}
"""Tables of which a workspace has some hundreds of rows at most: their lists may be sorted."""
SEARCH = """query($search: String, $filter: ContactFilter) {
  contacts(search: $search, filter: $filter, orderBy: [NAME_A_TO_Z], first: 100) { totalCount nodes { id name } } }"""


_CROWD = sa.text("""
    INSERT INTO contacts (workspace_id, id, name, email, notes)
    SELECT :here, gen_random_uuid(), 'Pessoa ' || n, 'p' || n || '@example.com', 'gosta de pão'
    FROM generate_series(1, 5000) n
""")


def listings() -> list[tuple[str, Page]]:
    """All pages, by their places."""
    root.build()
    return [
        (f"{view.__name__}.{name}", fact)
        for view in current().views.values()
        for name, fact in view.facts.items()
        if isinstance(fact, Page)
    ]


def unique(table: sa.Table) -> list[tuple[str, ...]]:
    """The columns that are unique together: nothing needs to break ties after them."""
    rules = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    return [tuple(each.columns.keys()) for each in rules]


def indexes(table: sa.Table) -> list[tuple[str, ...]]:
    """The columns of a table's indexes, unique ones and its key."""
    return [
        *unique(table),
        tuple(table.primary_key.columns.keys()),
        *(tuple(getattr(part, "name", "") for part in each.expressions) for each in table.indexes),
    ]


def test_every_order_of_a_long_list_has_an_index_that_leads_with_the_workspace() -> None:
    missing: list[str] = []
    for place, fact in listings():
        table = cast("sa.Table", class_mapper(fact.model).local_table)
        if table.name in SHORT:
            continue
        for sort in fact.orders:
            wanted = tuple(dict.fromkeys((TENANT, column_of(sort.column).name, "id")))
            if wanted[:2] in unique(table):
                continue
            if not any(each[: len(wanted)] == wanted for each in indexes(table)):
                missing.append(f"{place}: {wanted}")

    assert missing == []


def test_every_list_of_a_row_has_an_index_that_leads_with_the_workspace_and_the_row() -> None:
    missing: list[str] = []
    for place, fact in listings():
        if fact.key is None:
            continue
        table = cast("sa.Table", class_mapper(class_of(fact.key)).local_table)
        wanted = (TENANT, column_of(fact.key).name)
        if fact.far is not None:
            default = [each.column for each in statements.walked(fact, total(fact.orders[:1]))]
            wanted = (*wanted, *(column_of(each).name for each in default))
        elif table.name not in SHORT:
            wanted = (*wanted, column_of(fact.orders[0].column).name)
        if not any(each[: len(wanted)] == wanted for each in indexes(table)):
            missing.append(f"{place}: {wanted}")

    assert missing == []


@pytest.fixture
def sent(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that look for texts."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "contact_texts" in statement:
            found.append((statement, parameters))

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def crowd(database: Database, tenant: Tenant) -> None:
    """Add so many contacts that the planner has a reason to use an index."""
    async with database.system() as session:
        await session.execute(_CROWD, {"here": tenant.workspace_id})
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        await session.execute(sa.text("ANALYZE contacts"))


async def plan_of(database: Database, tenant: Tenant, statement: str, parameters: Any) -> str:
    """The plan of a statement for the application role, as if rows were dear: as they are when there are many."""
    async with database.write(tenant.workspace_id) as session:
        await session.execute(sa.text("SET LOCAL cpu_tuple_cost = 100"))
        connection = await session.connection()
        shown = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(shown.scalars())


@pytest.fixture
async def twins(ground: Ground, door: Door, database: Database, tenant: Tenant, other_tenant: Tenant) -> list[Door]:
    """An owner and a viewer of one workspace, whose contacts another workspace has too."""
    people = [
        {"name": "Wladislaw Lima", "phone": "+5511987654321", "notes": "gosta de bambu"},
        *({"name": f"Ana Silva {number}", "company": "Padaria"} for number in range(5)),
        {"name": "Rui"},
    ]
    for each in (tenant, other_tenant):
        await plant(database, each.workspace_id, people)
    viewer = await join_workspace(ground, tenant.workspace_id, Role.VIEWER)
    return [await door.as_(tenant.owner), await door.as_(viewer)]


@pytest.mark.parametrize(
    "given", [{"search": "wladislaw"}, {"search": "bambu"}, {"filter": {"name": {"contains": "ladis"}}}]
)
async def test_what_is_looked_for_is_found_by_an_index_behind_the_wall(
    database: Database, tenant: Tenant, twins: list[Door], sent: list[tuple[str, Any]], given: Any
) -> None:
    await crowd(database, tenant)
    for asking in twins:
        reply = await asking.execute(SEARCH, given)
        assert [each["name"] for each in reply.data["contacts"]["nodes"]] == ["Wladislaw Lima"]

    assert len(sent) == len(twins)
    for statement, parameters in list(sent):
        plan = await plan_of(database, tenant, statement, parameters)
        reached = [line for line in plan.splitlines() if "Index Cond" in line]
        assert any("search_text ~~" in line and "workspace_id = CASE" in line for line in reached), plan


async def test_the_contacts_of_an_owner_are_counted_by_an_index_alone(database: Database, tenant: Tenant) -> None:
    await crowd(database, tenant)
    statement = "SELECT count(*) FROM contacts WHERE workspace_id = $1 AND owner_id = $2 AND archived_at IS NULL"

    plan = await plan_of(database, tenant, statement, (tenant.workspace_id, tenant.owner.user_id))

    assert "Index Only Scan using ix_contacts_owner " in plan


async def test_a_condition_on_texts_reaches_no_index_without_the_view(database: Database, tenant: Tenant) -> None:
    await crowd(database, tenant)
    statement = "SELECT id FROM contacts WHERE workspace_id = $1 AND search_text LIKE '%wladis%'"

    plan = await plan_of(database, tenant, statement, (tenant.workspace_id,))

    assert not any("search_text" in line for line in plan.splitlines() if "Index Cond" in line)


@pytest.mark.parametrize(
    "given",
    [
        {"search": "silva"},
        {"search": "ana padaria"},
        {"search": "98765"},
        {"search": "9876543"},
        {"search": "si"},
        {"filter": {"name": {"startsWith": "ána s"}}},
        {"filter": {"name": {"endsWith": "LIMA"}}},
        {"filter": {"or": [{"name": {"contains": "rui"}}, {"name": {"contains": "wladis"}}]}},
        {"filter": {"not": [{"name": {"contains": "silva"}}]}},
        {"search": "silva", "filter": {"name": {"contains": "ilva 3"}}},
    ],
)
async def test_looking_ahead_changes_no_answer(twins: list[Door], monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    answers: list[list[Any]] = []
    for few in (0, 2, 2_000):
        monkeypatch.setattr(narrowing, "FEW", few)
        answers.append([(await asking.execute(SEARCH, given)).data for asking in twins])

    assert answers[0] == answers[1] == answers[2]


async def test_a_viewer_finds_nobody_by_a_number(twins: list[Door]) -> None:
    owner, viewer = [(await each.execute(SEARCH, {"search": "98765"})).data["contacts"] for each in twins]

    assert [each["name"] for each in owner["nodes"]] == ["Wladislaw Lima"]
    assert viewer == {"totalCount": 0, "nodes": []}


async def test_the_view_shows_its_own_workspace_alone(
    database: Database, tenant: Tenant, other_tenant: Tenant, twins: list[Door]
) -> None:
    texts = sa.text("SELECT DISTINCT workspace_id FROM contact_texts")

    for each in (tenant, other_tenant):
        async with database.read(each.workspace_id) as session:
            assert (await session.scalars(texts)).all() == [each.workspace_id]
    async with database.engine.connect() as connection:
        assert (await connection.execute(texts)).all() == []


@pytest.mark.parametrize("way", ["UPDATE contact_texts SET company = ''", "DELETE FROM contact_texts"])
async def test_nothing_is_written_through_the_view(database: Database, tenant: Tenant, way: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="permission denied"):
        async with database.write(tenant.workspace_id) as session:
            await session.execute(sa.text(way))
