"""Suggestions through the door."""

from typing import Any

from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from tests.fixtures.asked import suggest
from tests.fixtures.contacts import make
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

SHOWN = """id feature state asked text finalText provider model generated persona language intent confidence
  costMicroUsd accepted decidedAt user { id } contact { name }"""
TELL = f"""mutation ($input: SuggestionFeedbackInput!) {{ suggestionFeedback(input: $input) {{
  suggestion {{ {SHOWN} }} userErrors {{ code field }} }} }}"""
LIST = "query ($filter: SuggestionFilter) { suggestions(filter: $filter) { totalCount nodes { text } } }"
ACCEPTANCE = """query ($groupBy: [AiAcceptanceGroup!]!, $period: AiUsagePeriodInput) {
  aiAcceptance(groupBy: $groupBy, period: $period) { from to truncated
    totals { offered acceptanceRate costPerAcceptedMicroUsd medianEditDistance }
    rows { keys { feature model persona } offered shown accepted edited rejected acceptanceRate
      costPerAcceptedMicroUsd medianEditDistance } } }"""


async def tell(asking: Door, key: str, state: str, text: str | None = None) -> Any:
    return await asking.mutate(TELL, {"input": {"suggestionId": key, "state": state, "finalText": text}})


async def test_what_became_of_a_suggestion_is_told_and_shown(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    mine = {"contact_id": contact.id, "user_id": tenant.owner.user_id, "micro_usd": 9}
    (made,) = await suggest(database, tenant.workspace_id, mine)
    asking, key = await door.as_(tenant.owner), encode("suggestion", made)

    await tell(asking, key, "SHOWN")
    edited = (await tell(asking, key, "EDITED", "Custa R$ 12,00."))["suggestion"]
    late = (await tell(asking, key, "SHOWN"))["suggestion"]

    assert (edited["state"], edited["finalText"], edited["accepted"]) == ("EDITED", "Custa R$ 12,00.", True)
    assert (edited["model"], edited["generated"], edited["costMicroUsd"]) == ("groq/llama", True, "9")
    assert (edited["contact"], edited["user"]) == ({"name": "Ana"}, {"id": encode("user", tenant.owner_user.id)})
    assert late == edited


async def test_what_is_refused_is_told(door: Door, database: Database, tenant: Tenant, other_tenant: Tenant) -> None:
    (own,) = await suggest(database, tenant.workspace_id, {})
    (theirs,) = await suggest(database, other_tenant.workspace_id, {})
    asking = await door.as_(tenant.owner)

    without = await tell(asking, encode("suggestion", own), "EDITED")
    foreign = await tell(asking, encode("suggestion", theirs), "USED")
    unknown = await tell(asking, encode("suggestion", uuid7()), "USED")

    assert without["userErrors"] == [{"code": "REQUIRED", "field": ["finalText"]}]
    assert foreign["userErrors"] == unknown["userErrors"] == [{"code": "NOT_FOUND", "field": ["suggestionId"]}]


async def test_suggestions_are_listed_by_state_and_contact(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    await suggest(
        database, tenant.workspace_id,
        {"text": "A", "state": "used"}, {"text": "B", "contact_id": contact.id}, {"text": "C"},
    )  # fmt: skip
    asking = await door.as_(tenant.owner)

    async def listed(**given: Any) -> set[str]:
        found = (await asking.execute(LIST, {"filter": given})).data["suggestions"]
        return {each["text"] for each in found["nodes"]}

    assert await listed() == {"A", "B", "C"}
    assert await listed(state={"eq": "USED"}) == {"A"}
    assert await listed(contact={"eq": encode("contact", contact.id)}) == {"B"}
    assert await listed(feature={"ne": "COPILOT"}) == set()
    assert await listed(at={"lt": "2026-01-01T00:00:00Z"}) == set()


async def test_acceptance_is_told_by_model(ground: Ground, door: Door, database: Database, tenant: Tenant) -> None:
    taken = {"is_accepted": True, "state": "edited", "text": "um dois", "final_text": "um três", "micro_usd": 10}
    await suggest(database, tenant.workspace_id, taken, {"is_accepted": None})
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    found = (await viewer.execute(ACCEPTANCE, {"groupBy": ["MODEL"], "period": {"preset": "TODAY"}})).data
    refused = await viewer.execute(ACCEPTANCE, {"groupBy": []})

    (row,) = found["aiAcceptance"]["rows"]
    assert row == {
        "keys": {"feature": None, "model": "groq/llama", "persona": None},
        "offered": 2, "shown": 1, "accepted": 1, "edited": 1, "rejected": 0,
        "acceptanceRate": 1.0, "costPerAcceptedMicroUsd": "10", "medianEditDistance": 0.5,
    }  # fmt: skip
    assert found["aiAcceptance"]["totals"]["offered"] == 2
    assert (refused.code, refused.body["errors"][0]["extensions"]["field"]) == ("INVALID", ["groupBy"])
    assert (await viewer.execute(LIST)).code == "FORBIDDEN"
