"""One process of the product: the stores it needs, the newest tables, the ground, and what serves on it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.embedded import Addresses, EmbeddedStores
from core.ground import Ground, Places, open_ground
from core.settings import Environment, Settings
from migrations import run
from server import seed
from services.feed import Feed
from workers.supervisor import Workers

_SLOW: Final = 1.0
_LOCAL_MONGO: Final = "mongodb://127.0.0.1:27017"

Report = Callable[[str], None]


class Steps:
    """Tells of the steps of a start: each that takes over a second, when it has."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.began = time.monotonic()

    @asynccontextmanager
    async def step(self, words: str) -> AsyncGenerator[None]:
        """Time a step."""
        began = time.monotonic()
        late = asyncio.get_running_loop().call_later(_SLOW, self.report, f"{words} ...")
        try:
            yield
        finally:
            late.cancel()
        taken = time.monotonic() - began
        if taken >= _SLOW:
            self.report(f"{words}: {taken:.1f} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What runs."""

    settings: Settings
    ground: Ground
    feed: Feed
    workers: Workers | None
    stores: EmbeddedStores | None
    demo: bool


@asynccontextmanager
async def running(settings: Settings, report: Report) -> AsyncGenerator[Process]:
    """Start everything in order, and stop it in the opposite one. Call it in the main thread: stores end with it."""
    steps = Steps(report)
    async with AsyncExitStack() as stack:
        stores, addresses = await _stores(settings, steps, stack)
        places = _places(settings, addresses)
        async with steps.step("Bringing the tables to the newest form"):
            await run.upgrade(places.database)
        async with steps.step("Opening connections"):
            ground = await stack.enter_async_context(open_ground(settings, places))
            await ground.database.verify_walls()
        demo = settings.stores.database_url is None and settings.server.env is not Environment.PRODUCTION
        if demo:
            async with steps.step("Seeding the demo workspace"):
                await seed.plant(ground)
        feed = Feed(ground.database, ground.hints)
        await feed.start()
        stack.push_async_callback(feed.stop)
        workers = await _workers(settings, ground, places, stack)
        yield Process(settings=settings, ground=ground, feed=feed, workers=workers, stores=stores, demo=demo)


async def _stores(settings: Settings, steps: Steps, stack: AsyncExitStack) -> tuple[EmbeddedStores | None, Addresses]:
    given = {
        "postgres": settings.stores.database_url,
        "redis": settings.stores.redis_url,
        "mongo": settings.stores.mongo_url,
        "qdrant": settings.stores.qdrant_url,
    }
    missing = frozenset(name for name, url in given.items() if url is None)
    if not missing:
        return None, Addresses(database_url=None, redis_url=None, mongo_url=None, qdrant_path=None)
    stores = EmbeddedStores(
        settings.server.data_dir, only=missing, durability=settings.stores.durability, progress=steps.report
    )
    async with steps.step("Starting the stores"):
        addresses = await stores.start()
    stack.push_async_callback(stores.stop)
    return stores, addresses


def _places(settings: Settings, addresses: Addresses) -> Places:
    vectors: str | Path = settings.stores.qdrant_url or addresses.qdrant_path or settings.server.data_dir / "qdrant"
    return Places(
        database=settings.stores.database_url or addresses.database_url or "",
        redis=settings.stores.redis_url or addresses.redis_url or "",
        documents=settings.stores.mongo_url or addresses.mongo_url or _LOCAL_MONGO,
        vectors=vectors,
    )


async def _workers(settings: Settings, ground: Ground, places: Places, stack: AsyncExitStack) -> Workers | None:
    if not settings.server.run_workers:
        return None
    workers = Workers(ground, places.database)
    await workers.start()
    stack.push_async_callback(workers.stop)
    return workers
