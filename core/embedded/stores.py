"""The supervisor of the embedded stores: starts what is wanted side by side, watches, and stops it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from core.embedded.folder import Folder
from core.embedded.process import Process, StoreFailed
from core.embedded.servers import Durability, Mongo, Postgres, Server, Valkey

ALL: Final = frozenset({"postgres", "redis", "mongo", "qdrant"})
_READY: Final = 60.0
_LOOK: Final = 0.5
_RESTARTS: Final = 3
_WAIT: Final = 10.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the started stores are; None for one that was not asked for. Qdrant's is a folder to open."""

    database_url: str | None
    redis_url: str | None
    mongo_url: str | None
    qdrant_path: Path | None


def _silent(line: str) -> None:
    del line


class EmbeddedStores:
    """The stores in one folder. `durability` "fast" trades what a power cut may take for speed: for tests."""

    def __init__(
        self,
        folder: Path,
        *,
        only: frozenset[str] = ALL,
        durability: Durability = "durable",
        progress: Callable[[str], None] = _silent,
    ) -> None:
        self._folder = Folder(folder)
        self._only = only
        self._durability: Durability = durability
        self._progress = progress
        self._running: list[tuple[Server, Process]] = []

    async def start(self, *, wait: float = _WAIT) -> Addresses:
        """Start the stores, and return their addresses when all answer. Call it in the main thread.

        Raises:
            FolderInUse: another process had the folder for `wait` seconds.
            FolderUnusable: the folder cannot be used.
            StoreFailed: a store could not be started; the others are stopped again.
        """
        await self._folder.lock(wait, self._progress)
        try:
            servers = self._servers()
            # the slowest first; all at once
            await asyncio.gather(*(self._begin(server) for server in servers))
        except BaseException:
            await self.stop()
            raise
        urls = {server.name: server.url for server in servers}
        return Addresses(
            database_url=urls.get("postgres"),
            redis_url=urls.get("redis"),
            mongo_url=urls.get("mongo"),
            qdrant_path=self._folder.path / "qdrant" if "qdrant" in self._only else None,
        )

    async def stop(self) -> None:
        """Stop the stores side by side, and give the folder back. May be called from another event loop."""
        running, self._running = self._running, []
        await asyncio.gather(*(process.end() for _, process in running))
        self._folder.unlock()

    async def watch(self) -> None:
        """Watch until a store is lost for good. Redis and Mongo are begun again three times.

        Raises:
            StoreFailed: a store ended, and could not be begun again.
        """
        restarts: dict[str, int] = {}
        while True:
            await asyncio.sleep(_LOOK)
            for server, process in self._running:
                if process.is_running:
                    continue
                restarts[server.name] = restarts.get(server.name, 0) + 1
                if isinstance(server, Postgres) or restarts[server.name] > _RESTARTS:
                    raise process.failure("it ended while it was in use")
                log.error("an embedded store ended; it is begun again", store=server.name)
                process.begin()
                await process.answers(server.probe, _READY)

    def _servers(self) -> list[Server]:
        place = (self._folder.path, self._folder.sockets, self._durability)
        kinds = (Mongo, Postgres, Valkey)
        return [kind(*place) for kind in kinds if kind.name in self._only]

    async def _begin(self, server: Server) -> None:
        began = time.monotonic()
        if isinstance(server, Postgres) and server.is_new:
            self._progress("Preparing the database for the first time ...")
        await server.prepare()
        process = Process(server.plan())
        self._running.append((server, process))
        process.begin()
        await process.answers(server.probe, _READY)
        taken = time.monotonic() - began
        if taken > 1:
            self._progress(f"{server.name} is up after {taken:.1f} s")


__all__ = ["ALL", "Addresses", "EmbeddedStores", "StoreFailed"]
