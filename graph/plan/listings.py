"""Pages: the rows of connections, and what their fields show."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from graphql.execution.values import VariableValues
from sqlalchemy import bindparam

from graph import pages, statements
from graph.facts import Page, Sort
from graph.pages import WHOLE, Listing
from graph.paging import DEFAULT, MOST, write_cursor
from graph.plan.levels import Level, Take, View, found_by
from graph.plan.run import Found, Run, Unit
from graph.plan.selection import Read
from graph.plan.text import Text, raw, uuid_of
from graph.plan.windows import Windows, windows_of

Show: TypeAlias = Callable[["Shown"], Any]
Parts: TypeAlias = Sequence[tuple[str, Show]]
_KEPT: Final = 32
_NOTHING: Final[Mapping[Any, Sequence[Any]]] = {}

Ask: TypeAlias = Callable[[Listing, Hashable, Run], Awaitable[Any]]


@dataclass(slots=True)
class Shown:
    """One page while it is shown: its rows in the list's order, and whether there are more on its far side.

    `takes` take the order's columns out of a row; `nodes` are its objects, view by view, `asked` what was looked for
    besides.
    """

    listing: Listing
    rows: Sequence[Any]
    more: bool
    takes: Sequence[Take]
    nodes: list[list[Any]] = field(default_factory=list[list[Any]])
    asked: dict[Ask, Any] = field(default_factory=dict[Ask, Any])
    _cursors: list[str] | None = None

    @property
    def cursors(self) -> list[str]:
        """The places of the rows."""
        if self._cursors is None:
            order, scope = self.listing.order, self.listing.scope
            self._cursors = [write_cursor([take(row) for take in self.takes], order, scope) for row in self.rows]
        return self._cursors


class Pages(Unit):
    """The connection of one field, as it was selected: `views` make its objects, and `parts` show its fields.

    `asks` are what has to be looked for beside the rows. A page that `has_lists` counts as its rows.
    """

    def __init__(self, fact: Page, level: Level, read: Read) -> None:
        self.fact = fact
        self.level = level
        self.views: list[View] = []
        self.parts: list[tuple[str, Show]] = []
        self.asks: list[Ask] = []
        self.counts = 0
        self.has_lists = False
        self.has_rows = False
        self.has_cursors = False
        self._read = read
        self._texts: dict[Hashable, Text] = {}
        self._windows: dict[Hashable, Windows | None] = {}
        if fact.key is None:
            level.at("id")

    def want_cursors(self) -> None:
        """Load what cursors are made of."""
        self.has_cursors = True
        for sort in self.fact.orders:
            self.level.at(sort.column.key)
        self.level.at("id")

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what the pages hold."""
        return self._read.uses.union(*[each.uses() for each in self.views])

    def width(self, variables: VariableValues) -> int:
        """Return the size of a page. One that will be refused counts as the largest."""
        given = self._read(variables)
        sizes = [each for each in (given.get("first"), given.get("last")) if isinstance(each, int)]
        return max((each if 0 < each <= MOST else MOST for each in sizes), default=DEFAULT)

    async def root(self, run: Run) -> Any:
        """Show the page of a root field."""
        listing = await self._listing(run)
        windows = self._windows_of(listing) if self.has_rows else None
        if windows is None:
            found, key = await self._found(run, listing, [WHOLE]), WHOLE
        else:
            key = windows.key(listing)
            found = await run.find(windows, [key])
        run.points += found.points[key]
        return found.values[key]

    async def find(self, run: Run, keys: list[Any]) -> Found:
        """Show a page for each key."""
        return await self._found(run, await self._listing(run), keys)

    def _listing(self, run: Run) -> Awaitable[Listing]:
        return pages.read_listing(self.fact, self._read(run.variables), run.context)

    async def _found(self, run: Run, listing: Listing, keys: list[Any]) -> Found:
        found = await self._paged(run, listing, keys) if self.has_rows else _NOTHING
        return await self.show(run, {key: (listing, found.get(key, ())) for key in keys})

    async def show(self, run: Run, loaded: Mapping[Any, tuple[Listing, Sequence[Any]]]) -> Found:
        """Show pages of which the rows were loaded, one more than is shown of each."""
        takes: list[Take] = []
        if self.has_cursors and loaded:
            listing, _ = next(iter(loaded.values()))
            takes = [self.level.python(each.column.key) for each in listing.order]
        shown = [_page(listing, rows, takes) for listing, rows in loaded.values()]
        points = await self._fill(run, shown)
        for ask in self.asks:
            parents = [WHOLE] * len(shown) if self.fact.key is None else map(uuid_of, loaded)
            asked = [ask(each.listing, key, run) for each, key in zip(shown, parents, strict=True)]
            for each, answer in zip(shown, await asyncio.gather(*asked), strict=True):
                each.asked[ask] = answer
        values = [{name: show(each) for name, show in self.parts} for each in shown]
        return Found(dict(zip(loaded, values, strict=True)), dict(zip(loaded, points, strict=True)))

    def _windows_of(self, listing: Listing) -> Windows | None:
        """Return what loads pages of a whole list that are alike but for where they begin; None if this is none."""
        if not listing.is_whole:
            return None
        window = listing.window
        name = (listing.order, window.size, window.backward, window.after is None, window.before is None)
        if name not in self._windows:
            self._windows[name] = windows_of(self, listing)
            if len(self._windows) > _KEPT:
                self._windows.pop(next(iter(self._windows)))
        return self._windows[name]

    async def _paged(self, run: Run, listing: Listing, keys: list[Any]) -> Mapping[Any, Sequence[Any]]:
        """Load the rows of all pages, one more than is shown of each."""
        window, order = listing.window, listing.order
        given: dict[str, Any] = {}
        for end, position in (("after", window.after), ("before", window.before)):
            given.update({f"{end}{number}": raw(each) for number, each in enumerate(position or ())})
        rows = await run.fetch(self._text(listing, order), keys, given)
        if self.fact.key is None:
            return {WHOLE: rows}
        groups: dict[Any, list[Any]] = {}
        for row in rows:
            groups.setdefault(row[0], []).append(row)
        return groups

    def _text(self, listing: Listing, order: Sequence[Sort]) -> Text:
        """Return the statement; one of a whole list is made once for each order and form of its window."""
        window = listing.window
        name = (order, window.size, window.backward, window.after is None, window.before is None)
        found = self._texts.get(name) if listing.is_whole else None
        if found is None:
            ends = [
                (end, later)
                for end, position, later in (("after", window.after, True), ("before", window.before, False))
                if position is not None
            ]
            marks = {end: [f"{end}{number}" for number in range(len(order))] for end, _ in ends}
            bounds = [statements.beyond(self.fact, order, _free(order, marks[end]), later=later) for end, later in ends]
            statement = statements.page(
                self.fact, order, [*listing.where, *bounds], backward=window.backward, names=self.level.names
            )
            free = tuple(mark for each in marks.values() for mark in each)
            found = Text(statement, free, limit=window.size + 1)
            if listing.is_whole:
                self._texts[name] = found
                if len(self._texts) > _KEPT:
                    self._texts.pop(next(iter(self._texts)))
        return found

    async def _fill(self, run: Run, shown: Sequence[Shown]) -> list[int]:
        """Make the objects of all pages at once; return the points of each page."""
        flat = [row for each in shown for row in each.rows]
        points = [self.counts + (len(each.rows) if self.has_lists else 1) for each in shown]
        for view in self.views:
            made, weights = await view.show(run, flat)
            begin = 0
            for place, each in enumerate(shown):
                end = begin + len(each.rows)
                each.nodes.append(made[begin:end])
                if weights is not None:
                    points[place] += sum(weights[begin:end]) - len(each.rows)
                begin = end
        return points


