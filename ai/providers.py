"""The providers that can be asked, made from their keys: the one place that knows which driver is whose.

A provider costs nothing to make, so that each workspace may have its own keys: the connections are shared.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx
from pydantic import SecretStr

from ai.catalogue import Catalogue, catalogue
from ai.client import Translated, warm
from ai.drivers.anthropic import ANTHROPIC
from ai.drivers.cohere import Cohere
from ai.drivers.google import GOOGLE
from ai.drivers.openai_shaped import DIALECTS, OpenAiShaped, local_models
from ai.provider import Credential, Patience, Provider
from core.settings import Ai

_OLLAMA: Final = "ollama"
_TRANSLATED: Final = {each.name: each for each in (ANTHROPIC, GOOGLE)}
_POOL: Final = httpx.Limits(max_connections=500, max_keepalive_connections=100, keepalive_expiry=60.0)


@asynccontextmanager
async def open_client() -> AsyncGenerator[httpx.AsyncClient]:
    """Open the HTTP client that all drivers share. It follows no redirect: a key goes nowhere else."""
    async with httpx.AsyncClient(limits=_POOL, follow_redirects=False) as client:
        yield client


def make_provider(
    name: str, credential: Credential, client: httpx.AsyncClient, patience: Patience | None = None
) -> Provider:
    """Return a provider by its name in the catalogue.

    Raises:
        KeyError: there is no such provider.
    """
    known = patience or Patience()
    if name in _TRANSLATED:
        return Translated(wire=_TRANSLATED[name], client=client, credential=credential, patience=known)
    if name == "cohere":
        return Cohere(client=client, credential=credential, patience=known)
    return OpenAiShaped(dialect=DIALECTS[name], client=client, credential=credential, patience=known)


def server_credentials(settings: Ai) -> dict[str, Credential]:
    """Return the keys that this server was given, by provider, with the addresses where they are asked elsewhere."""
    found = {
        name: Credential(secret=key, address=address)
        for name, (key, address) in _given(settings).items()
        if key is not None
    }
    if settings.ollama_base_url is not None:
        found[_OLLAMA] = Credential(address=settings.ollama_base_url)
    return found


def server_addresses(settings: Ai) -> dict[str, str]:
    """Return where this server asks the providers that have keys, by name; without those at their own addresses."""
    return {name: address for name, (_, address) in _given(settings).items() if address is not None}


def make_providers(
    credentials: Mapping[str, Credential], client: httpx.AsyncClient, patience: Patience | None = None
) -> dict[str, Provider]:
    """Return the providers of these keys, by name."""
    return {name: make_provider(name, credential, client, patience) for name, credential in credentials.items()}


async def reachable(
    credentials: Mapping[str, Credential], client: httpx.AsyncClient
) -> tuple[dict[str, Credential], Catalogue]:
    """Return the keys that count as configured, and the catalogue that holds with them.

    An Ollama counts when it answers within a second, with the models that it says it has. All others are taken at their
    word: to ask costs money, and their circuits tell.
    """
    found, known = dict(credentials), catalogue()
    ollama = credentials.get(_OLLAMA)
    if ollama is not None:
        names = await local_models(client, ollama.address or DIALECTS[_OLLAMA].root)
        if names:
            known = known.with_local(_OLLAMA, names)
        else:
            del found[_OLLAMA]
    return found, known


async def warm_up(credentials: Mapping[str, Credential]) -> None:
    """Load what the first call would have to wait for, in a thread. Does nothing without a provider that needs it."""
    if credentials.keys() & _TRANSLATED.keys():
        await warm()


def _given(settings: Ai) -> dict[str, tuple[SecretStr | None, str | None]]:
    return {
        "openai": (settings.openai_api_key, settings.openai_base_url),
        "anthropic": (settings.anthropic_api_key, settings.anthropic_base_url),
        "google": (settings.google_ai_api_key, settings.google_ai_base_url),
        "groq": (settings.groq_api_key, settings.groq_base_url),
        "mistral": (settings.mistral_api_key, settings.mistral_base_url),
        "cohere": (settings.cohere_api_key, settings.cohere_base_url),
        "together": (settings.together_api_key, settings.together_base_url),
    }
