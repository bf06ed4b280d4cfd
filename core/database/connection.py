"""One connection: how it is opened, and how it learns of a workspace without a round trip of its own.

A read is one statement in one implicit transaction. While a connection is bound to a workspace, each Bind message that
asyncpg writes is preceded, in the same write, by Bind and Execute of a prepared statement that sets the workspace
locally. One Sync ends both, so both are one transaction, and the setting ends with it. The statement returns no rows,
so that asyncpg sees nothing but one more BindComplete and one more CommandComplete.

A transaction costs no round trip of its own either: its first statement is preceded, in the same write, by BEGIN and
the workspace, and its last one is followed by the statements that were piped and by COMMIT (docs/decisions/0019).

There is no public way to this: one assignment, below, puts our protocol class in the place of asyncpg's. A connection
that was made without it is refused, and a statement that is sent around it sees no row. Measured, and argued, in
docs/decisions/0002-tenant-walls.md; held by tests/contracts/test_tenant_leaks.py, also against newer releases.
"""

import select
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from asyncpg import connect_utils  # pyright: ignore[reportMissingTypeStubs]
from asyncpg.protocol import NO_TIMEOUT  # pyright: ignore[reportMissingTypeStubs]

from core.database import walls, wire

DEAD: Final = (
    asyncpg.InterfaceError,
    # the server's last word came while the connection lay idle, and its end is not noticed yet
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.CrashShutdownError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleSessionTimeoutError,
    OSError,
)
"""What a call on a connection raises when the connection, or the server behind it, is gone. A statement that took too
long is not among them: to repeat it would take as long again.
"""

_STATEMENT: Final = "bind_workspace"
_SET: Final = f"set_config('{walls.SETTING}', $1, true) IS NULL"
_PREPARE: Final = f"PREPARE {_STATEMENT} (text) AS SELECT WHERE {_SET}"
_READ_ONLY: Final = " OR set_config('transaction_read_only', 'on', true) IS NULL"
_OPEN: Final = "open_transaction"
_PREPARE_OPEN: Final = (
    f"PREPARE {_OPEN} (text, text) AS SELECT WHERE {_SET} OR set_config('statement_timeout', $2, true) IS NULL"
)
_BEGIN: Final = "BEGIN"
_COMMIT: Final = "COMMIT"
_NOTHING: Final = "SELECT WHERE false"
_BIND: Final = ord("B")
_QUERY: Final = ord("Q")
_KEEPALIVE: Final = 30
_UNANSWERED: Final = 20_000
_END: Final = 5.0
_CUT: Final = 1.0
_PLAIN_TIMEOUT: Final = 10.0


class CommitRefused(RuntimeError):
    """A transaction was to be committed after one of its statements had failed: nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How connections of one pool are opened. Times are in seconds; as many `statements` stay prepared on each. Those
    that are `for_reading` refuse to write; the others do while they are bound to a workspace.
    """

    dsn: str
    settings: Mapping[str, str]
    connect: float
    command: float
    is_walled: bool
    for_reading: bool = False
    statements: int = 100


class _Inner(Protocol):
    """What asyncpg asks of a transport."""

    def write(self, data: bytes | memoryview) -> None: ...
    def writelines(self, list_of_data: Sequence[memoryview]) -> None: ...
    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def get_extra_info(self, name: str, default: object = None) -> Any: ...


class _Transport:
    """A transport that adds to statements, in the same write.

    `prefix` goes before each of them; `opening` before the next one alone, `closing` behind it, ahead of its Sync.
    """

    __slots__ = ("_inner", "abort", "closing", "get_extra_info", "opening", "pause_reading", "prefix", "resume_reading")

    def __init__(self, inner: _Inner) -> None:
        self._inner = inner
        self.prefix: bytes | None = None
        self.opening: bytes | None = None
        self.closing: bytes | None = None
        self.abort = inner.abort
        self.pause_reading = inner.pause_reading
        self.resume_reading = inner.resume_reading
        self.get_extra_info = inner.get_extra_info

    def write(self, data: memoryview) -> None:
        if data[0] != _BIND:
            if data[0] == _QUERY and self.opening is not None:
                message = "a transaction begins with a statement that is prepared"
                raise walls.WallBroken(message)
            self._inner.write(data)
        elif self.opening is not None or self.closing is not None:
            self._inner.write(self._surrounded(data))
        elif self.prefix is not None:
            self._inner.write(self.prefix + data)
        else:
            self._inner.write(data)

    def writelines(self, list_of_data: Sequence[memoryview]) -> None:
        if self.prefix is not None or self.opening is not None or self.closing is not None:
            message = "many executions of one statement belong into a transaction that has begun"
            raise walls.WallBroken(message)
        self._inner.writelines(list_of_data)

    def _surrounded(self, data: memoryview) -> bytes:
        opening, closing = self.opening or b"", self.closing or b""
        self.opening = self.closing = None
        end = len(data) - len(wire.SYNC)
        if bytes(data[end:]) != wire.SYNC:
            message = "this release of asyncpg ends a statement in a way that nothing can be added to"
            raise walls.WallBroken(message)
        return b"".join((opening, data[:end], closing, wire.SYNC))


