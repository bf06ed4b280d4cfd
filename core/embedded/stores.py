"""The supervisor of the embedded stores: starts what is wanted side by side, watches, and stops it.

Qdrant has no server here: it runs inside the one process that opens its folder, so only the folder is told.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import structlog

from core.embedded.folder import Folder, FolderUnusable
from core.embedded.mongo import Mongo
from core.embedded.place import Durability, Server
from core.embedded.postgres import Postgres
from core.embedded.process import Process
from core.embedded.valkey import Valkey

ALL: Final = frozenset({"postgres", "redis", "mongo", "qdrant"})
_KINDS: Final = (Mongo, Postgres, Valkey)
_READY: Final = 120.0
_LOOK: Final = 0.5
_WAIT: Final = 10.0
_SLOW: Final = 1.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the started stores are; None for one that was not asked for. Qdrant's is a folder to open."""

    database_url: str | None
    redis_url: str | None
    mongo_url: str | None = field(repr=False)
    qdrant_path: Path | None


def _silent(line: str) -> None:
    del line


def database_of(folder: Path) -> str | None:
    """Return the address of the database in a folder, for whoever finds it running; None when there is none."""
    server = Postgres(Folder(folder), "durable")
    return None if server.is_new else server.url


class EmbeddedStores:
    """The stores in one folder. `durability` "fast" trades what a power cut may take for speed: for tests.

    `progress` is told of each step that takes more than a second.
    """

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
        """Start the stores, and return their addresses when all answer.

        Call it in the main thread, or in one that lives as long as the stores shall: on Linux they end with the thread
        that began them.

        Raises:
            FolderInUse: another process had the folder for `wait` seconds.
            StoreFailed: the folder cannot be used, or a store could not be started; the others are stopped again.
        """
        await self._folder.lock(wait, self._progress)
        is_up = False
        try:
            servers = [kind(self._folder, self._durability) for kind in _KINDS if kind.name in self._only]
            async with asyncio.TaskGroup() as group:
                for server in servers:
                    group.create_task(self._begin(server))
            urls = {server.name: server.url for server in servers}
            is_up = True
        except (BaseExceptionGroup, OSError) as error:
            reason = self._reason(error)
            raise reason from reason.__cause__
        finally:
            if not is_up:
                await self.stop()
        return Addresses(
            database_url=urls.get("postgres"),
            redis_url=urls.get("redis"),
            mongo_url=urls.get("mongo"),
            qdrant_path=self._folder.path / "qdrant" if "qdrant" in self._only else None,
        )

    async def stop(self) -> None:
        """Stop the stores side by side, and give the folder back. May be called again, and from another event loop.

        Raises:
            StoreFailed: one of them could not even be killed.
        """
        running, self._running = self._running, []
        try:
            # all are asked before any is waited for, so that the slowest sets the time
            await asyncio.gather(*(self._end(server, process) for server, process in running))
        finally:
            self._folder.unlock()

    async def watch(self) -> None:
        """Watch until a store is lost for good. Redis and Mongo are begun again up to three times.

        PostgreSQL begins its own children again; it is lost when its first process ends.

        Raises:
            StoreFailed: a store ended, and was not begun again.
        """
        restarts: dict[str, int] = {}
        while True:
            await asyncio.sleep(_LOOK)
            for server, process in self._running:
                if process.is_running:
                    continue
                restarts[server.name] = restarts.get(server.name, 0) + 1
                if restarts[server.name] > server.restarts:
                    raise process.failure("it ended while it was in use")
                log.error("an embedded store ended; it is begun again", store=server.name)
                process.begin()
                await process.answers(server.probe, _READY)

    async def _begin(self, server: Server) -> None:
        is_new = isinstance(server, Postgres) and server.is_new
        async with self._step("Preparing the database for the first time" if is_new else f"Preparing {server.name}"):
            await server.prepare()
        process = Process(server.plan())
        self._running.append((server, process))
        async with self._step(f"Starting {server.name}"):
            process.begin()
            await process.answers(server.probe, _READY)

    async def _end(self, server: Server, process: Process) -> None:
        async with self._step(f"Stopping {server.name}"):
            ended_by = await process.end()
        if ended_by is not None and ended_by is not process.plan.signals[0]:
            self._progress(f"{server.name} did not end when it was asked to: it was ended by {ended_by.name}")

    @asynccontextmanager
    async def _step(self, words: str) -> AsyncGenerator[None]:
        began = time.monotonic()
        late = asyncio.get_running_loop().call_later(_SLOW, self._progress, f"{words} ...")
        try:
            yield
        finally:
            late.cancel()
        taken = time.monotonic() - began
        if taken > _SLOW:
            self._progress(f"{words}: {taken:.1f} s")

    def _reason(self, error: BaseException) -> BaseException:
        """Return the first reason of several, in our own words."""
        if isinstance(error, BaseExceptionGroup):
            several = cast("BaseExceptionGroup[BaseException]", error)
            return self._reason(several.exceptions[0])
        if isinstance(error, OSError) and not isinstance(error, TimeoutError | ConnectionError):
            unusable = FolderUnusable(self._folder.path, f"cannot be used ({error.strerror})")
            unusable.__cause__ = error
            return unusable
        return error


__all__ = ["ALL", "Addresses", "EmbeddedStores", "database_of"]
