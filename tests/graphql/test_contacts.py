"""Contacts through the door: added, read, changed, put away, deleted."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from models import Contact, Role
from tests.fixtures.contacts import (
    CREATE,
    DELETE,
    FILTER,
    UPDATE,
    UPSERT,
    UPSERT_ALL,
    acts_of,
    log_of,
    make,
    many,
    plant,
)
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

ONE = "query($id: ID!) { contact(id: $id) { id name isArchived phone } }"
FIELDS = {
    "name": "Ana Conceição", "phone": "(11) 98765-4321", "email": "Ana@Example.com", "company": "Padaria",
    "position": "Dona", "notes": "linha\nduas", "leadScore": 71, "sentiment": "POSITIVE",
    "avatarUrl": "https://example.com/a.png",
}  # fmt: skip


async def test_a_contact_is_shown_as_it_was_given(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    owner = encode("user", tenant.owner_user.id)

    payload = await asking.mutate(CREATE, {"input": {**FIELDS, "ownerId": owner, "externalId": "crm-7"}})

    assert payload["userErrors"] == []
    contact = payload["contact"]
    given = {**FIELDS, "phone": "+5511987654321", "email": "ana@example.com"}
    assert {name: contact[name] for name in given if name != "avatarUrl"} == {
        name: value for name, value in given.items() if name != "avatarUrl"
    }
    assert contact["owner"] == {"id": owner}
    assert contact["isArchived"] is False
    assert {each["kind"]: each["value"] for each in contact["identities"]} == {
        "EXTERNAL": "crm-7", "PHONE": "+5511987654321", "EMAIL": "ana@example.com",
    }  # fmt: skip
    found = (await asking.execute(ONE, {"id": contact["id"]})).data["contact"]
    assert found["name"] == "Ana Conceição"


async def test_each_mutation_logs_one_act_and_one_event(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana", "email": "ana@example.com"}}))["contact"]
    await asking.mutate(UPDATE, {"input": {"id": contact["id"], "name": "Bia"}})
    await asking.mutate(UPSERT, {"input": {"email": "ana@example.com", "notes": "Liga cedo"}})
    await asking.mutate(many("contactArchive"), {"input": {"ids": [contact["id"]]}})
    await asking.mutate(many("contactRestore"), {"input": {"ids": [contact["id"]]}})

    await asking.mutate(DELETE, {"input": {"ids": [contact["id"]]}})

    acts = [each.action for each in await acts_of(database, tenant.workspace_id) if each.subject == "Contact"]
    told = [each[0] for each in await log_of(database, tenant.workspace_id) if each[0].startswith("contact")]
    assert acts == [f"contact.{each}" for each in ("create", "update", "update", "archive", "restore", "delete")]
    assert told == [f"contact.{each}d" for each in ("create", "update", "update", "archive", "restore", "delete")]


async def test_what_is_left_out_stays_and_null_takes_away(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": FIELDS}))["contact"]

    changed = await asking.mutate(
        UPDATE, {"input": {"id": contact["id"], "company": None, "phone": None, "sentiment": None}}
    )

    kept = {name: contact[name] for name in ("id", "name", "email", "position", "notes", "leadScore")}
    assert {name: changed["contact"][name] for name in kept} == kept
    assert [changed["contact"][name] for name in ("company", "phone", "sentiment")] == [None, None, None]
    assert [each["kind"] for each in changed["contact"]["identities"]] == ["EMAIL"]


async def test_a_contact_has_its_score_in_the_answer_that_makes_or_changes_it(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    made = (await asking.mutate(CREATE, {"input": {"email": "ana@example.com"}}))["contact"]
    changed = (await asking.mutate(UPDATE, {"input": {"id": made["id"], "company": "Padaria"}}))["contact"]
    again = {"id": made["id"], "position": "Dona", "ifUpdatedAt": changed["updatedAt"]}
    last = (await asking.mutate(UPDATE, {"input": again}))["contact"]

    shown = (
        await asking.execute("query($id: ID!) { contact(id: $id) { leadScore updatedAt } }", {"id": made["id"]})
    ).data
    assert [each["leadScore"] for each in (made, changed, last)] == [50, 55, 63]
    assert shown["contact"] == {name: last[name] for name in ("leadScore", "updatedAt")}


@pytest.mark.parametrize("name", ["name", "leadScore"])
async def test_a_contact_always_has_a_name_and_a_score(door: Door, tenant: Tenant, name: str) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana"}}))["contact"]

    payload = await asking.mutate(UPDATE, {"input": {"id": contact["id"], name: None}})

    assert payload["contact"] is None
    assert [each["field"] for each in payload["userErrors"]] == [[name]]


async def test_a_duplicate_names_the_other_contact(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    first = (await asking.mutate(CREATE, {"input": FIELDS}))["contact"]
    second = (await asking.mutate(CREATE, {"input": {"name": "Bia"}}))["contact"]

    created = await asking.mutate(CREATE, {"input": {"name": "Outra", "email": "ANA@example.com"}})
    changed = await asking.mutate(UPDATE, {"input": {"id": second["id"], "phone": "11 98765-4321"}})

    for payload, field in ((created, "email"), (changed, "phone")):
        assert payload["contact"] is None
        assert payload["duplicateOf"] == {"id": first["id"]}
        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("CONTACT_DUPLICATE", [field])]


async def test_two_clients_that_add_one_person_at_once_meet(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    payloads = await asyncio.gather(
        *(asking.mutate(CREATE, {"input": {"name": f"Ana {n}", "phone": "11987654321"}}) for n in range(6))
    )

    (winner,) = [each["contact"]["id"] for each in payloads if each["contact"]]
    assert {each["duplicateOf"]["id"] for each in payloads if each["duplicateOf"]} == {winner}


async def test_an_upsert_says_whether_it_added(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    first = await asking.mutate(UPSERT, {"input": {"phone": "11987654321"}})
    second = await asking.mutate(UPSERT, {"input": {"phone": "+551187654321", "name": "Ana"}})

    assert (first["created"], second["created"]) == (True, False)
    assert second["contact"]["id"] == first["contact"]["id"]
    assert second["contact"]["name"] == "Ana"


async def test_in_a_batch_each_draft_is_answered_in_its_place(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    drafts: list[dict[str, Any]] = [
        {"email": "ana@example.com"},
        {"email": "nada"},
        {"email": "bia@example.com", "ownerId": encode("user", other_tenant.owner_user.id)},
        {"email": "bia@example.com", "ownerId": "contact_7"},
        {"email": "bia@example.com", "customFields": [1]},
        {"name": "Sem endereço"},
        {"email": "ana@example.com", "name": "Ana"},
    ]

    payload = await asking.mutate(UPSERT_ALL, {"input": {"contacts": drafts}})

    assert payload["userErrors"] == []
    assert (payload["created"], payload["updated"], payload["refused"]) == (1, 1, 5)
    told = [[(each["code"], each["field"]) for each in result["userErrors"]] for result in payload["results"]]
    assert told == [
        [],
        [("EMAIL_INVALID", ["email"])],
        [("OWNER_UNKNOWN", ["ownerId"])],
        [("OWNER_UNKNOWN", ["ownerId"])],
        [("CUSTOM_VALUE_INVALID", ["customFields"])],
        [("ADDRESS_MISSING", [])],
        [],
    ]
    assert payload["results"][6]["contact"]["id"] == payload["results"][0]["contact"]["id"]


async def test_a_batch_of_501_is_refused_whole(door: Door, tenant: Tenant, database: Database) -> None:
    asking = await door.as_(tenant.owner)

    upsert = """mutation($input: ContactsUpsertInput!) {
        contactsUpsert(input: $input) { results { contact { id } } userErrors { code field } } }"""

    payload = await asking.mutate(upsert, {"input": {"contacts": [{"externalId": str(n)} for n in range(501)]}})

    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("TOO_MANY", ["contacts"])]
    assert payload["results"] == []


async def test_a_list_leaves_archived_contacts_out_unless_asked(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    ids = [(await asking.mutate(CREATE, {"input": {"name": name}}))["contact"]["id"] for name in ("Ana", "Bia")]
    away = await asking.mutate(many("contactArchive"), {"input": {"ids": ids[:1]}})
    listed = "query($filter: ContactFilter) { contacts(filter: $filter) { totalCount nodes { name } } }"

    async def names(filter: Any) -> list[str]:
        page = (await asking.execute(listed, {"filter": filter})).data["contacts"]
        assert page["totalCount"] == len(page["nodes"])
        return sorted(each["name"] for each in page["nodes"])

    assert away["contacts"][0]["isArchived"] is True
    assert away["contacts"][0]["archivedAt"] is not None
    assert await names(None) == ["Bia"]
    assert await names({"name": {"contains": "a"}}) == ["Bia"]
    assert await names({"isArchived": {"eq": True}}) == ["Ana"]
    assert await names({"or": [{"isArchived": {"eq": True}}, {"name": {"eq": "Bia"}}]}) == ["Ana", "Bia"]
    assert await names({"not": [{"archivedAt": {"isNull": True}}]}) == ["Ana"]
    assert (await asking.execute(ONE, {"id": ids[0]})).data["contact"]["isArchived"] is True


@pytest.mark.parametrize("name", ["contactArchive", "contactRestore", "contactDelete"])
async def test_ids_of_others_and_of_other_types_are_not_found_and_stop_all(
    ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant, database: Database, name: str
) -> None:
    asking = await door.as_(tenant.owner)
    mine = (await make(ground, tenant.owner, name="Ana")).id
    theirs = (await make(ground, other_tenant.owner, name="Bia")).id
    before = await log_of(database, tenant.workspace_id)
    document = DELETE if name == "contactDelete" else many(name)

    for bad in (encode("contact", theirs), encode("label", mine), encode("contact", uuid7()), "", "x" * 5000, "\u202e"):
        payload = await asking.mutate(document, {"input": {"ids": [encode("contact", mine), bad]}})

        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("NOT_FOUND", ["ids"])], bad

    assert await log_of(database, tenant.workspace_id) == before


async def test_an_owner_is_somebody_of_the_workspace(
    ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    colleague = await join(ground, tenant, Role.VIEWER)
    assert colleague.user_id is not None

    good = await asking.mutate(CREATE, {"input": {"name": "Ana", "ownerId": encode("user", colleague.user_id)}})

    assert good["contact"]["owner"] == {"id": encode("user", colleague.user_id)}
    for bad in (encode("user", other_tenant.owner_user.id), encode("member", colleague.user_id), "", "user_"):
        payload = await asking.mutate(CREATE, {"input": {"name": "Ana", "ownerId": bad}})
        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("OWNER_UNKNOWN", ["ownerId"])]
        payload = await asking.mutate(UPDATE, {"input": {"id": good["contact"]["id"], "ownerId": bad}})
        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("OWNER_UNKNOWN", ["ownerId"])]


async def test_a_viewer_sees_masked_numbers_also_in_the_name_of_an_unnamed_contact(
    ground: Ground, door: Door, tenant: Tenant
) -> None:
    await make(ground, tenant.owner, phone="11987654321", external_id="crm-7")
    await make(ground, tenant.owner, phone="21987654321")
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    reply = await viewer.execute("{ contacts { nodes { name phone identities { value } } } }")

    assert "987654321" not in str(reply.data)
    assert [each["name"] for each in reply.data["contacts"]["nodes"]] == ["+55 *******4321", "c**-*"]


@pytest.mark.parametrize("name", [None, "+5511987654321", "(11) 98765-4321"])
async def test_nothing_compares_with_the_number_that_a_contact_is_named_after(
    ground: Ground, door: Door, database: Database, tenant: Tenant, name: str | None
) -> None:
    made = await make(ground, tenant.owner, phone="11987654321", **({} if name is None else {"name": name}))
    owner, viewer = await door.as_(tenant.owner), await door.as_(await join(ground, tenant, Role.VIEWER))

    async with database.read(tenant.workspace_id) as session:
        kept = (await session.scalars(select(Contact).where(Contact.id == made.id))).one()
    found = [
        (await viewer.execute(FILTER, {"filter": {"name": each}})).data["contacts"]["totalCount"]
        for each in ({"startsWith": "+5511"}, {"contains": "98765"}, {"eq": "+5511987654321"}, {"endsWith": "4321"})
    ]

    assert (kept.name, kept.name_key) == ("+55 *******4321", "+55 *******4321")
    assert found == [0, 0, 0, 1]
    for asking, shown in ((owner, "+5511987654321"), (viewer, "+55 *******4321")):
        assert (await asking.execute(ONE, {"id": encode("contact", made.id)})).data["contact"]["name"] == shown


async def test_a_contact_without_a_name_is_renamed_with_its_addresses(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"phone": "11987654321", "email": "ana@example.com"}}))["contact"]

    async def name_after(**change: Any) -> str:
        payload = await asking.mutate(UPDATE, {"input": {"id": contact["id"], **change}})
        assert payload["userErrors"] == []
        return payload["contact"]["name"]

    assert contact["name"] == "+5511987654321"
    assert await name_after(phone="11912344321") == "+5511912344321"
    assert await name_after(company="Padaria") == "+5511912344321"
    assert await name_after(phone=None) == "ana@example.com"
    assert await name_after(phone="11987654321") == "+5511987654321"
    assert await name_after(name="Ana") == "Ana"
    assert await name_after(phone="11912344321") == "Ana"
    assert await name_after(name=None) == "+5511912344321"
    upserted = await asking.mutate(UPSERT, {"input": {"phone": "11912344321", "externalId": "crm-7", "name": None}})
    assert upserted["contact"]["name"] == "crm-7"


async def test_a_contact_that_nothing_would_name_is_refused(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"phone": "11987654321", "name": None}}))["contact"]

    payload = await asking.mutate(UPDATE, {"input": {"id": contact["id"], "phone": None}})

    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("ADDRESS_MISSING", [])]
    assert (await asking.execute(ONE, {"id": contact["id"]})).data["contact"]["phone"] == "+5511987654321"


async def test_custom_fields_show_no_numbers_to_those_who_may_not_read_them(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    custom = {"celular": "+5511987654321", "plano": "a", "notas": ["+5511987654321", 7]}
    await plant(database, tenant.workspace_id, [{"name": "Ana", "custom": custom}])
    owner, viewer = await door.as_(tenant.owner), await door.as_(await join(ground, tenant, Role.VIEWER))

    full, masked = [
        (await each.execute("{ contacts { nodes { customFields } } }")).data["contacts"]["nodes"][0]["customFields"]
        for each in (owner, viewer)
    ]

    assert full == custom
    assert masked == {"celular": "+55 *******4321", "plano": "a", "notas": ["+55 *******4321", 7]}


async def test_a_viewer_may_not_write(ground: Ground, door: Door, tenant: Tenant) -> None:
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    for document, given in ((CREATE, {"name": "Ana"}), (UPSERT_ALL, {"contacts": []}), (DELETE, {"ids": []})):
        assert (await viewer.execute(document, {"input": given})).code == "FORBIDDEN"
