"""One SELECT per edge, and the only ones there are: order, limit, tie-break, filter and wall have one meaning.

Every builder holds the tenant wall, also below a row that was already behind it. Parameters: `tenant` (the workspace),
`keys` (the parents' values, an array), `limit`. The values of filters and positions are bound in place. With `names`,
a builder shows these columns, in their order; without, the whole row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Uuid,
    and_,
    bindparam,
    distinct,
    exists,
    func,
    literal,
    literal_column,
    or_,
    true,
    tuple_,
    union_all,
)
from sqlalchemy import column as sql_column
from sqlalchemy.orm import aliased, load_only, raiseload

from graph.facts import TENANT, Attribute, ByMembers, Counted, InColumn, Many, Page, Sort, Source, rows_of
from graph.paging import Position
from graph.tables import Statement, column_properties, picked

FEW: Final = 2_000
"""How many rows are looked up one by one rather than met on a walk through an order."""

Condition = ColumnElement[bool]
Names = Sequence[str]


class Way(NamedTuple):
    """In which direction a list is read (`backward`: from its end), and on which side of a place its rows lie."""

    backward: bool
    later: bool


def tenant() -> Any:
    """The parameter that holds the workspace."""
    return bindparam("tenant", type_=Uuid())


def parents(column: Attribute) -> Any:
    """The parameter that holds the parents' values."""
    return bindparam("keys", type_=ARRAY(column.type))


def wall(source: Source) -> Condition:
    """The rows that the workspace may see."""
    match source.wall:
        case InColumn(column=column):
            return column == tenant()
        case ByMembers(member=member):
            inside = and_(member == source.model.id, own(member) == tenant())
            return exists().where(inside).correlate(source.model)


def own(column: Attribute) -> Attribute:
    """The workspace column of a column's table."""
    return getattr(column.class_, TENANT)


def columns(source: Source) -> list[Attribute]:
    """The columns to load: all but the deferred ones that no field of the view needs."""
    return [
        getattr(source.model, each.key)
        for each in column_properties(source.model)
        if not each.deferred or each.key in source.deferred
    ]


def whole(source: Source, entity: Any) -> Any:
    """The options that load a row's columns and refuse everything that would need another statement."""
    return [load_only(*[getattr(entity, each.key) for each in columns(source)], raiseload=True), raiseload("*")]


def shown(entity: Any, names: Names | None) -> list[Any]:
    """What a SELECT shows of a row."""
    return [entity] if names is None else [getattr(entity, each) for each in names]


def loading(statement: Statement, source: Source, entity: Any, names: Names | None) -> Statement:
    """Add what loads whole rows, unless columns are shown."""
    return statement.options(*whole(source, entity)) if names is None else statement


def by_key(source: Source, column: Attribute, names: Names | None = None) -> Statement:
    """Rows whose `column` is one of the keys."""
    statement = picked(*shown(source.model, names)).where(column == func.any(parents(column)), wall(source))
    return loading(statement, source, source.model, names)


def ordering(entity: Any, order: Sequence[Sort], *, backward: bool = False) -> list[Any]:
    """The ORDER BY of an order, or of its opposite."""
    keys = [(getattr(entity, each.column.key), each.descending != backward) for each in order]
    return [key.desc() if down else key.asc() for key, down in keys]


def walked(edge: Many | Page, order: Sequence[Sort]) -> Sequence[Sort]:
    """The same order, in the columns of the join table if all of it stands there: an index of that table has it, while
    rows behind the join would all be looked up, and sorted.
    """
    if not all(each.column.key in edge.copies for each in order):
        return order
    return [replace(each, column=edge.copies[each.column.key]) for each in order]


def children(edge: Many, order: Sequence[Sort], names: Names | None = None) -> Statement:
    """Rows of a list, each behind its parent's key, in the list's order."""
    source = rows_of(edge)
    if edge.limit is not None:
        return _per_parent(edge, _listed(edge, picked(*_carried(source, order, names))), order, names=names)
    statement = _listed(edge, picked(edge.key, *shown(source.model, names)))
    statement = statement.where(edge.key == func.any(parents(edge.key)))
    return loading(statement.order_by(*ordering(source.model, order)), source, source.model, names)


