"""One process of the product: the stores it needs, the newest tables, the ground, and what serves on it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy.exc import SQLAlchemyError

from ai.local import heads
from core.database import DatabaseAway, WallBroken
from core.embedded import Addresses, EmbeddedStores
from core.ground import Ground, Places, open_ground
from core.settings import Environment, Settings
from migrations import run
from resolvers.context import House
from server import seed
from services.assistant.assistant import open_assistant
from services.feed import Feed
from services.group_commit import GroupCommit
from workers.supervisor import Workers

_SLOW: Final = 1.0
_LOCAL_MONGO: Final = "mongodb://127.0.0.1:27017"

Report = Callable[[str], None]


class DatabaseRefused(Exception):
    """The database cannot be used. Names the variable and what the server said."""


class Steps:
    """Tells of the steps of a start and an end: each that takes over a second, when it has."""

    def __init__(self, report: Report) -> None:
        self.report = report

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
class Stores:
    """Where the stores are, and those among them that belong to this process."""

    places: Places
    embedded: EmbeddedStores | None

    async def watch(self) -> None:
        """Watch the own ones until one is lost for good.

        Raises:
            StoreFailed: a store ended, and was not begun again.
        """
        if self.embedded is None:
            await asyncio.Event().wait()
        else:
            await self.embedded.watch()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What runs."""

    settings: Settings
    house: House
    workers: Workers | None
    demo: bool


@asynccontextmanager
async def stores_of(settings: Settings, steps: Steps) -> AsyncGenerator[Stores]:
    """Start the stores that no address is given for. Call it in the main thread: they end with it."""
    given = {
        "postgres": settings.stores.database_url,
        "redis": settings.stores.redis_url,
        "mongo": settings.stores.mongo_url,
        "qdrant": settings.stores.qdrant_url,
    }
    missing = frozenset(name for name, url in given.items() if url is None)
    if not missing:
        none = Addresses(database_url=None, redis_url=None, mongo_url=None, qdrant_path=None)
        yield Stores(places=_places(settings, none), embedded=None)
        return
    stores = EmbeddedStores(
        settings.server.data_dir, only=missing, durability=settings.stores.durability, progress=steps.report
    )
    async with steps.step("Starting the stores"):
        addresses = await stores.start()
    try:
        yield Stores(places=_places(settings, addresses), embedded=stores)
    finally:
        await stores.stop()


@asynccontextmanager
async def running(settings: Settings, places: Places, steps: Steps) -> AsyncGenerator[Process]:
    """Start everything on the stores in order, and stop it in the opposite one.

    Raises:
        DatabaseRefused: the database does not answer, cannot be migrated, or does not keep workspaces apart.
    """
    async with AsyncExitStack() as stack:
        async with steps.step("Bringing the tables to the newest form"):
            with database_refusals():
                await run.upgrade(places.database)
        async with steps.step("Opening connections"):
            ground = await stack.enter_async_context(open_ground(settings, places))
            with database_refusals():
                await ground.database.verify_walls()
        demo = settings.stores.database_url is None and settings.server.env is not Environment.PRODUCTION
        if demo:
            async with steps.step("Seeding the demo workspace"):
                await seed.plant(ground)
        async with steps.step("Looking which models can be asked"):
            assistant = await stack.enter_async_context(open_assistant(ground, places.redis))
        feed = Feed(ground.database, ground.hints)
        await feed.start()
        stack.push_async_callback(feed.stop)
        if demo:
            # the first suggestion of a newcomer should not wait for what judges messages
            warming = asyncio.create_task(heads.warm_heads(), name="warming up")
            stack.callback(warming.cancel)
        groups = GroupCommit(ground)
        stack.push_async_callback(groups.stop)
        house = House(ground=ground, feed=feed, assistant=assistant, groups=groups)
        workers = await _workers(ground, places, steps, stack) if settings.server.run_workers else None
        yield Process(settings=settings, house=house, workers=workers, demo=demo)


def _places(settings: Settings, addresses: Addresses) -> Places:
    vectors: str | Path = settings.stores.qdrant_url or addresses.qdrant_path or settings.server.data_dir / "qdrant"
    return Places(
        database=settings.stores.database_url or addresses.database_url or "",
        redis=settings.stores.redis_url or addresses.redis_url or "",
        documents=settings.stores.mongo_url or addresses.mongo_url or _LOCAL_MONGO,
        vectors=vectors,
    )


async def _workers(ground: Ground, places: Places, steps: Steps, stack: AsyncExitStack) -> Workers:
    workers = Workers(ground, places.database)
    await workers.start()

    async def stop() -> None:
        async with steps.step("Waiting for jobs that run"):
            await workers.stop()

    stack.push_async_callback(stop)
    return workers


@contextmanager
def database_refusals() -> Generator[None]:
    """Say in one line why the database cannot be used. The server's words name no password, and no value of a row.

    Hold it around what the database alone does: whatever fails within is blamed on DATABASE_URL.
    """
    library: Any = asyncpg
    try:
        yield
    except (OSError, DatabaseAway, WallBroken, SQLAlchemyError, library.PostgresError, library.InterfaceError) as error:
        cause = getattr(error, "orig", None) or (error.__cause__ if isinstance(error, DatabaseAway) else None) or error
        words = str(cause).strip().split("\n", 1)[0] or type(cause).__name__
        message = f"DATABASE_URL: the database cannot be used ({words}). Set it to a PostgreSQL server, 15 or newer."
        raise DatabaseRefused(message) from error
