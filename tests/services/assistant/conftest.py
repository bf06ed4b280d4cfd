"""What tests of the assistant share."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from ai.client import warm
from core.ground import Ground
from tests.fixtures.fleets import Fleeted, fleeted, says
from tests.services.assistant.following import BRISK

LONG: Final = says("palavra " * 200, parts=200, between=0.03)


@pytest.fixture(scope="session", autouse=True)
async def warmed() -> None:
    """Load what the first call would have to wait for."""
    await warm()


@pytest.fixture
async def slow(ground: Ground, redis_url: str) -> AsyncIterator[Fleeted]:
    """An assistant whose one provider takes six seconds for an answer."""
    async with fleeted(ground, redis_url, {"openai": LONG}, pace=BRISK) as shown:
        yield shown
