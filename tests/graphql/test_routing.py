"""Which models there are, which of them would be asked, and what they would see, through the door: nothing is asked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from ai.provider import Credential
from core.ground import Ground
from tests.fixtures.door import Door, serving
from tests.fixtures.fleets import assisted
from tests.fixtures.tenants import Tenant

KEYS = {name: Credential(secret=SecretStr(f"key-of-{name}")) for name in ("openai", "groq")}
PROVIDERS = "{ aiProviders { name configured ownKey allowed models { id state } } }"
EXPLAIN = """query ($strategy: RoutingStrategy, $model: String, $question: RouteQuestionInput) {
  aiRouteExplain(strategy: $strategy, model: $model, question: $question) {
    strategy candidates { model score costMicroUsd open terms { price } } refused { model reason } } }"""
PREVIEW = "query ($text: String!) { piiPreview(text: $text) { text masks places { kind start end token } } }"
NARROW = """mutation { settingsUpdate(input: { ai: { providers: [OPENAI] } }) { userErrors { code } } }"""


@pytest.fixture
async def asking(ground: Ground, redis_url: str, tenant: Tenant) -> AsyncIterator[Door]:
    """A client of a server that has keys of two providers."""
    async with (
        assisted(ground, redis_url, KEYS) as assistant,
        serving(ground, assistant=assistant) as address,
        Door.open(address, ground) as door,
    ):
        yield await door.as_(tenant.owner)


async def test_all_providers_are_listed_with_what_the_workspace_may_ask(asking: Door) -> None:
    await asking.mutate(NARROW)

    found = {each["name"]: each for each in (await asking.execute(PROVIDERS)).data["aiProviders"]}

    assert {name for name, each in found.items() if each["configured"]} == set(KEYS)
    assert {name for name, each in found.items() if each["allowed"]} == {"openai"}
    assert not any(each["ownKey"] for each in found.values())
    assert all(one["id"].startswith(f"{name}/") for name, each in found.items() for one in each["models"])


async def test_a_route_tells_who_would_be_asked_first_and_why_the_others_are_not(asking: Door) -> None:
    cheap = (await asking.execute(EXPLAIN, {"strategy": "COST_OPTIMIZED"})).data["aiRouteExplain"]
    named = (await asking.execute(EXPLAIN, {"strategy": "COST_OPTIMIZED", "model": "openai"})).data["aiRouteExplain"]
    await asking.mutate(NARROW)
    narrow = (await asking.execute(EXPLAIN, {})).data["aiRouteExplain"]

    assert [each["model"].split("/")[0] for each in cheap["candidates"]] == ["groq", "openai"]
    prices = [each["terms"]["price"] for each in cheap["candidates"]]
    assert prices == sorted(prices, reverse=True)
    assert [each["model"].split("/")[0] for each in named["candidates"]] == ["openai", "groq"]
    refused = {each["model"].split("/")[0]: each["reason"] for each in narrow["refused"]}
    assert refused["groq"] == "NOT_ALLOWED"
    assert {reason for name, reason in refused.items() if name not in KEYS} == {"NOT_CONFIGURED"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"model": "nobody/nothing"}, ["model"]),
        ({"question": {"inputTokens": 0}}, ["question", "inputTokens"]),
        ({"question": {"outputTokens": 1_000_001}}, ["question", "outputTokens"]),
    ],
)
async def test_what_no_route_can_be_told_for_says_where_it_stands(asking: Door, given: Any, field: list[str]) -> None:
    reply = await asking.execute(EXPLAIN, given)

    assert (reply.code, reply.errors[0]["extensions"]["field"]) == ("INVALID", field)


async def test_a_preview_shows_what_a_provider_would_see(asking: Door) -> None:
    text = "Me liga no (11) 98765-4321, por favor"

    found = (await asking.execute(PREVIEW, {"text": text})).data["piiPreview"]

    (place,) = found["places"]
    assert (place["kind"], text[place["start"] : place["end"]]) == ("PHONE", "(11) 98765-4321")
    assert found["text"] == text.replace("(11) 98765-4321", place["token"])
    assert found["masks"]
