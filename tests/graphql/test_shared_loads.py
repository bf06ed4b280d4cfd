"""What several ask for at the same time is loaded together, and each is told what they would be told alone."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from core.database import DatabaseBusy
from core.database.rows import RowReading
from core.ground import Ground
from core.ids import encode
from models import Contact, CustomField, FieldKind, Label, LeadScore
from tests.equivalence.answers import Case, Said, Sides
from tests.fixtures.contacts import make, plant
from tests.fixtures.door import Door
from tests.fixtures.operations import SCHEMA
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import Tenant, found_tenant

MANY = 40
ONE = "query ($id: ID!) { contact(id: $id) { name owner { name } leadScores { recommendation } labels { name } } }"
PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  contacts(first: $first, after: $after, last: $last, before: $before, orderBy: [OLDEST]) {
    totalCount edges { cursor node { name labels { name } } } pageInfo { hasNextPage hasPreviousPage } } }"""
SCORE = {"score": 1, "factors": {}, "reasons": [], "provider": "local"}


@pytest.fixture
def sides(ground: Ground) -> Sides:
    return Sides(ground, SCHEMA)


async def at_once(sides: Sides, cases: Sequence[Case]) -> Sequence[Said]:
    return await asyncio.gather(*[sides.planned(each) for each in cases])


def names(said: Said) -> Any:
    return orjson.loads(said.data)["contact"]["name"]


async def people(ground: Ground, tenant: Tenant, amount: int = MANY) -> Mapping[str, Case]:
    """Store contacts; return what asks for each, by its name."""
    made = [await make(ground, tenant.owner, name=f"Pessoa {number}") for number in range(amount)]
    return {
        each.name: Case(text=ONE, given={"id": encode("contact", each.id)}, identity=tenant.identity) for each in made
    }


async def test_rows_that_are_asked_for_at_once_are_read_by_fewer_statements(
    ground: Ground, tenant: Tenant, sides: Sides
) -> None:
    asked = await people(ground, tenant)

    with sent_to(ground.database) as sent:
        said = await at_once(sides, list(asked.values()))

    assert [names(each) for each in said] == list(asked)
    assert len([each for each in sent if "FROM contacts" in each]) < MANY
    assert len(sent) < 2 * MANY


async def test_who_is_alone_is_answered_by_a_statement_for_each_level(
    ground: Ground, tenant: Tenant, sides: Sides
) -> None:
    asked = await people(ground, tenant, 1)

    with sent_to(ground.database) as sent:
        await sides.planned(next(iter(asked.values())))

    assert len(sent) == 3


@pytest.mark.parametrize("end", ["after", "before"])
async def test_pages_that_begin_at_several_places_are_read_together(
    ground: Ground, tenant: Tenant, sides: Sides, end: str
) -> None:
    await plant(ground.database, tenant.workspace_id, [{"name": f"Pessoa {n:02}"} for n in range(MANY)])
    whole = await sides.planned(Case(text=PAGE, given={"first": MANY}, identity=tenant.identity))
    cursors = [each["cursor"] for each in orjson.loads(whole.data)["contacts"]["edges"]]
    size = "first" if end == "after" else "last"
    cases = [Case(text=PAGE, given={size: 4, end: each}, identity=tenant.identity) for each in cursors]
    alone = [await sides.planned(each) for each in cases]

    with sent_to(ground.database) as sent:
        together = await at_once(sides, cases)

    assert together == alone
    assert len([each for each in sent if "unnest" in each and "FROM contacts" in each]) < MANY


