"""Personas: the product's in every language, the workspace's own as they were written."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from ai.personas import voices
from ai.results import Language
from core.database import Database
from core.errors import DomainError, Invalid
from core.ground import Ground
from core.ids import encode, uuid7
from models import BUILT_IN, CustomPersona, Event, EventType, Persona, Role
from services import personas
from services.access import PermissionMissing
from services.personas import PersonaDraft, PersonaNameTaken, PersonasFull, PersonaUnknown, SpokenVoice
from services.transaction import begin
from tests.fixtures.contacts import acts_of
from tests.fixtures.tenants import Tenant, join

GIVEN: dict[str, Any] = {"name": "Concierge", "instructions": "Fale baixo.", "temperature": 0.2, "max_tokens": 120}


async def add(ground: Ground, tenant: Tenant, **given: Any) -> CustomPersona:
    async with begin(ground, tenant.owner) as tx:
        return await personas.create(tx, PersonaDraft(**{**GIVEN, **given}))


async def find(ground: Ground, tenant: Tenant, name_or_id: str, language: str = "pt-BR") -> SpokenVoice:
    async with ground.database.rows(tenant.workspace_id) as reading:
        return await personas.find(reading, tenant.workspace_id, name_or_id, language)


@pytest.mark.parametrize("key", list(Persona))
def test_a_voice_of_the_product_has_one_name_however_it_is_called(key: Persona) -> None:
    by_id = next(own_id for own_id, each in BUILT_IN.items() if each is key)

    called = (key.value, key.name, encode("persona", by_id))

    assert {personas.known_as(each) for each in called} == {key.value}
    own = encode("persona", uuid7())
    assert [personas.known_as(each) for each in (own, "nobody")] == [own, "nobody"]


@pytest.mark.parametrize("key", list(Persona))
@pytest.mark.parametrize(
    ("tag", "language"), [("pt-BR", Language.PORTUGUESE), ("en-US", Language.ENGLISH), ("es", Language.SPANISH)]
)
async def test_a_voice_of_the_product_speaks_the_language_that_is_asked_for(
    ground: Ground, tenant: Tenant, key: Persona, tag: str, language: Language
) -> None:
    by_id = next(own_id for own_id, each in BUILT_IN.items() if each is key)

    found = await find(ground, tenant, key, tag)

    voice = voices()[key]
    assert (found.name, found.instructions) == (voice.titles[language], voice.instructions[language])
    assert (found.temperature, found.max_tokens) == (voice.temperature, voice.max_tokens)
    assert await find(ground, tenant, encode("persona", by_id), tag) == found
    assert await find(ground, tenant, key.name, tag) == found


async def test_a_voice_of_the_workspace_is_found_by_its_id_there_alone(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    row = await add(ground, tenant)

    found = await find(ground, tenant, encode("persona", row.id), "en")

    assert found == SpokenVoice(name="Concierge", instructions="Fale baixo.", temperature=0.2, max_tokens=120)
    for name in (encode("persona", row.id), encode("persona", uuid7()), encode("label", row.id), "Concierge", "", "💥"):
        with pytest.raises(PersonaUnknown):
            await find(ground, other_tenant, name)


@pytest.mark.parametrize("name", ["CONCIERGE", "Conciérge", " concierge "])
async def test_a_name_is_taken_whatever_its_accents_and_case(ground: Ground, tenant: Tenant, name: str) -> None:
    await add(ground, tenant)
    other = await add(ground, tenant, name="Coach")

    with pytest.raises(PersonaNameTaken):
        await add(ground, tenant, name=name)
    with pytest.raises(PersonaNameTaken):
        async with begin(ground, tenant.owner) as tx:
            await personas.change(tx, other.id, PersonaDraft(name=name))


async def test_of_two_with_one_name_made_at_once_one_wins(ground: Ground, tenant: Tenant) -> None:
    found = await asyncio.gather(*(add(ground, tenant) for _ in range(5)), return_exceptions=True)

    assert [type(each) is PersonaNameTaken for each in found].count(False) == 1


async def test_a_workspace_has_fifty_at_most_also_when_they_are_made_at_once(ground: Ground, tenant: Tenant) -> None:
    async with begin(ground, tenant.owner) as tx:
        tx.session.add_all(
            CustomPersona(workspace_id=tenant.workspace_id, **(GIVEN | {"name": f"Voz {n}"})) for n in range(48)
        )

    found = await asyncio.gather(*(add(ground, tenant, name=f"Mais {n}") for n in range(4)), return_exceptions=True)

    assert sorted(type(each) is PersonasFull for each in found) == [False, False, True, True]


async def test_all_that_is_wrong_is_told_at_once(ground: Ground, tenant: Tenant) -> None:
    with pytest.raises(Invalid) as refused:
        await add(ground, tenant, name="x" * 61, instructions=None, temperature=1.01, max_tokens=49)

    assert [(each.code, each.field) for each in refused.value.problems] == [
        ("TOO_LONG", ("name",)), ("REQUIRED", ("instructions",)),
        ("TEMPERATURE_INVALID", ("temperature",)), ("MAX_TOKENS_INVALID", ("max_tokens",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"temperature": -0.01}, "TEMPERATURE_INVALID"),
        ({"temperature": float("nan")}, "TEMPERATURE_INVALID"),
        ({"max_tokens": 2_001}, "MAX_TOKENS_INVALID"),
        ({"instructions": "x" * 2_001}, "TOO_LONG"),
        ({"instructions": "a\x00b"}, "TEXT_INVALID"),
        ({"name": " \u200b "}, "REQUIRED"),
    ],
)
async def test_values_have_their_bounds(ground: Ground, tenant: Tenant, given: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        await add(ground, tenant, **given)

    assert refused.value.problems[0].code == code


async def test_the_bounds_themselves_are_accepted(ground: Ground, tenant: Tenant) -> None:
    await add(ground, tenant, name="a", temperature=0, max_tokens=50, instructions="x" * 2_000)

    assert (await add(ground, tenant, name="b", temperature=1, max_tokens=2_000)).temperature == 1


async def test_changes_are_told_when_there_are_any(ground: Ground, database: Database, tenant: Tenant) -> None:
    row = await add(ground, tenant)

    for draft in (PersonaDraft(temperature=0.9), PersonaDraft(temperature=0.9), PersonaDraft()):
        async with begin(ground, tenant.owner) as tx:
            await personas.change(tx, row.id, draft)
    async with begin(ground, tenant.owner) as tx:
        await personas.remove(tx, row.id)

    acts = [each for each in await acts_of(database, tenant.workspace_id) if each.subject == "CustomPersona"]
    own = (Event.workspace_id == tenant.workspace_id, Event.type == EventType.SETTINGS_UPDATED)
    async with database.read(tenant.workspace_id) as session:
        payloads = list(await session.scalars(select(Event.payload).where(*own)))
    assert [each.action for each in acts] == ["persona.create", "persona.update", "persona.delete"]
    assert acts[1].changes == {"temperature": {"before": "0.2", "after": "0.9"}}
    assert payloads == [{"changed": ["personas"]}] * 3


async def test_the_products_come_first_in_the_workspaces_language(ground: Ground, tenant: Tenant) -> None:
    for name in ("Zelador", "ávido"):
        await add(ground, tenant, name=name)

    listed = await personas.every(ground, tenant.owner)

    assert [each.name for each in listed] == [
        "Profissional", "Amigável", "Formal", "Descontraído", "Vendas", "Suporte", "ávido", "Zelador",
    ]  # fmt: skip


async def test_who_is_not_there_or_comes_with_the_product_cannot_be_changed(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    theirs = await add(ground, other_tenant)

    for wrong in (theirs.id, uuid7(), next(iter(BUILT_IN))):
        with pytest.raises(PersonaUnknown):
            async with begin(ground, tenant.owner) as tx:
                await personas.change(tx, wrong, PersonaDraft(name="x"))
        with pytest.raises(PersonaUnknown):
            async with begin(ground, tenant.owner) as tx:
                await personas.remove(tx, wrong)


async def test_a_member_reads_and_does_not_write_a_viewer_neither(ground: Ground, tenant: Tenant) -> None:
    member, viewer = await join(ground, tenant, Role.MEMBER), await join(ground, tenant, Role.VIEWER)

    assert len(await personas.every(ground, member)) == 6
    with pytest.raises(PermissionMissing):
        await personas.every(ground, viewer)
    with pytest.raises(PermissionMissing):
        async with begin(ground, member) as tx:
            await personas.create(tx, PersonaDraft(**GIVEN))
