"""The document store: one client of a MongoDB-wire server. What is kept in it is declared in `models/documents/`."""

import asyncio
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from core.errors import Unavailable

DATABASE: Final = "whatshybrid"
_TIMEOUT_MS: Final = 3_000
_CLOSE: Final = 3.0


class DocumentsAway(Unavailable):
    """The document store does not answer right now: try again."""


class Documents:
    """The client. It connects when it is first used."""

    def __init__(self, url: str) -> None:
        self.client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            url,
            tz_aware=True,
            connect=False,
            uuidRepresentation="standard",
            serverSelectionTimeoutMS=_TIMEOUT_MS,
            connectTimeoutMS=_TIMEOUT_MS,
            timeoutMS=_TIMEOUT_MS,
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
        """Close every connection."""
        async with asyncio.timeout(_CLOSE):
            await self.client.close()
