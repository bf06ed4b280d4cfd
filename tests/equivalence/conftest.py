"""Both ways over both schemas, and the data that they read, made once."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from core.ground import Ground
from server.engine import errors
from tests.equivalence.sweep import Field, fields


@pytest.fixture(scope="package")
async def both(ground: Ground) -> tuple[Field, Field]:
    """The product's schema, and the small one."""
    return await fields(ground)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Say nothing of the many failures that are provoked: their tracebacks would fill the memory."""
    silent = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors, "log", silent)
        yield
