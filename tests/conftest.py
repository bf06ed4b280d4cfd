"""Stores, ground and tenants for the whole suite.

One process starts the stores (or takes those that `TEST_DATABASE_URL` and `TEST_REDIS_URL` name) and migrates a
template; each worker of the parallel run copies it. A test gets a workspace of its own, so tests commit for real.
"""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import settings

from core.database import Database
from core.ground import Ground, open_ground
from models import Role
from services.access import Actor
from tests.fixtures import stores
from tests.fixtures.door import Door, serving
from tests.fixtures.tenants import Tenant, found_tenant, join

_STORES = pytest.StashKey[stores.Stores]()

# whatever the shell says of it: nobody's suite, nor any process that it starts, compiles everything again and again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# how long one example takes is the machine's: what has to be quick has a test that measures it
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Look seldom for garbage among what was imported and collected, as the product does: none of it ever goes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def pytest_configure(config: pytest.Config) -> None:
    """Start the stores, once for all workers."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    started = stores.Stores()
    config.stash[_STORES] = started
    os.environ.update(asyncio.run(started.start()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    started = config.stash.get(_STORES, None)
    if started is not None:
        asyncio.run(started.stop())


@pytest.fixture(scope="session")
async def database_url(worker_id: str) -> AsyncIterator[str]:
    """The address of this worker's own database, at the newest revision."""
    async with stores.database_of(worker_id) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """The address of this worker's own Redis database."""
    return stores.redis_of(worker_id)


@pytest.fixture(scope="session")
async def ground(database_url: str, redis_url: str) -> AsyncIterator[Ground]:
    """The ground of one process."""
    places = stores.places(database_url, redis_url)
    async with open_ground(stores.test_settings(), places) as opened:
        await opened.redis.flushdb()
        yield opened


@pytest.fixture(scope="session")
def database(ground: Ground) -> Database:
    """The database of the ground."""
    return ground.database


@pytest.fixture
async def tenant(ground: Ground) -> Tenant:
    """A fresh workspace with its owner."""
    return await found_tenant(ground)


@pytest.fixture
async def other_tenant(ground: Ground) -> Tenant:
    """Another fresh workspace, of somebody else."""
    return await found_tenant(ground)


@pytest.fixture
def make_actor(ground: Ground) -> Callable[[Tenant, Role], Awaitable[Actor]]:
    """A function that adds a new member with a role to a workspace, and returns them as an actor."""

    async def make(tenant: Tenant, role: Role) -> Actor:
        return await join(ground, tenant, role)

    return make


@pytest.fixture(scope="session")
async def served(ground: Ground) -> AsyncIterator[str]:
    """The address of the product, served over a real socket."""
    async with serving(ground) as address:
        yield address


@pytest.fixture
async def door(served: str, ground: Ground) -> AsyncIterator[Door]:
    """A client of the GraphQL endpoint that can act as anybody."""
    async with Door.open(served, ground) as opened:
        yield opened
