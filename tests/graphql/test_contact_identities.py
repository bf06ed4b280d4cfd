"""Addresses that name a contact: every spelling of one address leads to one contact."""

from typing import Any

import pytest

from tests.fixtures.contacts import CREATE, UPDATE, UPSERT
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant

SPELLINGS = [
    {"phone": "(11) 98765-4321"},
    {"phone": "+55 11 8765-4321"},
    {"phone": "005511987654321"},
    {"whatsappId": "5511987654321@c.us"},
    {"whatsappId": "551187654321@c.us"},
    {"whatsappId": "551187654321:7@s.whatsapp.net"},
]


def kinds(contact: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in contact["identities"]:
        found.setdefault(each["kind"], []).append(each["value"])
    return found


@pytest.mark.parametrize("first", SPELLINGS)
async def test_both_spellings_of_a_mobile_number_name_one_contact(
    door: Door, tenant: Tenant, first: dict[str, str]
) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana", **first}}))["contact"]

    for other in SPELLINGS:
        refused = await asking.mutate(CREATE, {"input": {"name": "Outra", **other}})
        found = await asking.mutate(UPSERT, {"input": other})

        assert refused["duplicateOf"] == {"id": contact["id"]}
        assert refused["userErrors"][0]["field"] == list(other)
        assert (found["created"], found["contact"]["id"]) == (False, contact["id"])


async def test_the_number_that_was_given_as_phone_is_the_main_one(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"phone": "+5511987654321", "whatsappId": "551187654321@c.us"}

    contact = (await asking.mutate(CREATE, {"input": given}))["contact"]

    assert contact["phone"] == contact["name"] == "+5511987654321"
    assert kinds(contact) == {"PHONE": ["+5511987654321"]}


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"email": "Ana@Example.com"}, {"email": " ana@example.COM "}),
        ({"whatsappId": "123456789012345@lid"}, {"whatsappId": "123456789012345:3@lid"}),
        ({"externalId": "crm  7"}, {"externalId": " crm 7 "}),
    ],
)
async def test_other_addresses_are_compared_in_one_form(door: Door, tenant: Tenant, first: Any, again: Any) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana", **first}}))["contact"]

    refused = await asking.mutate(CREATE, {"input": {"name": "Bia", **again}})

    assert refused["duplicateOf"] == {"id": contact["id"]}


async def test_the_same_text_of_another_kind_is_another_address(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    for given in ({"email": "a@example.com"}, {"externalId": "a@example.com"}, {"externalId": "123456789012345"}):
        assert (await asking.mutate(CREATE, {"input": given}))["userErrors"] == []
    assert (await asking.mutate(CREATE, {"input": {"whatsappId": "123456789012345@lid"}}))["userErrors"] == []


async def test_the_same_address_in_another_workspace_is_another_contact(
    door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    ids = set()
    for each in (tenant, other_tenant):
        asking = await door.as_(each.owner)
        ids.add((await asking.mutate(CREATE, {"input": {"phone": "11987654321"}}))["contact"]["id"])

    assert len(ids) == 2


async def test_a_new_address_takes_the_place_of_the_old_and_frees_it(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana", "email": "a@example.com", "externalId": "1"}}))[
        "contact"
    ]

    changed = (await asking.mutate(UPDATE, {"input": {"id": contact["id"], "email": "b@example.com"}}))["contact"]
    other = await asking.mutate(CREATE, {"input": {"name": "Bia", "email": "a@example.com"}})

    assert kinds(changed) == {"EXTERNAL": ["1"], "EMAIL": ["b@example.com"]}
    assert other["userErrors"] == []


async def test_an_upsert_adds_what_the_contact_lacks(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    await asking.mutate(UPSERT, {"input": {"phone": "11987654321"}})

    found = await asking.mutate(UPSERT, {"input": {"phone": "11987654321", "whatsappId": "123456789012345@lid"}})
    by_lid = await asking.mutate(UPSERT, {"input": {"whatsappId": "123456789012345@lid", "name": "Ana"}})

    assert by_lid["contact"]["id"] == found["contact"]["id"]
    assert kinds(by_lid["contact"]) == {"PHONE": ["+5511987654321"], "WHATSAPP_LID": ["123456789012345@lid"]}
