"""The demo workspace: there after the first start, once, and like any other."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from core.database import Database
from core.ground import Ground, open_ground
from models import AuditEntry, Contact, Label, User, Workspace
from server import seed, verify_audit
from services.knowledge import retrieval
from services.knowledge.storage import shelf_of
from tests.fixtures import stores
from tests.fixtures.door import Door, serving
from tests.fixtures.scratch import scratch_database

COUNTED = (User, Workspace, Label, Contact, AuditEntry)
LOGIN = """
mutation ($email: String!, $password: String!) {
  login(input: { email: $email, password: $password }) { accessToken userErrors { code } }
}
"""
FIRST_LOOK = '{ workspace { name } contacts(first: 10, search: "joao") { nodes { name labels { name } } } }'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def planted(redis_url: str) -> AsyncIterator[Ground]:
    """A fresh database with the demo workspace."""
    async with (
        scratch_database() as url,
        open_ground(stores.test_settings(), stores.places(url, redis_url)) as ground,
    ):
        await seed.plant(ground)
        yield ground


async def counted(database: Database) -> dict[str, int]:
    async with database.system() as session:
        return {
            each.__tablename__: (await session.scalar(select(func.count()).select_from(each))) or 0 for each in COUNTED
        }


async def test_planting_again_adds_nothing(planted: Ground) -> None:
    before = await counted(planted.database)

    await seed.plant(planted)

    assert await counted(planted.database) == before
    assert (before["users"], before["workspaces"], before["contacts"]) == (1, 1, len(seed._CONTACTS))


async def test_the_published_login_opens_the_demo_workspace(planted: Ground) -> None:
    async with serving(planted, demo=True) as address, Door.open(address, planted) as door:
        payload = await door.mutate(LOGIN, {"email": seed.EMAIL, "password": seed.PASSWORD})

        reply = await door.with_token(payload["accessToken"]).execute(FIRST_LOOK)

    assert payload["userErrors"] == []
    assert reply.data["workspace"]["name"] == seed.WORKSPACE
    assert reply.data["contacts"]["nodes"] == [{"name": "João Conceição", "labels": [{"name": "Novo"}]}]


async def test_the_demo_workspace_knows_what_it_sells(planted: Ground) -> None:
    home = await seed._home(planted)
    assert home is not None
    shelf = await shelf_of(planted, home.workspace_id)

    fee = await retrieval.search(planted, home.workspace_id, "qto é a taxa de entrega no centro?")
    price = await retrieval.search(planted, home.workspace_id, "quanto custa o bolo de cenoura")
    none = await retrieval.search(planted, home.workspace_id, "vocês consertam celular?")

    assert await shelf.count_all() == 5
    assert "R$ 6,00" in fee.passages[0].text
    assert "R$ 42,00" in price.passages[0].text
    assert [fee.is_grounded, price.is_grounded, none.is_grounded] == [True, True, False]


async def test_without_the_document_store_the_demo_is_planted_and_learns_at_the_next_start(redis_url: str) -> None:
    async with scratch_database() as url:
        places = stores.places(url, redis_url)
        away = replace(places, documents="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200")
        async with open_ground(stores.test_settings(), away) as ground:
            await seed.plant(ground)
            before = await counted(ground.database)
        async with open_ground(stores.test_settings(), places) as ground:
            await seed.plant(ground)
            home = await seed._home(ground)
            assert home is not None
            assert await (await shelf_of(ground, home.workspace_id)).count_all() == 5

    assert before["workspaces"] == 1


async def test_what_was_planted_stands_in_the_audit_log(planted: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    code = await verify_audit.verify(planted.database)

    assert code == 0
    assert "all hold" in capsys.readouterr().out
