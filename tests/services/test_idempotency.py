"""A key and its transaction: both are there, or neither; twins wait for each other; what has run out goes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from core import clock
from core.database import Database, DatabaseBusy
from core.database.engine import PoolLimits
from core.ground import Ground
from core.ids import UserId
from models import IdempotencyKey, Label, PersonalIdempotencyKey
from services import idempotency, labels, upkeep
from services.access import Identity
from services.idempotency import Asked, IdempotencyKeyReused
from services.labels import LabelDraft
from services.transaction import Transaction, begin, begin_system
from services.workspaces import changing
from tests.fixtures.tenants import Tenant

ANSWER = {"label": "VIP"}
VIP = LabelDraft(name="VIP", color="#112233")


class Gone(Exception):
    """Ends a transaction."""


def asked(key: str = "k1", **input: Any) -> Asked:
    return idempotency.asked(key, "labelCreate", input or {"name": "VIP"})


async def take(tx: Transaction, what: Asked) -> Any:
    assert tx.actor.user_id is not None
    return await idempotency.claim(idempotency.in_workspace(tx, tx.actor.user_id), what)


async def keep(tx: Transaction, what: Asked) -> None:
    assert tx.actor.user_id is not None
    await idempotency.keep(idempotency.in_workspace(tx, tx.actor.user_id), what, ANSWER)


async def do(ground: Ground, tenant: Tenant, what: Asked, before_the_end: Callable[[], Awaitable[object]]) -> Any:
    """Make a label once; return the answer that was kept, if it was made before."""
    async with begin(ground, tenant.owner) as tx:
        kept = await take(tx, what)
        if kept is None:
            await labels.create(tx, VIP)
            await keep(tx, what)
            await before_the_end()
        return kept


async def at_once() -> None:
    """Do nothing more."""


async def waits_for_a_lock(database: Database) -> None:
    """Wait until some transaction waits for another."""
    async with asyncio.timeout(8), database.system() as session:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        while not await session.scalar(waiting):  # noqa: ASYNC110  (the database tells nobody of it)
            await asyncio.sleep(0.02)


async def count(database: Database, tenant: Tenant, table: type[IdempotencyKey | Label]) -> int:
    async with database.read(tenant.workspace_id) as session:
        return await session.scalar(select(func.count()).where(table.workspace_id == tenant.workspace_id)) or 0


async def run_out(database: Database, table: type[IdempotencyKey | PersonalIdempotencyKey], user_id: Any) -> None:
    async with database.system() as session:
        late = update(table).where(table.user_id == user_id).values(expires_at=clock.now() - timedelta(seconds=1))
        await session.execute(late)


async def test_what_is_rolled_back_leaves_no_key(ground: Ground, database: Database, tenant: Tenant) -> None:
    async def fail() -> None:
        raise Gone

    with pytest.raises(Gone):
        await do(ground, tenant, asked(), fail)

    assert await count(database, tenant, IdempotencyKey) == 0
    assert await do(ground, tenant, asked(), at_once) is None
    assert await do(ground, tenant, asked(), at_once) == ANSWER


async def test_a_twin_waits_for_the_first_and_gets_its_answer(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    async with asyncio.TaskGroup() as group:
        twins: list[asyncio.Task[Any]] = []

        async def let_the_twin_wait() -> None:
            twins.append(group.create_task(do(ground, tenant, asked(), at_once)))
            await waits_for_a_lock(database)

        first = await do(ground, tenant, asked(), let_the_twin_wait)

    assert (first, twins[0].result()) == (None, ANSWER)
    assert await count(database, tenant, Label) == 1


async def test_a_twin_does_it_itself_when_the_first_fails(ground: Ground, database: Database, tenant: Tenant) -> None:
    twins: list[asyncio.Task[Any]] = []

    async def fail_when_the_twin_waits() -> None:
        twins.append(asyncio.create_task(do(ground, tenant, asked(), at_once)))
        await waits_for_a_lock(database)
        raise Gone

    with pytest.raises(Gone):
        await do(ground, tenant, asked(), fail_when_the_twin_waits)

    assert await twins[0] is None
    assert await count(database, tenant, Label) == 1


async def test_a_twin_does_not_wait_for_ever(ground: Ground, database: Database, tenant: Tenant) -> None:
    hasty = Database(database.url, pool=PoolLimits(lock=0.2))

    async def try_meanwhile() -> None:
        with pytest.raises(DatabaseBusy):
            await do(replace(ground, database=hasty), tenant, asked(), at_once)

    assert await do(ground, tenant, asked(), try_meanwhile) is None
    assert await count(database, tenant, Label) == 1
    await hasty.close()


async def test_a_key_is_for_one_mutation_and_one_input(ground: Ground, database: Database, tenant: Tenant) -> None:
    await do(ground, tenant, asked(name="VIP", color="#112233"), at_once)
    others = [asked(name="vip", color="#112233"), asked(name="VIP"), idempotency.asked("k1", "x", {"name": "VIP"})]

    for other in others:
        with pytest.raises(IdempotencyKeyReused):
            await do(ground, tenant, other, at_once)

    assert await do(ground, tenant, asked(color="#112233", name="VIP"), at_once) == ANSWER
    assert await count(database, tenant, Label) == 1


async def test_a_key_that_ran_out_is_new_and_does_one_thing_for_all_twins(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    await do(ground, tenant, asked(name="old"), at_once)
    await run_out(database, IdempotencyKey, tenant.owner.user_id)
    async with begin(ground, tenant.owner) as tx:
        await labels.remove(tx, list(await tx.session.scalars(select(Label.id).where(Label.name == "VIP"))))

    answers = await asyncio.gather(*(do(ground, tenant, asked(name="new"), at_once) for _ in range(6)))

    assert [answers.count(each) for each in (None, ANSWER)] == [1, 5]
    assert await count(database, tenant, Label) == 1
    assert await count(database, tenant, IdempotencyKey) == 1


async def test_what_ran_out_is_deleted_and_nothing_else(ground: Ground, database: Database, tenant: Tenant) -> None:
    identity: Identity = tenant.identity
    await do(ground, tenant, asked(), at_once)
    for key in ("k1", "k2"):
        await changing.create(ground, identity, tenant.owner.origin, "Filial", asked(key))
    await run_out(database, IdempotencyKey, tenant.owner.user_id)
    async with database.system() as session:
        first = select(PersonalIdempotencyKey.id).where(PersonalIdempotencyKey.user_id == identity.user_id).limit(1)
        late = update(PersonalIdempotencyKey).where(PersonalIdempotencyKey.id.in_(first))
        await session.execute(late.values(expires_at=clock.now() - timedelta(seconds=1)))

    gone = await upkeep.expire_idempotency_keys(database)

    assert gone >= 2
    assert await count(database, tenant, IdempotencyKey) == 0
    assert await personal(ground, identity.user_id) == 1


async def personal(ground: Ground, user_id: UserId) -> int:
    async with begin_system(ground) as tx:
        mine = select(func.count()).where(PersonalIdempotencyKey.user_id == user_id)
        return await tx.session.scalar(mine) or 0


async def test_neither_the_key_nor_the_input_can_be_read_in_the_table(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    await do(ground, tenant, asked("a secret key", phone="+5511987654321"), at_once)

    async with database.read(tenant.workspace_id) as session:
        row = await session.scalar(text("SELECT row_to_json(k)::text FROM idempotency_keys k"))
    other = idempotency.asked("another key", "labelCreate", {"phone": "+5511987654321"})

    assert "secret" not in row
    assert "98765" not in row
    assert other.fingerprint != asked("a secret key", phone="+5511987654321").fingerprint
