"""Writes that share a transaction: each is stored as if it came alone, and none twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest
from sqlalchemy import func, select, text, update

from core.database import Database, DatabaseAway, DatabaseBusy, OutcomeUnknown
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from models import (
    AuditEntry,
    Contact,
    ContactIdentity,
    Event,
    IdentityKind,
    Role,
    WorkspaceCounter,
)
from services import audit
from services.access import Actor, PermissionMissing
from services.contacts import creation
from services.contacts.drafting import ContactDraft
from services.contacts.errors import AddressMissing, ContactDuplicate, OwnerUnknown
from services.group_commit import GroupCommit, GroupLimits, Members, Seat
from services.transaction import GroupTransaction
from tests.fixtures.contacts import acts_of, kept, make
from tests.fixtures.tenants import Tenant, join
from tests.fixtures.waiting import until_holds
from tests.fixtures.writes import answers_to_commit_are_lost, written_to_database

Outcome = Contact | BaseException


@pytest.fixture
async def groups(ground: Ground) -> AsyncIterator[GroupCommit]:
    """The groups of a process."""
    opened = GroupCommit(ground)
    yield opened
    await opened.stop()


async def add(groups: GroupCommit, actor: Actor, **given: Any) -> Contact:
    return await creation.create(Seat(groups=groups, actor=actor), ContactDraft(**given))


def seat_of(groups: GroupCommit, tenant: Tenant) -> Seat:
    return Seat(groups=groups, actor=tenant.owner)


async def together(*asked: Awaitable[Contact]) -> Sequence[Outcome]:
    return await asyncio.gather(*asked, return_exceptions=True)


async def names(database: Database, tenant: Tenant) -> list[str]:
    async with database.read(tenant.workspace_id) as session:
        return list(await session.scalars(select(Contact.name).order_by(Contact.name)))


async def assert_books_hold(database: Database, tenant: Tenant) -> None:
    """The chain of entries is whole, and events are numbered without a gap."""
    async with database.write(tenant.workspace_id) as session:
        chain = await audit.verify(session, tenant.workspace_id)
        numbers = list(await session.scalars(select(Event.seq).order_by(Event.seq)))
        entries = await session.scalar(select(func.count()).select_from(AuditEntry))
    assert (chain.broken_at, chain.entries) == (None, entries)
    assert numbers == list(range(1, len(numbers) + 1))


@asynccontextmanager
async def books_held(database: Database, tenant: Tenant) -> AsyncIterator[None]:
    """Keep everybody waiting at the row that counts the workspace's events."""
    counter = update(WorkspaceCounter).where(WorkspaceCounter.workspace_id == tenant.workspace_id)
    async with database.system() as holder:
        await holder.execute(counter.values(event_floor=0))
        yield


async def waits(database: Database) -> int:
    """The process of the database that waits for a lock; 0 when none does."""
    waiting = text("""SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1""")
    async with database.system() as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        return await session.scalar(waiting) or 0


async def cut(database: Database) -> None:
    """End the connection that waits for a lock."""
    await until_holds(lambda: waits(database))
    pid = await waits(database)
    async with database.system() as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


