"""Filters by custom fields: each kind is compared with what it keeps, and anything else is refused with a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from core.database import Database
from core.ground import Ground
from models import CustomField, FieldKind, Role
from services import custom_fields, feed_cursor, feed_log
from services.access import Actor
from services.contacts import change
from services.contacts.drafting import ContactDraft
from services.custom_fields import FieldDraft
from services.transaction import begin
from tests.fixtures.contacts import FILTER, make
from tests.fixtures.door import Door, Reply
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import Tenant, found_tenant

VALUES: dict[str, Any] = {
    "f_text": "São Paulo", "f_number": 12.5, "f_boolean": True, "f_date": "2026-11-23", "f_select": "ouro",
    "f_datetime": "2026-11-23T14:30:00-03:00", "f_multi_select": ["doce", "salgado"],
    "f_url": "https://example.com/a", "f_email": "a@b.com", "f_phone": "+5511988887777",
}  # fmt: skip
OPTIONS = {"f_select": ("ouro", "prata"), "f_multi_select": ("doce", "salgado")}
CHANGED = """subscription($after: String, $filter: ContactFilter) { contactChanged(after: $after, filter: $filter) {
  ... on ContactChanged { contact { name } } } }"""
Ask = Callable[[Any], Awaitable[Reply]]


async def make_fields(ground: Ground, tenant: Tenant) -> dict[str, CustomField]:
    """Make a field of each kind."""
    async with begin(ground, tenant.owner) as tx:
        made = {
            key: await custom_fields.create(
                tx, FieldDraft(key=key, label=key, kind=FieldKind(key[2:]), options=OPTIONS.get(key, ()))
            )
            for key in VALUES
        }
    assert {each.kind for each in made.values()} == set(FieldKind)
    return made


async def make_two(ground: Ground, tenant: Tenant) -> None:
    """Make Ana, who has a value of each kind, and Bia, who has none."""
    await make(ground, tenant.owner, name="Ana", custom=VALUES)
    await make(ground, tenant.owner, name="Bia")


def asking(door: Door) -> Ask:
    return lambda asked: door.execute(FILTER, {"filter": asked})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def read_only(ground: Ground) -> Tenant:
    """A workspace with the fields and the two contacts, which no test changes."""
    tenant = await found_tenant(ground)
    await make_fields(ground, tenant)
    await make_two(ground, tenant)
    return tenant


@pytest.fixture
async def ask_only(door: Door, read_only: Tenant) -> Ask:
    """A function that asks for the contacts of a filter, where nobody changes anything."""
    return asking(await door.as_(read_only.owner))


@pytest.fixture
async def fields(ground: Ground, tenant: Tenant) -> dict[str, CustomField]:
    """A field of each kind."""
    return await make_fields(ground, tenant)


@pytest.fixture
async def ask(ground: Ground, door: Door, tenant: Tenant, fields: dict[str, CustomField]) -> Ask:
    """A function that asks for the contacts of a filter in the test's own workspace."""
    await make_two(ground, tenant)
    return asking(await door.as_(tenant.owner))


def names(reply: Reply) -> list[str]:
    return sorted(each["name"] for each in reply.data["contacts"]["nodes"])


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("f_text", {"eq": " São Paulo"}), ("f_text", {"contains": "sao"}), ("f_text", {"in": ["x", "São Paulo"]}),
        ("f_number", {"eq": 12.5}), ("f_number", {"gt": 12, "lte": 12.5}), ("f_number", {"in": [1, 12.5]}),
        ("f_boolean", {"eq": True}), ("f_boolean", {"in": [True]}),
        ("f_date", {"eq": "2026-11-23"}), ("f_date", {"gte": "2026-11-23", "lt": "2026-11-24"}),
        ("f_datetime", {"eq": "2026-11-23T17:30:00Z"}), ("f_datetime", {"lt": "2026-11-23T14:30:01-03:00"}),
        ("f_select", {"eq": "ouro"}), ("f_select", {"in": ["prata", "ouro"]}), ("f_select", {"contains": "OUR"}),
        ("f_multi_select", {"contains": "doce"}), ("f_multi_select", {"eq": ["doce", "salgado", "doce"]}),
        ("f_url", {"eq": " https://example.com/a"}), ("f_url", {"contains": "EXAMPLE"}),
        ("f_email", {"eq": "A@B.com"}), ("f_email", {"in": ["A@B.com"]}), ("f_email", {"contains": "@B."}),
        ("f_phone", {"eq": "11 98888-7777"}), ("f_phone", {"eq": "+551188887777"}),
        ("f_phone", {"in": ["(11) 8888-7777", "+351912345678"]}), ("f_phone", {"contains": "98888-7777"}),
        ("f_phone", {"contains": "+55"}), ("f_phone", {"contains": "11 8888-7777"}),
        *((key, {"isNull": False}) for key in VALUES), *((key, {"ne": None}) for key in VALUES),
    ],
)  # fmt: skip
async def test_a_value_is_found_in_whatever_spelling(ask_only: Ask, key: str, asked: Any) -> None:
    assert names(await ask_only({"customFields": [{"key": key, **asked}]})) == ["Ana"]


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("f_text", {"ne": "São Paulo"}), ("f_number", {"ne": 12.5}), ("f_boolean", {"ne": True}),
        ("f_date", {"ne": "2026-11-23"}), ("f_datetime", {"ne": "2026-11-23T17:30:00Z"}), ("f_select", {"ne": "ouro"}),
        ("f_multi_select", {"ne": ["doce", "salgado"]}), ("f_url", {"ne": "https://example.com/a"}),
        ("f_email", {"ne": "A@B.com"}), ("f_phone", {"ne": "11 8888-7777"}), ("f_phone", {"ne": "11 98888-7777"}),
        *((key, {"isNull": True}) for key in VALUES), *((key, {"eq": None}) for key in VALUES),
    ],
)  # fmt: skip
async def test_another_value_is_told_from_it_in_whatever_spelling(ask_only: Ask, key: str, asked: Any) -> None:
    assert names(await ask_only({"customFields": [{"key": key, **asked}]})) == ["Bia"]


