"""What tests through the door share."""

import pytest

from core.ground import Ground


@pytest.fixture(autouse=True)
async def fresh_limits(ground: Ground) -> None:
    """Forget what was counted: all tests come from one address."""
    await ground.redis.flushdb()