class PageEdge:
    """To the pages of a level's rows."""

    def __init__(self, pages: Pages, take: Take) -> None:
        self.take = take
        self._pages = pages

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what the pages hold."""
        return self._pages.uses()

    def load(self, run: Run, rows: Sequence[Any]) -> Awaitable[Found]:
        """Return the pages by their parents' keys."""
        return found_by(self._pages, run, map(self.take, rows))


def total_count(listing: Listing, key: Hashable, run: Run) -> Awaitable[Any]:
    """Count a whole list."""
    return pages.count(listing, key, run.context)


async def lies_after(listing: Listing, key: Hashable, run: Run) -> bool:
    """Look for rows from the cursor `before` on."""
    return listing.window.before is not None and await pages.beyond(listing, key, run.context, later=True)


async def lies_before(listing: Listing, key: Hashable, run: Run) -> bool:
    """Look for rows from the cursor `after` back."""
    return listing.window.after is not None and await pages.beyond(listing, key, run.context, later=False)


def has_next(shown: Shown) -> bool:
    """Tell whether rows follow a page."""
    return (shown.more and not shown.listing.window.backward) or bool(shown.asked[lies_after])


def has_previous(shown: Shown) -> bool:
    """Tell whether rows come before a page."""
    return (shown.more and shown.listing.window.backward) or bool(shown.asked[lies_before])


def start_cursor(shown: Shown) -> str | None:
    """Return the first row's place."""
    return shown.cursors[0] if shown.rows else None


def end_cursor(shown: Shown) -> str | None:
    """Return the last row's place."""
    return shown.cursors[-1] if shown.rows else None


def _page(listing: Listing, rows: Sequence[Any], takes: Sequence[Take]) -> Shown:
    size = listing.window.size
    kept = list(rows[:size])
    if listing.window.backward:
        kept.reverse()
    return Shown(listing=listing, rows=kept, more=len(rows) > size, takes=takes)


def _free(order: Sequence[Sort], marks: Sequence[str]) -> list[Any]:
    return [cast("Any", bindparam(mark, type_=each.column.type)) for mark, each in zip(marks, order, strict=True)]
