"""A verb that ends with its last statement: two round trips, all or nothing, and what is not known is not claimed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import delete, select

from core.database import Database, OutcomeUnknown, StatementRefused
from core.ground import Ground
from core.ids import uuid7
from models import Contact, EventType, WorkspaceCounter
from services.contacts import creation
from services.contacts.drafting import ContactDraft
from services.contacts.errors import ContactDuplicate, OwnerUnknown
from services.group_commit import GroupCommit, Seat
from services.jobs import Job
from services.labels import LabelDraft
from services.labels import create as create_label
from services.transaction import Transaction, TransactionOver, begin, begin_group
from tests.fixtures.contacts import acts_of, kept, log_of
from tests.fixtures.tenants import Tenant
from tests.fixtures.writes import answers_to_commit_are_lost, written_to_database


async def add(ground: Ground, tenant: Tenant, **given: Any) -> Contact:
    return await creation.create(Seat(groups=GroupCommit(ground), actor=tenant.owner), ContactDraft(**given))


async def test_a_contact_takes_two_round_trips(ground: Ground, tenant: Tenant) -> None:
    await add(ground, tenant, name="Ana")  # what connections learn once

    with written_to_database() as written:
        await add(ground, tenant, name="Bia", phone="11987654321", email="bia@example.com")

    assert len(written) == 2


async def test_a_verb_in_other_words_takes_no_round_trip_to_begin_or_to_commit(ground: Ground, tenant: Tenant) -> None:
    async def label(name: str) -> None:
        async with begin(ground, tenant.owner) as tx:
            await create_label(tx, LabelDraft(name=name, color="#112233"))

    await label("VIP")
    with written_to_database() as written:
        await label("Ouro")

    assert [each for each in written if b"BEGIN" in each or b"COMMIT" in each] == []
    assert len(written) == 4


async def test_what_was_made_is_shown_as_it_is_stored(ground: Ground, database: Database, tenant: Tenant) -> None:
    made = await add(ground, tenant, name="Ána", phone="11987654321", company="Padaria")

    async with database.read(tenant.workspace_id) as session:
        stored = await session.scalar(select(Contact).where(Contact.id == made.id))
    names = [each.key for each in Contact.__mapper__.column_attrs if not each.deferred]
    assert {name: getattr(made, name) for name in names} == {name: getattr(stored, name) for name in names}


async def test_of_many_processes_with_one_phone_one_stores_it(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    before = await kept(database, tenant.workspace_id)

    found = await asyncio.gather(
        *(add(ground, tenant, name=f"Ana {n}", phone="11987654321") for n in range(12)), return_exceptions=True
    )

    (winner,) = [each for each in found if isinstance(each, Contact)]
    lost = [each for each in found if isinstance(each, ContactDuplicate)]
    after = await kept(database, tenant.workspace_id)
    assert len(lost) == len(found) - 1
    assert {(each.conflict, each.field) for each in lost} == {(winner.id, ("phone",))}
    assert {after[name] - before[name] for name in after} == {1}


async def test_who_is_refused_leaves_nothing_and_the_connection_goes_on(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    before = await kept(database, tenant.workspace_id)

    with pytest.raises(OwnerUnknown):
        await add(ground, tenant, name="Ana", owner_id=uuid7())

    assert await kept(database, tenant.workspace_id) == before
    assert (await add(ground, tenant, name="Ana")).name == "Ana"


async def test_without_the_counting_row_nothing_is_stored(ground: Ground, database: Database, tenant: Tenant) -> None:
    before = await kept(database, tenant.workspace_id)
    async with database.system() as session:
        await session.execute(delete(WorkspaceCounter).where(WorkspaceCounter.workspace_id == tenant.workspace_id))

    with pytest.raises(StatementRefused):
        await add(ground, tenant, name="Ana")
    with pytest.raises(StatementRefused):
        async with begin(ground, tenant.owner) as tx:
            await creation.create(tx, ContactDraft(name="Ana"))

    assert await kept(database, tenant.workspace_id) == before


async def many_steps(ground: Ground, tenant: Tenant) -> None:
    async with begin(ground, tenant.owner) as tx:
        await creation.create(tx, ContactDraft(name="Ana"))


async def in_one_write(ground: Ground, tenant: Tenant) -> None:
    await add(ground, tenant, name="Ana")


@pytest.mark.parametrize("write", [many_steps, in_one_write])
async def test_a_commit_whose_answer_is_lost_is_not_claimed_and_not_repeated(
    ground: Ground, database: Database, tenant: Tenant, write: Callable[[Ground, Tenant], Awaitable[None]]
) -> None:
    before = await kept(database, tenant.workspace_id)

    with answers_to_commit_are_lost(), pytest.raises(OutcomeUnknown):
        await write(ground, tenant)

    after = await kept(database, tenant.workspace_id)
    assert {name: after[name] - before[name] for name in after} == dict.fromkeys(after, 1)
    assert (await add(ground, tenant, name="Bia")).name == "Bia"


class Look(Job):
    """Does nothing: it is never run."""


@pytest.mark.parametrize(
    "more",
    [
        lambda tx, row: tx.audit("contact.update", row, changes={}),
        lambda tx, row: tx.publish(EventType.CONTACT_UPDATED, row.id),
        lambda tx, row: tx.enqueue(Look()),
    ],
)
async def test_what_would_come_too_late_to_be_logged_is_refused(
    ground: Ground, tenant: Tenant, more: Callable[[Transaction, Contact], None]
) -> None:
    made = await add(ground, tenant, name="Ana")

    async with begin_group(ground, tenant.workspace_id) as group:
        tx = group.within(tenant.owner)
        tx.audit("contact.update", made, changes={})
        await group.conclude("SELECT 1")
        with pytest.raises(TransactionOver):
            more(tx, made)
        with pytest.raises(RuntimeError):
            await tx.session.fetch("SELECT 1")


async def test_everybody_hears_of_it_once(ground: Ground, database: Database, tenant: Tenant) -> None:
    made = await add(ground, tenant, name="Ana")

    assert [each for each in await log_of(database, tenant.workspace_id) if made.id in each[1]] == [
        ("contact.created", (made.id,))
    ]
    assert [each.action for each in await acts_of(database, tenant.workspace_id) if each.subject_id == made.id] == [
        "contact.create"
    ]
