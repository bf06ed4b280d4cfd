"""The audit log's chain: whatever is done to it behind the product's back is found."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.database import Database, WriteSession
from core.ground import Ground
from services import audit
from services.contacts import change
from services.contacts.drafting import ContactDraft
from services.transaction import begin
from tests.fixtures.contacts import acts_of, make
from tests.fixtures.tenants import Tenant

Forge = Callable[[str], Awaitable[audit.Chain]]


@pytest.fixture
async def forge(ground: Ground, database: Database, tenant: Tenant) -> Forge:
    """Write some entries; then a function that forges with a statement and verifies."""
    for n in range(6):
        await make(ground, tenant.owner, name=f"Ana {n}")

    async def forge(statement: str) -> audit.Chain:
        async with database.system() as session:
            await session.execute(text("SET LOCAL ROLE NONE"))
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            for each in statement.split(";"):
                await session.execute(text(each), {"ws": tenant.workspace_id})
            await session.execute(text("SET LOCAL session_replication_role = origin"))
            return await audit.verify(session, tenant.workspace_id)

    return forge


async def test_an_honest_log_holds(ground: Ground, database: Database, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana", notes="ünïcödé 🍞", lead_score=7)
    async with begin(ground, tenant.owner) as tx:
        await change.update(tx, contact.id, ContactDraft(name="Bia", notes=None))

    async with database.system() as session:
        found = await audit.verify(session, tenant.workspace_id)

    assert found.broken_at is None
    assert found.entries == len(await acts_of(database, tenant.workspace_id)) >= 2


@pytest.mark.parametrize(
    "what",
    [
        "changes = jsonb_set(changes, '{name,after}', '\"Bia\"')",
        "action = 'contact.updatE'",
        "subject = 'Label'",
        "subject_id = gen_random_uuid()",
        "actor_id = NULL",
        "at = at + interval '1 microsecond'",
        "ip = '10.0.0.1'",
        "user_agent = NULL",
        "request_id = 'other'",
        "salt = set_byte(salt, 0, get_byte(salt, 0) # 1)",
        "digest = set_byte(digest, 31, get_byte(digest, 31) # 1)",
        "hash = set_byte(hash, 0, get_byte(hash, 0) # 1)",
        "previous = set_byte(previous, 0, get_byte(previous, 0) # 1)",
    ],
)
async def test_one_changed_byte_is_found(forge: Forge, what: str) -> None:
    found = await forge(f"UPDATE audit_entries SET {what} WHERE workspace_id = :ws AND seq = 4")  # noqa: S608

    assert found.broken_at == 4
    assert found.reason is not None


async def test_an_entry_that_was_rewritten_with_its_hash_is_given_away_by_the_next(
    forge: Forge, database: Database, tenant: Tenant
) -> None:
    entry = (await acts_of(database, tenant.workspace_id))[3]
    entry.action = "contact.forged"
    forged = audit.hash_of(entry).hex()

    what = f"action = '{entry.action}', hash = decode('{forged}', 'hex')"
    found = await forge(f"UPDATE audit_entries SET {what} WHERE workspace_id = :ws AND seq = 4")  # noqa: S608

    assert (entry.seq, found.broken_at) == (4, 5)


@pytest.mark.parametrize("seq", [1, 3])
async def test_a_deleted_row_is_found(forge: Forge, seq: int) -> None:
    found = await forge(f"DELETE FROM audit_entries WHERE workspace_id = :ws AND seq = {seq}")  # noqa: S608

    assert found.broken_at == seq


async def test_rows_in_another_order_are_found(forge: Forge) -> None:
    swap = "UPDATE audit_entries SET seq = {} WHERE workspace_id = :ws AND seq = {}"

    found = await forge(";".join([swap.format(-1, 3), swap.format(3, 4), swap.format(4, -1)]))

    assert found.broken_at == 3


@pytest.mark.parametrize("left", [0, 5])
async def test_a_cut_tail_is_found(forge: Forge, left: int) -> None:
    found = await forge(f"DELETE FROM audit_entries WHERE workspace_id = :ws AND seq > {left}")  # noqa: S608

    assert found.broken_at == left + 1


async def test_a_tail_that_was_cut_and_counted_back_is_found_by_its_hash(forge: Forge) -> None:
    found = await forge(
        "DELETE FROM audit_entries WHERE workspace_id = :ws AND seq > 5;"
        "UPDATE workspace_counters SET audit_seq = 5 WHERE workspace_id = :ws"
    )

    assert found.broken_at == 6


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"])
@pytest.mark.parametrize("role", ["whatshybrid_app", "whatshybrid_system", "NONE"])
async def test_nobody_changes_what_was_logged(
    ground: Ground, database: Database, tenant: Tenant, statement: str, role: str
) -> None:
    await make(ground, tenant.owner, name="Ana")

    async def act(session: WriteSession) -> None:
        await session.execute(text(f"SET LOCAL ROLE {role}"))
        await session.execute(text(statement))

    with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
        async with database.system() as session:
            await act(session)
