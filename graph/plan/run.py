"""One run of a plan: who asks, what was given, what it loads, and how many objects were answered."""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

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


class Found(NamedTuple):
    """What belongs to keys: what stands in the answer for each, and how many points each is worth. A key that nothing
    belongs to is missing in both.
    """

    values: Mapping[Any, Any]
    points: Mapping[Any, int]


class Unit(ABC):
    """What is loaded by keys, and is the same for all who ask with the same rights and the same values of some
    variables. For several of them, `most` keys are loaded together.
    """

    most = 1_000

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of these variables."""
        return tuple(sorted(self.uses()))

    @abstractmethod
    def uses(self) -> frozenset[str]:
        """Name these variables, once it is compiled."""

    @abstractmethod
    async def find(self, run: "Run", keys: list[Any]) -> Any:
        """Load what belongs to some keys, at least one, each of which stands there once."""


class Run:
    """One run, whose statements begin within some seconds. `points` counts the objects of the answer as the door prices
    them. One that `writes` makes JSON at once of what stands in an answer several times. With `sharing`, what it loads
    may be loaded together with what other runs do. `kept` is what several edges lead to, behind the rows that it was
    loaded for.
    """

    __slots__ = (
        "_lost", "_seconds", "_tenant", "_until", "context", "kept", "points", "sharing", "tenant", "variables",
        "writes",
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
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self.context = context
        self.variables = variables
        self.sharing = sharing
        self.tenant = context.actor.workspace_id
        self._tenant = self.tenant.bytes
        self.points = 0
        self._lost: Unavailable | None = None
        self.kept: dict[object, tuple[Sequence[Any], Any]] = {}

    def apart(self) -> "Run":
        """Return a run of the same kind that knows nothing yet and has all of its time, for what several load."""
        return Run(self.context.fresh(), self.variables, self._seconds, sharing=self.sharing)

    async def find(self, unit: Unit, keys: list[Any]) -> Any:
        """Load what belongs to some keys, at least one, together with others if there are any; more may be found than
        was asked for. Raises as `fetch`.
        """
        if self.sharing is None:
            return await unit.find(self, keys)
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
        if time.monotonic() > self._until:
            raise TimeoutError


class Sharing(Protocol):
    """Loads for several runs at once."""

    def find(self, unit: Unit, run: Run, keys: list[Any], /) -> Awaitable[Any]:
        """Load what belongs to some keys of a run, and perhaps of others."""
        ...
