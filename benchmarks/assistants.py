"""What the measures of the AI layer stand on: real stores, a workspace with people, and a provider on loopback."""

import secrets
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from benchmarks.processes import serving
from core import clock
from core.embedded import EmbeddedStores
from core.ground import Ground, Places, open_ground
from core.ids import UserId, WorkspaceId, uuid7
from core.security.tokens import Claims
from core.settings import Settings, load_settings
from migrations import run
from models import CreditKind, MemberSettings, Role, Session, User, WorkspaceMember, effective
from services import crediting
from services.access import Actor, Origin
from services.assistant.assistant import Assistant, open_assistant
from services.transaction import begin, begin_system
from services.workspaces.founding import found

CREDITS: Final = 1_000_000
_ORIGIN: Final = Origin(user_agent="benchmarks")
_COMMAND: Final = (sys.executable, "-m", "benchmarks.model_server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The assistant of this process, somebody who asks it, and the address of the provider.

    `environ` is what another process of the product needs to run on the same stores.
    """

    assistant: Assistant
    actor: Actor
    models: str
    redis_url: str
    environ: Mapping[str, str]

    @property
    def ground(self) -> Ground:
        """The ground of this process."""
        return self.assistant.ground

    async def token(self) -> str:
        """Return an access token of somebody new in the workspace."""
        user_id = await _joined(self.ground, self.actor.workspace_id)
        now = clock.now()
        session = Session(
            id=uuid7(),
            user_id=user_id,
            workspace_id=self.actor.workspace_id,
            ip="127.0.0.1",
            user_agent="benchmarks",
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(days=1),
        )
        async with begin_system(self.ground) as tx:
            tx.session.add(session)
        claims = Claims(user_id=user_id, session_id=session.id, workspace_id=self.actor.workspace_id)
        return self.ground.tokens.issue(claims).token


@asynccontextmanager
async def provider() -> AsyncGenerator[str]:
    """Run the provider; yield its address."""
    async with serving(_COMMAND, "/") as served:
        yield served.address


@asynccontextmanager
async def benched(models: str) -> AsyncGenerator[Bench]:
    """Open everything, with a key for the provider."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        stores = EmbeddedStores(Path(folder), durability="fast")
        addresses = await stores.start()
        try:
            environ = {
                "JWT_SECRET": secrets.token_hex(),
                "JWT_REFRESH_SECRET": secrets.token_hex(),
                "DATABASE_URL": str(addresses.database_url),
                "REDIS_URL": str(addresses.redis_url),
                "MONGO_URL": str(addresses.mongo_url),
                "DATA_DIR": str(Path(folder) / "server"),
                "LOG_LEVEL": "error",
                "OPENAI_API_KEY": "sk-bench",
                "OPENAI_BASE_URL": models,
            }
            async with _opened(load_settings(environ), Path(folder) / "vectors", models, environ) as bench:
                yield bench
        finally:
            await stores.stop()


@asynccontextmanager
async def _opened(settings: Settings, vectors: Path, models: str, environ: Mapping[str, str]) -> AsyncGenerator[Bench]:
    redis_url, database = environ["REDIS_URL"], environ["DATABASE_URL"]
    await run.upgrade(database)
    places = Places(database=database, redis=redis_url, documents=environ["MONGO_URL"], vectors=vectors)
    async with open_ground(settings, places) as ground, open_assistant(ground, redis_url) as assistant:
        actor = await _founded(ground)
        async with begin(ground, actor) as tx:
            await crediting.add(tx, CreditKind.TOPUP, CREDITS, uuid4())
        yield Bench(assistant=assistant, actor=actor, models=models, redis_url=redis_url, environ=environ)


async def _founded(ground: Ground) -> Actor:
    async with begin_system(ground) as tx:
        tx.session.add(user := _somebody())
        await tx.session.flush()
        workspace = await found(tx, founder=UserId(user.id), origin=_ORIGIN, name="Padaria")
    return Actor(
        workspace_id=WorkspaceId(workspace.id),
        user_id=UserId(user.id),
        role=Role.OWNER,
        permissions=effective(Role.OWNER, (), ()),
        origin=_ORIGIN,
    )


async def _joined(ground: Ground, workspace_id: WorkspaceId) -> UserId:
    async with begin_system(ground) as tx:
        tx.session.add(user := _somebody())
        await tx.session.flush()
        member = {"workspace_id": workspace_id, "user_id": user.id}
        tx.session.add(WorkspaceMember(**member, role=Role.MEMBER, joined_at=clock.now()))
        await tx.session.flush()
        tx.session.add(MemberSettings(**member))
    return UserId(user.id)


def _somebody() -> User:
    user_id = uuid7()
    address = f"{user_id.hex}@example.com"
    return User(id=user_id, email=address, name="Ana Conceição", password_hash=b"none", email_verified_at=clock.now())


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured in the rounds: one figure for each."""

    rounds: Sequence[float]

    @property
    def least(self) -> float:
        """The smallest, which a busy machine disturbs least."""
        return min(self.rounds)

    @property
    def middle(self) -> float:
        """The median."""
        return statistics.median(self.rounds)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that such a share of all does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def say(text: str = "") -> None:
    """Print a line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