@pytest.mark.parametrize(
    ("key", "asked", "wanted"),
    [
        ("f_text", {"eq": 5}, "a text"), ("f_text", {"eq": ""}, "a text"), ("f_text", {"gt": "a"}, "no order"),
        ("f_number", {"eq": "12.5"}, "12.5"), ("f_number", {"in": ["x"]}, "12.5"), ("f_number", {"lt": True}, "number"),
        ("f_number", {"eq": 10**16}, "fifteen"), ("f_number", {"contains": "1"}, "no text"),
        ("f_boolean", {"eq": "true"}, "true or false"), ("f_boolean", {"gte": 1}, "no order"),
        ("f_boolean", {"contains": "t"}, "no text"),
        ("f_date", {"lt": "x"}, '"2026-11-23"'), ("f_date", {"gt": "0000-00-00"}, '"2026-11-23"'),
        ("f_date", {"eq": "2026-11-23T00:00:00Z"}, '"2026-11-23"'), ("f_date", {"in": [1]}, '"2026-11-23"'),
        ("f_date", {"contains": "2026"}, "no text"),
        ("f_datetime", {"lt": "2026-11-23"}, "offset"), ("f_datetime", {"eq": "2026-11-23T14:30:00"}, "offset"),
        ("f_datetime", {"contains": "2026"}, "no text"),
        ("f_select", {"eq": ["ouro"]}, "one option"), ("f_select", {"gt": "a"}, "no order"),
        ("f_multi_select", {"eq": "doce"}, "list"), ("f_multi_select", {"in": ["doce"]}, "list"),
        ("f_multi_select", {"ne": [1]}, "list"), ("f_multi_select", {"lt": "a"}, "no order"),
        ("f_url", {"eq": "javascript:alert(1)"}, "web address"), ("f_url", {"lte": "a"}, "no order"),
        ("f_email", {"eq": "ana"}, "ana@example.com"), ("f_email", {"gt": "a"}, "no order"),
        ("f_phone", {"eq": "190"}, "area code"), ("f_phone", {"contains": "x"}, "digits"),
        ("f_phone", {"gt": "+55"}, "no order"),
        ("nope", {"eq": 1}, "customFields"), ("nope", {"isNull": True}, "customFields"), ("nope", {}, "customFields"),
    ],
)  # fmt: skip
async def test_what_the_kind_does_not_keep_is_refused_with_a_sentence(
    ask_only: Ask, key: str, asked: Any, wanted: str
) -> None:
    reply = await ask_only({"customFields": [{"key": key, **asked}]})

    assert reply.code == "BAD_FILTER", reply.body
    message = reply.errors[0]["message"]
    assert f'"{key}"' in message
    assert wanted in message
    assert message.endswith(".")


@pytest.mark.parametrize("word", ["and", "or", "not"])
async def test_comparisons_inside_other_filters_are_read_by_their_kind_too(ask_only: Ask, word: str) -> None:
    def nested(asked: Any) -> Any:
        return {word: [{"and": [{"name": {"ne": "X"}, "customFields": [asked]}]}]}

    found = await ask_only(nested({"key": "f_phone", "eq": "11 8888-7777"}))
    refused = await ask_only(nested({"key": "f_date", "lt": "x"}))
    unknown = await ask_only(nested({"key": "nope", "eq": 1}))

    assert names(found) == (["Bia"] if word == "not" else ["Ana"])
    assert (refused.code, unknown.code) == ("BAD_FILTER", "BAD_FILTER")


async def test_an_old_spelling_that_is_kept_is_found_by_the_new_one(ground: Ground, ask: Ask, tenant: Tenant) -> None:
    await make(ground, tenant.owner, name="Caê", custom={"f_phone": "+551188887777"})

    assert names(await ask({"customFields": [{"key": "f_phone", "eq": "(11) 98888-7777"}]})) == ["Ana", "Caê"]
    assert names(await ask({"customFields": [{"key": "f_phone", "ne": "(11) 98888-7777"}]})) == ["Bia"]


