"""Invitations through the door: bound to an address, good for seven days, used once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core import clock
from core.ground import Ground
from core.ids import decode, encode
from core.security.vault import Vault
from models import Role, User, WorkspaceInvite
from services.access import Actor
from services.workspaces import invites
from tests.fixtures.door import Door
from tests.fixtures.invites import accept, invite, role_in, token_of
from tests.fixtures.people import ME, act, log_in, make_person, refusals
from tests.fixtures.tenants import Tenant

Maker = Callable[[Tenant, Role], Awaitable[Actor]]


async def test_an_invitation_lets_its_address_in(door: Door, ground: Ground, tenant: Tenant) -> None:
    person = await make_person(ground)
    async with ground.database.system() as session:
        await session.execute(update(User).where(User.id == person.user.id).values(email_verified_at=None))
    owner, theirs = await door.as_(tenant.owner), (await log_in(door, person)).door

    made = await invite(owner, f" {person.email.upper()} ", role="ADMIN")
    joined = await accept(theirs, await token_of(ground, person.email))

    assert made["invite"]["email"] == person.email
    assert joined["workspace"]["id"] == encode("workspace", tenant.workspace_id)
    me = (await theirs.execute(ME)).data["me"]
    assert await role_in(ground, tenant.workspace_id, person.user.id) is Role.ADMIN
    assert me["emailVerifiedAt"] is not None


async def test_an_invitation_is_bound_to_its_address(door: Door, ground: Ground, tenant: Tenant) -> None:
    invited, thief = await make_person(ground), await make_person(ground)
    await invite(await door.as_(tenant.owner), invited.email)
    token = await token_of(ground, invited.email)

    stolen = await accept((await log_in(door, thief)).door, token)

    assert refusals(stolen) == [("INVITE_INVALID", ["token"])]
    assert refusals(await accept((await log_in(door, invited)).door, token)) == []


async def test_two_who_accept_one_invitation_at_once_join_once(door: Door, ground: Ground, tenant: Tenant) -> None:
    person = await make_person(ground)
    await invite(await door.as_(tenant.owner), person.email)
    token, theirs = await token_of(ground, person.email), (await log_in(door, person)).door

    both = await asyncio.gather(accept(theirs, token), accept(theirs, token))

    assert sorted(str(refusals(each)) for each in both) == ["[('INVITE_INVALID', ['token'])]", "[]"]


async def test_two_invitations_to_one_address_at_once_leave_one_open(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    owner = await door.as_(tenant.owner)

    made = await asyncio.gather(*(invite(owner, "bia@example.com") for _ in range(4)))

    assert [refusals(each) for each in made] == [[]] * 4
    async with ground.database.system() as session:
        statement = select(func.count()).where(
            WorkspaceInvite.workspace_id == tenant.workspace_id, WorkspaceInvite.revoked_at.is_(None)
        )
        assert await session.scalar(statement) == 1


async def test_a_newer_invitation_replaces_the_older(door: Door, ground: Ground, tenant: Tenant) -> None:
    person = await make_person(ground)
    owner, theirs = await door.as_(tenant.owner), (await log_in(door, person)).door
    await invite(owner, person.email, role="ADMIN")
    older = await token_of(ground, person.email)
    await invite(owner, person.email, role="VIEWER")

    assert refusals(await accept(theirs, older)) == [("INVITE_INVALID", ["token"])]
    assert refusals(await accept(theirs, await token_of(ground, person.email))) == []


async def test_an_invitation_is_good_for_seven_days_until_it_is_withdrawn(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    person, other = await make_person(ground), await make_person(ground)
    owner = await door.as_(tenant.owner)
    withdrawn = (await invite(owner, other.email))["invite"]["id"]
    await invite(owner, person.email)
    async with ground.database.system() as session:
        own = WorkspaceInvite.email == person.email
        lifetime = await session.scalar(select(WorkspaceInvite.expires_at - WorkspaceInvite.created_at).where(own))
        await session.execute(update(WorkspaceInvite).where(own).values(expires_at=clock.now()))

    first = await act(owner, "inviteRevoke", "InviteRevokeInput", "invite { revokedAt }", id=withdrawn)
    second = await act(owner, "inviteRevoke", "InviteRevokeInput", "invite { revokedAt }", id=withdrawn)

    assert lifetime == timedelta(days=7)
    assert first["invite"]["revokedAt"] is not None
    assert refusals(second) == [("NOT_FOUND", ["id"])]
    for who in (person, other):
        refused = await accept((await log_in(door, who)).door, await token_of(ground, who.email))
        assert refusals(refused) == [("INVITE_INVALID", ["token"])]


@pytest.mark.parametrize("email", ["", "nobody", "a@b\x00.com", "x" * 1_000])
async def test_what_is_no_address_is_not_invited(door: Door, tenant: Tenant, email: str) -> None:
    payload = await invite(await door.as_(tenant.owner), email)

    assert refusals(payload) == [("EMAIL_INVALID", ["email"])]
    assert payload["invite"] is None


async def test_who_is_in_is_not_invited_and_nobody_above_oneself_is(
    door: Door, tenant: Tenant, make_actor: Maker
) -> None:
    as_admin = await door.as_(await make_actor(tenant, Role.ADMIN))

    inside, above = (
        await invite(as_admin, tenant.owner_user.email),
        await invite(as_admin, "b@example.com", role="OWNER"),
    )

    assert refusals(inside) == [("ALREADY_MEMBER", ["email"])]
    assert refusals(above) == [("RANK_TOO_HIGH", ["role"])]


async def test_the_invitations_of_others_look_unknown(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = (await invite(await door.as_(other_tenant.owner), "bia@example.com"))["invite"]["id"]
    owner = await door.as_(tenant.owner)

    for each in (theirs, theirs.replace("invite", "user"), "", "invite_x", "👻"):
        payload = await act(owner, "inviteRevoke", "InviteRevokeInput", "invite { id }", id=each)
        assert refusals(payload) == [("NOT_FOUND", ["id"])], each

    assert (await owner.execute("{ invites { totalCount } }")).data["invites"]["totalCount"] == 0


async def test_the_mail_holds_the_link_and_the_table_its_hash(door: Door, ground: Ground, tenant: Tenant) -> None:
    made = await invite(await door.as_(tenant.owner), "bia@example.com")
    invite_id = decode("invite", made["invite"]["id"])
    assert invite_id is not None
    token = await token_of(ground, "bia@example.com")

    await invites.mail_invite(ground, tenant.workspace_id, invite_id)

    folder = ground.settings.server.data_dir / "mail"
    mail = await asyncio.to_thread(lambda: max(folder.glob("*.eml")).read_text(encoding="utf-8"))
    async with ground.database.system() as session:
        row = (await session.scalars(select(WorkspaceInvite).where(WorkspaceInvite.id == invite_id))).one()
    assert "To: bia@example.com" in mail
    assert f"/invite#token={token}" in mail.replace("=\n", "").replace("=3D", "=")
    assert row.token_hash == Vault.digest(token)