async def test_of_many_at_once_each_is_stored_logged_and_numbered_in_turn(
    ground: Ground, database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    before = await kept(database, tenant.workspace_id)
    actors = [tenant.owner, await join(ground, tenant, Role.ADMIN), await join(ground, tenant, Role.MEMBER)]

    made = await asyncio.gather(
        *(add(groups, actors[n % 3], name=f"Ana {n}", phone=f"+55119876543{n:02}") for n in range(60))
    )

    after = await kept(database, tenant.workspace_id)
    assert {name: after[name] - before[name] for name in after} == dict.fromkeys(after, 60)
    await assert_books_hold(database, tenant)
    entries = [each for each in await acts_of(database, tenant.workspace_id) if each.action == "contact.create"]
    assert [(each.subject_id, each.actor_id) for each in entries] == [
        (each.id, actors[n % 3].user_id) for n, each in enumerate(made)
    ]
    assert [each.created_by_id for each in made] == [actors[n % 3].user_id for n in range(60)]
    async with database.read(tenant.workspace_id) as session:
        told = await session.execute(
            select(Event.actor_id, Event.subject_ids).where(Event.type == "contact.created").order_by(Event.seq)
        )
        assert [tuple(each) for each in told] == [(actors[n % 3].user_id, [each.id]) for n, each in enumerate(made)]


async def test_many_at_once_share_transactions(tenant: Tenant, groups: GroupCommit) -> None:
    await add(groups, tenant.owner, name="Ana")
    await together(*(add(groups, tenant.owner, name=f"Bia {n}") for n in range(2)))  # what connections learn once

    with written_to_database() as written:
        await together(*(add(groups, tenant.owner, name=f"Caio {n}") for n in range(40)))

    assert len(written) == 3 * 2


async def test_who_comes_while_a_group_is_on_its_way_waits_for_the_next(
    database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    async with books_held(database, tenant):
        first = asyncio.create_task(add(groups, tenant.owner, name="Ana"))
        await until_holds(lambda: waits(database))
        others = [asyncio.create_task(add(groups, tenant.owner, name=f"Bia {n}")) for n in range(5)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.shield(first)

    assert [each.name for each in await asyncio.gather(first, *others)] == ["Ana", *(f"Bia {n}" for n in range(5))]
    await assert_books_hold(database, tenant)


async def test_of_many_with_one_phone_one_is_stored(database: Database, tenant: Tenant, groups: GroupCommit) -> None:
    before = await kept(database, tenant.workspace_id)

    found = await together(*(add(groups, tenant.owner, name=f"Ana {n}", phone="11987654321") for n in range(12)))

    (winner,) = [each for each in found if isinstance(each, Contact)]
    lost = [each for each in found if isinstance(each, ContactDuplicate)]
    after = await kept(database, tenant.workspace_id)
    assert len(lost) == len(found) - 1
    assert {(each.conflict, each.field) for each in lost} == {(winner.id, ("phone",))}
    assert {after[name] - before[name] for name in after} == {1}
    await assert_books_hold(database, tenant)


async def test_who_is_refused_keeps_nobody_from_an_address(
    ground: Ground, database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    held = await make(ground, tenant.owner, name="Ana", email="ana@example.com")

    refused, stored, other = await together(
        add(groups, tenant.owner, name="Bia", phone="11987654321", email="ana@example.com"),
        add(groups, tenant.owner, name="Caio", phone="11987654321"),
        add(groups, tenant.owner, name="Davi"),
    )

    assert isinstance(refused, ContactDuplicate)
    assert isinstance(stored, Contact)
    assert (refused.conflict, refused.field) in {(held.id, ("email",)), (stored.id, ("phone",))}
    assert isinstance(other, Contact)
    assert await names(database, tenant) == ["Ana", "Caio", "Davi"]
    await assert_books_hold(database, tenant)


async def test_each_hears_of_its_own_fault_and_the_others_are_stored(
    ground: Ground, database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    viewer = await join(ground, tenant, Role.VIEWER)

    found = await together(
        add(groups, tenant.owner, name="Ana"),
        add(groups, viewer, name="Bia"),
        add(groups, tenant.owner, name="Caio", email="nobody"),
        add(groups, tenant.owner, name="Davi", lead_score=101, custom={"none": 1}),
        add(groups, tenant.owner),
        add(groups, tenant.owner, name="Edu"),
    )

    assert [type(each) for each in found] == [
        Contact,
        PermissionMissing,
        Invalid,
        Invalid,
        AddressMissing,
        Contact,
    ]
    assert await names(database, tenant) == ["Ana", "Edu"]


async def test_an_unknown_owner_is_the_fault_of_one(database: Database, tenant: Tenant, groups: GroupCommit) -> None:
    given = [{}, {"owner_id": uuid7()}, {"owner_id": tenant.owner.user_id}, {"phone": "1"}]

    found = await together(*(add(groups, tenant.owner, name=f"Ana {n}", **each) for n, each in enumerate(given)))

    assert [type(each) for each in found][:3] == [Contact, OwnerUnknown, Contact]
    assert isinstance(found[3], Invalid)
    assert await names(database, tenant) == ["Ana 0", "Ana 2"]
    await assert_books_hold(database, tenant)


async def test_workspaces_do_not_mix(
    database: Database, tenant: Tenant, other_tenant: Tenant, groups: GroupCommit
) -> None:
    both = (tenant, other_tenant)

    made = await asyncio.gather(
        *(add(groups, both[n % 2].owner, name=f"Ana {n % 2}", phone=f"1198765{n // 2:04}") for n in range(20))
    )

    assert [each.workspace_id for each in made] == [both[n % 2].workspace_id for n in range(20)]
    for n, each in enumerate(both):
        assert await names(database, each) == [f"Ana {n}"] * 10
        await assert_books_hold(database, each)


async def test_who_is_cancelled_in_the_queue_leaves_it(database: Database, tenant: Tenant, groups: GroupCommit) -> None:
    async with books_held(database, tenant):
        first = asyncio.create_task(add(groups, tenant.owner, name="Ana"))
        await until_holds(lambda: waits(database))
        gone, there = (asyncio.create_task(add(groups, tenant.owner, name=name)) for name in ("Bia", "Caio"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone

    await asyncio.gather(first, there)
    assert await names(database, tenant) == ["Ana", "Caio"]


async def test_who_is_cancelled_on_the_way_harms_nobody(
    database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    async with books_held(database, tenant):
        tasks = [asyncio.create_task(add(groups, tenant.owner, name=name)) for name in ("Ana", "Bia")]
        await until_holds(lambda: waits(database))
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    assert (await tasks[1]).name == "Bia"
    assert (await add(groups, tenant.owner, name="Caio")).name == "Caio"
    assert await names(database, tenant) == ["Ana", "Bia", "Caio"]


async def test_only_who_is_cut_off_on_the_way_cannot_know(
    database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    seats = [Seat(groups=groups, actor=tenant.owner) for _ in range(2)]
    async with books_held(database, tenant):
        first = asyncio.create_task(creation.create(seats[0], ContactDraft(name="Ana")))
        await until_holds(lambda: waits(database))
        second = asyncio.create_task(creation.create(seats[1], ContactDraft(name="Bia")))
        await asyncio.sleep(0)
        for each in (first, second):
            each.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

    assert [each.is_cut for each in seats] == [True, False]


@pytest.mark.parametrize("size", [1, 3])
async def test_a_connection_that_ends_at_the_commit_leaves_it_unknown_to_all(
    database: Database, tenant: Tenant, groups: GroupCommit, size: int
) -> None:
    async with books_held(database, tenant):
        tasks = [asyncio.create_task(add(groups, tenant.owner, name=f"Ana {n}")) for n in range(size)]
        await cut(database)
        found = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in found] == [OutcomeUnknown] * size
    assert await names(database, tenant) == []
    assert (await add(groups, tenant.owner, name="Bia")).name == "Bia"
    await assert_books_hold(database, tenant)


async def test_a_commit_whose_answer_is_lost_is_claimed_by_nobody_and_not_repeated(
    database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    with answers_to_commit_are_lost():
        found = await together(*(add(groups, tenant.owner, name=f"Ana {n}") for n in range(3)))

    assert [type(each) for each in found] == [OutcomeUnknown] * 3
    assert await names(database, tenant) == ["Ana 0", "Ana 1", "Ana 2"]


async def test_a_connection_that_ends_before_the_commit_stores_nothing_of_anybody(
    database: Database, tenant: Tenant, groups: GroupCommit
) -> None:
    own = {"workspace_id": tenant.workspace_id, "contact_id": (await add(groups, tenant.owner, name="Ana")).id}
    async with database.system() as holder:
        holder.add(ContactIdentity(**own, kind=IdentityKind.EMAIL, key="a@example.com", value="a@example.com"))
        await holder.flush()
        asked = [{"name": "Bia", "email": "a@example.com"}, {"name": "Caio"}]
        tasks = [asyncio.create_task(add(groups, tenant.owner, **each)) for each in asked]
        await cut(database)
        found = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in found] == [DatabaseAway] * 2
    assert await names(database, tenant) == ["Ana"]


async def test_a_full_queue_refuses(ground: Ground, database: Database, tenant: Tenant) -> None:
    groups = GroupCommit(ground, GroupLimits(waiting=2))
    async with books_held(database, tenant):
        first = asyncio.create_task(add(groups, tenant.owner, name="Ana"))
        await until_holds(lambda: waits(database))
        others = [asyncio.create_task(add(groups, tenant.owner, name=name)) for name in ("Bia", "Caio", "Davi")]
        with pytest.raises(DatabaseBusy):
            await others.pop()

    await asyncio.gather(first, *others)
    assert await names(database, tenant) == ["Ana", "Bia", "Caio"]


async def test_who_waits_for_too_long_is_refused(ground: Ground, database: Database, tenant: Tenant) -> None:
    groups = GroupCommit(ground, GroupLimits(wait=0.2))
    async with books_held(database, tenant):
        first = asyncio.create_task(add(groups, tenant.owner, name="Ana"))
        await until_holds(lambda: waits(database))
        with pytest.raises(DatabaseBusy):
            await add(groups, tenant.owner, name="Bia")

    assert (await first).name == "Ana"
    assert await names(database, tenant) == ["Ana"]


async def test_what_takes_too_long_is_not_claimed(ground: Ground, database: Database, tenant: Tenant) -> None:
    groups = GroupCommit(ground, GroupLimits(transaction=0.3))
    async with books_held(database, tenant):
        found = await together(*(add(groups, tenant.owner, name=name) for name in ("Ana", "Bia")))

    assert [type(each) for each in found] == [OutcomeUnknown] * 2
    assert (await add(groups, tenant.owner, name="Caio")).name == "Caio"
    assert await names(database, tenant) == ["Caio"]


async def test_at_the_end_those_on_their_way_arrive_and_nobody_is_taken_any_more(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    groups = GroupCommit(ground)
    asked = [asyncio.create_task(add(groups, tenant.owner, name=name)) for name in ("Ana", "Bia")]
    await asyncio.sleep(0)

    await groups.stop()

    assert [each.name for each in await asyncio.gather(*asked)] == ["Ana", "Bia"]
    with pytest.raises(DatabaseBusy):
        await add(groups, tenant.owner, name="Caio")


async def test_at_the_end_nobody_is_left_without_an_answer(ground: Ground, database: Database, tenant: Tenant) -> None:
    groups = GroupCommit(ground, GroupLimits(ending=0.1))
    async with books_held(database, tenant):
        first = asyncio.create_task(add(groups, tenant.owner, name="Ana"))
        await until_holds(lambda: waits(database))
        second = asyncio.create_task(add(groups, tenant.owner, name="Bia"))
        await asyncio.sleep(0)
        await groups.stop()
        found = await asyncio.gather(first, second, return_exceptions=True)

    assert [type(each) for each in found] == [OutcomeUnknown, DatabaseBusy]
    assert await names(database, tenant) == []


@pytest.mark.parametrize("size", [1, 2])
async def test_a_verb_that_is_silent_is_not_waited_for(tenant: Tenant, groups: GroupCommit, size: int) -> None:
    async def silent(*_: object) -> None:
        """Do nothing for anybody."""

    verb: Callable[..., Awaitable[None]] = silent
    found = await asyncio.gather(*(seat_of(groups, tenant).do(verb, n) for n in range(size)), return_exceptions=True)

    assert [type(each).__name__ for each in found] == ["VerbSilent"] * size


async def test_whatever_the_database_refuses_is_asked_for_again_alone(tenant: Tenant, groups: GroupCommit) -> None:
    async def divided(group: GroupTransaction, members: Members[int, int]) -> None:
        """Divide a hundred by each."""
        quotients = await group.session.fetch("SELECT 100 / unnest($1::int[])", [each.asked for each in members])
        for each, (quotient,) in zip(members, quotients, strict=True):
            each.done = quotient

    found = await asyncio.gather(*(seat_of(groups, tenant).do(divided, n) for n in (5, 0, 4)), return_exceptions=True)

    assert (found[0], found[2]) == (20, 25)
    assert isinstance(found[1], asyncpg.DivisionByZeroError)
