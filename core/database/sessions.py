"""What a verb or a loader talks to the database with: a session that reads, or one that writes."""

from sqlalchemy.ext.asyncio import AsyncSession


class CommitMisplaced(RuntimeError):
    """Only the transaction that opened a session ends it."""


class ReadSession:
    """Reads one workspace. It has no way to add or to commit, and the database refuses writes on its connection."""

    def __init__(self, session: AsyncSession) -> None:
        self.execute = session.execute
        self.scalars = session.scalars
        self.scalar = session.scalar


class WriteSession(AsyncSession):
    """Reads and writes within one transaction, which is committed or rolled back by whoever opened it."""

    async def commit(self) -> None:
        """Refuse."""
        raise CommitMisplaced

    async def rollback(self) -> None:
        """Refuse. To undo a part, use `begin_nested`."""
        raise CommitMisplaced
