"""One connection: how it is opened, and how it learns of a workspace without a round trip of its own.

A read is one statement in one implicit transaction. While a connection is bound to a workspace, each Bind message that
asyncpg writes is preceded, in the same write, by Bind and Execute of a prepared statement that sets the workspace
locally. One Sync ends both, so both are one transaction, and the setting ends with it. The statement returns no rows,
so that asyncpg sees nothing but one more BindComplete and one more CommandComplete.

There is no public way to this: one assignment, below, puts our protocol class in the place of asyncpg's. A connection
that was made without it is refused, and a statement that is sent around it sees no row. Measured, and argued, in
docs/decisions/0002-tenant-walls.md; held by tests/contracts/test_tenant_leaks.py, also against newer releases.
"""

import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from asyncpg import connect_utils  # pyright: ignore[reportMissingTypeStubs]
from asyncpg.protocol import NO_TIMEOUT  # pyright: ignore[reportMissingTypeStubs]

from core.database import walls

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

_STATEMENT: Final = b"bind_workspace"
_PREPARE: Final = (
    f"PREPARE {_STATEMENT.decode()} (text) AS SELECT WHERE set_config('{walls.SETTING}', $1, true) IS NULL"
)
_BIND: Final = ord("B")
_KEEPALIVE: Final = 30
_UNANSWERED: Final = 20_000
_END: Final = 5.0
_PLAIN_TIMEOUT: Final = 10.0


class CommitRefused(RuntimeError):
    """A transaction was to be committed after one of its statements had failed: nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How connections of one pool are opened. Times are in seconds; as many `statements` stay prepared on each."""

    dsn: str
    settings: Mapping[str, str]
    connect: float
    command: float
    is_walled: bool
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
    """A transport that sets the workspace before each statement, in the same write."""

    __slots__ = ("_inner", "abort", "get_extra_info", "pause_reading", "prefix", "resume_reading")

    def __init__(self, inner: _Inner) -> None:
        self._inner = inner
        self.prefix: bytes | None = None
        self.abort = inner.abort
        self.pause_reading = inner.pause_reading
        self.resume_reading = inner.resume_reading
        self.get_extra_info = inner.get_extra_info

    def write(self, data: memoryview) -> None:
        if self.prefix is None or data[0] != _BIND:
            self._inner.write(data)
        else:
            self._inner.write(self.prefix + data)

    def writelines(self, list_of_data: Sequence[memoryview]) -> None:
        if self.prefix is not None:
            message = "many executions of one statement belong into a transaction"
            raise walls.WallBroken(message)
        self._inner.writelines(list_of_data)


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
    """asyncpg's connection, which can be bound to a workspace or begin a transaction in one round trip."""

    __slots__ = ("_begun", "_walled", "is_given_up")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # pyright: ignore[reportUnknownMemberType]
        self._begun: _Begun | None = None
        self.is_given_up = False
        protocol = arguments[0]
        if not isinstance(protocol, _Protocol):
            message = "this release of asyncpg makes connections in a way that cannot be walled"
            raise walls.WallBroken(message)
        self._walled = protocol.walled

    @property
    def is_clean(self) -> bool:
        """Whether nobody's workspace, and no transaction, is left on this connection."""
        is_busy: bool = self.is_in_transaction()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return self._walled.prefix is None and self._begun is None and not is_busy

    @property
    def is_begun(self) -> bool:
        """Whether a transaction was begun here that was not ended."""
        return self._begun is not None

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

    async def begin(self, statement: str) -> None:
        """Begin a transaction, and set up what belongs to it, by one string of statements."""
        await self.execute(statement)  # pyright: ignore[reportUnknownMemberType]
        self._begun = _Begun(self)

    def transaction(self, **options: Any) -> Any:
        """Return the transaction that was begun; without one, asyncpg's own, in which no workspace is set."""
        return self._begun or super().transaction(**options)  # pyright: ignore[reportUnknownMemberType]

    async def clear(self) -> None:
        """Leave nothing behind: no workspace, no transaction. Drops the connection when that cannot be had."""
        self.unbind()
        self._begun = None
        if self.is_closed() or not self.is_in_transaction():  # pyright: ignore[reportUnknownMemberType]
            return
        try:
            await self.execute("ROLLBACK", timeout=_END)  # pyright: ignore[reportUnknownMemberType]
        except (*DEAD, asyncpg.PostgresError):
            self.terminate()  # pyright: ignore[reportUnknownMemberType]

    async def finish(self) -> None:
        """Commit what was begun.

        Raises:
            CommitRefused: a statement failed before. PostgreSQL answers COMMIT with ROLLBACK then, without an error.
        """
        self._begun = None
        if await self.execute("COMMIT") != "COMMIT":  # pyright: ignore[reportUnknownMemberType]
            raise CommitRefused


class _Begun:
    """A transaction that is already open, in the form in which SQLAlchemy asks asyncpg for one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(self) -> None:
        """Do nothing: BEGIN was sent."""

    async def commit(self) -> None:
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
        server_settings=dict(opening.settings),
        connection_class=Connection,
        statement_cache_size=opening.statements,
    )
    if opening.is_walled:
        try:
            await connection.execute(_PREPARE)
        except BaseException:
            connection.terminate()
            raise
    return connection


async def open_plain(dsn: str, settings: Mapping[str, str]) -> object:
    """Connect as the owner of the schema, with settings of the server; `dsn` is read as libpq reads it."""
    return await cast("Any", asyncpg).connect(dsn, timeout=_PLAIN_TIMEOUT, server_settings=dict(settings))


def _prefix(workspace_id: UUID) -> bytes:
    """Return Bind and Execute, of the unnamed portal, for the statement that sets a workspace."""
    value = str(workspace_id).encode("ascii")
    bind = b"\x00%b\x00%b%b%b%b" % (
        _STATEMENT,
        struct.pack("!hh", 0, 1),
        struct.pack("!i", len(value)),
        value,
        struct.pack("!h", 0),
    )
    return b"B%b%bE%b\x00%b" % (struct.pack("!i", len(bind) + 4), bind, struct.pack("!i", 9), struct.pack("!i", 0))


def _notice_silence(link: socket.socket | None) -> None:
    """Let the kernel end a TCP connection whose other side is gone without a word."""
    if link is None or link.family not in (socket.AF_INET, socket.AF_INET6):
        return
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _KEEPALIVE), ("TCP_USER_TIMEOUT", _UNANSWERED)):
        if hasattr(socket, option):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
