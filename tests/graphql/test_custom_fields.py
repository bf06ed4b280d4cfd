"""Definitions of custom fields through the door, and what contacts may keep in them."""

import asyncio
from typing import Any

import pytest

from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from models import CustomField, FieldKind, Role
from services.transaction import begin
from tests.fixtures.contacts import CREATE as CONTACT
from tests.fixtures.contacts import UPDATE as CONTACT_UPDATE
from tests.fixtures.contacts import acts_of, log_of
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

FIELD = "customField { id key label kind options isRequired position archivedAt } userErrors { code message field }"
CREATE = f"mutation($input: CustomFieldCreateInput!) {{ customFieldCreate(input: $input) {{ {FIELD} }} }}"
UPDATE = f"mutation($input: CustomFieldUpdateInput!) {{ customFieldUpdate(input: $input) {{ {FIELD} }} }}"
ARCHIVE = f"mutation($input: CustomFieldArchiveInput!) {{ customFieldArchive(input: $input) {{ {FIELD} }} }}"
LIST = "query($filter: CustomFieldDefinitionFilter) { customFields(filter: $filter) { totalCount nodes { key } } }"


async def define(asking: Door, key: str, kind: str = "TEXT", **more: Any) -> str:
    payload = await asking.mutate(CREATE, {"input": {"key": key, "label": key, "kind": kind, **more}})
    assert payload["userErrors"] == []
    return payload["customField"]["id"]


async def test_every_kind_is_defined_filled_and_shown(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    values = {
        "text": "olá", "number": 1.5, "boolean": False, "date": "2026-01-31", "select": "a", "multi_select": ["b", "a"],
        "url": "https://example.com", "email": "a@example.com", "phone": "+5511987654321",
        "datetime": "2026-11-23T17:30:00.000000+00:00",
    }  # fmt: skip
    for kind in FieldKind:
        options = {"options": ["a", "b"]} if "select" in kind.value else {}
        await define(asking, kind.value, kind.name, **options)

    contact = (await asking.mutate(CONTACT, {"input": {"name": "Ana", "customFields": values}}))["contact"]

    assert set(values) == {each.value for each in FieldKind}
    assert contact["customFields"] == values
    listed = (await asking.execute(LIST)).data["customFields"]
    assert [each["key"] for each in listed["nodes"]] == [each.value for each in FieldKind]


async def test_a_field_is_changed_and_put_away_each_logged_once(door: Door, database: Database, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    field = await define(asking, "plano", "SELECT", options=["a"])
    contact = (await asking.mutate(CONTACT, {"input": {"name": "Ana", "customFields": {"plano": "a"}}}))["contact"]

    changed = await asking.mutate(UPDATE, {"input": {"id": field, "label": "Plano", "options": ["b", "c"]}})
    await asking.mutate(UPDATE, {"input": {"id": field, "label": "Plano"}})
    away = await asking.mutate(ARCHIVE, {"input": {"id": field}})
    await asking.mutate(ARCHIVE, {"input": {"id": field}})
    refused = await asking.mutate(CONTACT_UPDATE, {"input": {"id": contact["id"], "customFields": {"plano": "b"}}})
    kept = await asking.mutate(CONTACT_UPDATE, {"input": {"id": contact["id"], "name": "Bia"}})

    assert (changed["customField"]["label"], changed["customField"]["options"]) == ("Plano", ["b", "c"])
    assert away["customField"]["archivedAt"] is not None
    assert refused["userErrors"][0]["field"] == ["customFields", "plano"]
    assert kept["contact"]["customFields"] == {"plano": "a"}
    told = ["create", "update", "archive"]
    acts = [each.action for each in await acts_of(database, tenant.workspace_id) if each.subject == "CustomField"]
    events = [each[0] for each in await log_of(database, tenant.workspace_id) if each[0].startswith("custom_field")]
    assert acts == [f"custom_field.{each}" for each in told]
    assert events == [f"custom_field.{each}d" for each in told]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"key": "Chave"}, [("FIELD_KEY_INVALID", "key")]),
        ({"key": "a" * 51}, [("FIELD_KEY_INVALID", "key")]),
        ({"key": "a\n"}, [("FIELD_KEY_INVALID", "key")]),
        ({"key": "", "label": ""}, [("FIELD_KEY_INVALID", "key"), ("REQUIRED", "label")]),
        ({"options": ["a"]}, [("OPTIONS_INVALID", "options")]),
        ({"kind": "SELECT"}, [("OPTIONS_INVALID", "options")]),
        ({"kind": "SELECT", "options": ["a", " a "]}, [("OPTIONS_INVALID", "options")]),
        ({"kind": "MULTI_SELECT", "options": [str(n) for n in range(201)]}, [("OPTIONS_INVALID", "options")]),
        ({"kind": "SELECT", "options": ["a\x00"]}, [("TEXT_INVALID", "options"), ("OPTIONS_INVALID", "options")]),
        ({"key": "taken"}, [("FIELD_KEY_TAKEN", "key")]),
    ],
)
async def test_what_is_refused_is_told_by_field(door: Door, tenant: Tenant, given: Any, told: Any) -> None:
    asking = await door.as_(tenant.owner)
    await define(asking, "taken")

    payload = await asking.mutate(CREATE, {"input": {"key": "chave", "label": "Chave", "kind": "TEXT", **given}})

    found = [(each["code"], *each["field"]) for each in payload["userErrors"]]
    assert found[: len(told)] == told or found == told[:1]
    assert (await asking.execute(LIST)).data["customFields"]["totalCount"] == 1


