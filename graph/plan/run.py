"""One run of a plan: who asks, what was given, where rows come from, and how many objects were answered."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

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


class Reading(Protocol):
    """Reads rows of one workspace."""

    async def fetch(self, text: str, arguments: Sequence[object], /) -> Sequence[Any]:
        """Run a SELECT; return all of its rows, whose values are found by their places."""
        ...


class Run:
    """One run, whose statements begin within some seconds. `points` counts the objects of the answer as the door prices
    them. One that `writes` makes JSON at once of what stands in an answer several times. `kept` are rows that several
    edges lead to, behind those that they were loaded for.
    """

    __slots__ = ("_lost", "_until", "context", "kept", "points", "reading", "tenant", "variables", "writes")

    def __init__(
        self, context: Context, reading: Reading, variables: VariableValues, seconds: float, *, writes: bool = True
    ) -> None:
        self.writes = writes
        self._until = time.monotonic() + seconds
        self.context = context
        self.reading = reading
        self.variables = variables
        self.tenant = context.actor.workspace_id
        self.points = 0
        self._lost: Unavailable | None = None
        self.kept: dict[object, tuple[Sequence[Any], Sequence[Any]]] = {}

    async def fetch(self, text: Text, keys: list[Any], given: Mapping[str, Any]) -> Sequence[Any]:
        """Run a statement for some keys; without keys there is nothing to run.

        Raises:
            TimeoutError: the run has taken too long already.
            Unavailable: the database is away or busy. Who waited for it once does not wait again.
        """
        if not keys:
            return ()
        if self._lost is not None:
            raise self._lost
        if time.monotonic() > self._until:
            raise TimeoutError
        values = {"tenant": self.tenant, "keys": keys, **given}
        try:
            return await self.reading.fetch(text.sql, text.arguments(values))
        except Unavailable as error:
            self._lost = error
            raise
