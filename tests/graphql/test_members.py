"""People in a workspace through the door: roles, exceptions, removal."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from core.ground import Ground
from core.ids import decode, encode
from models import Contact, Role, Session
from services.access import Actor
from tests.fixtures.door import Door
from tests.fixtures.invites import accept, invite, role_in, token_of
from tests.fixtures.people import ME, act, end_of, log_in, make_person, refusals, user
from tests.fixtures.tenants import Tenant

Maker = Callable[[Tenant, Role], Awaitable[Actor]]

EVENTS = "subscription { workspaceEvents { ... on WorkspaceEvent { type } } }"
MEMBER = "member { user { id } role granted revoked }"


async def change(door: Door, who: Actor, **given: Any) -> Any:
    return await act(door, "memberRoleChange", "MemberRoleChangeInput", MEMBER, userId=user(who), **given)


async def remove(door: Door, who: Actor) -> Any:
    return await act(door, "memberRemove", "MemberRemoveInput", "removedUserId", userId=user(who))


async def role_of(ground: Ground, actor: Actor) -> Role | None:
    return await role_in(ground, actor.workspace_id, actor.user_id)


# Roles.


async def test_a_role_is_changed(door: Door, ground: Ground, tenant: Tenant, make_actor: Maker) -> None:
    owner, member = await door.as_(tenant.owner), await make_actor(tenant, Role.MEMBER)

    payload = await change(owner, member, role="ADMIN")

    assert payload["userErrors"] == []
    assert payload["member"] == {"user": {"id": user(member)}, "role": "ADMIN", "granted": [], "revoked": []}
    assert await role_of(ground, member) is Role.ADMIN


async def test_an_admin_cannot_make_an_owner_of_anybody(
    door: Door, ground: Ground, tenant: Tenant, make_actor: Maker
) -> None:
    admin, member = await make_actor(tenant, Role.ADMIN), await make_actor(tenant, Role.MEMBER)
    as_admin = await door.as_(admin)

    for who in (member, admin):
        assert refusals(await change(as_admin, who, role="OWNER")) == [("RANK_TOO_HIGH", ["role"])]

    assert [await role_of(ground, each) for each in (member, admin)] == [Role.MEMBER, Role.ADMIN]


async def test_an_admin_cannot_touch_an_owner(door: Door, ground: Ground, tenant: Tenant, make_actor: Maker) -> None:
    as_admin = await door.as_(await make_actor(tenant, Role.ADMIN))

    demoted = await change(as_admin, tenant.owner, role="VIEWER")
    limited = await change(as_admin, tenant.owner, revoked=["MEMBERS_WRITE"])
    removed = await remove(as_admin, tenant.owner)

    assert refusals(demoted) == refusals(limited) == refusals(removed) == [("RANK_TOO_HIGH", ["userId"])]
    assert await role_of(ground, tenant.owner) is Role.OWNER


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
async def test_who_may_not_change_people_is_refused(door: Door, tenant: Tenant, make_actor: Maker, role: Role) -> None:
    actor, other = await make_actor(tenant, role), await make_actor(tenant, Role.VIEWER)
    as_actor = await door.as_(actor)
    given = {"input": {"userId": user(other)}}

    codes = [
        (await as_actor.execute(query, given)).code
        for query in (
            "mutation ($input: MemberRoleChangeInput!) { memberRoleChange(input: $input) { member { id } } }",
            "mutation ($input: MemberRemoveInput!) { memberRemove(input: $input) { removedUserId } }",
        )
    ]

    assert codes == ["FORBIDDEN", "FORBIDDEN"]


async def test_exceptions_add_to_a_role_and_take_from_it(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    owner, viewer = await door.as_(tenant.owner), await make_actor(tenant, Role.VIEWER)

    payload = await change(owner, viewer, granted=["LABELS_WRITE", "AUDIT_READ"], revoked=["CONTACTS_READ"])

    mine = await door.as_(viewer)
    permissions = (await mine.execute(ME)).data["me"]["permissions"]
    assert payload["member"]["granted"] == ["AUDIT_READ", "LABELS_WRITE"]
    assert {"LABELS_WRITE", "AUDIT_READ"} <= set(permissions)
    assert (await act(mine, "labelCreate", "LabelCreateInput", name="VIP", color="#ff0000"))["userErrors"] == []
    assert (await mine.execute("{ contacts { totalCount } }")).code == "FORBIDDEN"


async def test_nobody_grants_what_they_do_not_have(
    door: Door, ground: Ground, tenant: Tenant, make_actor: Maker
) -> None:
    admin, member = await make_actor(tenant, Role.ADMIN), await make_actor(tenant, Role.MEMBER)

    refused = await change(await door.as_(admin), member, granted=["WORKSPACE_DELETE"])

    assert refusals(refused) == [("RANK_TOO_HIGH", ["granted"])]
    assert await role_of(ground, member) is Role.MEMBER


async def test_nobody_gives_themselves_back_what_was_taken(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    admin, member = await make_actor(tenant, Role.ADMIN), await make_actor(tenant, Role.MEMBER)
    await change(await door.as_(tenant.owner), admin, revoked=["AUDIT_READ"])
    as_admin = await door.as_(admin)

    attempts = [
        await change(as_admin, admin, revoked=[]),
        await change(as_admin, admin, granted=["AUDIT_READ"], revoked=[]),
        await change(as_admin, member, role="ADMIN"),
        await invite(as_admin, "bia@example.com", role="ADMIN"),
    ]

    assert [refusals(each)[0][0] for each in attempts] == ["RANK_TOO_HIGH"] * 4
    assert (await as_admin.execute("{ auditLog { totalCount } }")).code == "FORBIDDEN"


async def test_an_owner_cannot_be_limited(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    owner, other = await door.as_(tenant.owner), await make_actor(tenant, Role.OWNER)

    refused = await change(owner, other, revoked=["CONTACTS_DELETE"])

    assert refusals(refused) == [("INVALID", ["revoked"])]


async def test_the_last_owner_cannot_step_down_or_leave(door: Door, ground: Ground, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    down, left = await change(owner, tenant.owner, role="ADMIN"), await remove(owner, tenant.owner)

    assert (refusals(down), refusals(left)) == ([("LAST_OWNER", ["role"])], [("LAST_OWNER", ["userId"])])
    assert await role_of(ground, tenant.owner) is Role.OWNER


@pytest.mark.parametrize("way", ["leave", "step down", "each other"])
async def test_of_two_owners_who_go_at_once_one_stays(
    door: Door, ground: Ground, tenant: Tenant, make_actor: Maker, way: str
) -> None:
    other = await make_actor(tenant, Role.OWNER)
    first, second = await door.as_(tenant.owner), await door.as_(other)
    acts = {
        "leave": lambda: (remove(first, tenant.owner), remove(second, other)),
        "step down": lambda: (change(first, tenant.owner, role="VIEWER"), change(second, other, role="VIEWER")),
        "each other": lambda: (change(first, other, role="VIEWER"), change(second, tenant.owner, role="VIEWER")),
    }

    await asyncio.gather(*acts[way](), return_exceptions=True)

    roles = [await role_of(ground, each) for each in (tenant.owner, other)]
    assert roles.count(Role.OWNER) == 1, roles


# What ends with a role.


async def test_rights_that_change_end_what_is_open_though_the_session_works_elsewhere_by_now(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    person = await make_person(ground)
    await invite(await door.as_(tenant.owner), person.email, role="MEMBER")
    signed = await log_in(door, person)
    await accept(signed.door, await token_of(ground, person.email))
    switch = "accessToken workspaceId"
    here = await act(
        signed.door, "workspaceSwitch", "WorkspaceSwitchInput", switch, id=encode("workspace", tenant.workspace_id)
    )
    listening = signed.door.with_token(here["accessToken"])
    async with listening.subscribe(EVENTS) as stream:
        await act(
            listening, "workspaceSwitch", "WorkspaceSwitchInput", switch, id=encode("workspace", person.workspace_id)
        )
        await change(await door.as_(tenant.owner), person, role="VIEWER")

        assert await end_of(stream) == "RIGHTS_CHANGED"


@pytest.mark.parametrize("role", ["VIEWER", "ADMIN"])
async def test_a_change_of_role_ends_sessions_and_what_is_open(
    door: Door, tenant: Tenant, make_actor: Maker, role: str
) -> None:
    owner, member = await door.as_(tenant.owner), await make_actor(tenant, Role.MEMBER)
    mine = await door.as_(member)
    async with mine.subscribe(EVENTS) as stream:
        await change(owner, member, role=role)

        assert await end_of(stream) == "SESSION_ENDED"
    assert (await mine.execute(ME)).code == "SESSION_ENDED"
    assert (await (await door.as_(member)).execute(ME)).data["me"]["role"] == role


async def test_a_change_that_changes_nothing_ends_nothing(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    owner, member = await door.as_(tenant.owner), await make_actor(tenant, Role.MEMBER)
    mine = await door.as_(member)

    payload = await change(owner, member, role="MEMBER", granted=[])

    assert payload["userErrors"] == []
    assert (await mine.execute(ME)).code is None


async def test_sessions_in_other_workspaces_go_on(door: Door, ground: Ground, tenant: Tenant) -> None:
    person = await make_person(ground)
    home = await log_in(door, person)
    owner = await door.as_(tenant.owner)
    await invite(owner, person.email)
    joined = (await accept(home.door, await token_of(ground, person.email)))["workspace"]["id"]
    query = "mutation ($input: WorkspaceSwitchInput!) { workspaceSwitch(input: $input) { accessToken } }"
    there = (await (await log_in(door, person)).door.mutate(query, {"input": {"id": joined}}))["accessToken"]

    removed = await act(owner, "memberRemove", "MemberRemoveInput", "removedUserId", userId=user(person))

    assert removed["removedUserId"] == user(person)
    assert (await door.with_token(there).execute(ME)).code == "SESSION_ENDED"
    assert (await home.door.execute(ME)).code is None


async def test_who_is_removed_is_out_at_once(door: Door, ground: Ground, tenant: Tenant, make_actor: Maker) -> None:
    owner, member = await door.as_(tenant.owner), await make_actor(tenant, Role.MEMBER)
    mine = await door.as_(member)
    assert (await mine.execute("{ workspaceUsage { members } }")).data["workspaceUsage"]["members"] == 2
    async with mine.subscribe(EVENTS) as stream:
        payload = await remove(owner, member)

        assert await end_of(stream) == "SESSION_ENDED"
    assert payload["removedUserId"] == user(member)
    assert (await mine.execute("{ workspaceUsage { members } }")).code == "SESSION_ENDED"
    assert await role_of(ground, member) is None


async def test_who_leaves_stays_signed_in_without_the_workspace(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    viewer = await make_actor(tenant, Role.VIEWER)
    mine = await door.as_(viewer)

    payload = await remove(mine, viewer)

    assert payload["userErrors"] == []
    assert (await mine.execute(ME)).data["me"]["workspace"] is None
    assert (await mine.execute("{ contacts { totalCount } }")).code == "NOT_WORKSPACE_MEMBER"


async def test_the_contacts_of_who_is_removed_stay_without_an_owner(
    door: Door, ground: Ground, tenant: Tenant, make_actor: Maker
) -> None:
    owner, member = await door.as_(tenant.owner), await make_actor(tenant, Role.MEMBER)
    made = await act(
        await door.as_(member),
        "contactCreate",
        "ContactCreateInput",
        "contact { id }",
        name="Carla",
        phone="+5511987654321",
        ownerId=user(member),
    )
    contact_id = decode("contact", made["contact"]["id"])

    await remove(owner, member)

    async with ground.database.system() as session:
        found = await session.scalar(select(Contact).where(Contact.id == contact_id))
    assert found is not None
    assert (found.name, found.owner_id) == ("Carla", None)


async def test_other_ids_look_unknown(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    theirs = other_tenant.owner_user.id

    for each in (
        encode("user", theirs),
        encode("contact", theirs),
        encode("member", theirs),
        theirs.hex,
        "",
        "\x00",
        "👻",
    ):
        changed = await act(owner, "memberRoleChange", "MemberRoleChangeInput", MEMBER, userId=each, role="VIEWER")
        removed = await act(owner, "memberRemove", "MemberRemoveInput", "removedUserId", userId=each)
        assert refusals(changed) == refusals(removed) == [("NOT_FOUND", ["userId"])], each

    assert (await owner.execute(f'{{ user(id: "{encode("user", theirs)}") {{ id }} }}')).data["user"] is None


async def test_people_are_listed_and_found(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    viewer = await make_actor(tenant, Role.VIEWER)
    mine = await door.as_(viewer)

    listed = await mine.execute("{ users(filter: {role: {eq: VIEWER}}) { totalCount nodes { role user { id } } } }")
    found = await mine.execute(f'{{ user(id: "{user(tenant.owner)}") {{ id name }} }}')

    assert listed.data["users"] == {"totalCount": 1, "nodes": [{"role": "VIEWER", "user": {"id": user(viewer)}}]}
    assert found.data["user"]["name"] == tenant.owner_user.name


async def test_a_viewer_sees_phones_masked_and_cannot_write(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    owner, viewer = await door.as_(tenant.owner), await door.as_(await make_actor(tenant, Role.VIEWER))
    await act(owner, "contactCreate", "ContactCreateInput", "contact { id }", name="Carla", phone="+5511987654321")
    query = "{ contacts { nodes { name phone } } }"

    masked = (await viewer.execute(query)).data["contacts"]["nodes"][0]
    plain = (await owner.execute(query)).data["contacts"]["nodes"][0]

    assert plain["phone"] == "+5511987654321"
    assert masked["name"] == "Carla"
    assert "98765" not in masked["phone"]
    create = 'mutation { contactCreate(input: {name: "X"}) { contact { id } } }'
    assert (await viewer.execute(create)).code == "FORBIDDEN"


async def test_what_one_person_did_is_seen_by_who_may_read_the_audit_log(
    door: Door, tenant: Tenant, make_actor: Maker
) -> None:
    owner, member = await door.as_(tenant.owner), await make_actor(tenant, Role.MEMBER)
    await act(await door.as_(member), "labelCreate", "LabelCreateInput", name="VIP", color="#ff0000")

    query = f'{{ userActivity(id: "{user(member)}") {{ user {{ id }} acts {{ nodes {{ action }} }} }} }}'

    found = (await owner.execute(query)).data["userActivity"]
    assert found == {"user": {"id": user(member)}, "acts": {"nodes": [{"action": "label.create"}]}}
    assert (await (await door.as_(member)).execute(query)).code == "FORBIDDEN"


async def test_a_member_without_sessions_is_changed_too(
    door: Door, ground: Ground, tenant: Tenant, make_actor: Maker
) -> None:
    member = await make_actor(tenant, Role.MEMBER)

    await change(await door.as_(tenant.owner), member, role="VIEWER")

    async with ground.database.system() as session:
        assert await session.scalar(select(func.count()).where(Session.user_id == member.user_id)) == 0
    assert await role_of(ground, member) is Role.VIEWER
