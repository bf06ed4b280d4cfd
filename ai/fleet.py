"""All that asks models in one process: the providers that this server has keys for, and what is known of their models.

A workspace's own keys are added for a call: a provider costs nothing to make, and the connections are shared.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import httpx
import structlog
from redis.asyncio import Redis

from ai.breaker import Breaker
from ai.catalogue import Catalogue, catalogue
from ai.failover import Failover
from ai.health import Health
from ai.provider import Credential, Patience, Provider
from ai.providers import make_providers, open_client, reachable, server_addresses, server_credentials, warm_up
from ai.run import Limits
from ai.safety.moderation import Moderator
from core.settings import Ai
from core.voice import Voice

_LOOK: Final = 30.0
_STOP: Final = 2.0
_CHANNEL: Final = "whatshybrid:circuits"
_LIMITS: Final = Limits(hedge_after=4.0)

log = structlog.stdlib.get_logger(__name__)


class Fleet:
    """The providers of a process. Open it with `open_fleet`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        failover: Failover,
        given: Mapping[str, Credential],
        patience: Patience | None = None,
        addresses: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.client = client
        self.failover = failover
        self.moderator = Moderator(client)
        self.catalogue: Catalogue = catalogue()
        self._given = dict(given)
        self._patience = patience
        self._addresses = addresses
        self._shared: dict[str, Provider] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def shared(self) -> Mapping[str, Provider]:
        """The providers that the server itself has keys for."""
        return self._shared

    def providers(self, own: Mapping[str, Credential]) -> Mapping[str, Provider]:
        """Return the providers that can be asked with a workspace's own keys, which go before the server's."""
        if not own:
            return self._shared
        here = {name: self._at_home(name, each) for name, each in own.items()}
        return {**self._shared, **make_providers(here, self.client, self._patience)}

    def credential(self, provider: str, own: Mapping[str, Credential]) -> Credential | None:
        """Return the key that a provider is asked with: a workspace's own before the server's."""
        theirs = own.get(provider)
        return self._given.get(provider) if theirs is None else self._at_home(provider, theirs)

    def _at_home(self, provider: str, own: Credential) -> Credential:
        """Return a workspace's key for where the server's operator says that the provider is asked, nowhere else."""
        return replace(own, address=self._addresses.get(provider))

    async def start(self) -> None:
        """Look which providers can be asked, now and every half minute: an Ollama comes and goes."""
        await self.look()
        self._task = asyncio.create_task(self._keep(), name="fleet")

    async def stop(self) -> None:
        """Look no more, and wait for what is still to be noted."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_STOP)
        await self.failover.stop()

    async def look(self) -> None:
        """Look once which providers can be asked."""
        found, self.catalogue = await reachable(self._given, self.client)
        if found.keys() != self._shared.keys():
            log.info("model providers", configured=sorted(found))
        self._shared = make_providers(found, self.client, self._patience)

    async def _keep(self) -> None:
        try:
            await warm_up(self._given)
        except Exception:
            # the first call loads it then, and tells whoever asks
            log.exception("what model providers need could not be loaded")
        while True:
            await asyncio.sleep(_LOOK)
            await self.look()


@asynccontextmanager
async def open_fleet(settings: Ai, redis: Redis, redis_url: str) -> AsyncGenerator[Fleet]:
    """Open everything, and close it in the opposite order. Waits a second at most, for an Ollama."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client())
        breaker, health = Breaker(redis, Voice(redis_url, _CHANNEL)), Health(redis)
        await breaker.start()
        stack.push_async_callback(breaker.stop)
        await health.start()
        stack.push_async_callback(health.stop)
        failover, given = Failover(breaker, health, _LIMITS), server_credentials(settings)
        fleet = Fleet(client, failover, given, addresses=server_addresses(settings))
        await fleet.start()
        stack.push_async_callback(fleet.stop)
        yield fleet
