"""A statement of the read path as the driver takes it: ids are 16 bytes."""

from typing import Any, Final, cast
from uuid import UUID

from core.database.texts import DIALECT, Prepared, Process, from_driver, to_driver
from graph.tables import Statement

__all__ = ["DIALECT", "Process", "Text", "from_driver", "to_driver"]

_FREE: Final = ("tenant", "keys")


class Text(Prepared):
    """A statement of one workspace and some keys, compiled; `marks` are the names of further free parameters, `limit`
    the value of the one that is written into the text.
    """

    __slots__ = ()

    def __init__(self, statement: Statement, marks: tuple[str, ...] = (), *, limit: int | None = None) -> None:
        super().__init__(statement, marks, plain=_FREE, limit=limit)
        self.fixed = {name: raw(each) for name, each in self.fixed.items()}


def raw(value: Any) -> Any:
    """Return an id, or each of a list, as 16 bytes; anything else as it is."""
    if isinstance(value, UUID):
        return value.bytes
    return [raw(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def uuid_of(value: bytes | None) -> UUID | None:
    """Return an id that was read, as the tables' classes have it."""
    return None if value is None else UUID(bytes=value)
