"""Keys make providers, and an Ollama counts only when it answers."""

import httpx
from pydantic import SecretStr

from ai.breaker import Breaker
from ai.catalogue import catalogue
from ai.failover import Failover
from ai.fleet import Fleet
from ai.health import Health
from ai.provider import Credential, complete
from ai.providers import make_providers, open_client, reachable, server_addresses, server_credentials
from core.ground import Ground
from core.settings import Ai
from core.voice import Voice
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


async def test_a_workspaces_own_key_goes_where_the_servers_operator_says_that_its_provider_is(ground: Ground) -> None:
    async with ProviderServer(WIRES["openai"]).running() as server, open_client() as client:
        settings = Ai.model_validate({"openai_base_url": server.url, "anthropic_api_key": "k2"})
        breaker, health = Breaker(ground.redis, Voice("redis://127.0.0.1:9", "none")), Health(ground.redis)
        fleet = Fleet(
            client,
            Failover(breaker, health),
            server_credentials(settings),
            addresses=server_addresses(settings),
        )
        own = {"openai": Credential(secret=SecretStr("theirs")), "groq": Credential(secret=SecretStr("other"))}

        completion = await complete(fleet.providers(own)["openai"], QUESTION.to(catalogue().of("openai")[0]))

        assert completion.text == Answer().text
        assert server.received[-1].headers["authorization"] == "Bearer theirs"
        moderated = fleet.credential("openai", own)
        assert moderated is not None
        assert moderated.address == settings.openai_base_url
        assert fleet.credential("groq", own) == own["groq"]
        assert fleet.providers({}) == fleet.shared
