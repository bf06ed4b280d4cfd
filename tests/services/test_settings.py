"""Settings as verbs: which providers may be asked."""

import pytest
from sqlalchemy import select, update

from ai.catalogue import ModelProvider
from core.errors import Invalid
from core.ground import Ground
from models import Event, EventType, Role, WorkspaceSettings
from schema.setting import known_providers
from services import settings
from services.access import PermissionMissing
from services.settings import AiDraft, SettingsDraft
from services.transaction import begin
from tests.fixtures.tenants import Tenant, join


async def allow(ground: Ground, tenant: Tenant, names: list[str] | None) -> list[str] | None:
    async with begin(ground, tenant.owner) as tx:
        return (await settings.change(tx, SettingsDraft(ai=AiDraft(ai_providers=names)))).workspace.ai_providers


async def test_providers_are_kept_once_each_in_the_order_of_the_catalogue(ground: Ground, tenant: Tenant) -> None:
    found = [await allow(ground, tenant, each) for each in (["ollama", "groq", "groq"], ["groq", "ollama"], [], None)]

    own = (Event.workspace_id == tenant.workspace_id, Event.type == EventType.SETTINGS_UPDATED)
    async with ground.database.read(tenant.workspace_id) as session:
        payloads = list(await session.scalars(select(Event.payload).where(*own)))
    assert found == [["groq", "ollama"], ["groq", "ollama"], [], None]
    assert payloads == [{"changed": ["ai_providers"]}] * 3


@pytest.mark.parametrize("names", [["pirate"], ["openai", "OpenAI"], ["local"], [""]])
async def test_an_unknown_provider_is_refused_with_the_names_of_those_there_are(
    ground: Ground, tenant: Tenant, names: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await allow(ground, tenant, names)

    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("PROVIDER_UNKNOWN", ("ai", "providers"))
    assert all(each.value in problem.message for each in ModelProvider)


async def test_a_provider_that_there_is_no_more_is_left_out_and_allows_nothing_else(
    ground: Ground, tenant: Tenant
) -> None:
    own = WorkspaceSettings.workspace_id == tenant.workspace_id
    async with ground.database.system() as session:
        await session.execute(update(WorkspaceSettings).where(own).values(ai_providers=["bygone"]))

    found = (await settings.current(ground, tenant.owner)).workspace.ai_providers

    assert known_providers(found) == []
    assert known_providers(["bygone", "groq"]) == [ModelProvider.GROQ]
    assert known_providers(None) is None


async def test_a_member_does_not_choose_the_providers(ground: Ground, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)

    with pytest.raises(PermissionMissing):
        async with begin(ground, member) as tx:
            await settings.change(tx, SettingsDraft(ai=AiDraft(ai_providers=["groq"])))
