"""The stores that all servers of a run are measured on, and the workspace in them."""

import os
import secrets
import tempfile
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from core import clock
from core.database import PoolLimits
from core.embedded import EmbeddedStores
from core.ground import Ground, Places, open_ground
from core.ids import UserId, WorkspaceId, uuid7
from core.security.tokens import AccessTokens, Claims
from core.settings import load_settings
from migrations import run
from models import User
from services.access import Origin
from services.transaction import begin_system
from services.workspaces.founding import found

POOL: Final = PoolLimits().app
"""How many connections each server has for reading: as many as ours."""

LOCAL: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
_CONNECT: Final = 3.0
_MEMBERS: Final = 300
_NEIGHBOUR: Final = 0.25
_FURNITURE: Final = Path(__file__).parent / "furniture.sql"
_TABLES: Final = ("contacts", "contact_identities", "contact_labels", "lead_scores", "workspace_members", "events")
# at the default of 0.2 a table that grows by creating contacts would be analysed in the middle of a measurement
_QUIET: Final = "; ".join(f"ALTER TABLE {each} SET (autovacuum_enabled = off)" for each in _TABLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything is. `environ` is what the product is given, `peers` what the others are."""

    admin: str
    database: str
    version: str
    is_embedded: bool
    workspace_id: UUID
    environ: Mapping[str, str]
    sessions: tuple[tuple[UUID, UUID], ...]

    @property
    def peers(self) -> dict[str, str]:
        """The environment of a peer."""
        return {
            "DATABASE_URL": self.database,
            "WORKSPACE": str(self.workspace_id),
            "POOL": str(POOL),
            "NODE_ENV": "production",
            "GRAPHILE_ENV": "production",
        }

    def tokens(self) -> list[str]:
        """Sign access tokens of ten minutes, one for each session."""
        signing = AccessTokens([self.environ["JWT_SECRET"]])
        home = WorkspaceId(self.workspace_id)
        return [
            signing.issue(Claims(user_id=UserId(user), session_id=session, workspace_id=home)).token
            for user, session in self.sessions
        ]

    async def ask(self, statement: str) -> list[Any]:
        """Read from the benchmark's database as its owner."""
        library: Any = asyncpg
        connection = await library.connect(self.database, timeout=_CONNECT)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def set_up(given: str | None, contacts: int, sessions: int) -> AsyncGenerator[Stage]:
    """Make a database with the workspace: on a given server, the usual one of this machine, or an embedded one."""
    admin = given or (LOCAL if await _answers(LOCAL) else None)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        wanted = {"redis", "mongo"} | ({"postgres"} if admin is None else set())
        stores = EmbeddedStores(Path(folder) / "stores", only=frozenset(wanted), durability="durable")
        addresses = await stores.start()
        try:
            base = admin or str(addresses.database_url)
            async with _database(base) as url:
                environ = _environ(url, str(addresses.redis_url), str(addresses.mongo_url), folder)
                workspace_id, people, version = await _furnished(environ, contacts)
                yield Stage(
                    admin=base,
                    database=url,
                    version=version,
                    is_embedded=admin is None,
                    workspace_id=workspace_id,
                    environ=environ,
                    sessions=people[:sessions],
                )
        finally:
            await stores.stop()


async def _answers(url: str) -> bool:
    library: Any = asyncpg
    try:
        connection = await library.connect(url, timeout=_CONNECT)
    except (OSError, TimeoutError, library.PostgresError):
        return False
    await connection.close()
    return True


@asynccontextmanager
async def _database(admin: str) -> AsyncGenerator[str]:
    library: Any = asyncpg
    name = f"bench_{uuid.uuid4().hex[:10]}"
    base, _, query = admin.partition("?")
    url = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    connection = await library.connect(admin, timeout=_CONNECT)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        await connection.execute(f"ALTER DATABASE {name} SET jit = off")
        yield url
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()


def _environ(database: str, redis: str, mongo: str, folder: str) -> dict[str, str]:
    return {
        "APP_ENV": "production",
        "LOG_LEVEL": "error",
        "RUN_WORKERS": "false",
        "DATA_DIR": str(Path(folder) / "data"),
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "MONGO_URL": mongo,
        # nothing that is measured asks it
        "QDRANT_URL": "http://127.0.0.1:9",
        "JWT_SECRET": secrets.token_urlsafe(48),
        "JWT_REFRESH_SECRET": secrets.token_urlsafe(48),
    }


async def _furnished(environ: Mapping[str, str], contacts: int) -> tuple[UUID, tuple[tuple[UUID, UUID], ...], str]:
    """Bring the tables to their newest form and fill them: one workspace to measure, and a smaller neighbour."""
    library: Any = asyncpg
    await run.upgrade(environ["DATABASE_URL"])
    home, neighbour = await _founded(environ)
    connection = await library.connect(environ["DATABASE_URL"], timeout=_CONNECT)
    try:
        for workspace, amount in ((home, contacts), (neighbour, int(contacts * _NEIGHBOUR))):
            settings = {"workspace": str(workspace), "members": str(_MEMBERS), "contacts": str(amount)}
            for name, value in settings.items():
                await connection.execute("SELECT set_config('peers.' || $1, $2, false)", name, value)
            await connection.execute(_FURNITURE.read_text(encoding="utf-8"))
        await connection.execute(_QUIET)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
        rows = await connection.fetch("SELECT user_id, id FROM sessions WHERE workspace_id = $1 ORDER BY id", home)
        version = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    return home, tuple((row["user_id"], row["id"]) for row in rows), str(version).split()[0]


async def _founded(environ: Mapping[str, str]) -> tuple[UUID, UUID]:
    """Found the workspaces by the product's own verb, which opens their counters and accounts."""
    settings = load_settings({**os.environ, **environ})
    places = Places(
        database=environ["DATABASE_URL"],
        redis=environ["REDIS_URL"],
        documents=environ["MONGO_URL"],
        vectors=Path(environ["DATA_DIR"]),
    )
    async with open_ground(settings, places) as ground:
        return await _found(ground, "Padaria"), await _found(ground, "Oficina")


async def _found(ground: Ground, name: str) -> UUID:
    owner = User(
        id=uuid7(),
        email=f"{name.lower()}@peers.example",
        name=f"Dona da {name}",
        password_hash=b"",
        email_verified_at=clock.now(),
    )
    async with begin_system(ground) as tx:
        tx.session.add(owner)
        await tx.session.flush()
        return (await found(tx, founder=UserId(owner.id), origin=Origin(), name=name)).id
