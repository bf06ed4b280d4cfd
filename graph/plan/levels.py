"""Levels: the rows of one statement, the objects that are made of them, and the edges to further levels."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, Protocol, TypeAlias

import orjson

from graph.facts import Many, One, Source, total
from graph.loaders import check_limit
from graph.plan.emit import ROW, Code, Make, edge
from graph.plan.run import Run
from graph.plan.selection import Read
from graph.plan.text import Text
from graph.statements import by_key, children

Take: TypeAlias = Callable[[Any], Any]

Times: TypeAlias = Sequence[int] | None
"""How often each row of a level stands in the answer; None where each stands once."""

Count: TypeAlias = Callable[[Any], int]


class Level:
    """The columns of one statement in their order, behind `lead` others; rows are as the driver gives them."""

    is_raw = True

    def __init__(self, source: Source, lead: int) -> None:
        self.source = source
        self.lead = lead
        self.names: list[str] = []

    def value(self, name: str) -> str:
        """Return the expression of a row's column."""
        return f"{ROW}[{self.at(name)}]"

    def take(self, name: str) -> Take:
        """Return what takes a column's value out of a row."""
        return itemgetter(self.at(name))

    def at(self, name: str) -> int:
        """Return a column's place in the rows, asking for it if nobody did."""
        if name not in self.names:
            self.names.append(name)
        return self.lead + self.names.index(name)


class Held(Level):
    """Rows that somebody loaded: objects of the table's class."""

    is_raw = False

    def __init__(self, source: Source) -> None:
        super().__init__(source, 0)

    def value(self, name: str) -> str:
        """Return the expression of an attribute."""
        return f"{ROW}.{name}"

    def take(self, name: str) -> Take:
        """Return what takes an attribute's value."""
        return attrgetter(name)


class Edge(Protocol):
    """What leads from the rows of a level to further ones."""

    async def load(self, run: Run, rows: Sequence[Any], times: Times) -> Mapping[Any, Any]:
        """Return what belongs to the rows, by the values that name it."""
        ...


class View:
    """Makes objects of a level's rows. `counts` tell of values how many objects they hold, by their names."""

    def __init__(self, level: Level, code: Code) -> None:
        self.level = level
        self.parts: list[tuple[str, str]] = []
        self.edges: list[Edge] = []
        self.counts: list[tuple[str, Count]] = []
        self._code = code

    def lead_to(self, each: Edge) -> str:
        """Add an edge; return the name of what is found for it."""
        self.edges.append(each)
        return edge(len(self.edges) - 1)

    async def show(self, run: Run, rows: Sequence[Any], times: Times) -> list[dict[str, Any]]:
        """Return an object for each row."""
        made = self.make(rows, *[await each.load(run, rows, times) for each in self.edges])
        for name, count in self.counts:
            run.points += sum(often * count(each[name]) for each, often in zip(made, times or repeat(1), strict=False))
        return made

    @cached_property
    def make(self) -> Make:
        """The function of rows, and of what was found for the edges."""
        return self._code.maker(self.parts, len(self.edges))


class OneEdge:
    """To the one row that a column names. An object that several rows share is written once."""

    def __init__(self, fact: One, take: Take, view: View) -> None:
        self._fact, self._take, self._view = fact, take, view
        self._own = view.level.at(_target(fact).key)
        self._text: Text | None = None

    async def load(self, run: Run, rows: Sequence[Any], times: Times) -> Mapping[Any, Any]:
        """Return the written objects by their keys; a missing row's key is missing."""
        own = self._own
        named = weighed(rows, self._take, times)
        named.pop(None, 0)
        if self._text is None:
            self._text = Text(by_key(self._view.level.source, _target(self._fact), self._view.level.names))
        found = await run.fetch(self._text, list(named), {})
        shares = [named[row[own]] for row in found]
        run.points += sum(shares)
        shown = await self._view.show(run, found, shares if self._view.edges or self._view.counts else None)
        if not run.writes:
            return {row[own]: each for row, each in zip(found, shown, strict=True)}
        return {row[own]: orjson.Fragment(orjson.dumps(each)) for row, each in zip(found, shown, strict=True)}


class ManyEdge:
    """To the rows of a list."""

    def __init__(self, fact: Many, take: Take, view: View, read: Read) -> None:
        self._fact, self._take, self._view, self._read = fact, take, view, read
        self._texts: dict[int | None, Text] = {}

    async def load(self, run: Run, rows: Sequence[Any], times: Times) -> Mapping[Any, Any]:
        """Return the lists that are not empty, by their parents' keys."""
        fact = self._fact
        limit = None if fact.limit is None else check_limit(fact.limit, self._read(run.variables))
        text = self._texts.get(limit)
        if text is None:
            text = self._texts[limit] = Text(children(fact, total([fact.sort]), self._view.level.names), limit=limit)
        parents = weighed(rows, self._take, times)
        found = await run.fetch(text, list(parents), {})
        shares = None if are_even(parents, rows, times) else [parents[row[0]] for row in found]
        run.points += len(found) if shares is None else sum(shares)
        shown = await self._view.show(run, found, shares)
        lists: dict[Any, list[Any]] = {}
        for row, each in zip(found, shown, strict=True):
            here = lists.get(row[0])
            if here is None:
                lists[row[0]] = [each]
            else:
                here.append(each)
        return lists


def weighed(rows: Sequence[Any], take: Take, times: Times) -> Counter[Any]:
    """Count how often each value of a column stands in the answer."""
    if times is None:
        return Counter(map(take, rows))
    found: Counter[Any] = Counter()
    for row, often in zip(rows, times, strict=True):
        found[take(row)] += often
    return found


def are_even(parents: Counter[Any], rows: Sequence[Any], times: Times) -> bool:
    """Tell whether each row stands once, so that what hangs on it does."""
    return times is None and len(parents) == len(rows)


def _target(fact: One) -> Any:
    return fact.target
