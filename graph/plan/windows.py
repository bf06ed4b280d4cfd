"""Windows: pages of one root list that differ in nothing but where they begin, loaded by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Protocol

from graphql.execution.values import VariableValues
from sqlalchemy import DateTime, Integer, Text, Uuid

from graph import statements
from graph.facts import Page
from graph.pages import Listing
from graph.paging import Position
from graph.plan.levels import Level, View
from graph.plan.run import Found, Run, Unit
from graph.plan.text import Text as Statement
from graph.plan.text import raw
from graph.statements import Way, place

ROOT_ROWS_MOST: Final = 400
_START: Final[Position] = ()
_NUMBER: Final = itemgetter(0)
_KINDS: Final = (DateTime, Integer, Text, Uuid)


class Shows(Protocol):
    """The connection of a root field."""

    fact: Page
    level: Level
    views: list[View]

    async def show(self, run: Run, loaded: Mapping[Any, tuple[Listing, Sequence[Any]]]) -> Found:
        """Show pages of which the rows were loaded."""
        ...


def windows_of(pages: Shows, listing: Listing) -> "Windows | None":
    """Return what loads such pages; None where they have two ends, or begin at values of unusual types."""
    window = listing.window
    ends = [end for end in ("after", "before") if getattr(window, end) is not None]
    kinds = [each.column.type for each in listing.order]
    if len(ends) > 1 or not all(isinstance(each, _KINDS) for each in kinds):
        return None
    return Windows(pages, listing, ends[0] if ends else None)


class Windows(Unit):
    """Pages of a list, by the places they begin at; the one at the list's start has none."""

    def __init__(self, pages: Shows, listing: Listing, end: str | None) -> None:
        self._pages = pages
        self._listing = listing
        self._end = end
        self._text: Statement | None = None

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what hangs on the rows."""
        return frozenset[str]().union(*[each.uses() for each in self._pages.views])

    def most(self, variables: VariableValues) -> int:
        """Return how many pages are loaded together: what hangs on their rows is as many again, and more."""
        del variables
        return max(1, ROOT_ROWS_MOST // self._listing.window.size)

    def key(self, listing: Listing) -> Position:
        """Return where a page begins."""
        return _START if self._end is None else getattr(listing.window, self._end)

    async def find(self, run: Run, keys: list[Position]) -> Found:
        """Load and show the pages that begin at some places."""
        if self._text is None:
            self._text = self._written()
        columns = [[raw(each) for each in values] for values in zip(*keys, strict=True)]
        rows = await run.fetch(self._text, [], {place(n): values for n, values in enumerate(columns)})
        if self._end is None:
            return await self._pages.show(run, {_START: (self._listing, rows)})
        found = {number: list(each) for number, each in groupby(rows, _NUMBER)}
        loaded = {key: (self._moved(key), found.get(n, ())) for n, key in enumerate(keys, 1)}
        return await self._pages.show(run, loaded)

    def _moved(self, key: Position) -> Listing:
        """Return the list with the window at another place."""
        window = self._listing.window
        end = "after" if window.after is not None else "before"
        moved: Any = {end: key}
        return replace(self._listing, window=replace(window, **moved))

    def _written(self) -> Statement:
        fact, listing, names = self._pages.fact, self._listing, self._pages.level.names
        window = listing.window
        if self._end is None:
            statement = statements.page(fact, listing.order, listing.where, backward=window.backward, names=names)
            return Statement(statement, limit=window.size + 1)
        way = Way(backward=window.backward, later=self._end == "after")
        marks = tuple(place(n) for n in range(len(listing.order)))
        statement = statements.windows(fact, listing.order, listing.where, way, names)
        return Statement(statement, marks, limit=window.size + 1)
