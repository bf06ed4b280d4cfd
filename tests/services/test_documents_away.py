"""A document store that goes away while it is in use costs one a wait, and the others none, until it is back."""

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
from tests.fixtures.relay import Relay
from tests.fixtures.waiting import until_holds


@asynccontextmanager
async def relayed(ground: Ground) -> AsyncIterator[tuple[Ground, Relay]]:
    url = urlsplit(stores.places("", "redis://").documents)
    login, at, address = url.netloc.rpartition("@")
    async with Relay.to(f"//{address}") as relay:
        documents = Documents(url._replace(netloc=f"{login}{at}127.0.0.1:{relay.port}").geturl())
        try:
            yield replace(ground, documents=documents), relay
        finally:
            await documents.close()
            await opened(ground)


async def seconds_of_asking(ground: Ground) -> float:
    began = time.perf_counter()
    with pytest.raises(DocumentsAway):
        async with asking():
            await ground.documents.client.admin.command("ping")
    return time.perf_counter() - began


async def test_after_one_failure_nobody_waits_and_the_store_is_asked_again_by_itself(ground: Ground) -> None:
    async with relayed(ground) as (behind, relay):
        await opened(behind)
        async with asking():
            await behind.documents.client.admin.command("ping")

        relay.cut()
        first = await seconds_of_asking(behind)
        later = [await seconds_of_asking(behind) for _ in range(20)]
        relay.mend()

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
