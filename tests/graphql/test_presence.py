"""Presence: who is at a contact is told to who is there, ends with the connection, and stays in the workspace."""

import asyncio
from typing import Any

import pytest

from core.database import Database
from core.errors import NotFound
from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from services.access import Actor
from services.workspaces import members
from tests.fixtures.contacts import acts_of, log_of, make
from tests.fixtures.door import Door, Stream
from tests.fixtures.people import end_of
from tests.fixtures.tenants import Tenant, join
from tests.fixtures.waiting import until

PRESENCE = """subscription($id: ID!) { presence(contactId: $id) {
  contactId people { state user { id name } } } }"""
TYPING = """mutation($id: ID!, $is: Boolean!) { typingSet(input: { contactId: $id, isTyping: $is }) {
  holdsFor userErrors { code field } } }"""


def shown(*people: tuple[Actor, str]) -> list[tuple[str, str]]:
    return sorted((encode("user", each.user_id), state) for each, state in people if each.user_id is not None)


async def becomes(stream: Stream, *people: tuple[Actor, str]) -> None:
    """Wait until exactly these people are told."""
    async with asyncio.timeout(8):
        while True:
            event: Any = await stream.next()
            if sorted((each["user"]["id"], each["state"]) for each in event["people"]) == shown(*people):
                return


@pytest.fixture
async def contact_id(ground: Ground, tenant: Tenant) -> str:
    return encode("contact", (await make(ground, tenant.owner, name="Ana")).id)


async def test_colleagues_at_a_contact_see_each_other_come_write_and_go(
    ground: Ground, door: Door, database: Database, tenant: Tenant, contact_id: str
) -> None:
    owner, member = tenant.owner, await join(ground, tenant, Role.MEMBER)
    first, second = await door.as_(owner), await door.as_(member)
    log, acts = await log_of(database, tenant.workspace_id), await acts_of(database, tenant.workspace_id)

    async with first.subscribe(PRESENCE, {"id": contact_id}) as stream:
        await becomes(stream, (owner, "VIEWING"))
        async with second.subscribe(PRESENCE, {"id": contact_id}):
            await becomes(stream, (owner, "VIEWING"), (member, "VIEWING"))
            said = await second.mutate(TYPING, {"id": contact_id, "is": True})
            await becomes(stream, (owner, "VIEWING"), (member, "TYPING"))
            taken_back = await second.mutate(TYPING, {"id": contact_id, "is": False})
            await becomes(stream, (owner, "VIEWING"), (member, "VIEWING"))
        await becomes(stream, (owner, "VIEWING"))

    assert (said["holdsFor"], taken_back["holdsFor"]) == (6.0, 0.0)
    assert await log_of(database, tenant.workspace_id) == log
    assert len(await acts_of(database, tenant.workspace_id)) == len(acts)


async def test_whoever_writes_without_looking_is_there_as_well(
    ground: Ground, door: Door, tenant: Tenant, contact_id: str
) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    async with (await door.as_(tenant.owner)).subscribe(PRESENCE, {"id": contact_id}) as stream:
        await (await door.as_(member)).mutate(TYPING, {"id": contact_id, "is": True})

        await becomes(stream, (tenant.owner, "VIEWING"), (member, "TYPING"))


async def test_a_contact_of_others_and_one_that_there_is_not_are_the_same(
    ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    foreign = encode("contact", (await make(ground, other_tenant.owner, name="Alheia")).id)
    asking = await door.as_(tenant.owner)

    for wrong in (foreign, encode("contact", uuid7()), "contact_1", ""):
        async with asking.subscribe(PRESENCE, {"id": wrong}) as stream:
            refusal = await end_of(stream)
        payload = await asking.mutate(TYPING, {"id": wrong, "is": True})

        assert refusal == NotFound.code
        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("NOT_FOUND", ["contactId"])]


async def test_a_viewer_looks_and_does_not_write(ground: Ground, door: Door, tenant: Tenant, contact_id: str) -> None:
    viewer = await join(ground, tenant, Role.VIEWER)
    asking = await door.as_(viewer)
    async with asking.subscribe(PRESENCE, {"id": contact_id}) as stream:
        await becomes(stream, (viewer, "VIEWING"))

        reply = await asking.execute(TYPING, {"id": contact_id, "is": True})

    assert reply.code == "FORBIDDEN"


async def test_nothing_is_left_of_twenty_who_vanish(
    ground: Ground, door: Door, tenant: Tenant, contact_id: str
) -> None:
    owner = await door.as_(tenant.owner)
    members_ = [await join(ground, tenant, Role.MEMBER) for _ in range(4)]
    doors = [await door.as_(each) for each in members_]
    async with owner.subscribe(PRESENCE, {"id": contact_id}) as stream:
        await becomes(stream, (tenant.owner, "VIEWING"))
        before = len(asyncio.all_tasks())
        for number in range(20):
            async with doors[number % 4].socket() as socket, socket.subscribe(PRESENCE, {"id": contact_id}) as other:
                await other.next()
                socket.connection.transport.abort()

        await until(lambda: ground.ephemeral.seats == 1)
        await becomes(stream, (tenant.owner, "VIEWING"))
        await until(lambda: len(asyncio.all_tasks()) <= before)

    await until(lambda: ground.ephemeral.rooms == 0)
    assert [key for key in await ground.redis.keys("*") if not key.startswith(b"limit:")] == []


async def test_a_member_who_is_removed_is_not_there_any_more(
    ground: Ground, door: Door, tenant: Tenant, contact_id: str
) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    assert member.user_id is not None
    async with (
        (await door.as_(tenant.owner)).subscribe(PRESENCE, {"id": contact_id}) as stream,
        (await door.as_(member)).subscribe(PRESENCE, {"id": contact_id}) as theirs,
    ):
        for each in (stream, theirs):
            await becomes(each, (tenant.owner, "VIEWING"), (member, "VIEWING"))

        await members.remove(ground, tenant.identity, member.user_id)

        assert await end_of(theirs) in ("SESSION_ENDED", "NOT_WORKSPACE_MEMBER")
        await becomes(stream, (tenant.owner, "VIEWING"))
