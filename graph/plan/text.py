"""A statement of the read path as the driver takes it: ids are 16 bytes, times microseconds since 2000."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import DateTime, Uuid

from core.database.texts import DIALECT, Prepared, Process, from_driver, to_driver
from graph.tables import Statement

__all__ = ["DIALECT", "Process", "Text", "from_driver", "to_driver"]

_FREE: Final = ("tenant", "keys")
_SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
EXACT: Final = 3_000_000_000_000_000
"""Between this many microseconds before and after 2000, a time in seconds as a float is exact to the microsecond."""

BEFORE: Final = _SINCE.timestamp()
"""The seconds from 1970 to 2000."""


class Text(Prepared):
    """A statement of one workspace and some keys, compiled; `marks` are the names of further free parameters, `limit`
    the value of the one that is written into the text.
    """

    __slots__ = ()

    def __init__(self, statement: Statement, marks: tuple[str, ...] = (), *, limit: int | None = None) -> None:
        super().__init__(statement, marks, plain=_FREE, limit=limit)
        self.fixed = {name: raw(each) for name, each in self.fixed.items()}


def raw(value: Any) -> Any:
    """Return an id, a time, or each of a list, as the driver takes it; anything else as it is."""
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return (value - _SINCE) // _MICROSECOND
    return [raw(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def uuid_of(value: bytes | None) -> UUID | None:
    """Return an id that was read, as the tables' classes have it."""
    return None if value is None else UUID(bytes=value)


def moment_of(value: int | None) -> datetime | None:
    """Return a time that was read, as the tables' classes have it."""
    if value is None:
        return None
    if -EXACT < value < EXACT:
        return datetime.fromtimestamp(value / 1e6 + BEFORE, UTC)
    return far(value)


def far(value: int) -> datetime:
    """Return a time that is far from now; OverflowError when it is infinite."""
    return _SINCE + value * _MICROSECOND


def python_of(kind: Any) -> Callable[[Any], Any] | None:
    """Return what makes of a value that was read that of the tables' classes; None if it is the same."""
    if isinstance(kind, Uuid):
        return uuid_of
    return moment_of if isinstance(kind, DateTime) else from_driver(kind)
