"""Prompt templates through the door."""

from typing import Any

from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from tests.fixtures.door import Door
from tests.fixtures.people import act, refusals
from tests.fixtures.tenants import Tenant, join

SHOWN = "promptTemplate { id feature version body isActive createdBy { id } }"
LIST = """query($filter: PromptTemplateFilter) {
  promptTemplates(filter: $filter) { totalCount nodes { feature version body isActive } } }"""
LISTEN = "subscription { workspaceEvents { ... on WorkspaceEvent { type payload } } }"
SAVE = "mutation($input: PromptTemplateSaveInput!) { promptTemplateSave(input: $input) { userErrors { code } } }"


async def save(door: Door, feature: str, body: str) -> Any:
    return await act(door, "promptTemplateSave", "PromptTemplateSaveInput", SHOWN, feature=feature, body=body)


async def listed(door: Door, **given: Any) -> list[tuple[str, int, bool]]:
    nodes = (await door.execute(LIST, {"filter": given})).data["promptTemplates"]["nodes"]
    return [(each["feature"], each["version"], each["isActive"]) for each in nodes]


async def test_versions_are_saved_listed_and_chosen(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    one = (await save(owner, "COPILOT", "Somos a {{company}}."))["promptTemplate"]
    await save(owner, "COPILOT", "Dois.")
    await save(owner, "SUMMARY", "Seja breve.")
    before = await listed(owner)
    back = await act(owner, "promptTemplateActivate", "PromptTemplateActivateInput", SHOWN, id=one["id"])
    rested = await act(owner, "promptTemplateDeactivate", "PromptTemplateDeactivateInput", SHOWN, feature="SUMMARY")
    nothing = await act(owner, "promptTemplateDeactivate", "PromptTemplateDeactivateInput", SHOWN, feature="INTENT")

    assert one == {
        "id": one["id"], "feature": "COPILOT", "version": 1, "body": "Somos a {{company}}.", "isActive": True,
        "createdBy": {"id": encode("user", tenant.owner_user.id)},
    }  # fmt: skip
    assert before == [("SUMMARY", 1, True), ("COPILOT", 2, True), ("COPILOT", 1, False)]
    assert back["promptTemplate"] == one
    assert (rested["promptTemplate"]["isActive"], nothing) == (False, {"promptTemplate": None, "userErrors": []})
    assert await listed(owner, feature={"eq": "COPILOT"}) == [("COPILOT", 2, False), ("COPILOT", 1, True)]
    assert await listed(owner, isActive={"eq": True}) == [("COPILOT", 1, True)]


async def test_whoever_listens_is_told_what_was_changed(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    async with owner.subscribe(LISTEN) as stream:
        await save(owner, "COPILOT", "Um.")
        event = await stream.next()

    assert event == {"type": "SETTINGS_UPDATED", "payload": {"changed": ["promptTemplates"]}}


async def test_an_unknown_placeholder_is_refused_by_its_name(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    payload = await save(owner, "COPILOT", "Oi {{nome}}")

    assert refusals(payload) == [("PLACEHOLDER_UNKNOWN", ["body"])]
    assert "{{nome}}" in payload["userErrors"][0]["message"]
    assert await listed(owner) == []


async def test_another_workspaces_version_is_not_found(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    owner, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    theirs = (await save(other, "COPILOT", "Deles."))["promptTemplate"]["id"]

    for wrong in (theirs, encode("prompt", uuid7()), encode("label", uuid7()), ""):
        payload = await act(owner, "promptTemplateActivate", "PromptTemplateActivateInput", SHOWN, id=wrong)
        assert refusals(payload) == [("NOT_FOUND", ["id"])]
    assert await listed(owner) == []


async def test_a_member_neither_reads_nor_writes(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await door.as_(await join(ground, tenant, Role.MEMBER))

    assert (await member.execute(LIST)).code == "FORBIDDEN"
    assert (await member.execute(SAVE, {"input": {"feature": "COPILOT", "body": "x"}})).code == "FORBIDDEN"
