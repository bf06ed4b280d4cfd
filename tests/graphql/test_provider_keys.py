"""Keys of providers through the door: set, listed by their last characters, forgotten."""

import orjson
from sqlalchemy import func, select
from structlog.testing import capture_logs

from core.database import Database
from core.ground import Ground
from core.ids import encode
from models import IdempotencyKey, Role
from tests.fixtures.door import Door
from tests.fixtures.people import act, refusals
from tests.fixtures.tenants import Tenant, join

KEY = "sk-ant-Qm7vTt2Zx9LrWc4Np8Ab"
SHOWN = "aiKey { provider hint updatedAt createdBy { id } }"
LIST = "{ aiKeys { provider hint updatedAt createdBy { id } } }"
SET = "mutation($input: AiKeySetInput!) { aiKeySet(input: $input) { userErrors { code } } }"
DELETE = "mutation($input: AiKeyDeleteInput!) { aiKeyDelete(input: $input) { userErrors { code } } }"


async def test_a_key_is_set_listed_and_forgotten_and_never_shown(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    by = {"id": encode("user", tenant.owner_user.id)}

    one = await act(owner, "aiKeySet", "AiKeySetInput", SHOWN, provider="GROQ", key=KEY)
    two = await act(owner, "aiKeySet", "AiKeySetInput", SHOWN, provider="ANTHROPIC", key=KEY[:-1] + "X")
    listed = await owner.execute(LIST)
    log = await owner.execute("{ auditLog { nodes { action subject changes } } }")
    gone = await act(owner, "aiKeyDelete", "AiKeyDeleteInput", "deletedProvider", provider="GROQ")
    left = await owner.execute(LIST)

    assert one["aiKey"] | {"updatedAt": None} == {
        "provider": "GROQ",
        "hint": "p8Ab",
        "updatedAt": None,
        "createdBy": by,
    }
    assert listed.data["aiKeys"] == [two["aiKey"], one["aiKey"]]
    assert gone == {"deletedProvider": "GROQ", "userErrors": []}
    assert [each["provider"] for each in left.data["aiKeys"]] == ["ANTHROPIC"]
    noted = next(each for each in log.data["auditLog"]["nodes"] if each["action"] == "ai_key.set")
    assert noted["changes"]["provider"] == {"before": None, "after": "ANTHROPIC"}
    for said in (one, two, listed.body, log.body, gone, left.body):
        assert KEY[:-4] not in str(said)


async def test_what_is_refused_does_not_repeat_the_key(door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)

    short = await act(owner, "aiKeySet", "AiKeySetInput", SHOWN, provider="GROQ", key="x y z secret")
    ollama = await act(owner, "aiKeySet", "AiKeySetInput", SHOWN, provider="OLLAMA", key=KEY)
    missing = await act(owner, "aiKeyDelete", "AiKeyDeleteInput", provider="GROQ")
    wrong = await owner.execute(SET, {"input": {"provider": KEY, "key": KEY}})

    assert refusals(short) == [("KEY_INVALID", ["key"])]
    assert refusals(ollama) == [("PROVIDER_KEYLESS", ["provider"])]
    assert refusals(missing) == [("NOT_FOUND", ["provider"])]
    assert wrong.code == "BAD_USER_INPUT"
    assert KEY not in str([ollama, wrong.body])
    assert "x y z secret" not in str(short)


async def test_a_key_is_neither_logged_nor_kept_for_the_request_that_is_sent_again(
    door: Door, database: Database, tenant: Tenant
) -> None:
    owner = await door.as_(tenant.owner)
    body = orjson.dumps({"query": SET, "variables": {"input": {"provider": "GROQ", "key": KEY}}})

    with capture_logs() as logged:
        replies = [await owner.post(body, **{"idempotency-key": "once"}) for _ in range(2)]

    assert [each.json()["data"]["aiKeySet"]["userErrors"] for each in replies] == [[], []]
    assert KEY not in str(logged)
    async with database.read(tenant.workspace_id) as session:
        own = select(func.count()).where(IdempotencyKey.workspace_id == tenant.workspace_id)
        assert await session.scalar(own) == 0


async def test_a_members_keys_are_not_theirs_to_see_or_set(ground: Ground, door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    await act(owner, "aiKeySet", "AiKeySetInput", SHOWN, provider="GROQ", key=KEY)
    member = await door.as_(await join(ground, tenant, Role.MEMBER))

    assert (await member.execute(LIST)).code == "FORBIDDEN"
    assert (await member.execute(SET, {"input": {"provider": "GROQ", "key": KEY}})).code == "FORBIDDEN"
    assert (await member.execute(DELETE, {"input": {"provider": "GROQ"}})).code == "FORBIDDEN"


async def test_another_workspace_sees_and_forgets_its_own_only(
    door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    owner, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    await act(owner, "aiKeySet", "AiKeySetInput", SHOWN, provider="GROQ", key=KEY)

    forgotten = await act(other, "aiKeyDelete", "AiKeyDeleteInput", provider="GROQ")

    assert refusals(forgotten) == [("NOT_FOUND", ["provider"])]
    assert (await other.execute(LIST)).data["aiKeys"] == []
    assert len((await owner.execute(LIST)).data["aiKeys"]) == 1