class _Protocol(connect_utils.protocol.Protocol):  # pyright: ignore[reportMissingTypeArgument]
    """asyncpg's protocol, writing through a transport that can set the workspace."""

    walled: _Transport

    def connection_made(self, transport: Any) -> None:
        """Begin to talk."""
        self.walled = _Transport(transport)
        _notice_silence(transport.get_extra_info("socket"))
        super().connection_made(self.walled)  # pyright: ignore[reportUnknownMemberType]


# Once, at import: to swap it around each connect would race between connects.
connect_utils.protocol.Protocol = _Protocol  # pyright: ignore[reportUnknownMemberType]


class Connection(asyncpg.Connection):  # pyright: ignore[reportUntypedBaseClass]
    """asyncpg's connection, which can be bound to a workspace, and can begin and end a transaction in the writes of its
    first and last statements.
    """

    __slots__ = ("_begun", "_kept", "_piped", "_walled", "is_given_up")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # pyright: ignore[reportUnknownMemberType]
        self._begun: _Begun | None = None
        self._kept: dict[str, Any] = {}
        self._piped: list[bytes] = []
        self.is_given_up = False
        protocol = arguments[0]
        if not isinstance(protocol, _Protocol):
            message = "this release of asyncpg makes connections in a way that cannot be walled"
            raise walls.WallBroken(message)
        self._walled = protocol.walled

    @property
    def is_clean(self) -> bool:
        """Whether nobody's workspace, and no transaction, is left on this connection."""
        is_bare = self._walled.prefix is None and self._walled.opening is None and self._walled.closing is None
        return is_bare and self._begun is None and not self._piped and not self._may_be_in_transaction

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits to be read. On an idle connection that would be its end."""
        poll = select.poll()
        poll.register(self._walled.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    @property
    def is_begun(self) -> bool:
        """Whether a transaction was begun here that was not ended."""
        return self._begun is not None

    @property
    def is_untouched(self) -> bool:
        """Whether a transaction was begun of which the server has not heard yet."""
        return self._walled.opening is not None

    def bind(self, workspace_id: UUID) -> None:
        """Let every statement from now on see one workspace. Sends nothing."""
        self._walled.prefix = _prefix(workspace_id)

    def unbind(self) -> None:
        """Let statements see nothing again. Sends nothing."""
        self._walled.prefix = None

    async def read(self, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        """Run a SELECT; return its rows. One that is prepared already is sent without what asyncpg does around each,
        a timer among it: whoever asks limits the time.
        """
        prepared: Any = self._stmt_cache.get((text, asyncpg.Record, False))  # pyright: ignore[reportUnknownMemberType]
        if prepared is None:
            return await self._fetched(text, arguments)
        try:
            protocol = cast("Any", self._protocol)  # pyright: ignore[reportUnknownMemberType]
            return await protocol.bind_execute(prepared, arguments, "", 0, False, NO_TIMEOUT)
        except (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError):
            return await self._fetched(text, arguments)

    async def _fetched(self, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        return await cast("Any", self).fetch(text, *arguments)

    def give_up(self) -> None:
        """Close at once: the server does not even say that a statement took too long."""
        self.is_given_up = True
        self.terminate()  # pyright: ignore[reportUnknownMemberType]

    async def begin(self, workspace_id: UUID | None, patience: float) -> None:
        """Begin a transaction with the next statement: of one workspace, each statement of which may take as many
        seconds, or of none. Sends nothing, except the first time.
        """
        opening = wire.run(await self.prepared(_BEGIN))
        await self.prepared(_COMMIT)
        if workspace_id is not None:
            values = str(workspace_id).encode("ascii"), str(round(patience * 1000)).encode("ascii")
            opening += wire.run(_OPEN, values)
        self._walled.opening = opening
        self._begun = _Begun(self)

    def transaction(self, **options: Any) -> Any:
        """Return the transaction that was begun; without one, asyncpg's own, in which no workspace is set."""
        return self._begun or super().transaction(**options)  # pyright: ignore[reportUnknownMemberType]

    async def executemany(self, *arguments: Any, **options: Any) -> None:
        """Run a statement for many values. A transaction that was begun is told of first: many cannot begin it."""
        if self.is_untouched:
            await self.prepared(_NOTHING)
            await self._kept[_NOTHING].fetch()
        await super().executemany(*arguments, **options)  # pyright: ignore[reportUnknownMemberType]

    async def pipe(self, statement: str, values: Sequence[wire.Value]) -> None:
        """Have a statement run in the write of the commit, before it. It returns no rows; what it raises, the commit
        raises, and nothing is stored.
        """
        self._piped.append(wire.run(await self.prepared(statement), values))

    async def finish(self) -> None:
        """Run what was piped, and commit what was begun.

        Raises:
            CommitRefused: a statement failed before. PostgreSQL answers COMMIT with ROLLBACK then, without an error.
        """
        piped = b"".join(self._piped)
        if self.is_untouched and not piped:
            self._walled.opening = self._begun = None
            return
        if piped:
            self._walled.opening = (self._walled.opening or b"") + piped
        await self._last(self._kept[_COMMIT])

    async def conclude(self, statement: str, arguments: Sequence[object]) -> Sequence[Any]:
        """Run a last statement, then what was piped, and commit, in one write; return the rows of the statement. What
        any of them raises undoes all.

        Raises:
            CommitRefused: a statement failed before.
        """
        await self.prepared(statement)
        commit = wire.run(await self.prepared(_COMMIT))
        self._walled.closing = b"".join((*self._piped, commit))
        return await self._last(self._kept[statement], *arguments)

    async def clear(self) -> None:
        """Leave nothing behind: no workspace, no transaction. Drops the connection when that cannot be had."""
        self.unbind()
        self._begun = self._walled.opening = self._walled.closing = None
        self._piped.clear()
        if self.is_closed() or not self._may_be_in_transaction:  # pyright: ignore[reportUnknownMemberType]
            return
        # whoever cut a statement off does not wait for a server that does not even say that it heard of it
        patience = _CUT if self._is_cut else _END
        try:
            await self.execute("ROLLBACK", timeout=patience)  # pyright: ignore[reportUnknownMemberType]
        except (*DEAD, asyncpg.PostgresError):
            self.terminate()  # pyright: ignore[reportUnknownMemberType]

    @property
    def _may_be_in_transaction(self) -> bool:
        """Whether the server is in a transaction, or may be: of a statement that was cut off it has not said yet what
        became of it, and of the transaction that the same write began.
        """
        return self._is_cut or bool(self.is_in_transaction())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    @property
    def _is_cut(self) -> bool:
        """Whether a statement was cut off, of which the server has not spoken since."""
        protocol = cast("Any", self._protocol)  # pyright: ignore[reportUnknownMemberType]
        return protocol._is_cancelling()  # noqa: SLF001  (there is no public way)

    async def prepared(self, statement: str) -> str:
        """Prepare a statement, if it is not yet; return its name. They are few, and are kept until the end.

        Raises:
            CommitRefused: a statement failed before.
        """
        if statement not in self._kept:
            try:
                self._kept[statement] = await self.prepare(statement)  # pyright: ignore[reportUnknownMemberType]
            except asyncpg.InFailedSQLTransactionError as error:
                raise CommitRefused from error
        return self._kept[statement].get_name()

    async def _last(self, prepared: Any, *arguments: object) -> Sequence[Any]:
        """Run a prepared statement, the last message of whose write is COMMIT."""
        self._begun = None
        self._piped.clear()
        try:
            rows = await prepared.fetch(*arguments)
        except asyncpg.InFailedSQLTransactionError as error:
            raise CommitRefused from error
        except asyncpg.InvalidCachedStatementError:
            self._kept.clear()  # the tables changed: what was prepared before is of no use
            raise
        finally:
            # values that cannot be sent are refused before anything is written
            self._walled.opening = self._walled.closing = None
        if prepared.get_statusmsg() != _COMMIT:
            raise CommitRefused
        return rows


