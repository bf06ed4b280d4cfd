"""What fields answer: one row, lists, guards, and how many statements that takes."""

from collections.abc import Awaitable, Callable

import pytest

import models
from core.database import Database
from core.ids import encode, uuid7
from models import Role
from services.access import Actor
from tests.fixtures.tenants import Tenant
from tests.graph.conftest import store
from tests.graph.views import Client

Clients = Callable[[Actor], Client]


async def test_a_row_is_found_by_its_global_id_with_all_its_edges(
    database: Database, tenant: Tenant, client: Clients
) -> None:
    owner = tenant.owner_user
    people = await store(
        database,
        tenant,
        [{"name": "João Ávila", "owner_id": owner.id, "labels": (0, 1), "lead_score": 7, "phone": "5511999"}],
    )
    async with database.write(tenant.workspace_id) as session:
        for key in ("b", "a"):
            session.add(
                models.ContactIdentity(
                    workspace_id=tenant.workspace_id,
                    contact_id=people.contacts[0].id,
                    kind=models.IdentityKind.EXTERNAL,
                    key=key,
                    value=key.upper(),
                )
            )

    data = await client(tenant.owner).data(
        """query($id: ID!) { contact(id: $id) {
            id name score initials greeting phone mail sentiment owner { id name } membership { user { name } }
            labels { name } topLabels(last: 1) { name } identities { value contact { id } } } }""",
        id=encode("contact", people.contacts[0].id),
    )

    assert data["contact"] == {
        "id": encode("contact", people.contacts[0].id),
        "name": "João Ávila",
        "score": 7,
        "initials": "JÁ",
        "greeting": "Olá, João Ávila",
        "phone": "5511999",
        "mail": None,
        "sentiment": None,
        "owner": {"id": encode("user", owner.id), "name": owner.name},
        "membership": {"user": {"name": owner.name}},
        "labels": [{"name": "Frio"}, {"name": "Quente"}],
        "topLabels": [{"name": "Frio"}],
        "identities": [
            {"value": "A", "contact": {"id": encode("contact", people.contacts[0].id)}},
            {"value": "B", "contact": {"id": encode("contact", people.contacts[0].id)}},
        ],
    }


@pytest.mark.parametrize("amount", [2, 50])
async def test_a_page_takes_the_same_number_of_statements_whatever_its_size(
    database: Database, tenant: Tenant, client: Clients, amount: int
) -> None:
    await store(database, tenant, [{"owner_id": tenant.owner.user_id, "labels": (0, 2)} for _ in range(amount)])
    asking = client(tenant.owner)

    data = await asking.data(
        """{ contacts(first: 50) { totalCount nodes {
            name labels { name } topLabels { name } owner { name } membership { user { name } newest { name } }
        } } }"""
    )

    assert len(data["contacts"]["nodes"]) == data["contacts"]["totalCount"] == amount
    assert all(len(each["labels"]) == 2 for each in data["contacts"]["nodes"])
    # page, count, labels, first labels, owners, memberships, their newest contacts
    assert len(asking.reader.statements) == 7


async def test_a_count_is_made_only_when_it_is_selected(database: Database, tenant: Tenant, client: Clients) -> None:
    await store(database, tenant, [{}])
    asking = client(tenant.owner)

    await asking.data("{ contacts { nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } }")

    assert len(asking.reader.statements) == 1