async def test_the_same_page_for_many_is_read_a_few_times(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    await plant(ground.database, tenant.workspace_id, [{"name": f"Pessoa {n:02}"} for n in range(MANY)])
    case = Case(text="{ contacts(first: 5) { nodes { name } } }", given={}, identity=tenant.identity)
    alone = await sides.planned(case)

    with sent_to(ground.database) as sent:
        together = await at_once(sides, [case] * MANY)

    assert together == [alone] * MANY
    assert len(sent) < MANY


async def test_workspaces_that_ask_at_once_are_kept_apart(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    other = await found_tenant(ground)
    mine, theirs = await people(ground, tenant, 5), await people(ground, other, 5)
    stolen = [Case(text=each.text, given=each.given, identity=tenant.identity) for each in theirs.values()]

    said = await at_once(sides, [*mine.values(), *stolen, *theirs.values()])

    assert [names(each) for each in said[:5]] == list(mine)
    assert [each.data for each in said[5:10]] == ['{"contact":null}'] * 5
    assert [names(each) for each in said[10:]] == list(theirs)


async def test_what_is_unusual_about_one_is_nobody_elses_business(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    asked = await people(ground, tenant)
    odd = Contact(workspace_id=tenant.workspace_id, name="Ana")
    async with ground.database.write(tenant.workspace_id) as session:
        session.add(odd)
        await session.flush()
        session.add(LeadScore(workspace_id=tenant.workspace_id, contact_id=odd.id, recommendation="unheard", **SCORE))
    case = Case(text=ONE, given={"id": encode("contact", odd.id)}, identity=tenant.identity)

    *others, said = await at_once(sides, [*asked.values(), case])

    assert [names(each) for each in others] == list(asked)
    assert [each.way for each in others] == [{"planned": ["contact"], "resolvers": {}}] * MANY
    assert said.way == {"planned": [], "resolvers": {"contact": "gave up: ValueError"}}
    assert said == await sides.resolved(case)


async def test_who_leaves_does_not_harm_the_others(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    asked = await people(ground, tenant)
    tasks = {name: asyncio.create_task(sides.planned(case)) for name, case in asked.items()}
    for turn, task in enumerate(tasks.values()):
        await asyncio.sleep(0)
        if turn % 2:
            task.cancel()

    ended = await asyncio.gather(*tasks.values(), return_exceptions=True)

    staying = {name: each for name, each in zip(tasks, ended, strict=True) if isinstance(each, Said)}
    assert len(staying) >= MANY // 2
    assert [names(each) for each in staying.values()] == list(staying)


async def test_a_database_that_is_away_is_told_of_to_all_and_waited_for_once(
    ground: Ground, tenant: Tenant, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list((await people(ground, tenant)).values())
    waited: list[str] = []

    async def away(_reading: RowReading, statement: str, _arguments: object) -> None:
        waited.append(statement)
        for _ in range(MANY):
            await asyncio.sleep(0)
        raise DatabaseBusy

    monkeypatch.setattr(RowReading, "fetch", away)
    text = ONE.replace("{ contact", "{ again: contact(id: $id) { name } contact")
    said = await at_once(sides, [Case(text=text, given=each.given, identity=each.identity) for each in asked])

    assert {each.data for each in said} == {'{"again":null,"contact":null}'}
    assert {orjson.loads(error)["code"] for each in said for error in each.errors} == {"UNAVAILABLE"}
    assert len(waited) < MANY


async def test_whoever_wrote_reads_what_they_wrote(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    create = "mutation ($name: String!) { contactCreate(input: {name: $name}) { contact { id } } }"
    change = "mutation ($id: ID!, $name: String!) { contactUpdate(input: {id: $id, name: $name}) { contact { id } } }"

    async def write_and_read(number: int) -> None:
        made = await asking.execute(create, {"name": f"Pessoa {number}"})
        key = made.data["contactCreate"]["contact"]["id"]
        for turn in range(5):
            name = f"Pessoa {number} {turn}"
            await asking.execute(change, {"id": key, "name": name})
            assert (await asking.execute(ONE, {"id": key})).data["contact"]["name"] == name

    await asyncio.gather(*[write_and_read(number) for number in range(MANY)])


async def test_nothing_is_left_of_what_was_shared(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    await at_once(sides, list((await people(ground, tenant)).values()))

    sharing = sides.plans._plans._sharing
    await asyncio.sleep(0)
    assert (sharing._running, sharing._places, sharing._loads) == (0, {}, set())


async def test_values_that_python_takes_for_equal_name_no_common_load(
    ground: Ground, tenant: Tenant, sides: Sides
) -> None:
    async with ground.database.write(tenant.workspace_id) as session:
        session.add(
            CustomField(workspace_id=tenant.workspace_id, key="num", label="Número", kind=FieldKind.NUMBER, position=1)
        )
        session.add(Label(workspace_id=tenant.workspace_id, name="Frio", color="#112233", position=1))
    text = """query ($v: JSON) { labels { nodes {
      contacts(filter: {customFields: [{key: "num", eq: $v}]}) { nodes { name } } } } }"""
    cases = [Case(text=text, given={"v": each}, identity=tenant.identity) for each in (1, True)]
    alone = [await sides.planned(each) for each in cases]

    together = await at_once(sides, cases * MANY)

    assert alone[0] != alone[1]
    assert together == alone * MANY


async def test_many_rows_are_read_in_parts(ground: Ground, tenant: Tenant, sides: Sides) -> None:
    ids = await plant(ground.database, tenant.workspace_id, [{"name": f"Pessoa {n:03}"} for n in range(60)])
    text = "query ($id: ID!) { contact(id: $id) { name leadScores(last: 100) { score } } }"
    cases = [Case(text=text, given={"id": encode("contact", each)}, identity=tenant.identity) for each in ids]

    with sent_to(ground.database) as sent:
        said = await at_once(sides, cases)

    assert {names(each) for each in said} == {f"Pessoa {n:03}" for n in range(60)}
    assert len([each for each in sent if "lead_scores" in each]) >= 60 // 12


async def test_who_waits_for_a_load_waits_no_longer_than_an_operation_may_take(
    ground: Ground, tenant: Tenant, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list((await people(ground, tenant, 8)).values())
    sides.plans._plans._sharing._patience._seconds = 0.2
    held = asyncio.Event()
    fetch = RowReading.fetch

    async def slow(reading: RowReading, statement: str, arguments: Sequence[object]) -> Sequence[Any]:
        await held.wait()
        return await fetch(reading, statement, arguments)

    monkeypatch.setattr(RowReading, "fetch", slow)
    first, *others = [asyncio.create_task(sides.planned(each)) for each in asked]
    said = await asyncio.wait_for(asyncio.gather(*others), 10)
    held.set()

    assert {orjson.loads(each.errors[0])["code"] for each in said} == {"TIMEOUT"}
    assert names(await first) == "Pessoa 0"
