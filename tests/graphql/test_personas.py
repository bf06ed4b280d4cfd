"""Personas through the door."""

from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from tests.fixtures.door import Door
from tests.fixtures.people import act, refusals
from tests.fixtures.tenants import Tenant, join

SHOWN = "persona { id key name instructions temperature maxTokens isBuiltIn }"
LIST = "{ personas { id key name instructions temperature maxTokens isBuiltIn } }"
CREATE = "mutation($input: PersonaCreateInput!) { personaCreate(input: $input) { userErrors { code } } }"
GIVEN = {"name": " Concierge ", "instructions": "Fale baixo.\nE pouco."}


async def test_a_persona_is_made_changed_listed_and_deleted(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    made = (await act(owner, "personaCreate", "PersonaCreateInput", SHOWN, **GIVEN))["persona"]
    changed = await act(owner, "personaUpdate", "PersonaUpdateInput", SHOWN, id=made["id"], temperature=1, maxTokens=50)
    listed = (await owner.execute(LIST)).data["personas"]
    node = f'{{ node(id: "{made["id"]}") {{ ... on PersonaVoice {{ name }} }} }}'
    named = (await owner.execute(node)).data["node"]
    gone = await act(owner, "personaDelete", "PersonaDeleteInput", "deletedId", id=made["id"])

    assert made | {"id": ""} == {
        "id": "", "key": None, "name": "Concierge", "instructions": "Fale baixo.\nE pouco.",
        "temperature": 0.7, "maxTokens": 400, "isBuiltIn": False,
    }  # fmt: skip
    assert changed["persona"] == made | {"temperature": 1.0, "maxTokens": 50}
    assert listed[6:] == [changed["persona"]]
    assert named == {"name": "Concierge"}
    assert gone == {"deletedId": made["id"], "userErrors": []}
    assert len((await owner.execute(LIST)).data["personas"]) == 6


async def test_the_products_personas_have_keys_and_speak_the_workspaces_language(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    here = (await owner.execute(LIST)).data["personas"]

    await act(owner, "settingsUpdate", "SettingsUpdateInput", workspace={"language": "en-GB"})
    abroad = (await owner.execute(LIST)).data["personas"]

    assert [each["key"] for each in here] == ["PROFESSIONAL", "FRIENDLY", "FORMAL", "CASUAL", "SALES", "SUPPORT"]
    assert [here[0]["name"], abroad[0]["name"]] == ["Profissional", "Professional"]
    assert [each["id"] for each in here] == [each["id"] for each in abroad]
    assert all(each["isBuiltIn"] and each["instructions"] for each in here)


async def test_a_persona_that_is_sent_twice_is_made_once(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    answers = [
        await act(owner, "personaCreate", "PersonaCreateInput", SHOWN, idempotencyKey="k1", **GIVEN) for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert answers[0]["userErrors"] == []


async def test_what_is_refused_is_told_by_field(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    await act(owner, "personaCreate", "PersonaCreateInput", SHOWN, **GIVEN)
    built_in = (await owner.execute(LIST)).data["personas"][0]["id"]

    twin = await act(owner, "personaCreate", "PersonaCreateInput", SHOWN, **(GIVEN | {"name": "CONCIÈRGE"}))
    wrong = await act(
        owner, "personaCreate", "PersonaCreateInput", SHOWN, name="", instructions="", temperature=2, maxTokens=1
    )
    fixed = await act(owner, "personaUpdate", "PersonaUpdateInput", SHOWN, id=built_in, name="x")

    assert refusals(twin) == [("PERSONA_NAME_TAKEN", ["name"])]
    assert refusals(wrong) == [
        ("REQUIRED", ["name"]), ("REQUIRED", ["instructions"]),
        ("TEMPERATURE_INVALID", ["temperature"]), ("MAX_TOKENS_INVALID", ["maxTokens"]),
    ]  # fmt: skip
    assert refusals(fixed) == [("NOT_FOUND", ["id"])]


async def test_another_workspaces_persona_is_not_found(door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    owner, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    theirs = (await act(other, "personaCreate", "PersonaCreateInput", SHOWN, **GIVEN))["persona"]["id"]

    for wrong in (theirs, encode("persona", uuid7()), encode("label", uuid7()), ""):
        changed = await act(owner, "personaUpdate", "PersonaUpdateInput", SHOWN, id=wrong, name="x")
        gone = await act(owner, "personaDelete", "PersonaDeleteInput", "deletedId", id=wrong)
        assert (refusals(changed), refusals(gone)) == ([("NOT_FOUND", ["id"])],) * 2
    assert len((await other.execute(LIST)).data["personas"]) == 7


async def test_a_member_may_read_and_not_write(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await door.as_(await join(ground, tenant, Role.MEMBER))
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    assert len((await member.execute(LIST)).data["personas"]) == 6
    assert (await member.execute(CREATE, {"input": GIVEN})).code == "FORBIDDEN"
    assert (await viewer.execute(LIST)).code == "FORBIDDEN"
