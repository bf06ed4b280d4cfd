"""OpenAI's moderation, asked over the wire: what its categories mean here, and what happens when it says nothing."""

import time
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from pydantic import SecretStr

from ai.errors import FailureKind, ProviderFailed
from ai.provider import Credential
from ai.safety import Category, Verdict
from ai.safety.moderation import Moderator
from tests.fakes.providers.server import Judgement, ProviderServer
from tests.fakes.providers.wire import OPENAI

TEXT = "Oi, aqui é [NOME_1]"


@pytest.fixture
async def openai() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(OPENAI).running() as server:
        yield server


@pytest.fixture
async def moderator() -> AsyncIterator[Moderator]:
    async with httpx.AsyncClient() as client:
        yield Moderator(client)


def key(server: ProviderServer, name: str = "sk-test") -> Credential:
    return Credential(secret=SecretStr(name), address=f"{server.url}/v1")


@pytest.mark.parametrize(
    ("flags", "verdict", "categories"),
    [
        ({}, Verdict.ALLOW, set()),
        ({"harassment": 0.99, "violence": 0.9}, Verdict.FLAG, {Category.PROFANITY, Category.VIOLENCE}),
        ({"self-harm/intent": 0.99}, Verdict.FLAG, {Category.SELF_HARM}),
        ({"illicit/violent": 0.8}, Verdict.BLOCK, {Category.WEAPONS}),
        ({"illicit": 0.4}, Verdict.FLAG, {Category.FRAUD}),
        ({"illicit": 0.6}, Verdict.BLOCK, {Category.FRAUD}),
        ({"sexual/minors": 0.2, "sexual": 0.7}, Verdict.BLOCK, {Category.SEXUAL_MINORS, Category.SEXUAL}),
    ],
)
async def test_what_is_flagged_stops_what_the_rules_would_stop(
    openai: ProviderServer,
    moderator: Moderator,
    flags: Mapping[str, float],
    verdict: Verdict,
    categories: set[Category],
) -> None:
    openai.judgement = Judgement(flags=flags)

    found = await moderator.judge(TEXT, key(openai))

    assert found is not None
    assert (found.verdict, set(found.categories)) == (verdict, categories)
    (asked,) = openai.judged
    assert (asked.path, asked.body) == ("/v1/moderations", {"model": "omni-moderation-latest", "input": TEXT})
    assert asked.headers["authorization"] == "Bearer sk-test"


@pytest.mark.parametrize(
    ("judgement", "kind"),
    [
        (Judgement(status=401), FailureKind.AUTH),
        (Judgement(status=404), FailureKind.MISSING),
        (Judgement(status=429), FailureKind.RATE_LIMITED),
        (Judgement(status=503), FailureKind.OVERLOADED),
        (Judgement(delay=60.0), FailureKind.TIMEOUT),
        (Judgement(body={"results": []}), FailureKind.GARBLED),
        (Judgement(body={"results": [{"categories": {}, "more": "x" * 200_000}]}), FailureKind.GARBLED),
    ],
)
async def test_a_key_that_gets_no_verdict_is_left_alone_for_a_while(
    openai: ProviderServer, moderator: Moderator, judgement: Judgement, kind: FailureKind
) -> None:
    openai.judgement = judgement
    began = time.perf_counter()

    with pytest.raises(ProviderFailed) as caught:
        await moderator.judge(TEXT, key(openai))
    again = await moderator.judge(TEXT, key(openai))

    assert (caught.value.kind, again, len(openai.judged)) == (kind, None, 1)
    assert time.perf_counter() - began < 2.5
    assert "sk-test" not in str(caught.value)
    openai.judgement = Judgement()
    assert await moderator.judge(TEXT, key(openai, "sk-another")) is not None


async def test_a_server_that_is_not_there_is_unreachable(moderator: Moderator) -> None:
    with pytest.raises(ProviderFailed) as caught:
        await moderator.judge(TEXT, Credential(secret=SecretStr("k"), address="http://127.0.0.1:1"))

    assert caught.value.kind is FailureKind.UNREACHABLE
