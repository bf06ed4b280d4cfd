"""Notifications: what others did that concerns the one who asks, once each, and nothing of anybody else's."""

from typing import Any

import pytest

from core.database import Database
from core.ground import Ground
from core.ids import UserId, encode, uuid7
from core.security.tokens import Claims
from models import Role, User, WorkspaceInvite
from services import crediting, feed_cursor, feed_log
from services.access import Actor
from services.contacts import archiving, change
from services.contacts.drafting import ContactDraft
from services.transaction import begin, begin_system
from services.workspaces import invites, members
from services.workspaces.members import RoleDraft
from tests.fixtures.contacts import make
from tests.fixtures.door import Door, Stream
from tests.fixtures.people import act
from tests.fixtures.tenants import Tenant, join, make_user, sign_in_user

HEARD = """subscription($after: String) { notifications(after: $after) {
  __typename
  ... on Notification { seq cursor kind at actor { id } contact { id name phone } }
  ... on ResyncRequired { cursor reason } } }"""
EVENTS = "subscription($after: String) { workspaceEvents(after: $after) { ... on WorkspaceEvent { type payload } } }"
CHANGES = "subscription($after: String) { contactChanged(after: $after) { ... on ContactChanged { cursor } } }"


async def head(database: Database, tenant: Tenant) -> str:
    """The cursor of now."""
    return feed_cursor.encode(tenant.workspace_id, (await feed_log.extent(database, tenant.workspace_id)).head)


async def assign(ground: Ground, by: Actor, to: Actor, *names: str) -> list[str]:
    """Give new contacts to a person in one batch; return their ids."""
    drafts = [ContactDraft(name=each, email=f"{each}@example.com", owner_id=to.user_id) for each in names]
    async with begin(ground, by) as tx:
        outcomes = await change.upsert_all(tx, drafts)
    return [encode("contact", each.contact.id) for each in outcomes if each.contact is not None]


async def take(stream: Stream, count: int) -> list[Any]:
    return [await stream.next() for _ in range(count)]


@pytest.fixture
async def member(ground: Ground, tenant: Tenant) -> Actor:
    return await join(ground, tenant, Role.MEMBER)


