"""A statement of the read path as the driver takes it."""

from typing import Final

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
