"""What a caller is told when the database cannot serve: that it is away, or that it is busy."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Final

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database.connection import DEAD
from core.errors import Unavailable

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_BUSY: Final = ("40001", "40P01", "53", "55P03", "57014")
_TOO_LONG: Final = "57014"
_AWAY: Final = ("08", "57P")
_OF_DRIVER: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class DatabaseAway(Unavailable):
    """The database does not answer right now: try again."""


class DatabaseBusy(Unavailable):
    """The database has too much to do right now: try again."""


class DatabaseSlow(DatabaseBusy):
    """The database took too long over this: ask for less, by a narrower filter or without a count, or try again."""


class OutcomeUnknown(DatabaseAway):
    """The database's answer was lost: this may be done, or not. Look before you do it again."""

    code = "OUTCOME_UNKNOWN"


class ConstraintViolated(Exception):
    """A statement that the driver ran was refused; `constraint` is the name of what it violated."""

    def __init__(self, constraint: str | None) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class StatementRefused(Exception):
    """A statement found that it must not be done, and called `refuse`, a function of the database. `reason` is what it
    said there.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def refusing() -> Generator[None]:
    """Turn what the driver says of rows that are refused into `ConstraintViolated` and `StatementRefused`."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise ConstraintViolated(getattr(error, "constraint_name", None)) from error
    except asyncpg.RaiseError as error:
        raise StatementRefused(str(error)) from error


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violated."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)


def state_of(error: BaseException) -> str:
    """Return the five characters by which PostgreSQL names an error; nothing for an error that is not its own."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlstate", None) or ""


def is_stale(error: DBAPIError) -> bool:
    """Tell whether a statement was prepared before the tables changed."""
    return isinstance(getattr(error.orig, "__cause__", None), asyncpg.InvalidCachedStatementError)


def is_unheard(error: DBAPIError) -> bool:
    """Tell whether the server's last word came while a connection lay idle, whose end was not noticed yet."""
    return isinstance(getattr(error.orig, "__cause__", None), asyncpg.InternalClientError)


@contextmanager
def committing() -> Generator[None]:
    """Turn the loss of an answer to COMMIT into `OutcomeUnknown`; leave every other error alone."""
    try:
        yield
    except (DBAPIError, TimeoutError, *DEAD) as error:
        if isinstance(error, DBAPIError) and not (error.connection_invalidated or is_unheard(error)):
            raise
        raise OutcomeUnknown from error


class _Answering:
    """What `answering` does. It knows nothing of what it surrounds, so that there is one for all."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not isinstance(error, (PoolTimeout, DBAPIError, TimeoutError, *_OF_DRIVER)):
            return
        if isinstance(error, PoolTimeout) or state_of(error).startswith(_BUSY):
            raise (DatabaseSlow if state_of(error) == _TOO_LONG else DatabaseBusy) from error
        lost = isinstance(error, DBAPIError) and (error.connection_invalidated or is_unheard(error))
        if lost or state_of(error).startswith(_AWAY) or isinstance(error, DEAD):
            raise DatabaseAway from error


_ANSWERING: Final = _Answering()


def answering() -> AbstractContextManager[None]:
    """Turn errors that mean "not now" into `DatabaseAway` and `DatabaseBusy`; leave every other error alone."""
    return _ANSWERING


@contextmanager
def connecting() -> Generator[None]:
    """Turn a refused connection into `DatabaseAway`, too."""
    try:
        yield
    except OSError as error:
        raise DatabaseAway from error
