"""Subscriptions over a socket: what is heard, by whom, and how a reader goes on after its socket broke."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from core import clock
from core.database import Database
from core.ground import Ground
from core.ids import encode
from models import Contact, Event, Role, User
from services import feed_cursor, feed_log, labels
from services.contacts import archiving, change, labelling
from services.contacts.drafting import ContactDraft
from services.labels import LabelDraft
from services.transaction import begin
from tests.fixtures.contacts import make
from tests.fixtures.door import Door, Stream
from tests.fixtures.tenants import Tenant, join

EVENTS = """subscription($after: String, $types: [EventType!]) { workspaceEvents(after: $after, types: $types) {
  __typename
  ... on WorkspaceEvent { seq cursor type subjectIds actor { id } at payload }
  ... on ResyncRequired { cursor reason } } }"""
CHANGES = """subscription($after: String, $filter: ContactFilter) { contactChanged(after: $after, filter: $filter) {
  __typename
  ... on ContactChanged { seq cursor type contactId contact { name phone isArchived } }
  ... on ResyncRequired { cursor reason } } }"""


async def take(stream: Stream, count: int) -> list[Any]:
    return [await stream.next() for _ in range(count)]


async def batch(ground: Ground, tenant: Tenant, count: int) -> list[Contact]:
    drafts = [ContactDraft(name=f"Ana {n}", email=f"ana{n}@example.com") for n in range(count)]
    async with begin(ground, tenant.owner) as tx:
        return [each.contact for each in await change.upsert_all(tx, drafts) if each.contact is not None]


async def head(database: Database, tenant: Tenant) -> str:
    """The cursor of now."""
    return feed_cursor.encode(tenant.workspace_id, (await feed_log.extent(database, tenant.workspace_id)).head)


async def test_what_happens_is_heard_in_order_with_who_did_it(
    ground: Ground, door: Door, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    async with asking.subscribe(EVENTS, {"after": await head(database, tenant)}) as stream:
        contact = await make(ground, tenant.owner, name="Ana")
        await make(ground, other_tenant.owner, name="Alheia")
        async with begin(ground, tenant.owner) as tx:
            await archiving.archive(tx, [contact.id])

        created, archived = await take(stream, 2)

    assert (created["type"], archived["type"]) == ("CONTACT_CREATED", "CONTACT_ARCHIVED")
    assert created["subjectIds"] == archived["subjectIds"] == [encode("contact", contact.id)]
    assert created["actor"] == {"id": encode("user", tenant.owner_user.id)}
    assert int(archived["seq"]) == int(created["seq"]) + 1


async def test_each_event_is_read_afresh(ground: Ground, door: Door, database: Database, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    source = EVENTS.replace("actor { id }", "actor { name }")
    names: list[str] = []
    async with asking.subscribe(source, {"after": await head(database, tenant)}) as stream:
        for name in ("Ana", "Bia"):
            async with database.system() as session:
                await session.execute(update(User).where(User.id == tenant.owner_user.id).values(name=name))
            await make(ground, tenant.owner, name="Cliente")
            names.append((await stream.next())["actor"]["name"])

    assert names == ["Ana", "Bia"]


async def test_types_narrow_the_stream_down(ground: Ground, door: Door, database: Database, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"types": ["LABEL_CREATED", "CONTACT_DELETED"], "after": await head(database, tenant)}
    async with asking.subscribe(EVENTS, given) as stream:
        contact = await make(ground, tenant.owner, name="Ana")
        async with begin(ground, tenant.owner) as tx:
            await labels.create(tx, LabelDraft(name="A", color="#000000"))
            await archiving.remove(tx, [contact.id])

        heard = [each["type"] for each in await take(stream, 2)]

    assert sorted(heard) == ["CONTACT_DELETED", "LABEL_CREATED"]


async def test_a_reader_goes_on_behind_its_last_event_after_its_socket_broke(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    cursor = await head(database, tenant)
    seqs: list[int] = []
    made = 0
    for part in (1, 3, 2, 4):
        async with asking.socket() as socket, socket.subscribe(EVENTS, {"after": cursor}) as stream:
            for _ in range(part):
                await make(ground, tenant.owner, name=f"Ana {made}")
                made += 1
            heard = await take(stream, part - 1 or 1)
            seqs += [int(each["seq"]) for each in heard]
            cursor = heard[-1]["cursor"]
            socket.connection.transport.abort()

    async with asking.subscribe(EVENTS, {"after": cursor}) as stream:
        while len(seqs) < made:
            seqs.append(int((await stream.next())["seq"]))

    assert seqs == list(range(seqs[0], seqs[0] + made))


async def test_a_reader_goes_on_inside_an_event_that_tells_of_many_contacts(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    cursor = await head(database, tenant)
    made = [encode("contact", each.id) for each in await batch(ground, tenant, 7)]
    await make(ground, tenant.owner, name="Bia")

    heard: list[Any] = []
    for part in (2, 3, 3):
        async with asking.subscribe(CHANGES, {"after": cursor}) as stream:
            heard += await take(stream, part)
        cursor = heard[-1]["cursor"]

    assert [each["contactId"] for each in heard[:7]] == made
    assert heard[7]["contact"]["name"] == "Bia"
    assert cursor == await head(database, tenant)
    async with asking.subscribe(EVENTS, {"after": heard[3]["cursor"]}) as stream:
        assert (await stream.next())["subjectIds"] == made


async def test_changes_carry_the_contact_as_it_is_while_it_matches(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    async with begin(ground, tenant.owner) as tx:
        label = await labels.create(tx, LabelDraft(name="A", color="#000000"))
    contact = await make(ground, tenant.owner, name="Ana")
    asked = {"labels": {"anyOf": [encode("label", label.id)]}}
    async with asking.subscribe(CHANGES, {"filter": asked, "after": await head(database, tenant)}) as stream:
        for verb in (labelling.add, labelling.remove):
            async with begin(ground, tenant.owner) as tx:
                await verb(tx, [contact.id], [label.id])
            event = await stream.next()
            assert event["type"] == "CONTACT_LABELS_CHANGED"
            assert event["contactId"] == encode("contact", contact.id)
            assert event["contact"] == (
                {"name": "Ana", "phone": None, "isArchived": False} if verb is labelling.add else None
            )


async def test_a_filter_leaves_out_what_neither_matches_nor_can_have_matched(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    start = await head(database, tenant)
    ana, bia = [await make(ground, tenant.owner, name=name) for name in ("Ana Lima", "Bia Souza")]

    async def rename(contact: Contact, **given: str) -> None:
        async with begin(ground, tenant.owner) as tx:
            await change.update(tx, contact.id, ContactDraft(**given))

    await rename(bia, notes="Padaria")
    await rename(ana, notes="Padaria")
    await rename(ana, name="Eva Lima")
    await rename(ana, notes="Mercado")
    await rename(bia, name="Ana Souza")
    await batch(ground, tenant, 3)

    given = {"after": start, "filter": {"name": {"startsWith": "ana"}}}
    async with asking.subscribe(CHANGES, given) as stream:
        heard = await take(stream, 7)

    who = {encode("contact", ana.id): "Ana", encode("contact", bia.id): "Bia"}
    told = [(who.get(each["contactId"]), each["contact"] and each["contact"]["name"]) for each in heard]
    # Bia matches by now, whatever was changed; of Ana only the change of her name is told
    assert told[:4] == [("Bia", "Ana Souza"), ("Bia", "Ana Souza"), ("Ana", None), ("Bia", "Ana Souza")]
    assert told[4:] == [(None, f"Ana {n}") for n in range(3)]


async def test_a_viewer_hears_what_it_may_with_numbers_masked(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))
    cursor = await head(database, tenant)
    owner = await door.as_(tenant.owner)
    await owner.mutate(
        'mutation { inviteCreate(input: {email: "novo@example.com", role: MEMBER}) { userErrors { code } } }'
    )
    await make(ground, tenant.owner, phone="11987654321")

    async with viewer.subscribe(EVENTS, {"after": cursor}) as stream:
        event = await stream.next()
    async with viewer.subscribe(CHANGES, {"after": cursor}) as stream:
        change = await stream.next()

    assert event["type"] == "CONTACT_CREATED"
    assert change["contact"]["phone"] == change["contact"]["name"] == "+55 *******4321"


async def test_a_cursor_that_is_too_old_asks_for_a_new_start(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    cursor = await head(database, tenant)
    for n in range(3):
        await make(ground, tenant.owner, name=f"Ana {n}")
    async with database.system() as session:
        old = clock.now() - timedelta(days=40)
        await session.execute(text("SET LOCAL ROLE NONE"))
        await session.execute(update(Event).where(Event.workspace_id == tenant.workspace_id).values(at=old))
    await feed_log.prune(database, clock.now() - timedelta(days=30))
    asking = await door.as_(tenant.owner)

    for document in (EVENTS, CHANGES):
        async with asking.subscribe(document, {"after": cursor}) as stream:
            event = await stream.next()
            assert event["__typename"] == "ResyncRequired"
            assert event["reason"]
            assert (await stream.message())["type"] == "complete"
        async with asking.subscribe(document, {"after": event["cursor"]}) as stream:
            await make(ground, tenant.owner, name="Bia")
            assert (await stream.next())["type"] == "CONTACT_CREATED"


@pytest.mark.parametrize("document", [EVENTS, CHANGES])
async def test_a_cursor_that_is_none_is_refused(
    door: Door, database: Database, tenant: Tenant, other_tenant: Tenant, document: str
) -> None:
    asking = await door.as_(tenant.owner)
    good = await head(database, tenant)

    for bad in ("", "x", good[:-1], good + "A", good.swapcase(), await head(database, other_tenant), "é" * 22):
        async with asking.subscribe(document, {"after": bad}) as stream:
            message = await stream.message()
        errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
        assert errors[0]["extensions"]["code"] == "BAD_CURSOR", bad


async def test_a_filter_that_is_of_no_use_is_refused(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    async with asking.subscribe(CHANGES, {"filter": {"name": {"contains": "\x00"}}}) as stream:
        message = await stream.message()

    errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
    assert errors[0]["extensions"]["code"] == "BAD_FILTER"


async def test_without_signing_in_nothing_is_heard(door: Door) -> None:
    async with door.subscribe(EVENTS) as stream:
        message = await stream.message()

    errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
