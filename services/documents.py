"""Opens the document store for the verbs that need it: late, so that a store that is down stops nothing else."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

from beanie import init_beanie  # pyright: ignore[reportUnknownVariableType]
from beanie.exceptions import CollectionWasNotInitialized
from pymongo.errors import PyMongoError

from core.documents import DATABASE, Documents, DocumentsAway
from core.ground import Ground
from models.documents import DOCUMENTS

_OPEN: Final = 10.0
_ASK: Final = 5.0
_REST: Final = 1.0
_bound: list[Documents] = []
_away_until: Final[WeakKeyDictionary[Documents, float]] = WeakKeyDictionary()
_binding: Final[dict[asyncio.AbstractEventLoop, asyncio.Lock]] = {}


async def opened(ground: Ground) -> None:
    """Bind the document classes to the ground's store, and make their indexes, unless that was done before.

    Raises:
        DocumentsAway: the store does not answer. It is asked again after a second, so that those who come meanwhile
            do not wait for it one behind the other.
    """
    if _bound == [ground.documents]:
        return
    loop = asyncio.get_running_loop()
    async with _binding.setdefault(loop, asyncio.Lock()):
        if _bound == [ground.documents]:
            return
        if time.monotonic() < _away_until.get(ground.documents, 0.0):
            raise DocumentsAway
        try:
            async with asyncio.timeout(_OPEN):
                await ground.documents.ping()
                await init_beanie(database=ground.documents.client[DATABASE], document_models=list(DOCUMENTS))
        except (PyMongoError, TimeoutError, OSError, DocumentsAway) as error:
            _away_until[ground.documents] = time.monotonic() + _REST
            raise DocumentsAway from error
        _bound[:] = [ground.documents]


@asynccontextmanager
async def asking(seconds: float = _ASK) -> AsyncGenerator[None]:
    """Hold around what is asked of the store.

    Raises:
        DocumentsAway: it did not answer, or not in time.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (PyMongoError, TimeoutError, OSError, CollectionWasNotInitialized) as error:
        raise DocumentsAway from error
