"""How loaders behave when siblings fail, the database is slow, or a batch breaks."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

import models
from core.database import Database
from core.errors import Unavailable
from core.ids import encode, uuid7
from graph import context as graph_context
from graph.context import AT_ONCE, LARGEST_BATCH, Context, Session
from services.access import Actor
from tests.fixtures.tenants import Tenant
from tests.graph.conftest import store
from tests.graph.views import Client, Contact, CountingReader

Clients = Callable[[Actor], Client]


class Staged:
    """A reader whose sessions open when the test says so."""

    def __init__(self) -> None:
        self.open = 0
        self.most = 0
        self.gate = asyncio.Event()

    @asynccontextmanager
    async def read(self, workspace_id):
        del workspace_id
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await self.gate.wait()
            yield self
        finally:
            self.open -= 1

    async def execute(self, statement, params=None):
        pytest.fail("no statement is sent here")

    scalars = execute


async def echo(session: Session, keys: list[Any], given: dict[str, Any]) -> Mapping[Any, Any]:
    del session, given
    return {key: key for key in keys}


async def test_a_failed_sibling_does_not_cancel_what_others_wait_for(
    database: Database, tenant: Tenant, client: Clients
) -> None:
    people = await store(database, tenant, [{"owner_id": tenant.owner.user_id}] * 2)
    ids = [encode("contact", row.id) for row in people.contacts]

    for _ in range(10):
        async with asyncio.timeout(5):
            result = await client(tenant.owner).run(
                """query($a: ID!, $b: ID!) {
                    a: contact(id: $a) { failing owner { name } membership { user { name } } }
                    b: contact(id: $b) { owner { name } membership { user { name } } }
                }""",
                a=ids[0],
                b=ids[1],
            )

        name = {"name": tenant.owner_user.name}
        assert result.data == {"a": None, "b": {"owner": name, "membership": {"user": name}}}
        assert [error.path for error in result.errors] == [["a", "failing"]]


async def test_a_cancelled_waiter_leaves_the_others_their_answer(tenant: Tenant) -> None:
    staged = Staged()
    context = Context(tenant.owner, staged)

    async def wait() -> Any:
        return await context.load("echo", echo, 1)

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    staged.gate.set()

    assert await second == 1


async def test_only_a_few_sessions_are_open_at_once(tenant: Tenant) -> None:
    staged = Staged()
    context = Context(tenant.owner, staged)
    waiting = [context.load(("edge", number), echo, number) for number in range(3 * AT_ONCE)]
    for _ in range(20):
        await asyncio.sleep(0)
    held = staged.open
    staged.gate.set()

    assert await asyncio.gather(*waiting) == list(range(3 * AT_ONCE))
    assert held == staged.most == AT_ONCE


async def test_a_slow_database_is_unavailable_and_the_next_try_starts_anew(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_context, "SECONDS", 0.05)
    staged = Staged()
    context = Context(tenant.owner, staged)

    with pytest.raises(Unavailable):
        await context.load("echo", echo, 1)
    staged.gate.set()

    assert await context.load("echo", echo, 1) == 1


async def test_a_failed_batch_is_not_remembered(tenant: Tenant) -> None:
    staged = Staged()
    staged.gate.set()
    context = Context(tenant.owner, staged)
    failures = [ValueError("once")]

    async def flaky(session: Session, keys: list[Any], given: dict[str, Any]) -> Mapping[Any, Any]:
        if failures:
            raise failures.pop()
        return await echo(session, keys, given)

    with pytest.raises(ValueError, match="once"):
        await context.load("flaky", flaky, 1)

    assert await context.load("flaky", flaky, 1) == 1


async def test_clearing_and_a_fresh_context_see_what_changed(database: Database, tenant: Tenant) -> None:
    people = await store(database, tenant, [{}])
    context = Context(tenant.owner, CountingReader(database))

    async def name(of: Context) -> str:
        return (await of.find(Contact.source, models.Contact.id, people.contacts[0].id)).name

    before = await name(context)
    async with database.write(tenant.workspace_id) as session:
        (await session.get(models.Contact, (tenant.workspace_id, people.contacts[0].id))).name = "Bia"

    assert (before, await name(context), await name(context.fresh())) == ("Ana 0", "Ana 0", "Bia")
    context.clear()
    assert await name(context) == "Bia"


async def test_keys_beyond_a_batch_are_loaded_in_several(database: Database, tenant: Tenant) -> None:
    people = await store(database, tenant, [{}])
    reader = CountingReader(database)
    context = Context(tenant.owner, reader)
    keys = [people.contacts[0].id, *[uuid7() for _ in range(LARGEST_BATCH)]]

    rows = await asyncio.gather(*[context.find(Contact.source, models.Contact.id, key) for key in keys])

    assert [row.name for row in rows if row is not None] == ["Ana 0"]
    assert len(reader.statements) == 2