def _carried(source: Source, order: Sequence[Sort], names: Names | None) -> list[Attribute]:
    """The columns that a LATERAL hands on: what is shown, and what it is ordered by."""
    if names is None:
        return columns(source)
    return [getattr(source.model, each) for each in dict.fromkeys([*names, *(sort.column.key for sort in order)])]


def _listed(edge: Many | Page, statement: Statement) -> Statement:
    """The rows of a list, behind the wall; a join table has a wall of its own."""
    source = rows_of(edge)
    if edge.far is None:
        return statement.where(wall(source))
    joined = statement.select_from(edge.far.class_).join(source.model, edge.target == edge.far)
    return joined.where(wall(source), own(edge.far) == tenant())


def page(
    edge: Page,
    order: Sequence[Sort],
    where: Sequence[Condition],
    *,
    backward: bool = False,
    names: Names | None = None,
) -> Statement:
    """One page, nearest to its start (or end) first; behind the parent's key. A root's whole rows stand alone, and its
    columns behind a 1, as those of the first of some `windows` do.
    """
    source = rows_of(edge)
    if edge.key is not None:
        inner = _listed(edge, picked(*_carried(source, order, names))).where(*where)
        return _per_parent(edge, inner, order, backward=backward, names=names)
    number: list[Any] = [] if names is None else [literal_column("1")]
    statement = picked(*number, *shown(source.model, names)).where(wall(source), *where)
    statement = statement.order_by(*ordering(source.model, order, backward=backward)).limit(_limit())
    return loading(statement, source, source.model, names)


def windows(edge: Page, order: Sequence[Sort], where: Sequence[Condition], way: Way, names: Names) -> Statement:
    """Pages of one root list, as many as there are places to begin at: rows behind the number of their page, from 1."""
    source = rows_of(edge)
    ends = [bindparam(place(n), type_=ARRAY(each.column.type)) for n, each in enumerate(order)]
    columns: list[Any] = [sql_column(place(n), each.column.type) for n, each in enumerate(order)]
    window = func.unnest(*ends).table_valued(*columns, with_ordinality="number").render_derived(name="page")
    bound = beyond(edge, order, [window.c[place(n)] for n in range(len(order))], later=way.later)
    rows = picked(*_carried(source, order, names)).where(wall(source), *where, bound)
    rows = rows.order_by(*ordering(source.model, order, backward=way.backward)).limit(_limit())
    child = aliased(source.model, rows.lateral("child"))
    statement = picked(window.c.number, *shown(child, names)).select_from(window.join(child, true()))
    return statement.order_by(window.c.number, *ordering(child, order, backward=way.backward))


def place(number: int) -> str:
    """Name the parameter that holds the values of an order's column, where pages begin."""
    return f"place{number}"


def _limit() -> Any:
    """The parameter that bounds a list. It is written into the text: a plan for any number would be one for none."""
    return bindparam("limit", type_=Integer, literal_execute=True)


def _per_parent(
    edge: Many | Page, inner: Statement, order: Sequence[Sort], *, backward: bool = False, names: Names | None = None
) -> Statement:
    """At most `limit` rows for each parent. A LATERAL keeps no promised order, so the outer SELECT orders again."""
    source, key, way = rows_of(edge), cast("Attribute", edge.key), walked(edge, order)
    parent = _unnested(key)
    tables: Any = parent.table
    entity = way[0].column.class_
    ways = [inner.where(key == parent)]
    if isinstance(edge, Page) and edge.far is not None and way is order:
        few = _few(edge, parent)
        tables, ways = tables.join(few, true()), _by_number(edge, ways[0], few.c.ids)
    parts = [each.order_by(*ordering(entity, way, backward=backward)).limit(_limit()) for each in ways]
    child = aliased(source.model, (union_all(*parts) if len(parts) > 1 else parts[0]).lateral("child"))
    statement = picked(parent, *shown(child, names)).select_from(tables.join(child, true()))
    return loading(statement.order_by(*ordering(child, order, backward=backward)), source, child, names)


def _few(edge: Page, parent: Any) -> Any:
    """The first rows of a join table for a parent, by what they name: one more than are few."""
    far = cast("Attribute", edge.far)
    named = picked(far).where(edge.key == parent, own(far) == tenant()).limit(FEW + 1)
    ids = named.correlate(parent.table).scalar_subquery()
    return picked(func.array(ids, type_=ARRAY(far.type)).label("ids")).lateral("few")


