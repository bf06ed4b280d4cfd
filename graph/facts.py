"""What one field is, as data: the only thing that the makers of loaders and the compiler of operations read.

Nothing here knows Strawberry, SQL text, a request, or a noun.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.orm import InstrumentedAttribute

Attribute: TypeAlias = InstrumentedAttribute[Any]
Model: TypeAlias = type[Any]
May: TypeAlias = Callable[[str], bool]
Search: TypeAlias = Callable[[str, May, Any], ColumnElement[bool] | None]
"""Makes a condition of words, what the reader may do, and the columns to look in, by their names."""

ID = "id"
TENANT = "workspace_id"


class DeclarationRefused(TypeError):
    """A declaration contradicts its table, or leaves a reader without a description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Who may read a field, and what the others get: a masked value, or (without `otherwise`) a FORBIDDEN error."""

    permission: str
    otherwise: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sort:
    """One key of an order."""

    column: Attribute
    descending: bool
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The argument that bounds a list: its name, the default, and the most one may ask for."""

    argument: str
    default: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InColumn:
    """A wall: a row belongs to the workspace that this column names."""

    column: Attribute


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ByMembers:
    """A wall: a row is visible where a row of the tenant (in another table) names it by its id."""

    member: Attribute


Wall: TypeAlias = InColumn | ByMembers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A table as one view reads it: its tenant wall, and the deferred columns that the view's fields need."""

    model: Model
    wall: Wall
    deferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """A column of the row."""

    name: str
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """The row's id with the prefix of its type."""

    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Computed:
    """A pure function of columns of the row."""

    function: Callable[..., Any]
    needs: tuple[str, ...]
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class One:
    """The row of `source` whose `target` column equals this row's `local` column. In a Root: the actor's."""

    key: Attribute
    target: Attribute | None = None
    local: str | None = None
    source: Source | None = None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Many:
    """The rows of `source` whose `key` equals this row's `local` column; with `far`, `key` and `far` are columns of
    a join table, and `far` equals the column `target` of the source. `copies` are the columns of the join table that
    its foreign key holds equal to columns of the source, by the names of these.
    """

    key: Attribute
    sort: Sort
    far: Attribute | None = None
    target: Attribute | None = None
    copies: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    limit: Limit | None = None
    local: str | None = None
    source: Source | None = None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """How many rows a list holds is kept: the sum of `delta` where `counted` is the list's table, and `part` the value
    of its boolean column `by`. `usual` are the values in a list without a filter; `comparator` is the filter's name
    for the column.
    """

    delta: Attribute
    counted: Attribute
    part: Attribute
    by: Attribute
    comparator: str
    usual: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texts:
    """A view of a table, with the wall inside, where conditions on texts reach indexes. Its column `whole` holds all
    that its other columns of folded text do.
    """

    view: FromClause
    whole: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Long:
    """What a list has that may hold a million rows: a count that is kept, and a view where texts are looked for."""

    counted: Counted | None = None
    texts: Texts | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A keyset connection over the rows of `source` whose `key` equals this row's `local` column; with `far`, as in
    `Many`, over a join table.

    In a Root there is no key: the rows of the whole workspace. `orders` are those that may be asked for, the default
    first; `order` is the enum that names them, unless there is one alone. A `long` list's size is read where it is
    kept, and texts are looked for first (`graph.counting`, `graph.narrowing`).
    """

    model: Model
    orders: tuple[Sort, ...]
    order: type[Enum] | None = None
    key: Attribute | None = None
    far: Attribute | None = None
    target: Attribute | None = None
    copies: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    filter: type[Any] | None = None
    search: Search | None = None
    long: Long = Long()
    local: str | None = None
    source: Source | None = None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ById:
    """A root field: one row of the workspace by its global id."""

    model: Model
    prefix: str | None = None
    source: Source | None = None
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reachable:
    """A type whose rows `node` finds, for those who have the permission."""

    prefix: str
    source: Source
    permission: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnyById:
    """A root field: a row of any type by its global id. Each type asks for its own permission."""

    views: Mapping[str, Reachable]


Fact: TypeAlias = Column | Identity | Computed | One | Many | Page | ById | AnyById
FACTS = (Column, Identity, Computed, One, Many, Page, ById, AnyById)


def rows_of(fact: One | Many | Page | ById) -> Source:
    """Return where a relation's rows come from.

    Raises:
        DeclarationRefused: `link()` was not called.
    """
    if fact.source is None:
        message = "call graph.link() after all views are imported, and before the schema is made"
        raise DeclarationRefused(message)
    return fact.source


def total(sorts: Sequence[Sort]) -> tuple[Sort, ...]:
    """Make an order total: a column counts once, and the id breaks ties in the direction of the last key."""
    return _total(tuple(sorts))


@lru_cache(maxsize=1_000)
def _total(sorts: tuple[Sort, ...]) -> tuple[Sort, ...]:
    found: dict[str, Sort] = {}
    for sort in sorts:
        found.setdefault(sort.column.key, sort)
        if sort.column.key == ID:
            break
    final = list(found.values())[-1]
    if ID not in found:
        found[ID] = Sort(column=getattr(final.column.class_, ID), descending=final.descending)
    return tuple(found.values())
