"""Scores of leads through the door."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from models import LeadScore, Role
from tests.fixtures.contacts import make
from tests.fixtures.door import Door
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import Tenant, join

SCORE = """query ($contactId: ID!, $messages: [ConversationMessageInput!], $first: Int! = 20) {
  leadScore(contactId: $contactId, messages: $messages) {
    score recommendation reasons provider method generated factors { name points most known }
    history(first: $first) { score at } } }"""
CONTACT = """query ($id: ID!, $last: Int! = 10) { contact(id: $id) {
  leadScores(last: $last) { score recommendation reasons provider factors { name points most known } } } }"""


async def keep(database: Database, tenant: Tenant, contact_id: Any, *scores: int) -> None:
    """Write scores down, the last first, in place of those that the contact has."""
    rows = [
        LeadScore(
            workspace_id=tenant.workspace_id, contact_id=contact_id, score=score, recommendation="cold", factors={},
            reasons=[], provider="local", at=clock.now() - timedelta(minutes=n),
        )
        for n, score in enumerate(scores)
    ]  # fmt: skip
    async with database.write(tenant.workspace_id) as session:
        await session.execute(sa.delete(LeadScore).where(LeadScore.contact_id == contact_id))
        session.add_all(rows)


async def test_a_score_is_told_with_its_factors_and_its_history(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana", company="Padaria", position="Gerente")
    await keep(database, tenant, contact.id, 61, 52, 50)
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))
    given = {"contactId": encode("contact", contact.id), "first": 2}

    found = (await viewer.execute(SCORE, given)).data["leadScore"]

    assert (found["score"], found["recommendation"], found["reasons"]) == (61, "WARM", [])
    assert (found["provider"], found["method"], found["generated"]) == ("local", "RULES", False)
    assert [each["score"] for each in found["history"]] == [61, 52]
    assert [each["name"] for each in found["factors"]] == [
        "purchase_intent", "position", "response_time", "engagement", "sentiment", "company",
    ]  # fmt: skip
    assert found["factors"][1] == {"name": "position", "points": 14, "most": 16, "known": True}
    assert sum(each["points"] for each in found["factors"]) == found["score"]


async def test_messages_count_and_are_not_kept(ground: Ground, door: Door, tenant: Tenant) -> None:
    contact = encode("contact", (await make(ground, tenant.owner, name="Ana")).id)
    asking = await door.as_(tenant.owner)
    messages = [{"fromCustomer": True, "text": "Quero comprar! Pode fechar o pedido, por favor."}]

    found = (await asking.execute(SCORE, {"contactId": contact, "messages": messages})).data["leadScore"]

    known = {each["name"] for each in found["factors"] if each["known"]}
    assert known == {"purchase_intent", "sentiment"}
    assert (found["score"] > 60, [each["score"] for each in found["history"]]) == (True, [50])


async def test_what_is_refused_is_told(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    own, theirs = [
        encode("contact", (await make(ground, each.owner, name="Ana")).id) for each in (tenant, other_tenant)
    ]
    asking = await door.as_(tenant.owner)
    message = {"fromCustomer": True, "text": "oi"}

    async def refusal(**given: Any) -> tuple[Any, Any]:
        reply = await asking.execute(SCORE, {"contactId": own, **given})
        return reply.code, reply.body["errors"][0]["extensions"].get("field")

    unknown = [await refusal(contactId=each) for each in (theirs, encode("contact", uuid7()), "x")]
    assert unknown == [("NOT_FOUND", ["contactId"])] * 3
    assert await refusal(messages=[message] * 21) == ("TOO_MANY", ["messages"])
    assert await refusal(messages=[message, {**message, "text": " "}]) == ("REQUIRED", ["messages", "1", "text"])
    assert await refusal(first=101) == ("BAD_PAGE_SIZE", ["first"])


async def test_a_contact_shows_its_scores(ground: Ground, door: Door, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana", company="Padaria")
    asking = await door.as_(tenant.owner)

    (shown,) = (await asking.execute(CONTACT, {"id": encode("contact", contact.id)})).data["contact"]["leadScores"]

    assert (shown["score"], shown["recommendation"], shown["provider"]) == (55, "COLD", "local")
    assert shown["factors"][-1] == {"name": "company", "points": 10, "most": 10, "known": True}
    assert sum(each["points"] for each in shown["factors"]) == 55


async def test_the_scores_of_a_page_of_contacts_take_one_statement(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    for number in range(3):
        contact = await make(ground, tenant.owner, name=f"Ana {number}")
        await keep(database, tenant, contact.id, 60 + number, 50)
    asking = await door.as_(tenant.owner)

    with sent_to(database) as sent:
        reply = await asking.execute("{ contacts { nodes { leadScores(last: 1) { score } } } }")

    found = [each["leadScores"] for each in reply.data["contacts"]["nodes"]]
    assert found == [[{"score": 62}], [{"score": 61}], [{"score": 60}]]
    assert len([each for each in sent if "lead_scores" in each]) == 1


@pytest.mark.parametrize("last", [0, 101])
async def test_a_contact_shows_a_hundred_scores_at_most(ground: Ground, door: Door, tenant: Tenant, last: int) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    asking = await door.as_(tenant.owner)

    assert (await asking.execute(CONTACT, {"id": encode("contact", contact.id), "last": last})).code == "BAD_PAGE_SIZE"
