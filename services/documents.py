"""Opens the document store for the verbs that need it: late, so that a store that is down stops nothing else."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from beanie import init_beanie  # pyright: ignore[reportUnknownVariableType]
from beanie.exceptions import CollectionWasNotInitialized
from pymongo.errors import ConnectionFailure, PyMongoError

from core.documents import DATABASE, Documents, DocumentsAway
from core.ground import Ground
from models.documents import DOCUMENTS

_OPEN: Final = 10.0
_ASK: Final = 5.0
_LOOK: Final = 1.0
_REST: Final = 3.0
_bound: list[Documents] = []
_resting: Final[WeakKeyDictionary[Documents, "_Rest"]] = WeakKeyDictionary()
_binding: Final[dict[asyncio.AbstractEventLoop, asyncio.Lock]] = {}


@dataclass(slots=True, kw_only=True)
class _Rest:
    """A store that is left alone until a moment (monotonic seconds). Then one asks it for a sign of life."""

    until: float
    is_looked_at: bool = False


async def opened(ground: Ground) -> None:
    """Bind the document classes to the ground's store, and make their indexes, unless that was done before.

    Raises:
        DocumentsAway: the store does not answer. It is asked again after three seconds, so that those who come
            meanwhile do not wait for it one behind the other.
    """
    if _bound == [ground.documents]:
        return
    loop = asyncio.get_running_loop()
    async with _binding.setdefault(loop, asyncio.Lock()):
        if _bound == [ground.documents]:
            return
        rest = _resting.get(ground.documents)
        if rest is not None and time.monotonic() < rest.until:
            raise DocumentsAway
        try:
            async with asyncio.timeout(_OPEN):
                await ground.documents.ping()
                await init_beanie(database=ground.documents.client[DATABASE], document_models=list(DOCUMENTS))
        except (PyMongoError, TimeoutError, OSError, DocumentsAway) as error:
            _leave_alone(ground.documents)
            raise DocumentsAway from error
        _resting.pop(ground.documents, None)
        _bound[:] = [ground.documents]


@asynccontextmanager
async def asking(seconds: float = _ASK) -> AsyncGenerator[None]:
    """Hold around what is asked of the store. One that went away is left alone for three seconds, and then looked at
    by one alone, so that nobody else waits for it.

    Raises:
        DocumentsAway: it did not answer, or not in time.
    """
    await _look()
    try:
        async with asyncio.timeout(seconds):
            yield
    except (ConnectionFailure, TimeoutError, OSError) as error:
        for documents in _bound:
            _leave_alone(documents)
        raise DocumentsAway from error
    except (PyMongoError, CollectionWasNotInitialized) as error:
        raise DocumentsAway from error


async def _look() -> None:
    """Raise `DocumentsAway` while a store that was bound is left alone, or does not give a sign of life after that."""
    rest = next((each for documents in _bound if (each := _resting.get(documents)) is not None), None)
    if rest is None:
        return
    if rest.is_looked_at or time.monotonic() < rest.until:
        raise DocumentsAway
    rest.is_looked_at = True
    try:
        async with asyncio.timeout(_LOOK):
            await _bound[0].ping()
    except (TimeoutError, OSError, DocumentsAway) as error:
        rest.until = time.monotonic() + _REST
        raise DocumentsAway from error
    finally:
        rest.is_looked_at = False
    _resting.pop(_bound[0], None)


def _leave_alone(documents: Documents) -> None:
    _resting[documents] = _Rest(until=time.monotonic() + _REST)
