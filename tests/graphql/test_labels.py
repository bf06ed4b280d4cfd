"""Labels through the door."""

import asyncio
from typing import Any

import pytest

from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from tests.fixtures.contacts import acts_of, log_of, make
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

ERRORS = "userErrors { code message field }"
LABEL = "label { id name color description position }"
CREATE = f"mutation($input: LabelCreateInput!) {{ labelCreate(input: $input) {{ {LABEL} {ERRORS} }} }}"
UPDATE = f"mutation($input: LabelUpdateInput!) {{ labelUpdate(input: $input) {{ {LABEL} {ERRORS} }} }}"
DELETE = f"mutation($input: LabelDeleteInput!) {{ labelDelete(input: $input) {{ deletedIds {ERRORS} }} }}"
REORDER = f"mutation($input: LabelReorderInput!) {{ labelReorder(input: $input) {{ labels {{ name }} {ERRORS} }} }}"
PUT = f"""mutation($input: ContactLabelsInput!) {{
  contactLabelsAdd(input: $input) {{ contacts {{ labels {{ name }} }} {ERRORS} }} }}"""
TAKE = PUT.replace("contactLabelsAdd", "contactLabelsRemove")
LIST = "{ labels { totalCount nodes { id name } } }"


async def add(asking: Door, *names: str) -> list[str]:
    return [
        (await asking.mutate(CREATE, {"input": {"name": each, "color": "#a0b1c2"}}))["label"]["id"] for each in names
    ]


async def test_a_label_is_made_changed_listed_and_deleted_each_logged_once(
    door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)

    made = (await asking.mutate(CREATE, {"input": {"name": " Quente ", "color": "#a0b1c2", "description": "x"}}))[
        "label"
    ]
    changed = await asking.mutate(UPDATE, {"input": {"id": made["id"], "name": "Frio", "description": None}})
    listed = (await asking.execute(LIST)).data["labels"]
    gone = await asking.mutate(DELETE, {"input": {"ids": [made["id"]]}})

    assert (made["name"], made["color"], made["description"], made["position"]) == ("Quente", "#A0B1C2", "x", 1)
    assert (changed["label"]["name"], changed["label"]["description"]) == ("Frio", None)
    assert listed == {"totalCount": 1, "nodes": [{"id": made["id"], "name": "Frio"}]}
    assert gone["deletedIds"] == [made["id"]]
    told = ["create", "update", "delete"]
    acts = [each.action for each in await acts_of(database, tenant.workspace_id) if each.subject == "Label"]
    events = [each[0] for each in await log_of(database, tenant.workspace_id) if each[0].startswith("label")]
    assert acts == [f"label.{each}" for each in told]
    assert events == [f"label.{each}d" for each in told]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "", "color": "#000000"}, [("REQUIRED", "name")]),
        ({"name": "x" * 61, "color": "red"}, [("TOO_LONG", "name"), ("COLOR_INVALID", "color")]),
        ({"name": "a\x00", "color": "#GGGGGG"}, [("TEXT_INVALID", "name"), ("COLOR_INVALID", "color")]),
        ({"name": "a", "color": "#0000000"}, [("COLOR_INVALID", "color")]),
        ({"name": "a", "color": "#000000", "description": "x" * 501}, [("TOO_LONG", "description")]),
        ({"name": "urgênte", "color": "#000000"}, [("LABEL_NAME_TAKEN", "name")]),
    ],
)
async def test_what_is_refused_is_told_by_field(door: Door, tenant: Tenant, given: Any, told: Any) -> None:
    asking = await door.as_(tenant.owner)
    await add(asking, "Urgente")

    payload = await asking.mutate(CREATE, {"input": given})

    assert [(each["code"], *each["field"]) for each in payload["userErrors"]] == told
    assert payload["label"] is None
    assert (await asking.execute(LIST)).data["labels"]["totalCount"] == 1


