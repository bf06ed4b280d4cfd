"""A workspace's own keys of providers: sealed to it, opened for the pipeline alone, and told to nobody."""

import asyncio
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from ai.catalogue import KEYED, ModelProvider
from core.database import Database
from core.errors import DomainError
from core.ground import Ground
from models import Event, EventType, ProviderKey, Role
from services import provider_keys
from services.access import PermissionMissing
from services.provider_keys import ProviderKeyUnknown
from services.transaction import begin
from tests.fixtures.contacts import acts_of
from tests.fixtures.models import terms_of
from tests.fixtures.tenants import Tenant, join

KEY = "sk-proj-Qm7vTt2Zx9LrWc4Np8Ab"


async def put(ground: Ground, tenant: Tenant, provider: ModelProvider, key: str = KEY) -> ProviderKey:
    async with begin(ground, tenant.owner) as tx:
        return await provider_keys.put(tx, provider, key)


async def opened(ground: Ground, tenant: Tenant) -> dict[str, str]:
    own = (await terms_of(ground, tenant.owner)).own
    return {name: each.secret.get_secret_value() for name, each in own.items() if each.secret is not None}


async def sealed(database: Database, workspace_id: UUID, provider: str) -> bytes:
    own = (ProviderKey.workspace_id == workspace_id, ProviderKey.provider == provider)
    async with database.system() as session:
        return (await session.scalars(select(ProviderKey.secret).where(*own))).one()


async def plant(database: Database, workspace_id: UUID, provider: str, secret: bytes) -> None:
    own = (ProviderKey.workspace_id == workspace_id, ProviderKey.provider == provider)
    async with database.system() as session:
        await session.execute(update(ProviderKey).where(*own).values(secret=secret))


async def test_a_key_comes_out_as_it_went_in_and_a_new_one_takes_its_place(ground: Ground, tenant: Tenant) -> None:
    await put(ground, tenant, ModelProvider.OPENAI, f"  {KEY}\n")
    first = await opened(ground, tenant)

    again = await put(ground, tenant, ModelProvider.OPENAI, "another-key-1234")
    await put(ground, tenant, ModelProvider.GROQ)

    assert first == {"openai": KEY}
    assert again.hint == "1234"
    assert await opened(ground, tenant) == {"openai": "another-key-1234", "groq": KEY}


async def test_of_keys_that_are_set_at_once_one_is_kept(ground: Ground, tenant: Tenant) -> None:
    keys = [f"key-number-{n}" for n in range(5)]

    await asyncio.gather(*(put(ground, tenant, ModelProvider.MISTRAL, each) for each in keys))

    assert (await opened(ground, tenant))["mistral"] in keys


async def test_a_row_that_was_copied_elsewhere_does_not_open(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    for each in (ModelProvider.OPENAI, ModelProvider.GROQ, ModelProvider.COHERE):
        await put(ground, tenant, each)
    await put(ground, other_tenant, ModelProvider.OPENAI, "a-key-of-theirs")
    theirs = await sealed(database, other_tenant.workspace_id, "openai")
    mine = await sealed(database, tenant.workspace_id, "openai")

    await plant(database, tenant.workspace_id, "openai", theirs)
    await plant(database, tenant.workspace_id, "groq", mine)
    with capture_logs() as logged:
        found = await opened(ground, tenant)

    assert found == {"cohere": KEY}
    assert {(each["provider"], each["workspace_id"]) for each in logged} == {
        (each, str(tenant.workspace_id)) for each in ("openai", "groq")
    }
    assert KEY not in str(logged)
    assert "a-key-of-theirs" not in str(logged)


@pytest.mark.parametrize("broken", [b"", b"short", b"\x00" * 60])
async def test_a_broken_seal_is_left_out(ground: Ground, database: Database, tenant: Tenant, broken: bytes) -> None:
    await put(ground, tenant, ModelProvider.OPENAI)
    await put(ground, tenant, ModelProvider.GROQ)

    await plant(database, tenant.workspace_id, "openai", broken)

    assert await opened(ground, tenant) == {"groq": KEY}


async def test_what_was_sealed_for_another_purpose_is_no_key(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    await put(ground, tenant, ModelProvider.OPENAI)

    for other in (b"totp secret", orjson.dumps({"a": 1}), orjson.dumps([1, 2]), b"7"):
        await plant(database, tenant.workspace_id, "openai", ground.vault.seal(other))
        assert await opened(ground, tenant) == {}


async def test_a_key_stands_in_no_row_entry_or_event(ground: Ground, database: Database, tenant: Tenant) -> None:
    await put(ground, tenant, ModelProvider.OPENAI)
    async with begin(ground, tenant.owner) as tx:
        await provider_keys.remove(tx, ModelProvider.OPENAI)

    acts = [each for each in await acts_of(database, tenant.workspace_id) if each.subject == "ProviderKey"]
    own = (Event.workspace_id == tenant.workspace_id, Event.type == EventType.SETTINGS_UPDATED)
    async with database.read(tenant.workspace_id) as session:
        payloads = list(await session.scalars(select(Event.payload).where(*own)))

    assert [each.action for each in acts] == ["ai_key.set", "ai_key.delete"]
    assert "secret" not in acts[0].changes
    assert KEY not in str([each.changes for each in acts])
    assert payloads == [{"changed": ["ai_keys"]}] * 2
    assert await opened(ground, tenant) == {}


@pytest.mark.parametrize(
    "key",
    ["", "short12", "x" * 501, "with a space", "with\ttab-inside", "chave-ção-longa", "nul\x00inside-it", "💥" * 9],
)
async def test_what_is_no_key_is_refused_without_repeating_it(ground: Ground, tenant: Tenant, key: str) -> None:
    with pytest.raises(DomainError) as refused:
        await put(ground, tenant, ModelProvider.OPENAI, key)

    assert (refused.value.code, refused.value.field) == ("KEY_INVALID", ("key",))
    assert not key or key not in refused.value.message


async def test_an_ollama_is_not_for_a_workspace_to_name(ground: Ground, tenant: Tenant) -> None:
    with pytest.raises(DomainError) as refused:
        await put(ground, tenant, ModelProvider.OLLAMA, "http://169.254.169.254/")

    assert refused.value.code == "PROVIDER_KEYLESS"
    assert len(KEYED) == 7


async def test_whoever_may_not_manage_neither_sets_nor_deletes_nor_lists(ground: Ground, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)

    with pytest.raises(PermissionMissing):
        async with begin(ground, member) as tx:
            await provider_keys.put(tx, ModelProvider.OPENAI, KEY)
    with pytest.raises(PermissionMissing):
        async with begin(ground, member) as tx:
            await provider_keys.remove(tx, ModelProvider.OPENAI)
    with pytest.raises(PermissionMissing):
        await provider_keys.every(ground, member)


async def test_a_key_that_is_not_there_cannot_be_forgotten(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    await put(ground, other_tenant, ModelProvider.OPENAI)

    with pytest.raises(ProviderKeyUnknown):
        async with begin(ground, tenant.owner) as tx:
            await provider_keys.remove(tx, ModelProvider.OPENAI)

    assert await opened(ground, other_tenant) == {"openai": KEY}