async def test_a_contact_that_a_colleague_gives_is_told_with_who_did_it(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    asking = await door.as_(member)
    cursor = await head(database, tenant)
    given = await make(ground, tenant.owner, name="Ana", owner_id=member.user_id)
    later = await make(ground, tenant.owner, name="Bia")
    async with begin(ground, tenant.owner) as tx:
        await change.update(tx, later.id, ContactDraft(owner_id=member.user_id))
        await change.update(tx, later.id, ContactDraft(company="Padaria"))

    async with asking.subscribe(HEARD, {"after": cursor}) as stream:
        heard = await take(stream, 2)
        by_upsert = await assign(ground, tenant.owner, member, "cora")
        heard.append(await stream.next())
        is_all = await stream.quiet(0.3)

    assert [each["kind"] for each in heard] == ["CONTACT_ASSIGNED"] * 3
    assert [each["contact"]["name"] for each in heard] == ["Ana", "Bia", "cora"]
    assert [each["contact"]["id"] for each in heard] == [
        encode("contact", given.id),
        encode("contact", later.id),
        *by_upsert,
    ]
    assert all(each["actor"] == {"id": encode("user", tenant.owner_user.id)} for each in heard)
    assert is_all


async def test_what_one_does_oneself_and_what_concerns_others_is_not_told(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    asking = await door.as_(member)
    cursor = await head(database, tenant)
    other = await join(ground, tenant, Role.MEMBER)
    await make(ground, member, name="Minha", owner_id=member.user_id)
    await make(ground, tenant.owner, name="Alheia", owner_id=other.user_id)
    kept = await make(ground, tenant.owner, name="Ana", owner_id=member.user_id)
    async with begin(ground, tenant.owner) as tx:
        await change.update(tx, kept.id, ContactDraft(owner_id=member.user_id, company="Padaria"))
        await change.update(tx, kept.id, ContactDraft(owner_id=None))
        await archiving.archive(tx, [kept.id])

    async with asking.subscribe(HEARD, {"after": cursor}) as stream:
        heard = await stream.next()
        is_all = await stream.quiet(0.3)

    assert heard["contact"]["name"] == "Ana"
    assert is_all


async def test_whoever_silenced_assignments_hears_of_them_again_as_soon_as_they_want(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    asking = await door.as_(member)
    async with asking.subscribe(HEARD, {"after": await head(database, tenant)}) as stream:
        await act(asking, "settingsUpdate", "SettingsUpdateInput", notifications={"assignment": False})
        await make(ground, tenant.owner, name="Calada", owner_id=member.user_id)
        is_silent = await stream.quiet(0.5)
        await act(asking, "settingsUpdate", "SettingsUpdateInput", notifications={"assignment": True})
        await make(ground, tenant.owner, name="Ouvida", owner_id=member.user_id)

        heard = await stream.next()

    assert is_silent
    assert heard["contact"]["name"] == "Ouvida"


async def test_a_changed_role_is_told_to_whom_it_concerns_when_they_are_back(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    cursor = await head(database, tenant)
    other = await door.as_(await join(ground, tenant, Role.MEMBER))
    assert member.user_id is not None
    await members.change_role(ground, tenant.identity, member.user_id, RoleDraft(role=Role.VIEWER))

    async with (await door.as_(member)).subscribe(HEARD, {"after": cursor}) as stream:
        heard = await stream.next()
    async with other.subscribe(HEARD, {"after": cursor}) as stream:
        is_silent = await stream.quiet(0.3)

    assert (heard["kind"], heard["contact"]) == ("ROLE_CHANGED", None)
    assert heard["actor"] == {"id": encode("user", tenant.owner_user.id)}
    assert is_silent


async def test_whoever_invited_is_told_who_came(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    cursor = await head(database, tenant)
    newcomer = await accept(ground, door, tenant)

    async with (await door.as_(tenant.owner)).subscribe(HEARD, {"after": cursor}) as stream:
        heard = await stream.next()
    async with (await door.as_(member)).subscribe(HEARD, {"after": cursor}) as stream:
        is_silent = await stream.quiet(0.3)

    assert (heard["kind"], heard["contact"]) == ("INVITE_ACCEPTED", None)
    assert heard["actor"] == {"id": encode("user", newcomer.id)}
    assert is_silent


async def accept(ground: Ground, door: Door, tenant: Tenant) -> User:
    """Let the owner invite somebody, who comes."""
    user = make_user()
    async with begin_system(ground) as tx:
        tx.session.add(user)
    async with begin(ground, tenant.owner) as tx:
        invite: WorkspaceInvite = await invites.create(tx, user.email, Role.VIEWER)
    session_id = await sign_in_user(ground, user.id)
    claims = Claims(user_id=UserId(user.id), session_id=session_id, workspace_id=None)
    coming = door.with_token(ground.tokens.issue(claims).token)
    payload = await act(coming, "inviteAccept", "InviteAcceptInput", token=ground.vault.derive("invite", invite.id))
    assert payload["userErrors"] == []
    return user


async def test_a_reader_goes_on_inside_a_batch_behind_its_own_cursor_or_another_streams(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    asking = await door.as_(member)
    cursor = await head(database, tenant)
    others = [ContactDraft(name=f"O{n}", email=f"o{n}@example.com") for n in range(2)]
    mine = [ContactDraft(name=f"M{n}", email=f"m{n}@example.com", owner_id=member.user_id) for n in range(3)]
    async with begin(ground, tenant.owner) as tx:
        await change.upsert_all(tx, [others[0], mine[0], mine[1], others[1], mine[2]])

    async with asking.subscribe(HEARD, {"after": cursor}) as stream:
        first = await stream.next()
    async with asking.subscribe(HEARD, {"after": first["cursor"]}) as stream:
        rest = await take(stream, 2)
    async with asking.subscribe(CHANGES, {"after": cursor}) as stream:
        changes = await take(stream, 4)
    async with asking.subscribe(HEARD, {"after": changes[3]["cursor"]}) as stream:
        behind = await stream.next()
    async with asking.subscribe(HEARD, {"after": rest[1]["cursor"]}) as stream:
        is_all = await stream.quiet(0.3)

    assert [each["contact"]["name"] for each in (first, *rest)] == ["M0", "M1", "M2"]
    assert behind == rest[1]
    assert rest[1]["cursor"] == await head(database, tenant)
    assert is_all


async def test_an_event_says_by_global_ids_who_was_given_what(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    cursor = await head(database, tenant)
    given = await assign(ground, tenant.owner, member, "a", "b")
    newcomer = await accept(ground, door, tenant)

    async with (await door.as_(tenant.owner)).subscribe(EVENTS, {"after": cursor}) as stream:
        heard = {each["type"]: each["payload"] for each in await take(stream, 3)}

    assert member.user_id is not None
    assert newcomer.name not in str(heard)
    assert heard["CONTACT_CREATED"] == {"assigned": {encode("user", member.user_id): given}}
    assert heard["MEMBER_JOINED"] == {"invited_by": encode("user", tenant.owner_user.id)}


async def test_a_viewer_is_told_with_the_number_masked_and_of_a_deleted_contact_without_it(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    viewer = await join(ground, tenant, Role.VIEWER)
    cursor = await head(database, tenant)
    await make(ground, tenant.owner, name="Ana", phone="11987654321", owner_id=viewer.user_id)
    gone = await make(ground, tenant.owner, name="Bia", owner_id=viewer.user_id)
    async with begin(ground, tenant.owner) as tx:
        await archiving.remove(tx, [gone.id])

    async with (await door.as_(viewer)).subscribe(HEARD, {"after": cursor}) as stream:
        first, second = await take(stream, 2)

    assert first["contact"]["phone"] == "+55 *******4321"
    assert (second["kind"], second["contact"]) == ("CONTACT_ASSIGNED", None)


async def test_colleagues_with_the_same_rights_do_not_get_each_others(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    other = await join(ground, tenant, Role.MEMBER)
    doors = [await door.as_(each) for each in (member, other)]
    cursor = await head(database, tenant)
    async with (
        doors[0].subscribe(HEARD, {"after": cursor}) as first,
        doors[1].subscribe(HEARD, {"after": cursor}) as second,
    ):
        async with begin(ground, tenant.owner) as tx:
            drafts = [
                ContactDraft(name=n, email=f"{n}@e.com", owner_id=a.user_id) for n, a in (("a", member), ("b", other))
            ]
            await change.upsert_all(tx, drafts)

        heard = [await first.next(), await second.next()]
        is_all = await first.quiet(0.2) and await second.quiet(0.1)

    assert [each["contact"]["name"] for each in heard] == ["a", "b"]
    assert is_all


async def test_a_cursor_that_is_gone_asks_for_a_new_start(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    future = feed_cursor.encode(tenant.workspace_id, 10_000)

    async with asking.subscribe(HEARD, {"after": future}) as stream:
        event = await stream.next()
        last = await stream.message()

    assert event["__typename"] == "ResyncRequired"
    assert last["type"] == "complete"


async def test_credits_that_run_out_are_told_once_each_to_those_who_manage_them(
    ground: Ground, door: Door, database: Database, tenant: Tenant, member: Actor
) -> None:
    cursor = await head(database, tenant)
    managing, using = await door.as_(tenant.owner), await door.as_(member)

    async with (
        managing.subscribe(HEARD, {"after": cursor}) as told,
        using.subscribe(HEARD, {"after": cursor}) as untold,
    ):
        for amount, by in ((800, member), (10, member), (181, tenant.owner)):
            async with begin(ground, by) as tx:
                request_id = uuid7()
                await crediting.hold(tx, request_id, "copilot", amount)
                await crediting.settle(tx, request_id, amount * 1_000)
        heard = await take(told, 2)
        is_all = await told.quiet(0.3) and await untold.quiet(0.3)

    assert [(each["kind"], each["contact"]) for each in heard] == [("CREDITS_LOW", None)] * 2
    assert [each["actor"]["id"] for each in heard] == [
        encode("user", member.user_id),
        encode("user", tenant.owner.user_id),
    ]
    assert len({each["cursor"] for each in heard}) == 2
    assert is_all