def _by_number(edge: Page, listed: Statement, ids: Any) -> list[Statement]:
    """Rows behind a join table in an order that it does not have: a few are looked up and sorted, many are met on a
    walk through the order. The planner would take one way for all parents, and a walk for a few reads the whole table.
    """
    size = func.cardinality(ids)
    return [listed.where(edge.target == func.any(ids), size <= FEW), listed.where(size > FEW)]


def _unnested(key: Attribute) -> Any:
    return func.unnest(parents(key)).table_valued("key").render_derived(name="parent").c.key


def count(edge: Page, where: Sequence[Condition]) -> Statement:
    """How many rows a list holds, behind the parent's key unless it is a root's."""
    source = rows_of(edge)
    if edge.key is None:
        return picked(func.count()).select_from(source.model).where(wall(source), *where)
    statement = _listed(edge, picked(edge.key, func.count())).where(edge.key == func.any(parents(edge.key)), *where)
    return statement.group_by(edge.key)


def kept_count(counted: Counted, parts: Sequence[bool]) -> Statement:
    """How many rows of a workspace's list there are, by the changes that were kept."""
    total = func.coalesce(func.sum(counted.delta), 0).cast(BigInteger)
    here = own(counted.delta) == tenant()
    table = counted.by.class_.__tablename__
    return picked(total).where(here, counted.counted == table, counted.part.in_(parts))


def any_row(edge: Page, where: Sequence[Condition]) -> Statement:
    """Whether a list holds a row: one Boolean for a root's, else the keys of the parents whose list does."""
    source = rows_of(edge)
    if edge.key is None:
        return picked(exists().select_from(source.model).where(wall(source), *where))
    parent = _unnested(edge.key)
    found = _listed(edge, picked(source.model.id)).where(edge.key == parent, *where)
    return picked(parent).where(found.exists())


def placed(order: Sequence[Sort], position: Position) -> list[Any]:
    """A position's values, bound in place."""
    return [literal(value, each.column.type) for each, value in zip(order, position, strict=True)]


def beyond(
    edge: Page, asked: Sequence[Sort], bound: Sequence[Any], *, later: bool, inclusive: bool = False
) -> Condition:
    """The rows that come later (or earlier) in an order than a position, whose values are `bound`.

    One direction is a row comparison, which an index answers. Mixed directions are spelled out, with the first key's
    bound in front for the index.
    """
    order = walked(edge, asked)
    if len({each.descending for each in order}) == 1:
        left, right = tuple_(*[each.column for each in order]), tuple_(*bound)
        return _past(left, right, up=order[0].descending != later, inclusive=inclusive)
    ways: list[Condition] = []
    for depth, each in enumerate(order):
        same = [before.column == value for before, value in zip(order[:depth], bound[:depth], strict=True)]
        final = inclusive and depth == len(order) - 1
        ways.append(and_(*same, _past(each.column, bound[depth], up=each.descending != later, inclusive=final)))
    first = _past(order[0].column, bound[0], up=order[0].descending != later, inclusive=True)
    return and_(first, or_(*ways))


def _past(left: Any, right: Any, *, up: bool, inclusive: bool) -> Condition:
    if inclusive:
        return left >= right if up else left <= right
    return left > right if up else left < right


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attached:
    """A join table as seen from a filtered row: `near` equals the row's `local`, `far` names what is attached."""

    near: Attribute
    far: Attribute
    local: Attribute

    def holds(self, wanted: Sequence[UUID] | None) -> list[Condition]:
        """The rows of the join table that attach one of the wanted (None: anything), behind the wall."""
        named = [] if wanted is None else [self.far.in_(wanted)]
        return [self.near == self.local, own(self.near) == tenant(), *named]


def has_any(link: Attached, wanted: Sequence[UUID] | None) -> Condition:
    """At least one of the wanted rows (None: any row) is attached over a join table."""
    return exists().where(*link.holds(wanted)).correlate_except(link.near.class_)


def has_all(link: Attached, wanted: Sequence[UUID]) -> Condition:
    """Each of the wanted rows is attached over a join table; `wanted` holds each once."""
    found = picked(func.count(distinct(link.far))).where(*link.holds(wanted)).correlate_except(link.near.class_)
    return found.scalar_subquery() == len(wanted)
