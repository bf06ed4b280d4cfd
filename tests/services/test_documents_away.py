"""A document store that goes away while it is in use costs one a wait, and the others none, until it is back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from core.documents import Documents, DocumentsAway
from core.ground import Ground
from services.documents import asking, opened
from tests.fixtures import stores
from tests.fixtures.waiting import until_holds


class Gate:
    """Stands before a store, and can be shut."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self.port = 0

    async def unlock(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for each in self._open:
            each.close()
        if self._pipes:
            await asyncio.wait(self._pipes, timeout=2)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(*self._behind)
        self._open |= {writer, outer}
        for source, target in ((reader, outer), (inner, writer)):
            pipe = asyncio.create_task(_pour(source, target))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


@asynccontextmanager
async def gated(ground: Ground) -> AsyncIterator[tuple[Ground, Gate]]:
    address = urlsplit(stores.places("", "redis://").documents)
    gate = Gate(address.hostname or "127.0.0.1", address.port or 27017)
    await gate.unlock()
    login, at, _ = address.netloc.rpartition("@")
    documents = Documents(address._replace(netloc=f"{login}{at}127.0.0.1:{gate.port}").geturl())
    try:
        yield replace(ground, documents=documents), gate
    finally:
        await documents.close()
        await gate.shut()
        await opened(ground)


async def seconds_of_asking(ground: Ground) -> float:
    began = time.perf_counter()
    with pytest.raises(DocumentsAway):
        async with asking():
            await ground.documents.client.admin.command("ping")
    return time.perf_counter() - began


async def test_after_one_failure_nobody_waits_and_the_store_is_asked_again_by_itself(ground: Ground) -> None:
    async with gated(ground) as (behind, gate):
        await opened(behind)
        async with asking():
            await behind.documents.client.admin.command("ping")

        await gate.shut()
        first = await seconds_of_asking(behind)
        later = [await seconds_of_asking(behind) for _ in range(20)]
        await gate.unlock()

        async def is_back() -> bool:
            try:
                async with asking():
                    await behind.documents.client.admin.command("ping")
            except DocumentsAway:
                return False
            return True

        await until_holds(is_back, 15)

    assert first < 5
    assert max(later) < 0.2
