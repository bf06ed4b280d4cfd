"""Keys make providers, and an Ollama counts only when it answers."""

import httpx

from ai.catalogue import catalogue
from ai.provider import complete
from ai.providers import make_providers, open_client, reachable, server_credentials
from core.settings import Ai
from tests.ai.test_drivers import QUESTION
from tests.fakes.providers.server import ProviderServer
from tests.fakes.providers.wire import WIRES, Answer

KEYS = {
    "openai_api_key": "k1",
    "anthropic_api_key": "k2",
    "google_ai_api_key": "k3",
    "groq_api_key": "k4",
    "mistral_api_key": "k5",
    "cohere_api_key": "k6",
    "together_api_key": "k7",
    "ollama_base_url": "http://127.0.0.1:9",
}


async def test_every_key_makes_its_provider() -> None:
    settings = Ai.model_validate(KEYS)
    async with open_client() as client:
        providers = make_providers(server_credentials(settings), client)

    assert set(providers) == set(catalogue().providers) == set(settings.configured())
    assert {each.name for each in providers.values()} == set(providers)
    assert len({each.scope for each in providers.values()}) == len(providers)


def test_without_keys_there_is_none() -> None:
    assert server_credentials(Ai()) == {}


async def test_an_ollama_that_does_not_answer_is_not_configured(client: httpx.AsyncClient) -> None:
    given = server_credentials(Ai.model_validate(KEYS))

    found, known = await reachable(given, client)

    assert set(found) == set(given) - {"ollama"}
    assert known.of("ollama") == catalogue().of("ollama")
    assert known.providers == catalogue().providers
    assert known.of("openai") == catalogue().of("openai")


async def test_an_ollama_that_answers_has_its_own_models_at_no_cost(client: httpx.AsyncClient) -> None:
    async with ProviderServer(WIRES["ollama"]).running() as server:
        given = server_credentials(Ai.model_validate({"ollama_base_url": f"{server.url}/"}))

        found, known = await reachable(given, client)
        completion = await complete(make_providers(found, client)["ollama"], QUESTION.to(known.of("ollama")[1]))

        assert completion.text == Answer().text
        assert completion.usage.micro_usd == 0
        assert server.received[-1].body["model"] == "qwen3:4b"
