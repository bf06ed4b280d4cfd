"""The document store: one client of a MongoDB-wire server. What is kept in it is declared in `models/documents/`."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

from core.errors import Unavailable

DATABASE: Final = "whatshybrid"
_TIMEOUT_MS: Final = 3_000
_CHECKED: Final = 1.9
_CLOSE: Final = 3.0


class DocumentsAway(Unavailable):
    """The document store does not answer right now: try again."""


class _Checks(ServerHeartbeatListener):
    """Knows which servers the client is asking for a sign of life."""

    def __init__(self) -> None:
        self._running: set[object] = set()
        self._ended = asyncio.Event()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        # an awaited one has its connection, and waits there for news for ten seconds
        if not event.awaited:
            self._running.add(event.connection_id)
            self._ended.clear()

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        self._end(event.connection_id)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        self._end(event.connection_id)

    async def ended(self) -> None:
        """Wait until no server is being asked."""
        while self._running:
            await self._ended.wait()

    def _end(self, address: object) -> None:
        self._running.discard(address)
        if not self._running:
            self._ended.set()


class Documents:
    """The client. It connects when it is first used."""

    def __init__(self, url: str) -> None:
        self._checks = _Checks()
        self.client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            url,
            tz_aware=True,
            connect=False,
            uuidRepresentation="standard",
            serverSelectionTimeoutMS=_TIMEOUT_MS,
            connectTimeoutMS=_TIMEOUT_MS,
            timeoutMS=_TIMEOUT_MS,
            event_listeners=[self._checks],
        )

    async def ping(self) -> None:
        """Ask the server for a sign of life.

        Raises:
            DocumentsAway: it gave none.
        """
        try:
            await self.client.admin.command("ping")
        except PyMongoError as error:
            raise DocumentsAway from error

    async def close(self) -> None:
        """Close every connection. pymongo cancels a check that is under way, and would leave the socket of one that
        is still connecting open: it may end first.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHECKED):
                await self._checks.ended()
        async with asyncio.timeout(_CLOSE):
            await self.client.close()
