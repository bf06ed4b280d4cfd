"""The product as real clients meet it. Where there is no Node.js the tests are left out, and a line says so."""

import os
import sys
from collections.abc import AsyncIterator

import pytest

from core.ground import Ground
from server.app import Parts, build
from services.feed import Feed
from tests.clients.installing import lacking
from tests.fixtures.door import listening
from tests.fixtures.houses import house_of

_LACKING = lacking()

collect_ignore_glob: list[str] = ["test_*.py"] if _LACKING else []


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Say what was left out, once."""
    if _LACKING is None or os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{_LACKING}: tests/clients was left out\n")


@pytest.fixture
async def feed(ground: Ground) -> AsyncIterator[Feed]:
    """The feed of the product that the clients meet."""
    started = Feed(ground.database, ground.hints)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def address(ground: Ground, feed: Feed) -> AsyncIterator[str]:
    """Where the product is."""
    await ground.redis.flushdb()
    app = build(Parts(house=house_of(ground, feed)))
    async with listening(app.asgi) as opened:
        try:
            yield opened
        finally:
            await app.sockets.stop()