async def test_archived_fields_and_options_that_were_taken_away_are_still_compared(
    ground: Ground, ask: Ask, tenant: Tenant, fields: dict[str, CustomField]
) -> None:
    async with begin(ground, tenant.owner) as tx:
        await custom_fields.archive(tx, fields["f_date"].id)
        await custom_fields.change(tx, fields["f_select"].id, custom_fields.FieldChange(options=["prata"]))

    assert names(await ask({"customFields": [{"key": "f_date", "lt": "2027-01-01"}]})) == ["Ana"]
    assert (await ask({"customFields": [{"key": "f_date", "lt": "x"}]})).code == "BAD_FILTER"
    assert names(await ask({"customFields": [{"key": "f_select", "eq": "ouro"}]})) == ["Ana"]


async def test_the_fields_of_another_workspace_are_unknown(
    door: Door, other_tenant: Tenant, fields: dict[str, CustomField]
) -> None:
    theirs = await door.as_(other_tenant.owner)

    for key in fields:
        reply = await theirs.execute(FILTER, {"filter": {"customFields": [{"key": key, "isNull": True}]}})
        assert reply.code == "BAD_FILTER"


async def test_who_sees_numbers_masked_cannot_filter_by_a_field_of_numbers(
    ask: Ask, door: Door, tenant: Tenant, make_actor: Callable[[Tenant, Role], Awaitable[Actor]]
) -> None:
    viewer = await door.as_(await make_actor(tenant, Role.VIEWER))

    for asked in ({"eq": "11 98888-7777"}, {"contains": "9888"}, {"isNull": False}, {}):
        nested = {"or": [{"not": [{"customFields": [{"key": "f_phone", **asked}]}]}]}
        assert (await viewer.execute(FILTER, {"filter": nested})).code == "FORBIDDEN"
    other = await viewer.execute(FILTER, {"filter": {"customFields": [{"key": "f_text", "contains": "sao"}]}})
    assert names(other) == ["Ana"]


async def test_changes_are_filtered_by_kind_as_lists_are(
    ground: Ground, database: Database, door: Door, tenant: Tenant, fields: dict[str, CustomField]
) -> None:
    asking = await door.as_(tenant.owner)
    after = feed_cursor.encode(tenant.workspace_id, (await feed_log.extent(database, tenant.workspace_id)).head)
    asked = {"or": [{"customFields": [{"key": "f_phone", "eq": "11 8888-7777"}, {"key": "f_email", "eq": "A@B.com"}]}]}
    contact = await make(ground, tenant.owner, name="Ana", custom=VALUES)
    async with asking.subscribe(CHANGED, {"after": after, "filter": asked}) as stream:
        assert await stream.next() == {"contact": {"name": "Ana"}}
        async with begin(ground, tenant.owner) as tx:
            await change.update(tx, contact.id, ContactDraft(custom={"f_email": None}))
        assert await stream.next() == {"contact": None}


@pytest.mark.parametrize(
    ("role", "asked", "code"),
    [
        (Role.OWNER, {"key": "f_date", "lt": "x"}, "BAD_FILTER"),
        (Role.OWNER, {"key": "nope", "eq": 1}, "BAD_FILTER"),
        (Role.VIEWER, {"key": "f_phone", "eq": "11 98888-7777"}, "FORBIDDEN"),
    ],
)
async def test_changes_are_not_followed_by_a_filter_that_is_refused(
    door: Door,
    tenant: Tenant,
    fields: dict[str, CustomField],
    make_actor: Callable[[Tenant, Role], Awaitable[Actor]],
    role: Role,
    asked: Any,
    code: str,
) -> None:
    actor = tenant.owner if role is Role.OWNER else await make_actor(tenant, role)
    asking = await door.as_(actor)
    nested = {"not": [{"customFields": [asked]}]}

    async with asking.subscribe(CHANGED, {"filter": nested}) as stream:
        message = await stream.message()

    errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
    assert errors[0]["extensions"]["code"] == code


async def test_the_fields_are_looked_up_once_and_only_when_they_are_named(
    ask: Ask, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)

    async def looked_up(filter: str, count: int) -> int:
        lists = " ".join(f"c{n}: contacts(filter: {filter}, first: {n + 1}) {{ totalCount }}" for n in range(count))
        with sent_to(database) as sent:
            assert not (await asking.execute(f"{{ {lists} }}")).errors
        return len([each for each in sent if "FROM custom_fields" in each])

    named = '{customFields: [{key: "f_text", eq: "a"}], or: [{and: [{customFields: [{key: "f_number", gt: 1}]}]}]}'
    assert await looked_up(named, 3) == 1
    assert await looked_up('{name: {eq: "Ana"}, customFields: []}', 3) == 0
