"""One run of a plan: who asks, what was given, what it loads, and how many objects were answered."""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from graphql.execution.values import VariableValues

from core.errors import Unavailable
from graph.context import Context
from graph.plan.text import Text


class Unplanned(Exception):
    """A field that a plan cannot answer, and why."""


class Unusual(ValueError):
    """A value that a plan does not answer for: the resolvers do."""


def given_up(error: Exception) -> str:
    """Say why a plan left a field to the resolvers while it ran."""
    return f"gave up: {type(error).__name__}"


ROWS_MOST: Final = 1_200
"""About how many rows are read and made at a time: more would keep the loop, and everybody, waiting for too long."""


class Found(NamedTuple):
    """What belongs to keys: what stands in the answer for each, and how many points each is worth. A key that nothing
    belongs to is missing in both.
    """

    values: Mapping[Any, Any]
    points: Mapping[Any, int]


class Unit(ABC):
    """What is loaded by keys, and is the same for all who ask with the same rights and the same values of some
    variables.
    """

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of these variables."""
        return tuple(sorted(self.uses()))

    @abstractmethod
    def uses(self) -> frozenset[str]:
        """Name these variables, once it is compiled."""

    def width(self, variables: VariableValues) -> int:
        """Return about how many rows belong to a key, at most; at least 1."""
        del variables
        return 1

    def most(self, variables: VariableValues) -> int:
        """Return how many keys are loaded by one statement."""
        return max(1, ROWS_MOST // self.width(variables))

    @abstractmethod
    async def find(self, run: "Run", keys: list[Any]) -> Any:
        """Load what belongs to some keys, at least one, each of which stands there once."""


class Run:
    """One run, whose loads begin within some seconds. `points` counts the objects of the answer as the door prices
    them. One that `writes` makes JSON at once of what stands in an answer several times. With `sharing`, what it loads
    may be loaded together with what other runs do. `kept` is what several edges lead to, behind the rows that it was
    loaded for.
    """

    __slots__ = (
        "_lost", "_tenant", "context", "kept", "points", "sharing", "tenant", "until", "variables", "writes",
    )  # fmt: skip

    def __init__(
        self,
        context: Context,
        variables: VariableValues,
        seconds: float,
        *,
        sharing: "Sharing | None" = None,
        writes: bool = True,
    ) -> None:
        self.writes = writes
        self.until = time.monotonic() + seconds
        self.context = context
        self.variables = variables
        self.sharing = sharing
        self.tenant = context.actor.workspace_id
        self._tenant = self.tenant.bytes
        self.points = 0
        self._lost: Unavailable | None = None
        self.kept: dict[object, tuple[Sequence[Any], Any]] = {}

    def apart(self, until: float) -> "Run":
        """Return a run of the same kind that knows nothing yet, for what several load, with time until a moment."""
        return Run(self.context.fresh(), self.variables, until - time.monotonic(), sharing=self.sharing)

    async def find(self, unit: Unit, keys: list[Any]) -> Any:
        """Load what belongs to some keys, at least one, together with others if there are any; more may be found than
        was asked for. Raises as `fetch`.
        """
        if self.sharing is None:
            return await in_parts(unit, self, keys)
        self._begin()
        try:
            return await self.sharing.find(unit, self, keys)
        except Unavailable as error:
            self._lost = error
            raise

    async def fetch(self, text: Text, keys: list[Any], given: Mapping[str, Any]) -> Sequence[Any]:
        """Run a statement for some keys.

        Raises:
            TimeoutError: the run has taken too long already.
            Unavailable: the database is away or busy. Who waited for it once does not wait again.
        """
        self._begin()
        values = {"tenant": self._tenant, "keys": keys, **given}
        try:
            return await self.context.reader.fetch(self.tenant, text.sql, text.arguments(values))
        except Unavailable as error:
            self._lost = error
            raise

    def _begin(self) -> None:
        if self._lost is not None:
            raise self._lost
        if time.monotonic() > self.until:
            raise TimeoutError


async def in_parts(unit: Unit, run: Run, keys: list[Any]) -> Any:
    """Load what belongs to keys, by several statements if it may be many rows."""
    most = unit.most(run.variables)
    if len(keys) <= most:
        return await unit.find(run, keys)
    return _joined([await unit.find(run, keys[start : start + most]) for start in range(0, len(keys), most)])


def _joined(parts: Sequence[Any]) -> Any:
    if not isinstance(parts[0], Found):
        return [_joined(each) for each in zip(*parts, strict=True)]
    values: dict[Any, Any] = {}
    points: dict[Any, int] = {}
    for each in parts:
        values.update(each.values)
        points.update(each.points)
    return Found(values, points)


class Sharing(Protocol):
    """Loads for several runs at once."""

    def find(self, unit: Unit, run: Run, keys: list[Any], /) -> Awaitable[Any]:
        """Load what belongs to some keys of a run, and perhaps of others."""
        ...
