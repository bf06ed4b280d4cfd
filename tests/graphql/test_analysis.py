"""What a text says, through the door and without a key."""

from typing import Any

import pytest

from core.ground import Ground
from models import Role
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

SENTIMENT = """query ($text: String!) { analyzeSentiment(text: $text) {
  label score confidence emotions { emotion confidence } provider method generated } }"""
INTENT = """query ($text: String!) { classifyIntent(text: $text) {
  intent confidence candidates { intent confidence } subIntents provider method generated } }"""
ENTITIES = """query ($text: String!) { extractEntities(text: $text) {
  text entities { kind text start end value amountMinor currency } provider method generated } }"""
SMART = """query ($messages: [ConversationMessageInput!]!) { smartReplies(messages: $messages) { text } }"""
LOCAL = {"provider": "local", "generated": False}


@pytest.fixture
async def asking(door: Door, tenant: Tenant) -> Door:
    return await door.as_(tenant.owner)


async def asked(door: Door, query: str, text: str) -> Any:
    (found,) = (await door.execute(query, {"text": text})).data.values()
    assert {name: found[name] for name in LOCAL} == LOCAL
    return found


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Adorei o atendimento, vocês são maravilhosos!", "POSITIVE"),
        ("Estou muito decepcionada, o produto chegou quebrado e ninguém me responde.", "NEGATIVE"),
        ("I love it, thank you so much!", "POSITIVE"),
    ],
)
async def test_a_mood_is_told(asking: Door, text: str, label: str) -> None:
    found = await asked(asking, SENTIMENT, text)

    assert found["label"] == label
    assert (found["score"] > 0.5) is (label == "POSITIVE")
    assert 0 < found["confidence"] <= 1


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Quanto custa o bolo de chocolate?", "PRICING"),
        ("Bom dia!", "GREETING"),
        ("Meu pedido chegou errado e quero reclamar", "COMPLAINT"),
    ],
)
async def test_a_purpose_is_told_with_what_else_it_may_be(asking: Door, text: str, intent: str) -> None:
    found = await asked(asking, INTENT, text)

    assert found["intent"] == found["candidates"][0]["intent"] == intent
    assert [each["confidence"] for each in found["candidates"]] == sorted(
        (each["confidence"] for each in found["candidates"]), reverse=True
    )


async def test_what_a_text_names_is_found_where_it_stands(asking: Door) -> None:
    found = await asked(asking, ENTITIES, "  Oi, sou a Ana: (11) 98765-4321. Paguei R$ 1.234,50 no pedido 48291  ")

    text = found["text"]
    by_kind = {each["kind"]: each for each in found["entities"]}
    assert all(text[each["start"] : each["end"]] == each["text"] for each in found["entities"])
    assert by_kind["PHONE"]["value"] == "+5511987654321"
    assert (by_kind["MONEY"]["amountMinor"], by_kind["MONEY"]["currency"]) == ("123450", "BRL")
    assert by_kind["ORDER"]["text"] == "48291"
    assert "PERSON" in by_kind


@pytest.mark.parametrize("marks", ["\u202a\u202c", "\u2066\u2069"], ids=["embedding", "isolate"])
async def test_a_number_that_was_copied_out_of_an_address_book_is_read(asking: Door, marks: str) -> None:
    found = await asked(asking, ENTITIES, f"liga pra mim: {marks[0]}+55 11 98765-4321{marks[1]}, por favor")
    message = {"fromCustomer": True, "text": f"meu número é {marks[0]}+55 11 98765-4321{marks[1]}"}
    replies = await asking.execute(SMART, {"messages": [message]})

    (phone,) = [each for each in found["entities"] if each["kind"] == "PHONE"]
    assert phone["value"] == "+5511987654321"
    assert found["text"][phone["start"] : phone["end"]] == phone["text"]
    assert replies.data["smartReplies"]


@pytest.mark.parametrize("query", [SENTIMENT, INTENT, ENTITIES])
@pytest.mark.parametrize("text", ["", " \n ", "x" * 5_001, "a\x00b"], ids=["empty", "blank", "long", "NUL"])
async def test_what_is_no_text_is_refused(asking: Door, query: str, text: str) -> None:
    reply = await asking.execute(query, {"text": text})

    assert reply.code in ("REQUIRED", "TOO_LONG", "TEXT_INVALID")
    assert reply.body["errors"][0]["extensions"]["field"] == ["text"]


async def test_a_workspace_that_wants_no_suggestions_gets_none(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    turn = "mutation { settingsUpdate(input: { ai: { enabled: false } }) { userErrors { code } } }"
    await asking.mutate(turn)
    member = await door.as_(await join(ground, tenant, Role.MEMBER))

    codes = [(await member.execute(query, {"text": "Bom dia"})).code for query in (SENTIMENT, INTENT, ENTITIES)]

    assert codes == ["AI_DISABLED"] * 3
