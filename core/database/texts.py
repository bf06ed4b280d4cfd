"""A statement as the driver takes it: SQL with numbered places, and the values that stand there."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.types import TypeEngine

Process = Callable[[Any], Any]

DIALECT: Final = asyncpg_dialect()


class Prepared:
    """A statement, compiled once. Its free parameters are given each time; all others have the values that it was made
    with.

    `marks` are the names of free parameters, `plain` of those that the driver takes as they are, `limit` the value of
    the one that is written into the text.
    """

    __slots__ = ("_places", "_to_driver", "fixed", "sql")

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]],
        marks: tuple[str, ...] = (),
        *,
        plain: tuple[str, ...] = (),
        limit: int | None = None,
    ) -> None:
        compiled: Any = statement.compile(dialect=DIALECT)
        free = dict.fromkeys((*plain, *marks))
        state = compiled.construct_expanded_state({**free, "limit": limit}, escape_names=False)
        self.sql: str = state.statement
        self._places: tuple[str, ...] = tuple(state.positiontup or ())
        processes = {name: to_driver(each.type) for name, each in compiled.binds.items()} | dict(state.processors)
        self._to_driver = {name: processes[name] for name in marks if processes.get(name)}
        self.fixed: dict[str, Any] = {
            name: _processed(processes.get(name), state.parameters[name]) for name in self._places if name not in free
        }

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the values in their order."""
        fixed, process = self.fixed, self._to_driver
        if not fixed and not process:
            return [given[name] for name in self._places]
        return [fixed[name] if name in fixed else _processed(process.get(name), given[name]) for name in self._places]


def to_driver(kind: TypeEngine[Any]) -> Process | None:
    """Return what makes the driver's value of Python's, if they differ."""
    process: Any = kind.dialect_impl(DIALECT).bind_processor(DIALECT)
    return process


def from_driver(kind: TypeEngine[Any]) -> Process | None:
    """Return what makes Python's value, as the tables' classes have it, of the driver's; None if they are the same."""
    process: Any = kind.dialect_impl(DIALECT).result_processor(DIALECT, None)
    return process


def _processed(process: Process | None, value: Any) -> Any:
    return value if process is None else process(value)
