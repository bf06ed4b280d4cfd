"""Workspaces through the door: making, changing, switching, using and giving up."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core import clock
from core.ground import Ground
from core.ids import decode, encode
from models import AuditEntry, Role, Session, Workspace, WorkspaceMember
from services.access import Actor
from services.workspaces import changing
from services.workspaces.founding import PER_PERSON
from tests.fixtures.door import Door
from tests.fixtures.people import ME, Person, SignedIn, act, end_of, log_in, make_person, refresh, refusals
from tests.fixtures.tenants import Tenant

Maker = Callable[[Tenant, Role], Awaitable[Actor]]

SWITCH = (
    "mutation ($input: WorkspaceSwitchInput!) { workspaceSwitch(input: $input)"
    " { accessToken refreshToken expiresAt workspaceId user { id } userErrors { code message field } } }"
)
WORKSPACES = "{ workspaces { id name } }"
WORKSPACE = "workspace { id name slug description industry logoUrl }"


async def create(door: Door, name: str) -> Any:
    return await act(door, "workspaceCreate", "WorkspaceCreateInput", "workspace { id name slug }", name=name)


async def change(door: Door, **given: Any) -> Any:
    return await act(door, "workspaceUpdate", "WorkspaceUpdateInput", WORKSPACE, **given)


async def give_up(door: Door, confirmation: str) -> Any:
    return await act(door, "workspaceDelete", "WorkspaceDeleteInput", "deletedId", confirmation=confirmation)


async def switch(door: Door, workspace: str) -> SignedIn:
    payload = await door.mutate(SWITCH, {"input": {"id": workspace}})
    assert payload["userErrors"] == []
    return SignedIn(
        door=door.with_token(payload["accessToken"]), refresh_token=payload["refreshToken"], payload=payload
    )


async def name_of(door: Door) -> str:
    return (await door.execute("{ workspace { name } }")).data["workspace"]["name"]


async def someone(door: Door, ground: Ground) -> tuple[Person, SignedIn]:
    person = await make_person(ground)
    return person, await log_in(door, person)


# Making.


async def test_one_makes_another_workspace_and_owns_it(door: Door, ground: Ground) -> None:
    _, mine = await someone(door, ground)

    made = (await create(mine.door, "  Oficina   Águas "))["workspace"]
    there = await switch(mine.door, made["id"])

    assert made["name"] == "Oficina Águas"
    assert made["slug"].startswith("oficina-aguas-")
    assert [each["name"] for each in (await mine.door.execute(WORKSPACES)).data["workspaces"]] == [
        "Padaria da Ana",
        "Oficina Águas",
    ]
    me = (await there.door.execute(ME)).data["me"]
    assert (me["role"], me["workspace"]["id"]) == ("OWNER", made["id"])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "REQUIRED"),
        (" \t", "TEXT_INVALID"),
        ("x" * 1_000, "TOO_LONG"),
        ("a\x07b", "TEXT_INVALID"),
        ("\u2066x", "TEXT_INVALID"),
    ],
)
async def test_a_bad_name_makes_no_workspace(door: Door, ground: Ground, name: str, code: str) -> None:
    _, mine = await someone(door, ground)

    payload = await create(mine.door, name)

    assert refusals(payload) == [(code, ["name"])]
    assert payload["workspace"] is None
    assert len((await mine.door.execute(WORKSPACES)).data["workspaces"]) == 1


@pytest.mark.parametrize("name", ["🥐🥖", "مخبز", "שלום", "ß", "-"])
async def test_any_script_names_a_workspace(door: Door, ground: Ground, name: str) -> None:
    _, mine = await someone(door, ground)

    made = (await create(mine.door, name))["workspace"]

    assert made["name"] == name
    assert made["slug"].isascii()


async def test_a_person_is_in_fifty_workspaces_at_most_even_when_many_are_made_at_once(
    door: Door, ground: Ground
) -> None:
    person, mine = await someone(door, ground)
    more = " ".join(f'a{n}: workspaceCreate(input: {{name: "Loja"}}) {{ userErrors {{ code }} }}' for n in range(16))
    for _ in range(3):
        await mine.door.execute(f"mutation {{ {more} }}")

    payloads = await asyncio.gather(*(create(mine.door, "Loja") for _ in range(4)))

    assert sorted(str(refusals(each)) for each in payloads) == ["[('LIMIT_REACHED', [])]"] * 3 + ["[]"]
    async with ground.database.system() as session:
        own = WorkspaceMember.user_id == person.user.id
        assert await session.scalar(select(func.count()).where(own)) == PER_PERSON


# Changing.


async def test_a_workspace_is_changed_where_something_is_given(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    await change(owner, description="Pães\n\ne bolos", logoUrl="https://example.com/logo.png")

    payload = await change(owner, name="Padaria Nova", industry="Alimentos", logoUrl=None)

    shown = payload["workspace"]
    assert (shown["name"], shown["description"], shown["industry"]) == ("Padaria Nova", "Pães\n\ne bolos", "Alimentos")
    assert shown["logoUrl"] is None


async def test_every_bad_value_of_a_workspace_is_told_at_once(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    before = await name_of(owner)

    payload = await change(
        owner, name=None, description="x" * 1_001, industry="a\x00b", logoUrl="ftp://example.com/logo.png"
    )

    assert refusals(payload) == [
        ("REQUIRED", ["name"]),
        ("TOO_LONG", ["description"]),
        ("TEXT_INVALID", ["industry"]),
        ("URL_INVALID", ["logoUrl"]),
    ]
    assert await name_of(owner) == before


async def test_a_good_value_beside_a_bad_one_is_not_kept(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    await change(owner, name="Padaria Nova", logoUrl="nonsense")

    assert await name_of(owner) != "Padaria Nova"


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_only_who_may_changes_a_workspace(door: Door, tenant: Tenant, make_actor: Maker, role: Role) -> None:
    mine = await door.as_(await make_actor(tenant, role))

    reply = await mine.execute('mutation { workspaceUpdate(input: {name: "X"}) { workspace { id } } }')

    assert reply.code == "FORBIDDEN"


# Switching.


async def test_a_switch_moves_the_session(door: Door, ground: Ground) -> None:
    person, mine = await someone(door, ground)
    other = (await create(mine.door, "Oficina"))["workspace"]["id"]

    there = await switch(mine.door, other)
    later = await refresh(door, there.refresh_token)

    assert await name_of(there.door) == await name_of(later.door) == "Oficina"
    assert await name_of(mine.door) == "Padaria da Ana"
    async with ground.database.system() as session:
        assert await session.scalar(select(func.count()).where(Session.user_id == person.user.id)) == 1


async def test_a_switch_spends_the_refresh_token_before_it(door: Door, ground: Ground) -> None:
    _, mine = await someone(door, ground)
    there = await switch(mine.door, (await create(mine.door, "Oficina"))["workspace"]["id"])
    await refresh(door, there.refresh_token)

    replayed = await act(door, "tokenRefresh", "TokenRefreshInput", "accessToken", refreshToken=mine.refresh_token)

    assert refusals(replayed) == [("REFRESH_INVALID", ["refreshToken"])]


async def test_one_cannot_switch_to_where_one_is_not(door: Door, ground: Ground, tenant: Tenant) -> None:
    _, mine = await someone(door, ground)

    for each in (
        *(encode(kind, tenant.workspace_id) for kind in ("workspace", "user")),
        "",
        "workspace_0",
        "\x00",
        "👻",
    ):
        payload = await mine.door.mutate(SWITCH, {"input": {"id": each}})
        assert refusals(payload) == [("NOT_FOUND", ["id"])], each
        assert payload["accessToken"] is None


async def test_an_ended_session_cannot_switch(door: Door, ground: Ground) -> None:
    person, mine = await someone(door, ground)
    async with ground.database.system() as session:
        ended = update(Session).where(Session.user_id == person.user.id).values(revoked_at=clock.now())
        await session.execute(ended)

    reply = await mine.door.execute(SWITCH, {"input": {"id": encode("workspace", person.workspace_id)}})

    assert reply.code == "SESSION_ENDED"


# Use.


async def test_usage_counts_what_is_here(door: Door, tenant: Tenant, other_tenant: Tenant, make_actor: Maker) -> None:
    owner, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    await make_actor(tenant, Role.VIEWER)
    for who in (owner, other):
        await act(who, "contactCreate", "ContactCreateInput", "contact { id }", name="Carla", phone="+5511987654321")
    await act(owner, "labelCreate", "LabelCreateInput", name="VIP", color="#ff0000")
    await act(owner, "inviteCreate", "InviteCreateInput", email="bia@example.com")

    usage = (
        await owner.execute(
            "{ workspaceUsage { members openInvites contacts archivedContacts labels customFields contactsCreated"
            " events auditedActs since } }"
        )
    ).data["workspaceUsage"]

    assert usage.pop("since") < clock.now().isoformat()
    assert usage.pop("events") >= 4
    assert usage.pop("auditedActs") >= 4
    assert usage == {
        "members": 2,
        "openInvites": 1,
        "contacts": 1,
        "archivedContacts": 0,
        "labels": 1,
        "customFields": 0,
        "contactsCreated": 1,
    }


# Giving up.


async def test_a_workspace_is_given_up_by_typing_its_name(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    owner, member = await door.as_(tenant.owner), await door.as_(await make_actor(tenant, Role.MEMBER))
    name = await name_of(member)
    async with member.subscribe("subscription { workspaceEvents { ... on WorkspaceEvent { type } } }") as stream:
        mistyped = await give_up(owner, name.upper())
        gone = await give_up(owner, name)

        assert await end_of(stream) == "NOT_WORKSPACE_MEMBER"
    assert refusals(mistyped) == [("CONFIRMATION_WRONG", ["confirmation"])]
    assert gone["deletedId"] == encode("workspace", tenant.workspace_id)
    assert (await owner.execute("{ workspace { name } }")).code == "NOT_WORKSPACE_MEMBER"
    assert (await owner.execute(WORKSPACES)).data["workspaces"] == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER])
async def test_only_an_owner_gives_a_workspace_up(door: Door, tenant: Tenant, make_actor: Maker, role: Role) -> None:
    mine = await door.as_(await make_actor(tenant, role))

    reply = await mine.execute('mutation { workspaceDelete(input: {confirmation: "x"}) { deletedId } }')

    assert reply.code == "FORBIDDEN"


async def test_a_workspace_is_kept_for_thirty_days_and_then_gone_with_its_log(
    door: Door, ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    for each in (tenant, other_tenant):
        owner = await door.as_(each.owner)
        await give_up(owner, await name_of(owner))
    async with ground.database.system() as session:
        long_ago = clock.now() - timedelta(days=30, minutes=1)
        gone = update(Workspace).where(Workspace.id == tenant.workspace_id).values(deleted_at=long_ago)
        await session.execute(gone)

    await changing.purge(ground)

    async with ground.database.system() as session:
        both = (tenant.workspace_id, other_tenant.workspace_id)
        left = set(await session.scalars(select(Workspace.id).where(Workspace.id.in_(both))))
        logged = set(await session.scalars(select(AuditEntry.workspace_id).where(AuditEntry.workspace_id.in_(both))))
        people = await session.scalar(select(func.count()).where(Session.user_id == tenant.owner.user_id))
    assert left == logged == {other_tenant.workspace_id}
    assert people


async def test_signing_in_after_ones_workspace_is_gone_opens_the_next(door: Door, ground: Ground) -> None:
    person, mine = await someone(door, ground)
    other = (await create(mine.door, "Oficina"))["workspace"]["id"]
    await give_up(mine.door, "Padaria da Ana")

    again = await log_in(door, person)
    refreshed = await refresh(door, mine.refresh_token)

    assert again.payload["workspaceId"] == refreshed.payload["workspaceId"] == other
    assert decode("workspace", other) is not None
