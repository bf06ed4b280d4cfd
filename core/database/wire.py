"""PostgreSQL's messages and binary values, as far as we write them ourselves.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

Value: TypeAlias = bytes | None
"""A parameter in its binary form; None is NULL."""

SYNC: Final = b"S\x00\x00\x00\x04"
_EXECUTE: Final = b"E\x00\x00\x00\x09\x00\x00\x00\x00\x00"
_NULL: Final = b"\xff\xff\xff\xff"
_LENGTH: Final = struct.Struct("!i")
_COUNT: Final = struct.Struct("!h")
_ARRAY: Final = struct.Struct("!iiIii")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# the numbers of types in the catalogue of every PostgreSQL
_UUID: Final = 2950
_TEXT: Final = 25
_BYTEA: Final = 17


def run(statement: str, values: Sequence[Value] = ()) -> bytes:
    """Return Bind and Execute, of the unnamed portal, for a prepared statement whose parameters are binary."""
    bind = b"".join(
        (
            b"\x00",
            statement.encode("ascii"),
            b"\x00\x00\x01\x00\x01",
            _COUNT.pack(len(values)),
            *map(_sized, values),
            b"\x00\x00",
        )
    )
    return b"".join((b"B", _LENGTH.pack(len(bind) + _LENGTH.size), bind, _EXECUTE))


def moment(value: datetime) -> bytes:
    """Write a timestamptz."""
    return ((value - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)


def text(value: str | None) -> Value:
    """Write a text."""
    return None if value is None else value.encode()


def uuid(value: UUID | None) -> Value:
    """Write a uuid."""
    return None if value is None else value.bytes


def uuids(values: Sequence[UUID | None]) -> bytes:
    """Write a uuid[]."""
    return _array(_UUID, [uuid(each) for each in values])


def texts(values: Sequence[str | None]) -> bytes:
    """Write a text[]."""
    return _array(_TEXT, [text(each) for each in values])


def byteas(values: Sequence[bytes]) -> bytes:
    """Write a bytea[]."""
    return _array(_BYTEA, values)


def _array(kind: int, values: Sequence[Value]) -> bytes:
    if not values:
        return _ARRAY.pack(0, 0, kind, 0, 1)[:12]
    return b"".join((_ARRAY.pack(1, None in values, kind, len(values), 1), *map(_sized, values)))


def _sized(value: Value) -> bytes:
    return _NULL if value is None else _LENGTH.pack(len(value)) + value
