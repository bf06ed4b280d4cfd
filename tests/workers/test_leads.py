"""Leads are scored by the night shift itself: from the commit that made them to the score on the contact."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text

from core.ground import Ground, open_ground
from models import Contact
from services.contacts import change
from services.contacts.drafting import ContactDraft
from services.transaction import begin
from tests.fixtures import stores
from tests.fixtures.contacts import log_of
from tests.fixtures.scratch import scratch_database
from tests.fixtures.tenants import found_tenant
from tests.fixtures.waiting import until_holds
from tests.workers.night import QUICK
from workers.supervisor import Workers


@pytest.fixture
async def own_ground(redis_url: str) -> AsyncIterator[tuple[Ground, str]]:
    """A ground over a database of this test's own: its workers take every job that is queued in it."""
    async with scratch_database() as url:
        places = stores.places(url.replace("postgresql://", "postgresql+asyncpg://", 1), redis_url)
        async with open_ground(stores.test_settings(), places) as opened:
            yield opened, url


async def test_imported_contacts_have_their_scores_soon_and_nothing_is_left_to_do(
    own_ground: tuple[Ground, str],
) -> None:
    ground, url = own_ground
    tenant = await found_tenant(ground)
    workers = Workers(ground, url, pace=QUICK)
    await workers.start()
    drafts = [ContactDraft(email=f"ana{n}@example.com", company="Padaria") for n in range(3)]

    async def scores() -> list[int]:
        here = select(Contact.lead_score).where(Contact.workspace_id == tenant.workspace_id)
        async with ground.database.read(tenant.workspace_id) as session:
            return list(await session.scalars(here))

    async def is_over() -> bool:
        async with ground.database.system() as session:
            left = await session.scalar(text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'score_leads'"))
        return await scores() == [55, 55, 55] and left == 0

    try:
        async with begin(ground, tenant.owner) as tx:
            await change.upsert_all(tx, drafts)
        await until_holds(is_over, 15)
    finally:
        await workers.stop(grace=2)

    told = [name for name, _ in await log_of(ground.database, tenant.workspace_id) if name.startswith("contact.")]
    assert told == ["contact.created", "contact.lead_scored", "contact.updated"]
