"""The product behind a real socket, and a client for it."""

from collections.abc import AsyncIterator

import pytest

from core.ground import Ground
from tests.fixtures.door import Door, serving


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
