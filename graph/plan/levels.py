"""Levels: the rows of one statement, the objects that are made of them, and the edges to further levels."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from functools import cached_property
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, Final, Protocol, TypeAlias, cast

import orjson
from graphql.execution.values import VariableValues
from sqlalchemy import Uuid

from graph.facts import ID, Attribute, Many, One, Source, rows_of, total
from graph.loaders import check_limit
from graph.plan.emit import ROW, Code, Make, edge
from graph.plan.run import Found, Run, Unit
from graph.plan.selection import Read
from graph.plan.text import Text, python_of, raw
from graph.statements import by_key, children
from graph.tables import column_named

Take: TypeAlias = Callable[[Any], Any]

Weights: TypeAlias = Sequence[int] | None
"""How many points each row of a level is worth with all that hangs on it; None where each is worth one."""

Count: TypeAlias = Callable[[Any], int]

NOTHING: Final = Found({}, {})
_PARENT: Final = itemgetter(0)
_OFTEN: Final = 2


class Level:
    """The columns of one statement in their order, behind `lead` others; rows are as the driver gives them."""

    is_raw = True
    """Whether rows are as the driver gives them: ids are 16 bytes, times numbers, JSON is its text."""

    def __init__(self, source: Source, lead: int) -> None:
        self.source = source
        self.lead = lead
        self.names: list[str] = []
        self._named: dict[Hashable, Named] = {}

    def value(self, name: str) -> str:
        """Return the expression of a row's column."""
        return f"{ROW}[{self.at(name)}]"

    def key(self, name: str) -> str:
        """Return the expression of what a column names, as an edge finds it."""
        return self.value(name)

    def take(self, name: str) -> Take:
        """Return what takes that out of a row."""
        return itemgetter(self.at(name))

    def python(self, name: str) -> Take:
        """Return what takes a column's value out of a row, as the table's class has it."""
        take, column = self.take(name), column_named(self.source.model, name)
        process = None if column is None else python_of(column.type)
        return take if process is None else lambda row: process(take(row))

    def _is_id(self, name: str) -> bool:
        column = column_named(self.source.model, name)
        return column is not None and isinstance(column.type, Uuid)

    def at(self, name: str) -> int:
        """Return a column's place in the rows, asking for it if nobody did."""
        if name not in self.names:
            self.names.append(name)
        return self.lead + self.names.index(name)

    def named(self, fact: One) -> "Named":
        """Return the rows that an edge leads to, together with what other edges from here read of the same table."""
        return self._named.setdefault((id(fact.source), fact.target), Named(fact))


class Held(Level):
    """Rows that somebody loaded: objects of the table's class."""

    is_raw = False

    def __init__(self, source: Source) -> None:
        super().__init__(source, 0)

    def value(self, name: str) -> str:
        """Return the expression of an attribute."""
        return f"{ROW}.{name}"

    def key(self, name: str) -> str:
        """Return the expression of what an attribute names."""
        at = self.value(name)
        return f"({at} and {at}.bytes)" if self._is_id(name) else at

    def take(self, name: str) -> Take:
        """Return what takes that."""
        take = attrgetter(name)
        return (lambda row: raw(take(row))) if self._is_id(name) else take


class Edge(Protocol):
    """What leads from the rows of a level to further ones, by the column that it `take`s. It `uses` some variables."""

    take: Take

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what is found."""
        ...

    def load(self, run: Run, rows: Sequence[Any]) -> Awaitable[Found]:
        """Return what belongs to the rows, by the values that name it; there may be more."""
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

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what hangs on the rows."""
        return frozenset[str]().union(*[each.uses() for each in self.edges])

    async def show(self, run: Run, rows: Sequence[Any]) -> tuple[list[dict[str, Any]], Weights]:
        """Return an object for each row, and the points of each."""
        if not self.edges and not self.counts:
            return self.make(rows), None
        found = [await each.load(run, rows) for each in self.edges]
        made = self.make(rows, *[each.values for each in found])
        worth: list[Iterable[int]] = [
            map(each.points.get, map(edge.take, rows), repeat(0)) for edge, each in zip(self.edges, found, strict=True)
        ]
        worth += [[count(each[name]) for each in made] for name, count in self.counts]
        return made, [1 + sum(each) for each in zip(*worth, strict=True)]

    @cached_property
    def make(self) -> Make:
        """The function of rows, and of what was found for the edges."""
        return self._code.maker(self.parts, len(self.edges))


