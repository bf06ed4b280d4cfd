"""What the product's own operations cost whoever sends them: the schema told, and contacts by the hundred."""

import time
from typing import Any

import orjson
import pytest
from graphql import get_introspection_query
from structlog.testing import capture_logs

from core.ground import Ground
from server.engine import budget
from server.engine.introspection import ALIASES, AT_ONCE
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant

WHOLE = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)
DEEP = (
    "name description fields { name description args { name description type { name kind } } type { name kind"
    " fields { name description args { name description type { name kind } } } } }"
)
LAVISH = {
    "one that lists fields in fields": f"{{ __schema {{ types {{ {DEEP} }} }} }}",
    "the whole schema twice": WHOLE.replace("__schema {", "a: __schema { types { ...FullType } } __schema {", 1),
    "a type of types of types": (
        '{ __type(name: "Query") { fields { type { fields { type { fields { type { fields { name } } } } } } } } }'
    ),
    "in fragments": (
        "{ __schema { types { ...A ...B } } } fragment A on __Type { fields { type { ...B } } }"
        " fragment B on __Type { fields { type { fields { type { fields { name } } } } } }"
    ),
}  # fmt: skip
WORST = {
    "the whole schema": WHOLE,
    "one field by many names": (
        "{ __schema { types { " + " ".join(f"a{n}: fields {{ __typename }}" for n in range(ALIASES)) + " } } }"
    ),
    "wrappers of wrappers": (
        "{ __schema { types { fields { args { type { ofType { ofType { ofType { name } } } } } } } } }"
    ),
}
UPSERT = "contactsUpsert(input: { contacts: $c }) { created results { contact { id } userErrors { code } } }"
RICH = """contactsUpsert(input: { contacts: $c }) { results { contact {
    owner { id } labels { id } identities { value } createdBy { id } } duplicateOf { id } userErrors { code } } }"""


FULL: dict[str, Any] = {
    "name": "Ana de Souza", "company": "Padaria", "position": "Compras", "notes": "Liga cedo", "leadScore": 7,
    "sentiment": "POSITIVE", "avatarUrl": "https://exemplo.com.br/a.png", "ownerId": None, "email": None, "phone": None,
    "customFields": {},
}  # fmt: skip


def people(count: int) -> list[dict[str, Any]]:
    return [{"externalId": f"x{each}"} for each in range(count)]


async def cost(door: Door, query: str, **variables: Any) -> dict[str, Any]:
    reply = await door.execute(query, variables)
    assert not reply.errors, reply.errors
    return reply.body["extensions"]["cost"]


async def test_the_whole_schema_is_told_to_anybody_several_times(door: Door, ground: Ground) -> None:
    await ground.throttle.clear("points:address:127.0.0.1")

    told = await cost(door, WHOLE)

    # a page of the explorer asks for it each time that it is opened, and an office has one address
    assert budget.ANONYMOUS.limit / 150 < told["requested"] < budget.ANONYMOUS.limit / 80


@pytest.mark.parametrize("name", LAVISH)
async def test_nobody_is_told_more_than_the_whole_schema(door: Door, name: str) -> None:
    with capture_logs():
        reply = await door.execute(LAVISH[name], None)

    assert {each["extensions"]["code"] for each in reply.errors} == {"LIMIT_EXCEEDED"}
    assert "values of the schema" in reply.errors[0]["message"]


async def test_what_asks_for_the_schema_has_few_names_of_its_own(door: Door) -> None:
    names = " ".join(f"a{each}: fields {{ __typename }}" for each in range(ALIASES + 1))

    reply = await door.execute(f"{{ __schema {{ types {{ {names} }} }} }}")

    assert {each["extensions"]["code"] for each in reply.errors} == {"LIMIT_EXCEEDED"}


