"""The vector store: Qdrant, in this process over a folder, or a server. The only file that imports qdrant_client.

The library takes seconds to import and its local mode works synchronously, so both happen in a thread, at first use.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import Unavailable

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_TIMEOUT: Final = 5.0
_OPEN: Final = 30.0


class VectorsAway(Unavailable):
    """The vector store does not answer right now: try again."""


class Vectors:
    """The client. `place` is a server's address, or the folder that this process alone opens."""

    def __init__(self, place: str | Path) -> None:
        self._place = place
        self._client: QdrantClient | None = None
        self._opening = asyncio.Lock()

    async def ping(self) -> None:
        """Ask the store for a sign of life.

        Raises:
            VectorsAway: it gave none.
        """
        client = await self._opened()
        try:
            async with asyncio.timeout(_TIMEOUT):
                await asyncio.to_thread(client.get_collections)
        except Exception as error:
            raise VectorsAway from error

    async def close(self) -> None:
        """Close the store, and give back its folder."""
        client, self._client = self._client, None
        if client is not None:
            async with asyncio.timeout(_TIMEOUT):
                await asyncio.to_thread(client.close)

    async def _opened(self) -> "QdrantClient":
        async with self._opening:
            if self._client is None:
                try:
                    async with asyncio.timeout(_OPEN):
                        self._client = await asyncio.to_thread(self._open)
                except Exception as error:
                    raise VectorsAway from error
            return self._client

    def _open(self) -> "QdrantClient":
        from qdrant_client import QdrantClient

        if isinstance(self._place, Path):
            return QdrantClient(path=str(self._place), force_disable_check_same_thread=True)
        return QdrantClient(url=self._place, timeout=int(_TIMEOUT), check_compatibility=False)
