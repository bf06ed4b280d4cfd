"""What tests of the assistant share."""

import pytest

from ai.client import warm


@pytest.fixture(scope="session", autouse=True)
async def warmed() -> None:
    """Load what the first call would have to wait for."""
    await warm()
