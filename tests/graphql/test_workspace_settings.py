"""Settings through the door: typed, in groups, everybody's own and the workspace's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.ground import Ground
from models import AuditEntry, Role
from services.access import Actor
from tests.fixtures.door import Door
from tests.fixtures.models import terms_of
from tests.fixtures.people import act, refusals
from tests.fixtures.tenants import Tenant

Maker = Callable[[Tenant, Role], Awaitable[Actor]]

ALL = (
    "workspace { language timezone currency phoneRegion } ai { enabled strategy persona maskPersonalData }"
    " notifications { newMessage assignment taskDue campaignDone emailDigest }"
)
DEFAULTS = {
    "workspace": {"language": "pt-BR", "timezone": "America/Sao_Paulo", "currency": "BRL", "phoneRegion": "BR"},
    "ai": {"enabled": True, "strategy": None, "persona": "PROFESSIONAL", "maskPersonalData": True},
    "notifications": {
        "newMessage": True,
        "assignment": True,
        "taskDue": True,
        "campaignDone": True,
        "emailDigest": False,
    },
}


UPDATE = "mutation ($input: SettingsUpdateInput!) { settingsUpdate(input: $input) { userErrors { code } } }"


async def read(door: Door) -> Any:
    return (await door.execute(f"{{ settings {{ {ALL} }} }}")).data["settings"]


async def change(door: Door, **given: Any) -> Any:
    return await act(door, "settingsUpdate", "SettingsUpdateInput", f"settings {{ {ALL} }}", **given)


async def test_a_new_workspace_has_settings(door: Door, tenant: Tenant) -> None:
    assert await read(await door.as_(tenant.owner)) == DEFAULTS


async def test_what_is_given_is_changed_and_the_rest_stays(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    payload = await change(
        owner,
        workspace={"currency": "EUR", "phoneRegion": "PT", "timezone": "Europe/Lisbon"},
        ai={"strategy": "SPEED_OPTIMIZED", "persona": "FRIENDLY"},
        notifications={"emailDigest": True},
    )

    expected = {
        "workspace": {"language": "pt-BR", "timezone": "Europe/Lisbon", "currency": "EUR", "phoneRegion": "PT"},
        "ai": {**DEFAULTS["ai"], "strategy": "SPEED_OPTIMIZED", "persona": "FRIENDLY"},
        "notifications": {**DEFAULTS["notifications"], "emailDigest": True},
    }
    assert payload == {"settings": expected, "userErrors": []}
    assert await read(owner) == expected


async def test_the_strategy_can_be_left_to_the_server_again(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    await change(owner, ai={"strategy": "FAILOVER"})

    payload = await change(owner, ai={"strategy": None})

    assert payload["settings"]["ai"] == DEFAULTS["ai"]


PROVIDERS = "settings { ai { providers } }"


async def test_the_providers_that_may_be_asked_are_some_all_or_none(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    shown: list[Any] = []

    for names in (["GROQ", "OPENAI", "GROQ"], [], None):
        payload = await act(owner, "settingsUpdate", "SettingsUpdateInput", PROVIDERS, ai={"providers": names})
        shown.append(payload["settings"]["ai"]["providers"])
    unknown = (await owner.execute(UPDATE, {"input": {"ai": {"providers": ["PIRATE"]}}})).code

    assert shown == [["OPENAI", "GROQ"], [], None]
    assert unknown == "BAD_USER_INPUT"


async def test_every_bad_value_is_told_at_once_and_nothing_is_kept(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    payload = await change(
        owner,
        workspace={"language": "pt_BR", "timezone": "Mars/Olympus", "currency": "XYZ", "phoneRegion": "ZZ"},
        ai={"enabled": None, "persona": "SALES", "maskPersonalData": None},
        notifications={"newMessage": None, "emailDigest": None, "taskDue": False},
    )

    assert refusals(payload) == [
        ("LANGUAGE_UNKNOWN", ["workspace", "language"]),
        ("TIMEZONE_UNKNOWN", ["workspace", "timezone"]),
        ("CURRENCY_UNKNOWN", ["workspace", "currency"]),
        ("REGION_UNKNOWN", ["workspace", "phoneRegion"]),
        ("REQUIRED", ["ai", "enabled"]),
        ("REQUIRED", ["ai", "maskPersonalData"]),
        ("REQUIRED", ["notifications", "newMessage"]),
        ("REQUIRED", ["notifications", "emailDigest"]),
    ]
    assert payload["settings"] is None
    assert await read(owner) == DEFAULTS


@pytest.mark.parametrize("value", ["", "brl", "BR", "\x00", "R$", "👻", "B" * 1_000, "../../etc/passwd"])
async def test_nothing_but_the_lists_is_accepted(door: Door, tenant: Tenant, value: str) -> None:
    owner = await door.as_(tenant.owner)

    payload = await change(owner, workspace={"currency": value, "timezone": value})

    assert refusals(payload) == [
        ("TIMEZONE_UNKNOWN", ["workspace", "timezone"]),
        ("CURRENCY_UNKNOWN", ["workspace", "currency"]),
    ]


async def test_values_of_other_types_do_not_pass_the_schema(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    bad = [
        {"ai": {"enabled": "yes"}},
        {"ai": {"persona": "PIRATE"}},
        {"workspace": {"currency": 986}},
        {"workspace": {"workspaceId": "x"}},
        {"anything": {"goes": True}},
    ]

    codes = [(await owner.execute(UPDATE, {"input": each})).code for each in bad]

    assert codes == ["BAD_USER_INPUT"] * len(bad)


async def test_a_viewer_has_notifications_of_their_own_and_nothing_else(
    door: Door, tenant: Tenant, make_actor: Maker
) -> None:
    owner, viewer = await door.as_(tenant.owner), await door.as_(await make_actor(tenant, Role.VIEWER))
    query = f"mutation ($input: SettingsUpdateInput!) {{ settingsUpdate(input: $input) {{ settings {{ {ALL} }} }} }}"

    own = await change(viewer, notifications={"taskDue": False})
    shared = [
        (await viewer.execute(query, {"input": each})).code
        for each in ({"workspace": {"currency": "EUR"}}, {"ai": {"enabled": False}, "notifications": {"taskDue": True}})
    ]

    assert own["settings"]["notifications"]["taskDue"] is False
    assert shared == ["FORBIDDEN", "FORBIDDEN"]
    assert (await read(viewer))["notifications"]["taskDue"] is False
    assert await read(owner) == DEFAULTS


async def test_another_workspace_keeps_its_settings(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    await change(await door.as_(tenant.owner), workspace={"currency": "EUR"}, notifications={"taskDue": False})

    assert await read(await door.as_(other_tenant.owner)) == DEFAULTS


async def test_a_change_is_told_and_written_down_but_no_change_is_not(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    owner = await door.as_(tenant.owner)
    events = "subscription { workspaceEvents { ... on WorkspaceEvent { type payload } } }"
    async with owner.subscribe(events) as stream:
        await change(owner, workspace={"currency": "BRL"})
        await change(owner, workspace={"currency": "EUR"})

        event = await stream.next()
        assert await stream.quiet(0.3)
    assert event == {"type": "SETTINGS_UPDATED", "payload": {"changed": ["currency"]}}
    async with ground.database.system() as session:
        here = (AuditEntry.workspace_id == tenant.workspace_id, AuditEntry.action == "settings.update")
        changes = (await session.scalars(select(AuditEntry.changes).where(*here))).all()
    assert [each["currency"] for each in changes] == [{"before": "BRL", "after": "EUR"}]


async def test_two_changes_at_once_are_both_kept(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    await asyncio.gather(change(owner, workspace={"currency": "EUR"}), change(owner, ai={"persona": "CASUAL"}))

    found = await read(owner)
    assert (found["workspace"]["currency"], found["ai"]["persona"]) == ("EUR", "CASUAL")


OWN = "settings { ai { persona customPersona { id name } } }"
CREATE = """mutation { personaCreate(input: { name: "Concierge", instructions: "Fale baixo." }) { persona { id } } }"""
DELETE = "mutation ($id: ID!) { personaDelete(input: { id: $id }) { deletedId } }"


async def test_a_voice_of_the_workspaces_own_counts_until_another_is_named_or_it_is_deleted(
    ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    owner = await door.as_(tenant.owner)
    own = (await owner.mutate(CREATE))["persona"]["id"]

    async def voice() -> str:
        return (await terms_of(ground, tenant.owner)).persona

    async def turn(**given: Any) -> Any:
        return await act(owner, "settingsUpdate", "SettingsUpdateInput", OWN, ai=given)

    taken = await turn(customPersonaId=own)
    spoken = [await voice()]
    named = await turn(persona="FORMAL")
    spoken.append(await voice())
    await turn(customPersonaId=own)
    await owner.mutate(DELETE, {"id": own})
    spoken.append(await voice())
    gone = await turn(customPersonaId=own)

    assert taken["settings"]["ai"] == {"persona": "PROFESSIONAL", "customPersona": {"id": own, "name": "Concierge"}}
    assert named["settings"]["ai"] == {"persona": "FORMAL", "customPersona": None}
    assert spoken == [own, "formal", "formal"]
    assert refusals(gone) == [("NOT_FOUND", ["ai", "customPersonaId"])]

    theirs = (await (await door.as_(other_tenant.owner)).mutate(CREATE))["persona"]["id"]
    assert refusals(await turn(customPersonaId=theirs)) == [("NOT_FOUND", ["ai", "customPersonaId"])]