async def test_the_order_is_the_workspaces_own(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    a, b, c = await add(asking, "A", "B", "C")

    payload = await asking.mutate(REORDER, {"input": {"ids": [c, a, b]}})
    refused = await asking.mutate(REORDER, {"input": {"ids": [c, a]}})

    assert [each["name"] for each in payload["labels"]] == ["C", "A", "B"]
    assert [(each["code"], each["field"]) for each in refused["userErrors"]] == [("ORDER_INCOMPLETE", ["ids"])]
    assert [each["name"] for each in (await asking.execute(LIST)).data["labels"]["nodes"]] == ["C", "A", "B"]


async def test_orders_and_new_labels_at_once_do_not_embrace(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    ids = await add(asking, *"ABCDEF")

    replies = await asyncio.gather(
        *(asking.execute(REORDER, {"input": {"ids": each}}) for each in (ids, ids[::-1], ids[3:] + ids[:3])),
        *(asking.execute(DELETE, {"input": {"ids": [ids[n]]}}) for n in (5, 0)),
        *(asking.execute(CREATE, {"input": {"name": f"N{n}", "color": "#000000"}}) for n in range(3)),
    )

    assert [each.errors for each in replies if each.errors] == []
    nodes = (await asking.execute(LIST)).data["labels"]["nodes"]
    assert {each["name"] for each in nodes} == {"B", "C", "D", "E", "N0", "N1", "N2"}


async def test_labels_are_put_on_and_taken_off_and_twice_is_once(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    labels = await add(asking, "B", "A")
    contacts = [encode("contact", (await make(ground, tenant.owner, name=f"Ana {n}")).id) for n in range(2)]
    given = {"input": {"contactIds": contacts, "labelIds": labels}}

    put = await asking.mutate(PUT, given)
    again = await asking.mutate(PUT, given)
    taken = await asking.mutate(TAKE, {"input": {"contactIds": contacts[:1], "labelIds": labels[:1]}})

    both = {"labels": [{"name": "B"}, {"name": "A"}]}
    assert put["contacts"] == again["contacts"] == [both, both]
    assert taken["contacts"] == [{"labels": [{"name": "A"}]}]
    told = [each[1] for each in await log_of(database, tenant.workspace_id) if each[0] == "contact.labels_changed"]
    assert [len(each) for each in told] == [2, 1]


async def test_ids_of_others_stop_all(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    asking, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    (mine,), (theirs,) = await add(asking, "A"), await add(other, "A")
    contact = encode("contact", (await make(ground, tenant.owner, name="Ana")).id)
    foreign = encode("contact", (await make(ground, other_tenant.owner, name="Ana")).id)

    for contacts, labels, field in (
        ([contact], [mine, theirs], "labelIds"),
        ([contact, foreign], [mine], "contactIds"),
        ([contact], [mine, contact], "labelIds"),
        ([mine], [mine], "contactIds"),
    ):
        payload = await asking.mutate(PUT, {"input": {"contactIds": contacts, "labelIds": labels}})
        assert payload["userErrors"][0]["code"] == "NOT_FOUND"
        assert payload["userErrors"][0]["field"] in ([field], ["ids"])
    for document, given in (
        (UPDATE, {"id": theirs, "name": "x"}),
        (DELETE, {"ids": [mine, theirs]}),
        (DELETE, {"ids": [encode("label", uuid7())]}),
    ):
        assert (await asking.mutate(document, {"input": given}))["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await asking.execute(LIST)).data["labels"]["totalCount"] == 1


async def test_a_viewer_reads_and_does_not_write(ground: Ground, door: Door, tenant: Tenant) -> None:
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    assert (await viewer.execute(LIST)).data["labels"]["totalCount"] == 0
    assert (await viewer.execute(CREATE, {"input": {"name": "A", "color": "#000000"}})).code == "FORBIDDEN"


async def test_a_contact_that_does_not_exist_is_named_by_its_field(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    (label,) = await add(asking, "A")

    for document in (PUT, TAKE):
        given = {"contactIds": [encode("contact", uuid7())], "labelIds": [label]}
        payload = await asking.mutate(document, {"input": given})

        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("NOT_FOUND", ["contactIds"])]