class _Begun:
    """A transaction that is already open, in the form in which SQLAlchemy asks asyncpg for one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(self) -> None:
        """Do nothing: the first statement begins it."""

    async def commit(self) -> None:
        if self._connection.is_begun:
            await self._connection.finish()

    async def rollback(self) -> None:
        await self._connection.clear()


async def open_connection(opening: Opening) -> Connection:
    """Connect, and prepare what sets a workspace."""
    connect = cast("Any", asyncpg).connect
    connection = await connect(
        opening.dsn,
        timeout=opening.connect,
        command_timeout=opening.command,
        server_settings={**opening.settings, "default_transaction_read_only": "on" if opening.for_reading else "off"},
        connection_class=Connection,
        statement_cache_size=opening.statements,
    )
    if opening.is_walled:
        try:
            await connection.execute(_PREPARE if opening.for_reading else f"{_PREPARE}{_READ_ONLY}; {_PREPARE_OPEN}")
        except BaseException:
            connection.terminate()
            raise
    return connection


async def open_plain(dsn: str, settings: Mapping[str, str]) -> object:
    """Connect as the owner of the schema, with settings of the server; `dsn` is read as libpq reads it."""
    return await cast("Any", asyncpg).connect(dsn, timeout=_PLAIN_TIMEOUT, server_settings=dict(settings))


def _prefix(workspace_id: UUID) -> bytes:
    """Return what sets a workspace."""
    return wire.run(_STATEMENT, (str(workspace_id).encode("ascii"),))


def _notice_silence(link: socket.socket | None) -> None:
    """Let the kernel end a TCP connection whose other side is gone without a word."""
    if link is None or link.family not in (socket.AF_INET, socket.AF_INET6):
        return
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _KEEPALIVE), ("TCP_USER_TIMEOUT", _UNANSWERED)):
        if hasattr(socket, option):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
