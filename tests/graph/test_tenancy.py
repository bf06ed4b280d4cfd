"""The wall in every SELECT, seen with twin data: two workspaces of the same shapes, read past the database's wall."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import models
from core.database import Database
from core.ids import encode
from services.access import Actor
from tests.fixtures.tenants import Tenant
from tests.graph.conftest import People, store
from tests.graph.views import Client, CountingSession

Clients = Callable[[Actor], Client]

EVERYTHING = """{
  contacts(first: 100, orderBy: OLDEST) { totalCount nodes { ...all } pageInfo { hasNextPage } }
  labelled: contacts(filter: {labels: {isEmpty: false}}) { totalCount }
  bare: contacts(filter: {labels: {isEmpty: true}}) { totalCount }
  searched: contacts(search: "ana") { totalCount }
  users { nodes { id name } }
  workspace { id }
  members { nodes { id user { id } newest { ...all } contacts { totalCount nodes { ...all } } } }
}
fragment all on Contact {
  id name owner { id } membership { id } labels { id } topLabels { id } identities { id contact { id } }
}"""


class Bypassing:
    """Reads as the system, which the database's wall does not hold: only the statements' own walls are left."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.statements: list[Any] = []

    @asynccontextmanager
    async def read(self, workspace_id):
        del workspace_id
        async with self.database.system() as session:
            yield CountingSession(session, self.statements)


@dataclass
class Twins:
    """Two workspaces of the same shapes. The second one's owner also has a seat in the first."""

    one: Tenant
    other: Tenant
    own: People
    foreign: People


@pytest.fixture
async def twins(database: Database, tenant: Tenant, other_tenant: Tenant) -> Twins:
    found: list[People] = []
    for each in (tenant, other_tenant):
        rows = [{"owner_id": each.owner.user_id, "labels": (0, 1, 2)[: number % 4]} for number in range(8)]
        people = await store(database, each, rows)
        async with database.write(each.workspace_id) as session:
            for contact in people.contacts:
                session.add(
                    models.ContactIdentity(
                        workspace_id=each.workspace_id,
                        contact_id=contact.id,
                        kind=models.IdentityKind.EXTERNAL,
                        key=contact.id.hex,
                        value="x",
                    )
                )
        found.append(people)
    return Twins(one=tenant, other=other_tenant, own=found[0], foreign=found[1])


def ids_in(data: Any) -> set[str]:
    if isinstance(data, dict):
        own = {data["id"]} if "id" in data else set()
        return own.union(*[ids_in(each) for each in data.values()])
    return set().union(*[ids_in(each) for each in data]) if isinstance(data, list) else set()


async def test_no_field_shows_another_workspace_even_without_the_databases_wall(
    database: Database, twins: Twins
) -> None:
    data = {}
    for each in (twins.one, twins.other):
        data[each.workspace_id] = await Client(each.owner, Bypassing(database)).data(EVERYTHING)

    own, foreign = data[twins.one.workspace_id], data[twins.other.workspace_id]
    assert not ids_in(own) & ids_in(foreign)
    for each in (own, foreign):
        assert each["contacts"]["totalCount"] == len(each["contacts"]["nodes"]) == 8
        assert (each["labelled"]["totalCount"], each["bare"]["totalCount"]) == (6, 2)
        assert [len(node["labels"]) for node in each["contacts"]["nodes"]] == [0, 1, 2, 3] * 2
        assert [len(node["identities"]) for node in each["contacts"]["nodes"]] == [1] * 8
        assert [node["contacts"]["totalCount"] for node in each["members"]["nodes"]] == [8]
        assert len(each["users"]["nodes"]) == 1


@pytest.mark.parametrize("bypass", [True, False])
async def test_another_workspaces_ids_find_nothing(
    database: Database, twins: Twins, client: Clients, bypass: bool
) -> None:
    asking = Client(twins.one.owner, Bypassing(database)) if bypass else client(twins.one.owner)
    contact = encode("contact", twins.foreign.contacts[0].id)
    user = encode("user", twins.other.owner_user.id)
    label = twins.foreign.label_ids(0)[0]

    data = await asking.data(
        """query($contact: ID!, $user: ID!, $label: ID!) {
            contact(id: $contact) { id } user(id: $user) { id }
            a: node(id: $contact) { id } b: node(id: $user) { id } c: node(id: $label) { id }
            byId: contacts(filter: {id: {eq: $contact}}) { totalCount }
            byOwner: contacts(filter: {owner: {eq: $user}}) { totalCount }
            byLabel: contacts(filter: {labels: {anyOf: [$label]}}) { totalCount }
        }""",
        contact=contact,
        user=user,
        label=label,
    )

    none = {"totalCount": 0}
    assert data == {
        **dict.fromkeys(("contact", "user", "a", "b", "c")),
        **dict.fromkeys(("byId", "byOwner", "byLabel"), none),
    }


async def test_another_workspaces_cursor_shows_only_own_rows(twins: Twins, client: Clients) -> None:
    source = "query($c: String) { contacts(after: $c, orderBy: OLDEST) { nodes { id } edges { cursor } } }"
    cursor = (await client(twins.other.owner).data(source))["contacts"]["edges"][3]["cursor"]

    data = await client(twins.one.owner).data(source, c=cursor)

    assert ids_in(data) <= {encode("contact", each.id) for each in twins.own.contacts}


async def test_a_person_is_visible_where_they_are_a_member(database: Database, twins: Twins, client: Clients) -> None:
    guest = twins.other.owner_user
    async with database.system() as session:
        session.add(
            models.WorkspaceMember(
                workspace_id=twins.one.workspace_id,
                user_id=guest.id,
                role=models.Role.VIEWER,
                joined_at=guest.created_at,
            )
        )

    data = await client(twins.one.owner).data(
        "query($id: ID!) { user(id: $id) { name } users { totalCount } }", id=encode("user", guest.id)
    )

    assert data == {"user": {"name": guest.name}, "users": {"totalCount": 2}}
