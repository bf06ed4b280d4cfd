"""What a verb or a loader talks to the database with: a session that reads, or one that writes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, TypeVarTuple, cast, overload

from sqlalchemy import Executable, Result, ScalarResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import TypedReturnsRows

from core.database import wire
from core.database.errors import DatabaseAway, committing, is_stale, is_unheard, refusing
from core.database.lines import Line

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

Parameters = Mapping[str, object]


class CommitMisplaced(RuntimeError):
    """Only the transaction that opened a session ends it."""


class ReadSession:
    """Reads one workspace, each statement in a transaction of its own. It has no way to add or to commit, and the
    database refuses writes on its connection. Rows stay readable after its end.
    """

    def __init__(self, connect: Callable[[], Awaitable[Line]]) -> None:
        self._connect: Callable[[], Awaitable[Line]] | None = connect
        self._line: Line | None = None
        self._session: AsyncSession | None = None

    @overload
    async def execute(self, statement: TypedReturnsRows[*_Ts], params: Parameters | None = None) -> Result[*_Ts]: ...
    @overload
    async def execute(self, statement: Executable, params: Parameters | None = None) -> Result[*tuple[Any, ...]]: ...
    async def execute(self, statement: Executable, params: Parameters | None = None) -> Result[*tuple[Any, ...]]:
        """Run a statement; return all of its rows.

        Once, and as long as nothing was answered, a pooled connection that died meanwhile is replaced, and a statement
        that was prepared before a migration is prepared again.

        Raises:
            DatabaseAway: the database does not answer.
            DatabaseBusy: the statement took too long.
        """
        again = self._connect
        try:
            result = await self._run(statement, params)
        except DBAPIError as error:
            if again is None or not (error.connection_invalidated or is_stale(error) or is_unheard(error)):
                raise
            if is_unheard(error) and self._line is not None:
                self._line.driver.terminate()  # pyright: ignore[reportUnknownMemberType]
            await self.close()
            await self.open()
            result = await self._run(statement, params)
        self._connect = None
        return result

    @overload
    async def scalars(
        self, statement: TypedReturnsRows[_T, *tuple[Any, ...]], params: Parameters | None = None
    ) -> ScalarResult[_T]: ...
    @overload
    async def scalars(self, statement: Executable, params: Parameters | None = None) -> ScalarResult[Any]: ...
    async def scalars(self, statement: Executable, params: Parameters | None = None) -> ScalarResult[Any]:
        """Run a statement; return the first column of all of its rows."""
        return (await self.execute(statement, params)).scalars()

    @overload
    async def scalar(
        self, statement: TypedReturnsRows[_T, *tuple[Any, ...]], params: Parameters | None = None
    ) -> _T | None: ...
    @overload
    async def scalar(self, statement: Executable, params: Parameters | None = None) -> Any: ...
    async def scalar(self, statement: Executable, params: Parameters | None = None) -> Any:
        """Run a statement; return the first column of its first row, or None."""
        return (await self.execute(statement, params)).scalar()

    async def open(self) -> None:
        """Take a connection. For the database only."""
        if self._connect is None:
            message = "a session is opened once"
            raise RuntimeError(message)
        self._line = await self._connect()
        self._session = AsyncSession(self._line.sql, autoflush=False, expire_on_commit=False)

    async def close(self) -> None:
        """Give the connection back. For the database only."""
        session, line = self._session, self._line
        self._session = self._line = None
        if session is None or line is None:
            return
        try:
            await session.close()
        finally:
            await give_back(line)

    async def _run(self, statement: Executable, params: Parameters | None) -> Result[*tuple[Any, ...]]:
        if self._session is None or self._line is None:
            message = "this session has ended"
            raise RuntimeError(message)
        try:
            return await self._session.execute(statement, params)
        except TimeoutError as error:
            # the server does not even say that the statement took too long
            self._line.driver.terminate()  # pyright: ignore[reportUnknownMemberType]
            raise DatabaseAway from error


class WriteSession(AsyncSession):
    """Reads and writes within one transaction, which is committed or rolled back by whoever opened it."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.sql, autoflush=False, expire_on_commit=False)
        self._line = line
        self._is_over = False

    @property
    def is_begun(self) -> bool:
        """Whether it may write: not before it was opened, and not after its end."""
        return self._line.driver.is_begun

    @property
    def is_over(self) -> bool:
        """Whether the transaction was committed with its last statement."""
        return self._is_over

    async def fetch(self, statement: str, *arguments: object) -> Sequence[Any]:
        """Run a statement that is kept as text, by the driver itself; return its rows. What waits in the session is
        not flushed before.

        Raises:
            ConstraintViolated, StatementRefused: the database refuses the rows.
        """
        self._must_go_on()
        if self.in_nested_transaction():
            await self.connection()  # only now is the savepoint made
        with refusing():
            return await cast("Any", self._line.driver).fetch(statement, *arguments)

    async def pipe(self, statement: str, values: Sequence[wire.Value]) -> None:
        """Have a statement that returns no rows run in the write of the commit, before it. What it raises, the commit
        raises.
        """
        self._must_go_on()
        await self._line.driver.pipe(statement, values)

    async def conclude(self, statement: str, *arguments: object) -> Sequence[Any]:
        """Run the last statement of the transaction, then what was piped, and commit, all in one write; return the rows
        of the statement. Nothing is stored when any of them is refused.

        Raises:
            ConstraintViolated, StatementRefused: the database refuses the rows.
            OutcomeUnknown: the answer was lost: it may be done, or not.
        """
        self._must_go_on()
        await self.flush_waiting()
        await self._line.driver.prepared(statement)  # apart: what is lost here was not committed
        with refusing(), committing():
            rows = await self._line.driver.conclude(statement, arguments)
        self._is_over = True
        return rows

    async def end(self) -> None:
        """Commit, unless that is done. For the database only.

        Raises:
            CommitRefused: a statement failed, and the caller went on as if nothing were. Nothing was stored.
            OutcomeUnknown: the answer was lost: it may be done, or not.
        """
        await self.flush_waiting()
        with refusing(), committing():
            if self.in_transaction():
                await super().commit()
            if self._line.driver.is_begun:  # by the driver alone, of which SQLAlchemy does not know
                await self._line.driver.finish()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to undo. For the database only."""
        return not self.in_transaction() and self._line.driver.is_clean

    async def undo(self) -> None:
        """Undo what was not committed. For the database only."""
        try:
            await self.close()
        finally:
            await self._line.driver.clear()

    async def flush_waiting(self) -> None:
        """Flush, if anything waits."""
        if self.in_transaction() and (self.new or self.dirty or self.deleted):
            await self.flush()

    async def commit(self) -> None:
        """Refuse."""
        raise CommitMisplaced

    async def rollback(self) -> None:
        """Refuse. To undo a part, use `begin_nested`."""
        raise CommitMisplaced

    def _must_go_on(self) -> None:
        if self._is_over:
            message = "this transaction has had its last statement"
            raise RuntimeError(message)


async def give_back(line: Line) -> None:
    """Put a connection back into its pool with nothing of its last user on it."""
    try:
        await line.driver.clear()
    finally:
        await line.sql.close()