async def test_a_key_is_never_given_again(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    field = await define(asking, "plano")
    await asking.mutate(ARCHIVE, {"input": {"id": field}})

    payload = await asking.mutate(CREATE, {"input": {"key": "plano", "label": "Plano", "kind": "NUMBER"}})

    assert payload["userErrors"][0]["code"] == "FIELD_KEY_TAKEN"


async def test_of_two_fields_with_one_key_made_at_once_one_wins(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"input": {"key": "plano", "label": "Plano", "kind": "TEXT"}}

    payloads = await asyncio.gather(*(asking.mutate(CREATE, given) for _ in range(4)))

    assert sorted(each["userErrors"] == [] for each in payloads) == [False, False, False, True]


async def test_a_workspace_has_a_hundred_fields_at_most(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    async with begin(ground, tenant.owner) as tx:
        tx.session.add_all(
            CustomField(workspace_id=tenant.workspace_id, key=f"c{n}", label="C", kind=FieldKind.TEXT, position=n)
            for n in range(99)
        )
    await define(asking, "ultimo")

    payload = await asking.mutate(CREATE, {"input": {"key": "mais", "label": "Mais", "kind": "TEXT"}})

    assert payload["userErrors"][0]["code"] == "LIMIT_REACHED"


async def test_every_wrong_value_is_told_beside_all_else_and_nothing_is_kept(
    door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    await define(asking, "idade", "NUMBER", isRequired=True)
    await define(asking, "nivel", "SELECT", options=["a"], isRequired=True)
    given = {"name": "x" * 1000, "customFields": {"idade": "sete", "outro_campo": 1}}

    payload = await asking.mutate(CONTACT, {"input": given})

    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [
        ("TOO_LONG", ["name"]),
        ("CUSTOM_VALUE_INVALID", ["customFields", "idade"]),
        ("CUSTOM_VALUE_INVALID", ["customFields", "outro_campo"]),
        ("REQUIRED", ["customFields", "nivel"]),
    ]
    assert not [each for each in await log_of(database, tenant.workspace_id) if each[0].startswith("contact.")]


@pytest.mark.parametrize("custom", [[], "x", 1, True, [["idade", 1]]])
async def test_values_are_an_object(door: Door, tenant: Tenant, custom: Any) -> None:
    asking = await door.as_(tenant.owner)

    payload = await asking.mutate(CONTACT, {"input": {"name": "Ana", "customFields": custom}})

    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [
        ("CUSTOM_VALUE_INVALID", ["customFields"])
    ]


async def test_fields_of_others_are_not_found(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = await define(await door.as_(other_tenant.owner), "deles")
    asking = await door.as_(tenant.owner)

    for bad in (theirs, encode("field", uuid7()), theirs.replace("field", "label"), ""):
        for document in (UPDATE, ARCHIVE):
            payload = await asking.mutate(document, {"input": {"id": bad}})
            assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("NOT_FOUND", ["id"])]
    payload = await asking.mutate(CONTACT, {"input": {"name": "Ana", "customFields": {"deles": "x"}}})
    assert payload["userErrors"][0]["code"] == "CUSTOM_VALUE_INVALID"


async def test_only_those_who_may_define_fields(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await door.as_(await join(ground, tenant, Role.MEMBER))

    reply = await member.execute(CREATE, {"input": {"key": "a", "label": "A", "kind": "TEXT"}})

    assert reply.code == "FORBIDDEN"
    assert (await member.execute(LIST)).data["customFields"]["totalCount"] == 0
