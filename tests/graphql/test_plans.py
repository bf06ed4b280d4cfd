"""What plans do where nothing is as usual: what they give up, lose and keep, and who is told of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from graphql import parse
from graphql.execution.values import VariableValues

from core.database import Database, DatabaseBusy, PoolLimits
from core.database.rows import RowReading
from core.ground import Ground
from core.ids import encode
from core.settings import Environment
from graph.plan import Operation, Planner
from models import Contact, LeadScore, Permission, Role
from server.app import Parts, build
from services.access import Identity
from tests.equivalence.answers import Case, Said, Sides
from tests.fixtures.contacts import make
from tests.fixtures.door import Door, listening, serving
from tests.fixtures.houses import house_of
from tests.fixtures.operations import SCHEMA
from tests.fixtures.scratch import scratch_database
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import Tenant, found_tenant

SCORES = """query ($id: ID!) {
  contact(id: $id) { id leadScores { score recommendation factors { name points } } }
  other: contact(id: $id) { id }
}"""
FACTORS = {"company": {"points": 3, "most": 10, "known": True}}
MANY = 100


@pytest.fixture
def sides(ground: Ground) -> Sides:
    return Sides(ground, SCHEMA)


async def scored(database: Database, tenant: Tenant, **score: Any) -> Contact:
    """Store a contact with a score."""
    contact = Contact(workspace_id=tenant.workspace_id, name="Ana")
    async with database.write(tenant.workspace_id) as session:
        session.add(contact)
        await session.flush()
        usual = {"score": 1, "recommendation": "hot", "factors": FACTORS, "reasons": [], "provider": "local"}
        session.add(LeadScore(workspace_id=tenant.workspace_id, contact_id=contact.id, **{**usual, **score}))
    return contact


async def both(sides: Sides, tenant: Tenant, text: str, **given: Any) -> Said:
    """Answer both ways, which must be the same."""
    said, difference = await sides.compare(Case(text=text, given=given, identity=tenant.identity))
    assert difference is None, str(difference)
    return said


def ways(said: Said) -> Mapping[str, str]:
    """Which root fields were left to resolvers, and why."""
    assert said.way is not None
    return said.way["resolvers"]


async def test_a_function_that_raises_is_left_to_the_resolvers(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    contact = await scored(ground.database, tenant, recommendation="unheard")

    said = await both(sides, tenant, SCORES, id=encode("contact", contact.id))

    assert ways(said) == {"contact": "gave up: ValueError"}
    assert '"path":["contact","leadScores",0,"recommendation"]' in said.errors[0]
    assert said.data.endswith(f'"other":{{"id":"contact_{contact.id.hex}"}}}}')


async def test_a_null_where_a_value_must_be_is_left_to_the_resolvers(
    ground: Ground, tenant: Tenant, sides: Sides
) -> None:
    contact = await scored(ground.database, tenant, factors={"company": {"points": None, "most": 1, "known": True}})

    said = await both(sides, tenant, SCORES, id=encode("contact", contact.id))

    assert ways(said) == {"contact": "gave up: Unusual"}
    assert '"path":["contact","leadScores",0,"factors",0,"points"]' in said.errors[0]


async def test_a_text_that_no_enum_has_is_left_to_the_resolvers(ground: Ground) -> None:
    async with scratch_database() as url:
        database = Database(url)
        apart = replace(ground, database=database)
        tenant = await found_tenant(apart)
        contact = await scored(database, tenant)
        async with database.system() as session:
            await session.execute(sa.text("SET LOCAL ROLE NONE"))
            await session.execute(sa.text("ALTER TABLE contacts DROP CONSTRAINT ck_contacts_sentiment"))
            await session.execute(sa.text("UPDATE contacts SET sentiment = 'furious'"))
        text = "query ($id: ID!) { contact(id: $id) { sentiment } label(id: $id) { id } }"
        said = await both(Sides(apart, SCHEMA), tenant, text, id=encode("contact", contact.id))
        await database.close()

    assert ways(said) == {"contact": "gave up: KeyError"}
    assert '"code":"INTERNAL_ERROR"' in said.errors[0]


@asynccontextmanager
async def one_line(ground: Ground) -> AsyncIterator[Ground]:
    """The ground with one connection for compiled queries, which somebody has, and little patience."""
    database = Database(ground.database.url, pool=PoolLimits(plans=1, wait=0.1))
    line = await database._plans.take()
    yield replace(ground, database=database)
    database._plans.give_back(line, is_sound=True)
    await database.close()


async def test_a_busy_database_is_told_of_at_the_root_fields_that_need_it(ground: Ground, tenant: Tenant) -> None:
    text = "{ contacts { nodes { id } } __typename me { role } user(id: 1) { id } workspace { id } }"
    async with one_line(ground) as busy:
        said = await Sides(busy, SCHEMA).planned(Case(text=text, given={}, identity=tenant.identity))

    assert said.data == '{"contacts":null,"__typename":"Query","me":{"role":"OWNER"},"user":null,"workspace":null}'
    assert [each["code"] for each in map(orjson.loads, said.errors)] == ["UNAVAILABLE"] * 2
    assert [each["path"] for each in map(orjson.loads, said.errors)] == [["contacts"], ["workspace"]]


async def test_where_everything_is_left_out_the_answer_is_an_empty_object(tenant: Tenant, sides: Sides) -> None:
    text = "query ($no: Boolean!) { contacts @include(if: $no) { totalCount } me @skip(if: true) { role } }"

    said = await both(sides, tenant, text, no=False)

    assert said.data == "{}"


async def test_rights_that_change_make_another_plan(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    text = "{ contacts { nodes { phone labels { name } } } }"
    await scored(ground.database, tenant)
    actor = tenant.identity.working
    for lost in (set(), {Permission.PHONES_READ}, {Permission.LABELS_READ}, {Permission.CONTACTS_READ}, set()):
        identity = replace(tenant.identity, actor=replace(actor, permissions=actor.permissions - lost))
        _, difference = await sides.compare(Case(text=text, given={}, identity=identity))
        assert difference is None


def test_the_plans_of_an_operation_are_bounded(tenant: Tenant) -> None:
    document = parse("query ($a: Boolean!) { contacts { nodes { id name @include(if: $a) } } }")
    operation: Any = document.definitions[0]
    made = Operation(Planner(SCHEMA), document, operation)

    for number in range(MANY):
        made.plan(VariableValues({}, {"a": True}), tenant.owner, number)

    assert len(made._plans) <= 64
    assert made.plan(VariableValues({}, {"a": True}), tenant.owner, MANY - 1) is list(made._plans.values())[-1]


async def test_the_operations_and_statements_that_are_kept_are_bounded(
    tenant: Tenant, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.engine.documents._KEPT", 5)
    for number in range(9):
        await both(sides, tenant, f"{{ a{number}: labels(first: 1) {{ nodes {{ id }} }} }}")

    kept = [operation for each in sides.plans.documents._kept.values() for operation in each.operations.values()]
    assert len({id(each.plans) for each in kept}) == 5


@pytest.mark.parametrize("env", [Environment.DEVELOPMENT, Environment.PRODUCTION, Environment.TEST])
async def test_only_in_development_one_is_told_of_plans(ground: Ground, tenant: Tenant, env: Environment) -> None:
    server = ground.settings.server.model_copy(update={"app_env": env})
    settings = ground.settings.model_copy(update={"server": server})
    parts = Parts(house=house_of(replace(ground, settings=settings)))
    async with listening(build(parts).asgi) as address, Door.open(address, ground) as opened:
        door = await opened.as_(tenant.owner)
        reply = await door.execute("{ contacts { totalCount } me { role } }")

    told = reply.body["extensions"].get("plan")
    expected = {"planned": ["contacts"], "resolvers": {"me": "Query.me has a resolver of its own"}}
    assert told == (expected if env is Environment.DEVELOPMENT else None)


@asynccontextmanager
async def telling(ground: Ground) -> AsyncIterator[Door]:
    """The door of a server in development."""
    server = ground.settings.server.model_copy(update={"app_env": Environment.DEVELOPMENT})
    settings = ground.settings.model_copy(update={"server": server})
    async with serving(replace(ground, settings=settings)) as address, Door.open(address, ground) as opened:
        yield opened


CHANGED = """mutation ($id: ID!) {
  contactUpdate(input: {id: $id, company: "1"}) { contact { id labels { id } leadScores { factors { name } } } }
}"""


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        (FACTORS, {"planned": ["contactUpdate", "contactUpdate.contact"], "resolvers": {}}),
        (
            {"company": {}},
            {
                "planned": [],
                "resolvers": {
                    "contactUpdate": "gave up: TypeError",
                    "contactUpdate.contact": "gave up: TypeError",
                    "contactUpdate.contact.leadScores": "gave up: TypeError",
                },
            },
        ),
    ],
)
async def test_in_development_a_mutation_tells_how_its_rows_were_shown(
    ground: Ground, tenant: Tenant, factors: dict[str, Any], expected: dict[str, Any]
) -> None:
    contact = await scored(ground.database, tenant, factors=factors)

    async with telling(ground) as door:
        reply = await (await door.as_(tenant.owner)).execute(CHANGED, {"id": encode("contact", contact.id)})

    assert reply.body["extensions"]["plan"] == expected


async def test_in_development_each_event_tells_how_its_rows_were_shown(ground: Ground, tenant: Tenant) -> None:
    text = "subscription { contactChanged { ... on ContactChanged { contact { name labels { id } } } } }"

    async with telling(ground) as door, (await door.as_(tenant.owner)).subscribe(text) as stream:
        for name in ("Ana", "Bia"):
            await make(ground, tenant.owner, name=name)
        told = [(await stream.message())["payload"]["extensions"]["plan"] for _ in range(2)]

    assert told == [{"planned": ["contactChanged.contact"], "resolvers": {}}] * 2


async def test_in_production_no_mutation_tells_how_its_rows_were_shown(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    contact = await scored(ground.database, tenant)

    reply = await (await door.as_(tenant.owner)).execute(CHANGED, {"id": encode("contact", contact.id)})

    assert "plan" not in reply.body["extensions"]


async def test_who_is_in_no_workspace_has_no_plan(tenant: Tenant, sides: Sides) -> None:
    nowhere: Identity = replace(tenant.identity, actor=None)

    said, difference = await sides.compare(
        Case(text="{ contacts { totalCount } me { role } }", given={}, identity=nowhere)
    )

    assert difference is None
    assert said.way is None
    assert Role.OWNER.value not in said.data


SHARED = """
fragment P on ContactUpdatePayload { contact { id labels { id } } }
mutation ($id: ID!) {
  short: contactUpdate(input: {id: $id, company: "1"}) { ...P }
  long: contactUpdate(input: {id: $id, company: "2"}) { ...P contact { name labels { name } } }
  again: contactUpdate(input: {id: $id, company: "3"}) { ...P }
}"""


async def test_a_fragment_shares_no_view_with_what_merges_more_into_it(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    contact = await scored(ground.database, tenant)
    asking = await door.as_(tenant.owner)
    key = encode("contact", contact.id)

    reply = await asking.execute(SHARED, {"id": key})

    assert reply.errors == []
    assert reply.data == {
        "short": {"contact": {"id": key, "labels": []}},
        "long": {"contact": {"id": key, "labels": [], "name": "Ana"}},
        "again": {"contact": {"id": key, "labels": []}},
    }


async def test_a_payload_waits_once_for_a_database_that_is_away(
    door: Door, ground: Ground, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await scored(ground.database, tenant)
    asking = await door.as_(tenant.owner)
    waited: list[str] = []

    async def away(_reading: RowReading, statement: str, _arguments: object) -> None:
        waited.append(statement)
        raise DatabaseBusy

    monkeypatch.setattr(RowReading, "fetch", away)
    change = 'mutation ($id: ID!) { contactUpdate(input: {id: $id, company: "1"}) { contact { labels { name } } } }'
    with sent_to(ground.database) as sent:
        reply = await asking.execute(change, {"id": encode("contact", contact.id)})

    assert reply.body["data"] == {"contactUpdate": {"contact": None}}
    assert [(each["path"], each["extensions"]["code"]) for each in reply.errors] == [
        (["contactUpdate", "contact"], "UNAVAILABLE")
    ]
    assert len(waited) == 1
    assert [each for each in sent if "contact_labels" in each] == waited


async def test_who_waited_once_for_a_database_that_is_away_does_not_wait_again(
    door: Door, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = await door.as_(tenant.owner)
    waited: list[str] = []

    async def away(_reading: RowReading, statement: str, _arguments: object) -> None:
        waited.append(statement)
        raise DatabaseBusy

    monkeypatch.setattr(RowReading, "fetch", away)
    reply = await asking.execute("{ contacts { nodes { id } } labels { nodes { id } } workspace { id } }")

    assert reply.body["data"] == {"contacts": None, "labels": None, "workspace": None}
    assert [each["path"] for each in reply.errors] == [["contacts"], ["labels"], ["workspace"]]
    assert len(waited) == 1
