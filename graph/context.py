"""What an operation's resolvers share: who asks, and one dataloader per edge and arguments.

A context lives as long as one operation. Each batch opens a read session of its own (sibling fields run at the same
time, and a session is for one task), a few at once, each within a time limit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy.sql import Executable
from strawberry.dataloader import DataLoader

from core.errors import Forbidden, Unavailable
from core.ids import WorkspaceId
from graph import statements
from graph.facts import Attribute, Source

AT_ONCE: Final = 4
LARGEST_BATCH: Final = 1_000
SECONDS: Final = 10.0


class Actor(Protocol):
    """Who asks: somebody in one workspace."""

    @property
    def workspace_id(self) -> WorkspaceId: ...

    def may(self, permission: str, /) -> bool:
        """Tell whether they may do a thing."""
        ...


class Session(Protocol):
    """A read session, as far as loaders need it."""

    async def execute(self, statement: Executable, params: Mapping[str, Any] | None = None, /) -> Any:
        """Run a SELECT."""
        ...

    async def scalars(self, statement: Executable, params: Mapping[str, Any] | None = None, /) -> Any:
        """Run a SELECT of one column."""
        ...


class Reader(Protocol):
    """Reads what one workspace may see."""

    def read(self, workspace_id: WorkspaceId, /) -> AbstractAsyncContextManager[Session]:
        """Open a session."""
        ...

    def fetch(self, workspace_id: WorkspaceId, text: str, arguments: Sequence[object], /) -> Awaitable[Sequence[Any]]:
        """Run a SELECT; return all of its rows, whose values are found by their places. Ids are 16 bytes, and times
        microseconds since 2000, in arguments as well.
        """
        ...


Batch: TypeAlias = Callable[[Session, list[Any], dict[str, Any]], Awaitable[Mapping[Any, Any]]]
"""Loads what belongs to each key; gets the session, the keys, and the parameters `keys` and `tenant`."""


class PermissionNeeded(Forbidden):
    """Your role does not allow this."""

    code = "FORBIDDEN"


class Context:
    """The loaders of one operation."""

    def __init__(self, actor: Actor, reader: Reader) -> None:
        self.actor = actor
        self.reader = reader
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._turn: asyncio.Semaphore | None = None

    def fresh(self) -> "Context":
        """Return a context for a second attempt, without the futures that the first one left failed or answered."""
        return Context(self.actor, self.reader)

    def clear(self) -> None:
        """Forget everything that was loaded: after a write."""
        self._loaders.clear()

    def require(self, permission: str) -> None:
        """Raise `PermissionNeeded` unless the actor may do a thing."""
        if not self.actor.may(permission):
            name = permission.replace(":", "_").upper()
            message = f"Your role does not allow this: it needs the permission {name}."
            raise PermissionNeeded(message)

    def load(self, edge: Hashable, batch: Batch, key: Hashable) -> Awaitable[Any]:
        """Load what belongs to a key, together with the other keys that are asked for at the same time.

        `edge` names the loader: the same name must mean the same batch. Await the result, or do not: it is shielded,
        because a cancelled sibling must not cancel what others wait for.
        """
        loader = self._loaders.get(edge)
        if loader is None:

            async def run(keys: list[Any]) -> list[Any]:
                try:
                    return await self._run(batch, keys)
                except BaseException:
                    self._loaders.pop(edge, None)
                    raise

            loader = DataLoader(load_fn=run, max_batch_size=LARGEST_BATCH)
            self._loaders[edge] = loader
        return asyncio.shield(loader.load(key))

    def find(self, source: Source, column: Attribute, key: UUID | str | int) -> Awaitable[Any]:
        """Load the row whose column holds a value; None when there is none, or it is not ours."""

        async def batch(session: Session, keys: list[Any], given: dict[str, Any]) -> dict[Any, Any]:
            del keys
            rows = await session.scalars(statements.by_key(source, column), given)
            return {getattr(row, column.key): row for row in rows}

        return self.load((source, column), batch, key)

    async def _run(self, batch: Batch, keys: list[Any]) -> list[Any]:
        tenant = self.actor.workspace_id
        if self._turn is None:
            self._turn = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.timeout(SECONDS), self._turn, self.reader.read(tenant) as session:
                found = await batch(session, keys, {"keys": keys, "tenant": tenant})
        except TimeoutError:
            message = "The database did not answer in time: try again."
            raise Unavailable(message) from None
        return [found.get(key) for key in keys]