async def test_pages_inside_pages_are_loaded_together_and_kept_apart(
    database: Database, tenant: Tenant, client: Clients, make_actor: Callable[[Tenant, Role], Awaitable[Actor]]
) -> None:
    second = await make_actor(tenant, Role.MEMBER)
    await make_actor(tenant, Role.MEMBER)
    owners = [tenant.owner.user_id, second.user_id, second.user_id, tenant.owner.user_id, second.user_id]
    await store(database, tenant, [{"owner_id": owner} for owner in owners])
    asking = client(tenant.owner)

    data = await asking.data(
        """{ members { nodes { newest(last: 2) { name } contacts(first: 2, orderBy: OLDEST) {
            totalCount pageInfo { hasNextPage } nodes { name } } } } }"""
    )

    found = [
        (
            [each["name"] for each in member["contacts"]["nodes"]],
            member["contacts"]["totalCount"],
            member["contacts"]["pageInfo"]["hasNextPage"],
            [each["name"] for each in member["newest"]],
        )
        for member in data["members"]["nodes"]
    ]
    assert found == [
        (["Ana 0", "Ana 3"], 2, False, ["Ana 3", "Ana 0"]),
        (["Ana 1", "Ana 2"], 3, True, ["Ana 4", "Ana 2"]),
        ([], 0, False, []),
    ]
    assert len(asking.reader.statements) == 4


async def test_who_may_not_read_gets_a_mask_or_an_error(
    database: Database,
    tenant: Tenant,
    client: Clients,
    make_actor: Callable[[Tenant, Role], Awaitable[Actor]],
) -> None:
    await store(database, tenant, [{"phone": "5511987654321", "email": "ana@example.com"}, {}])
    viewer = client(await make_actor(tenant, Role.VIEWER))

    result = await viewer.run("{ contacts(orderBy: OLDEST) { nodes { phone mail greeting } } }")

    assert result.data["contacts"]["nodes"] == [
        {"phone": "***21", "mail": None, "greeting": None},
        {"phone": None, "mail": None, "greeting": None},
    ]
    assert [error.original_error.code for error in result.errors] == ["FORBIDDEN"] * 4
    assert {error.path[-1] for error in result.errors} == {"mail", "greeting"}


async def test_a_root_field_without_its_permission_is_forbidden(tenant: Tenant, client: Clients) -> None:
    nobody = Actor(
        workspace_id=tenant.workspace_id,
        user_id=tenant.owner.user_id,
        role=Role.VIEWER,
        permissions=frozenset(),
        origin=tenant.owner.origin,
    )
    some = encode("contact", uuid7())
    for source in (
        "{ contacts { totalCount } }",
        f'{{ contact(id: "{some}") {{ name }} }}',
        f'{{ node(id: "{some}") {{ id }} }}',
        "{ workspace { name } }",
    ):
        asking = client(nobody)
        assert await asking.code(source) == "FORBIDDEN"
        assert asking.reader.statements == []


async def test_node_finds_any_type_that_names_a_permission(database: Database, tenant: Tenant, client: Clients) -> None:
    people = await store(database, tenant, [{"labels": ()}])
    asking = client(tenant.owner)
    source = "query($id: ID!) { node(id: $id) { id __typename ... on Contact { name } } }"
    ids = {
        "Contact": encode("contact", people.contacts[0].id),
        "Label": people.label_ids(0)[0],
        "User": encode("user", tenant.owner_user.id),
    }

    for kind, text in ids.items():
        assert (await asking.data(source, id=text))["node"]["__typename"] == kind

    for text in (
        encode("member", uuid7()),
        encode("nothing", uuid7()),
        encode("contact", uuid7()),
        "contact_",
        "",
        "_",
    ):
        assert (await asking.data(source, id=text))["node"] is None


@pytest.mark.parametrize(
    "spoil",
    [
        str.upper,
        lambda text: text + "0",
        lambda text: text[:-1],
        lambda text: text.replace("contact", "label"),
        lambda text: " " + text,
    ],
)
async def test_an_id_that_is_not_one_finds_nothing(
    database: Database, tenant: Tenant, client: Clients, spoil: Callable[[str], str]
) -> None:
    people = await store(database, tenant, [{}])
    asking = client(tenant.owner)

    data = await asking.data(
        "query($id: ID!) { contact(id: $id) { name } }", id=spoil(encode("contact", people.contacts[0].id))
    )

    assert data["contact"] is None
    assert asking.reader.statements == []
