"""Both ways over both schemas, and the data that they read, made once."""

from collections.abc import Iterator

import pytest
import structlog

from core.ground import Ground
from tests.equivalence.sweep import Field, fields


@pytest.fixture(scope="package")
async def both(ground: Ground) -> tuple[Field, Field]:
    """The product's schema, and the small one."""
    return await fields(ground)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Say nothing of the many failures that are provoked."""
    with structlog.testing.capture_logs():
        yield
