"""The ground that a process stands on: its connections and its secrets, opened once and closed once.

It holds no rule and no noun. Verbs reach it through their transaction, jobs get it as an argument.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.database import Database
from core.documents import Documents
from core.endings import closed
from core.ephemeral import Ephemeral
from core.limits import Throttle
from core.mail import Mailer, open_mailer
from core.pubsub import Hints
from core.security.passwords import Passwords
from core.security.tokens import AccessTokens
from core.security.vault import Vault
from core.settings import Settings
from core.vectors import Vectors
from core.voice import Voice

_REDIS_TIMEOUT: Final = 2.0
_CLOSE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the stores are: addresses, or a folder for the vectors."""

    database: str
    redis: str
    documents: str
    vectors: str | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What services, workers and the door share in one process."""

    settings: Settings
    database: Database
    redis: Redis
    documents: Documents
    vectors: Vectors
    mailer: Mailer
    passwords: Passwords
    tokens: AccessTokens
    vault: Vault
    throttle: Throttle
    hints: Hints
    ephemeral: Ephemeral


@asynccontextmanager
async def open_ground(settings: Settings, places: Places) -> AsyncGenerator[Ground]:
    """Open everything, and close it in the opposite order. Waits for no store: whoever needs one asks it."""
    async with AsyncExitStack() as stack:
        database = Database(places.database)
        stack.push_async_callback(_within, database.close)
        redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            places.redis,
            socket_timeout=_REDIS_TIMEOUT,
            socket_connect_timeout=_REDIS_TIMEOUT,
            # once and at once, for a connection that a restart of the server cut; the default waits for seconds
            retry=Retry(NoBackoff(), 1),
        )
        stack.push_async_callback(closed, redis, within=_CLOSE)
        documents, vectors = Documents(places.documents), Vectors(places.vectors)
        stack.push_async_callback(_within, documents.close)
        stack.push_async_callback(_within, vectors.close)
        passwords = Passwords(rounds=settings.security.bcrypt_rounds)
        stack.callback(passwords.close)
        hints = Hints(places.redis)
        await hints.start()
        stack.push_async_callback(hints.stop)
        ephemeral = Ephemeral(Voice(places.redis))
        await ephemeral.start()
        stack.push_async_callback(ephemeral.stop)
        yield Ground(
            settings=settings,
            database=database,
            redis=redis,
            documents=documents,
            vectors=vectors,
            mailer=open_mailer(settings),
            passwords=passwords,
            tokens=AccessTokens.of(settings.security),
            vault=Vault.of(settings.security),
            throttle=Throttle(redis),
            hints=hints,
            ephemeral=ephemeral,
        )


async def _within(close: Callable[[], Coroutine[object, object, None]]) -> None:
    async with asyncio.timeout(_CLOSE):
        await close()
