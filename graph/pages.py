"""Loads pages: what a client asked of a list becomes statements, and their rows what the connection types read."""

from collections.abc import Awaitable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from core.errors import Invalid
from graph import counting, statements
from graph.context import Context, Session
from graph.facts import Page, Sort, rows_of, total
from graph.filters import read_filter, read_text
from graph.narrowing import narrowed
from graph.paging import Asked, Window, read_window, write_cursor
from graph.preparing import prepared
from graph.statements import Condition
from graph.tables import Statement

LONGEST_ORDER: Final = 3
WHOLE: Final = "workspace"


class BadOrder(Invalid):
    """Order by at most 3 keys."""

    code = "BAD_ORDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that was asked for: what is in it, in which order, and which part of it is wanted.

    `scope` names all but the part: a cursor is good for one scope, and one count serves all its parts. A list
    `is_whole` when neither a filter nor a search was given. `parts` are what it holds of a table that is counted.
    """

    fact: Page
    order: tuple[Sort, ...]
    where: tuple[Condition, ...]
    scope: Hashable
    window: Window
    is_whole: bool = False
    parts: tuple[bool, ...] | None = None

    @property
    def name(self) -> Hashable:
        """A value that is equal for equal lists."""
        return self.fact, self.scope, tuple((each.column.key, each.descending) for each in self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEdge:
    """What the fields of an Edge read."""

    cursor: str
    node: Any


class LoadedPage:
    """What the fields of a Connection and of its PageInfo read. A count, and a look past the page's far side, are
    loaded when they are asked for.
    """

    def __init__(self, listing: Listing, key: Hashable, context: Context, rows: Sequence[Any]) -> None:
        size = listing.window.size
        self._listing, self._key, self._context = listing, key, context
        self._more = len(rows) > size
        self.nodes = list(rows[:size])
        if listing.window.backward:
            self.nodes.reverse()

    @property
    def edges(self) -> list[LoadedEdge]:
        """The rows with their cursors."""
        return [LoadedEdge(cursor=self._cursor(row), node=row) for row in self.nodes]

    @property
    def page_info(self) -> "LoadedPage":
        """This page, of which PageInfo reads other fields."""
        return self

    @property
    def total_count(self) -> Awaitable[int]:
        """The size of the whole list."""
        return count(self._listing, self._key, self._context)

    @property
    def has_next_page(self) -> bool | Awaitable[bool]:
        """Whether rows follow: the page's own look ahead, or a look from `before` on."""
        if self._more and not self._listing.window.backward:
            return True
        return self._listing.window.before is not None and beyond(self._listing, self._key, self._context, later=True)

    @property
    def has_previous_page(self) -> bool | Awaitable[bool]:
        """Whether rows come before: the page's own look ahead, or a look from `after` back."""
        if self._more and self._listing.window.backward:
            return True
        return self._listing.window.after is not None and beyond(self._listing, self._key, self._context, later=False)

    @property
    def start_cursor(self) -> str | None:
        """The first row's place."""
        return self._cursor(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """The last row's place."""
        return self._cursor(self.nodes[-1]) if self.nodes else None

    def _cursor(self, row: Any) -> str:
        order = self._listing.order
        return write_cursor([getattr(row, each.column.key) for each in order], order, self._listing.scope)


async def load_page(fact: Page, root: Any, context: Context, given: Mapping[str, Any]) -> LoadedPage:
    """Load one page of a list, together with the same page of its parent's siblings.

    Raises:
        BadCursor, BadPageSize, BadOrder, BadFilter: an argument is not acceptable.
    """
    listing = await read_listing(fact, given, context)
    key = WHOLE if fact.key is None else getattr(root, cast("str", fact.local))
    window = listing.window
    ends = bounds(listing)

    async def batch(session: Session, keys: list[Any], parameters: dict[str, Any]) -> dict[Any, list[Any]]:
        statement = statements.page(fact, listing.order, [*listing.where, *ends], backward=window.backward)
        parameters = parameters | {"limit": window.size + 1}
        if fact.key is None:
            return {WHOLE: list(await session.scalars(statement, _rootless(parameters)))}
        return await grouped(session, statement, keys, parameters)

    rows = await context.load(("page", listing.name, window), batch, key)
    return LoadedPage(listing, key, context, rows)


async def read_listing(fact: Page, given: Mapping[str, Any], context: Context) -> Listing:
    """Understand what is asked of a list.

    Raises:
        BadCursor, BadPageSize, BadOrder, BadFilter: an argument is not acceptable.
        PermissionNeeded: the filter compares what the actor may not read.
    """
    chosen = cast("list[Any]", given.get("order_by") or ())
    if len(chosen) > LONGEST_ORDER:
        raise BadOrder(field=("orderBy",))
    order = total([each.value for each in chosen] or fact.orders[:1])
    wanted = await prepared(given.get("filter"), context)
    reading = read_filter(wanted, of=fact.filter)
    for permission in reading.permissions:
        context.require(permission)
    words = read_text(given.get("search"))
    model = rows_of(fact).model
    found = None if words is None or fact.search is None else fact.search(words, context.actor.may, model)
    scope = (model.__name__, reading.signature, words)
    asked = Asked(**{name: given.get(name) for name in ("first", "after", "last", "before")})
    window = read_window(asked, order, scope)
    few = await narrowed(fact, words, wanted, context)
    return Listing(
        fact=fact,
        order=order,
        where=tuple(each for each in (few, reading.condition, found) if each is not None),
        scope=scope,
        window=window,
        is_whole=reading.signature is None and words is None,
        parts=None if words else counting.parts_of(fact.long.counted, reading.signature),
    )


def bounds(listing: Listing) -> list[Condition]:
    """Return where the wanted part of a list begins and ends, if a cursor says so."""
    window, order = listing.window, listing.order
    ends = ((window.after, True), (window.before, False))
    return [
        statements.beyond(listing.fact, order, statements.placed(order, position), later=later)
        for position, later in ends
        if position is not None
    ]


def count(listing: Listing, key: Hashable, context: Context) -> Awaitable[int]:
    """Count the whole list, or look its count up where it is kept."""

    async def batch(session: Session, keys: list[Any], parameters: dict[str, Any]) -> dict[Any, int]:
        counted, parts = listing.fact.long.counted, listing.parts
        if counted is not None and parts is not None:
            return {WHOLE: (await session.scalars(statements.kept_count(counted, parts), _rootless(parameters))).one()}
        statement = statements.count(listing.fact, listing.where)
        if listing.fact.key is None:
            return {WHOLE: (await session.scalars(statement, _rootless(parameters))).one()}
        found = dict.fromkeys(keys, 0)
        found.update((parent, number) for parent, number in await session.execute(statement, parameters))
        return found

    # An order decides nothing about a count, so lists that differ in it share one.
    return context.load(("count", replace(listing, order=()).name), batch, key)


def beyond(listing: Listing, key: Hashable, context: Context, *, later: bool) -> Awaitable[bool]:
    """Look for rows at a window's cursor or past it. The cursor's own row lies outside the page, so it counts."""
    position = listing.window.before if later else listing.window.after
    bound = statements.placed(listing.order, position or ())
    edge = statements.beyond(listing.fact, listing.order, bound, later=later, inclusive=True)

    async def batch(session: Session, keys: list[Any], parameters: dict[str, Any]) -> dict[Any, bool]:
        statement: Statement = statements.any_row(listing.fact, [*listing.where, edge])
        if listing.fact.key is None:
            return {WHOLE: (await session.scalars(statement, _rootless(parameters))).one()}
        holding = set(await session.scalars(statement, parameters))
        return {each: each in holding for each in keys}

    return context.load(("beyond", later, listing.name, position), batch, key)


def _rootless(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != "keys"}


async def grouped(
    session: Session, statement: Statement, keys: list[Any], given: dict[str, Any]
) -> dict[Any, list[Any]]:
    """Run a SELECT whose rows stand behind their parent's key, and gather them by it, in their order."""
    groups: dict[Any, list[Any]] = {key: [] for key in keys}
    for parent, child in await session.execute(statement, given):
        groups[parent].append(child)
    return groups