class Named(Unit):
    """The rows that columns of one level name, by one statement for all of these columns, and what is shown of them."""

    def __init__(self, fact: One) -> None:
        self.level = Level(rows_of(fact), 0)
        self._target = cast("Attribute", fact.target)
        self._edges: list[OneEdge] = []
        self._text: Text | None = None
        self._own = self.level.at(self._target.key)

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what is shown."""
        return frozenset[str]().union(*[each.view.uses() for each in self._edges])

    def by(self, each: "OneEdge") -> int:
        """Add an edge; return its place in what is found."""
        self._edges.append(each)
        return len(self._edges) - 1

    async def load(self, run: Run, rows: Sequence[Any]) -> Sequence[Found]:
        """Return what each edge shows, loaded once for all edges that lead here from the same rows."""
        begun = run.kept.get(self)
        if begun is not None and begun[0] is rows:
            return begun[1]
        keys = dict.fromkeys(key for each in self._edges for key in map(each.take, rows))
        keys.pop(None, None)
        found = await run.find(self, list(keys)) if keys else [NOTHING] * len(self._edges)
        run.kept[self] = (rows, found)
        return found

    async def find(self, run: Run, keys: list[Any]) -> Sequence[Found]:
        """Load rows by their keys, and show them for each edge. An object that several rows share is written once."""
        if self._text is None:
            self._text = Text(by_key(self.level.source, self._target, self.level.names))
        rows = await run.fetch(self._text, keys, {})
        own = [row[self._own] for row in rows]
        return [await self._shown(run, each.view, rows, own) for each in self._edges]

    async def _shown(self, run: Run, view: View, rows: Sequence[Any], own: list[Any]) -> Found:
        made, weights = await view.show(run, rows)
        values = written(made) if run.writes else made
        return Found(dict(zip(own, values, strict=True)), dict(zip(own, weights or repeat(1), strict=False)))


class OneEdge:
    """To the one row that a column names."""

    def __init__(self, named: Named, take: Take, view: View) -> None:
        self.take = take
        self.view = view
        self._named = named
        self._place = named.by(self)

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what is shown."""
        return self.view.uses()

    async def load(self, run: Run, rows: Sequence[Any]) -> Found:
        """Return the written objects by their keys; a missing row's key is missing."""
        return (await self._named.load(run, rows))[self._place]


class ManyEdge(Unit):
    """To the rows of a list."""

    def __init__(self, fact: Many, take: Take, view: View, read: Read) -> None:
        self.take = take
        self._fact, self._view, self._read = fact, view, read
        # what hangs on a join table may hang on many parents
        self._own = None if fact.far is None else view.level.take(ID)
        self._texts: dict[int | None, Text] = {}

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what is listed."""
        return self._read.uses | self._view.uses()

    def width(self, variables: VariableValues) -> int:
        """Return how long a list may be; one without a limit is short."""
        limit = self._fact.limit
        return 1 if limit is None else max(1, min(limit.most, int(self._read(variables)[limit.argument])))

    def load(self, run: Run, rows: Sequence[Any]) -> Awaitable[Found]:
        """Return the lists by their parents' keys."""
        return found_by(self, run, map(self.take, rows))

    async def find(self, run: Run, keys: list[Any]) -> Found:
        """Load the lists of some parents."""
        fact = self._fact
        limit = None if fact.limit is None else check_limit(fact.limit, self._read(run.variables))
        text = self._texts.get(limit)
        if text is None:
            text = self._texts[limit] = Text(children(fact, total([fact.sort]), self._view.level.names), limit=limit)
        rows = await run.fetch(text, keys, {})
        made, weights = await self._shown(run, rows)
        lists: dict[Any, list[Any]] = {key: [] for key in keys}
        for parent, each in zip(map(_PARENT, rows), made, strict=True):
            lists[parent].append(each)
        if weights is None:
            return Found(lists, dict(zip(lists, map(len, lists.values()), strict=True)))
        return Found(lists, summed(rows, weights))

    async def _shown(self, run: Run, rows: Sequence[Any]) -> tuple[Sequence[Any], Weights]:
        """Return an object for each row, and the points of each. Of rows that stand there often, each is made once."""
        if self._own is None:
            return await self._view.show(run, rows)
        own = list(map(self._own, rows))
        distinct = dict(zip(own, rows, strict=True))
        if len(distinct) * _OFTEN > len(rows):
            return await self._view.show(run, rows)
        made, weights = await self._view.show(run, list(distinct.values()))
        values = dict(zip(distinct, written(made) if run.writes else made, strict=True))
        heavy = None if weights is None else dict(zip(distinct, weights, strict=True))
        return [values[each] for each in own], None if heavy is None else [heavy[each] for each in own]


def written(made: Iterable[Any]) -> list[Any]:
    """Write objects that stand in an answer several times."""
    return [orjson.Fragment(orjson.dumps(each)) for each in made]


async def found_by(unit: Unit, run: Run, keys: Iterable[Any]) -> Found:
    """Return what belongs to the values of a column."""
    distinct = dict.fromkeys(keys)
    distinct.pop(None, None)
    return await run.find(unit, list(distinct)) if distinct else NOTHING


def summed(rows: Sequence[Any], weights: Sequence[int]) -> dict[Any, int]:
    """Add up the points of rows by the parents' keys in front of them."""
    found: dict[Any, int] = {}
    for parent, each in zip(map(_PARENT, rows), weights, strict=True):
        found[parent] = found.get(parent, 0) + each
    return found
