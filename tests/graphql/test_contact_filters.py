"""Filters of contacts: typed comparators, labels, custom fields, and, or, not."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.ground import Ground
from core.ids import encode, uuid7
from models import FieldKind, Label, Role
from services import custom_fields, labels
from services.access import Actor
from services.contacts import labelling
from services.custom_fields import FieldDraft
from services.labels import LabelDraft
from services.transaction import begin
from tests.fixtures.contacts import FILTER, make
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant

Names = Callable[[Any], Awaitable[list[str]]]

FIELDS = {
    "cidade": (FieldKind.TEXT, ()),
    "nota": (FieldKind.NUMBER, ()),
    "vip": (FieldKind.BOOLEAN, ()),
    "nascido": (FieldKind.DATE, ()),
    "visto": (FieldKind.DATETIME, ()),
    "gostos": (FieldKind.MULTI_SELECT, ("doce", "salgado", "doce de leite")),
}
PEOPLE = [
    {"name": "Ana", "company": "Pão & Cia", "lead_score": 10, "owner": True, "custom": {
        "cidade": "São Paulo", "nota": 5, "vip": True, "nascido": "1990-05-01",
        "visto": "2026-11-23T14:30:00-03:00", "gostos": ["doce"]}},
    {"name": "Bia", "lead_score": 50, "custom": {
        "cidade": "100%", "nota": 5.5, "vip": False, "nascido": "2001-01-01",
        "visto": "2026-11-23T17:30:00.5Z", "gostos": ["doce", "salgado"]}},
    {"name": "Caê", "lead_score": 90, "custom": {"nota": 15, "gostos": ["doce de leite"]}},
]  # fmt: skip


@pytest.fixture
async def names(ground: Ground, door: Door, tenant: Tenant) -> Names:
    """Names of the people that a filter finds, which the count agrees with."""
    async with begin(ground, tenant.owner) as tx:
        for key, (kind, options) in FIELDS.items():
            await custom_fields.create(tx, FieldDraft(key=key, label=key, kind=kind, options=options))
    for row in PEOPLE:
        given = {**row, "owner_id": tenant.owner.user_id} if row.get("owner") else dict(row)
        given.pop("owner", None)
        await make(ground, tenant.owner, **given)
    asking = await door.as_(tenant.owner)

    async def names(filter: Any) -> list[str]:
        page = (await asking.execute(FILTER, {"filter": filter})).data["contacts"]
        assert page["totalCount"] == len(page["nodes"])
        return sorted(each["name"] for each in page["nodes"])

    return names


@pytest.mark.parametrize("kept", ["+5511987654321", "+551187654321"])
@pytest.mark.parametrize(
    ("filter", "is_found"),
    [
        ({"eq": "+5511987654321"}, True),
        ({"eq": "+551187654321"}, True),
        ({"eq": "+55 (11) 8765-4321"}, True),
        ({"in": ["+5521987654321", "+551187654321"]}, True),
        ({"ne": "+551187654321"}, False),
        ({"notIn": ["+5511987654321"]}, False),
        ({"eq": "+5521987654321"}, False),
        ({"ne": "+5521987654321"}, True),
        ({"eq": "987654321"}, False),
        ({"eq": None}, False),
        ({"ne": None}, True),
    ],
)
async def test_a_number_is_compared_with_and_without_the_ninth_digit(
    ground: Ground, door: Door, tenant: Tenant, kept: str, filter: Any, is_found: bool
) -> None:
    await make(ground, tenant.owner, name="Ana", phone=kept)
    asking = await door.as_(tenant.owner)

    page = (await asking.execute(FILTER, {"filter": {"phone": filter}})).data["contacts"]

    assert (page["totalCount"] == 1) is is_found


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({}, ["Ana", "Bia", "Caê"]),
        ({"name": {"eq": "Ana"}}, ["Ana"]),
        ({"name": {"contains": "ÂE"}}, ["Caê"]),
        ({"name": {"contains": "AE"}}, ["Caê"]),
        ({"name": {"in": ["Ana", "Bia"]}, "leadScore": {"gte": 50}}, ["Bia"]),
        ({"company": {"isNull": True}}, ["Bia", "Caê"]),
        ({"company": {"ne": "Pão & Cia"}}, ["Bia", "Caê"]),
        ({"company": {"contains": "pao"}}, ["Ana"]),
        ({"leadScore": {"gt": 10, "lt": 90}}, ["Bia"]),
        ({"or": [{"leadScore": {"eq": 10}}, {"leadScore": {"eq": 90}}]}, ["Ana", "Caê"]),
        ({"not": [{"name": {"startsWith": "a"}}]}, ["Bia", "Caê"]),
        ({"and": [{"name": {"endsWith": "A"}}, {"not": [{"leadScore": {"lt": 20}}]}]}, ["Bia"]),
        ({"createdAt": {"lt": "2020-01-01T00:00:00Z"}}, []),
        ({"owner": {"isNull": False}}, ["Ana"]),
        ({"sentiment": {"eq": None}}, ["Ana", "Bia", "Caê"]),
        ({"id": {"eq": "contact_x"}}, []),
    ],
)
async def test_comparators_mean_what_they_say(names: Names, filter: Any, found: list[str]) -> None:
    assert await names(filter) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"key": "cidade", "eq": "São Paulo"}, ["Ana"]),
        ({"key": "cidade", "eq": "sao paulo"}, []),
        ({"key": "cidade", "contains": "sao"}, ["Ana"]),
        ({"key": "cidade", "contains": "%"}, ["Bia"]),
        ({"key": "cidade", "eq": None}, ["Caê"]),
        ({"key": "cidade", "ne": None}, ["Ana", "Bia"]),
        ({"key": "cidade", "isNull": True}, ["Caê"]),
        ({"key": "nota", "eq": 5}, ["Ana"]),
        ({"key": "nota", "eq": 5.0}, ["Ana"]),
        ({"key": "nota", "ne": 5}, ["Bia", "Caê"]),
        ({"key": "nota", "gt": 5}, ["Bia", "Caê"]),
        ({"key": "nota", "gte": 5, "lt": 15}, ["Ana", "Bia"]),
        ({"key": "nota", "in": [15, 5.5]}, ["Bia", "Caê"]),
        ({"key": "vip", "eq": False}, ["Bia"]),
        ({"key": "vip", "ne": True}, ["Bia", "Caê"]),
        ({"key": "nascido", "lt": "1995-01-01"}, ["Ana"]),
        ({"key": "visto", "eq": "2026-11-23T17:30:00Z"}, ["Ana"]),
        ({"key": "visto", "ne": "2026-11-23T17:30:00Z"}, ["Bia", "Caê"]),
        ({"key": "visto", "in": ["2026-11-23T14:30:00.500-03:00"]}, ["Bia"]),
        ({"key": "visto", "gt": "2026-11-23T14:30:00-03:00"}, ["Bia"]),
        ({"key": "visto", "lte": "2026-11-23T14:30:00-03:00"}, ["Ana"]),
        ({"key": "gostos", "contains": "doce"}, ["Ana", "Bia"]),
        ({"key": "gostos", "contains": "doc"}, []),
        ({"key": "gostos", "contains": ", "}, []),
        ({"key": "gostos", "eq": ["doce"]}, ["Ana"]),
        ({"key": "gostos", "ne": ["doce"]}, ["Bia", "Caê"]),
        ({"key": "gostos", "in": [["doce"], ["doce de leite"]]}, ["Ana", "Caê"]),
        ({"key": "gostos", "eq": []}, []),
        ({"key": "cidade", "in": []}, []),
    ],
)
async def test_custom_fields_are_compared_by_their_values(names: Names, asked: Any, found: list[str]) -> None:
    assert await names({"customFields": [asked]}) == found


async def test_several_custom_fields_must_all_hold(names: Names) -> None:
    both = [{"key": "nota", "gt": 5}, {"key": "gostos", "contains": "doce"}]

    assert await names({"customFields": both}) == ["Bia"]
    assert await names({"not": [{"customFields": both}]}) == ["Ana", "Caê"]


@pytest.mark.parametrize(
    "filter",
    [
        {"customFields": [{"key": "a\x00", "eq": 1}]},
        {"customFields": [{"key": "", "eq": 1}]},
        {"customFields": [{"key": "é", "eq": 1}]},
        {"customFields": [{"key": "k" * 51, "eq": 1}]},
        {"customFields": [{"key": "a", "eq": "\x00"}]},
        {"customFields": [{"key": "a", "eq": {"b": 1}}]},
        {"customFields": [{"key": "a", "eq": [["\x00"]]}]},
        {"customFields": [{"key": "a", "eq": 1e300}]},
        {"customFields": [{"key": "a", "in": [{"b": "\x00"}]}]},
        {"customFields": [{"key": "a", "in": list(range(101))}]},
        {"customFields": [{"key": "a", "gt": True}]},
        {"customFields": [{"key": "a", "gt": [1]}]},
        {"customFields": [{"key": "a", "contains": "x" * 1001}]},
        {"customFields": [{"key": "a", "eq": 1}] * 51},
        {"name": {"contains": "\x00"}},
        {"name": {"contains": None}},
        {"name": {"in": ["a"] * 101}},
        {"and": [{"and": [{"and": [{"and": [{"and": [{}]}]}]}]}]},
        {"or": [{}] * 101},
        {"labels": {"anyOf": ["x"] * 101}},
    ],
)
async def test_a_filter_that_is_of_no_use_is_refused(door: Door, tenant: Tenant, filter: Any) -> None:
    reply = await (await door.as_(tenant.owner)).execute(FILTER, {"filter": filter})

    assert reply.code == "BAD_FILTER", reply.body


async def test_numbers_beyond_all_bounds_are_refused(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    for number in ("1e999", "-1e999", "9" * 4000, "9" * 5000):
        reply = await asking.execute(
            '{ contacts(filter: {customFields: [{key: "a", eq: ' + number + "}]}) { totalCount } }"
        )
        assert reply.code in ("BAD_FILTER", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"), reply.body


async def test_labels_are_compared_by_what_is_attached(
    ground: Ground, names: Names, tenant: Tenant, other_tenant: Tenant
) -> None:
    async def add(actor: Any, name: str) -> Label:
        async with begin(ground, actor) as tx:
            return await labels.create(tx, LabelDraft(name=name, color="#000000"))

    hot, cold = await add(tenant.owner, "Quente"), await add(tenant.owner, "Frio")
    theirs = await add(other_tenant.owner, "Quente")
    contact = await make(ground, tenant.owner, name="Duda")
    async with begin(ground, tenant.owner) as tx:
        await labelling.add(tx, [contact.id], [hot.id])
    hot_id, cold_id = encode("label", hot.id), encode("label", cold.id)

    assert await names({"labels": {"anyOf": [hot_id, cold_id]}}) == ["Duda"]
    assert await names({"labels": {"allOf": [hot_id, cold_id]}}) == []
    assert await names({"labels": {"noneOf": [cold_id]}}) == ["Ana", "Bia", "Caê", "Duda"]
    assert await names({"labels": {"isEmpty": True}}) == ["Ana", "Bia", "Caê"]
    for other in (encode("label", theirs.id), encode("contact", hot.id), encode("label", uuid7()), ""):
        assert await names({"labels": {"anyOf": [other]}}) == []


async def test_who_sees_numbers_masked_cannot_filter_by_them(
    door: Door, tenant: Tenant, make_actor: Callable[[Tenant, Role], Awaitable[Actor]]
) -> None:
    viewer = await door.as_(await make_actor(tenant, Role.VIEWER))
    owner = await door.as_(tenant.owner)
    document = '{ contacts(filter: { or: [{ not: [{ phone: { startsWith: "+55" } }] }] }) { totalCount } }'

    refused = await viewer.execute(document)

    assert refused.code == "FORBIDDEN"
    assert (await owner.execute(document)).data["contacts"] == {"totalCount": 0}