async def test_the_schema_is_asked_for_a_few_times_in_one_operation(door: Door) -> None:
    aliases = " ".join(f"a{each}: __schema {{ types {{ {DEEP} }} }}" for each in range(18))

    reply = await door.execute(f"{{ {aliases} }}")

    assert {each["extensions"]["code"] for each in reply.errors} == {"LIMIT_EXCEEDED"}
    assert f"An operation may have {AT_ONCE} times `__schema` or `__type`" in reply.errors[0]["message"]


@pytest.mark.parametrize("name", WORST)
async def test_telling_the_schema_does_not_hold_the_process_up(door: Door, ground: Ground, name: str) -> None:
    await ground.throttle.clear("points:address:127.0.0.1")
    taken: list[float] = []

    for _ in range(3):
        began = time.thread_time()
        reply = await door.execute(WORST[name])
        taken.append(time.thread_time() - began)
        assert not reply.errors

    # server and client are one thread here: it reads the answer too. 0.3 s where counting to a million takes 0.03
    assert min(taken) < 10 * min(counting() for _ in range(3))


def counting() -> float:
    """Tell how long this machine takes, at this hour, to count to a million."""
    began = time.thread_time()
    sum(1 for _ in range(1_000_000))
    return time.thread_time() - began


async def test_what_is_sent_by_the_hundred_is_priced_by_the_piece(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    told = await cost(asking, f"mutation ($c: [ContactInput!]!) {{ {UPSERT} }}", c=people(200))
    written = ", ".join(f'{{ externalId: "y{each}" }}' for each in range(20))
    literal = await cost(asking, f"mutation {{ {UPSERT.replace('$c', f'[{written}]')} }}")

    assert told["requested"] == 10 + 200 * 5 + 1 + 200 * 3
    assert told["actual"] == 10 + 200 * 5 + 1 + 200 * 2
    assert literal["requested"] == 10 + 20 * 5 + 1 + 20 * 3


@pytest.mark.parametrize(
    "query",
    [
        "mutation ($c: [ContactInput!]!) { " + " ".join(f"a{each}: {UPSERT}" for each in range(20)) + " }",
        f"mutation ($c: [ContactInput!]!) {{ {RICH} }}",
    ],
    ids=["twenty times", "with all that hangs on each"],
)
async def test_what_nobody_can_pay_is_refused_before_anything_runs(door: Door, tenant: Tenant, query: str) -> None:
    asking = await door.as_(tenant.owner)

    response = await asking.post(orjson.dumps({"query": query, "variables": {"c": people(480)}}))

    assert response.status_code == 422
    assert response.json()["errors"][0]["extensions"]["code"] == "COST_EXCEEDED"
    told = response.json()["extensions"]["cost"]
    assert told["requested"] > budget.LARGEST
    assert budget.SIGNED_IN.limit - budget.LARGEST < told["remaining"] <= budget.SIGNED_IN.limit
    assert (await asking.execute("{ contacts { totalCount } }")).data["contacts"]["totalCount"] == 0


async def test_500_contacts_at_once_can_be_paid(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    told = await cost(
        asking, f"mutation ($c: [ContactInput!]!) {{ {UPSERT} }}", c=[FULL | each for each in people(500)]
    )

    assert told["requested"] <= budget.LARGEST


async def test_a_list_that_is_longer_than_it_was_taken_for_is_told(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    make = 'mutation ($n: String!) { labelCreate(input: { name: $n, color: "#112233" }) { label { id } } }'
    labels = [(await asking.mutate(make, {"n": f"L{each}"}))["label"]["id"] for each in range(30)]
    contact = (await asking.mutate('mutation { contactCreate(input: { name: "Ana" }) { contact { id } } }'))["contact"]
    add = """mutation ($c: [ID!]!, $l: [ID!]!) {
        contactLabelsAdd(input: { contactIds: $c, labelIds: $l }) { contacts { id } } }"""
    await asking.mutate(add, {"c": [contact["id"]], "l": labels})

    told = await cost(asking, "{ contacts(first: 1) { nodes { labels { id } } } }")

    assert (told["requested"], told["actual"]) == (11, 31)
