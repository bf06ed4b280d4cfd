"""One SELECT per edge, and the only ones there are: order, limit, tie-break, filter and wall have one meaning.

Every builder holds the tenant wall, also below a row that was already behind it. Parameters: `tenant` (the workspace),
`keys` (the parents' values, an array), `limit`. The values of filters and positions are bound in place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Uuid,
    and_,
    bindparam,
    distinct,
    exists,
    func,
    literal,
    or_,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased, load_only, raiseload

from graph.facts import TENANT, Attribute, ByMembers, InColumn, Many, Page, Sort, Source, rows_of
from graph.paging import Position
from graph.tables import Statement, column_properties, picked

Condition = ColumnElement[bool]


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


def by_key(source: Source, column: Attribute) -> Statement:
    """Rows whose `column` is one of the keys."""
    statement = picked(source.model).where(column == func.any(parents(column)), wall(source))
    return statement.options(*whole(source, source.model))


def ordering(entity: Any, order: Sequence[Sort], *, backward: bool = False) -> list[Any]:
    """The ORDER BY of an order, or of its opposite."""
    keys = [(getattr(entity, each.column.key), each.descending != backward) for each in order]
    return [key.desc() if down else key.asc() for key, down in keys]


def children(edge: Many, order: Sequence[Sort]) -> Statement:
    """Rows of a list, each behind its parent's key, in the list's order."""
    source = rows_of(edge)
    if edge.limit is not None:
        return _per_parent(edge.key, source, _listed(edge, picked(*columns(source))), order)
    statement = _listed(edge, picked(edge.key, source.model)).where(edge.key == func.any(parents(edge.key)))
    return statement.order_by(*ordering(source.model, order)).options(*whole(source, source.model))


def _listed(edge: Many, statement: Statement) -> Statement:
    """The rows of a list, behind the wall; a join table has a wall of its own."""
    source = rows_of(edge)
    if edge.far is None:
        return statement.where(wall(source))
    joined = statement.select_from(edge.far.class_).join(source.model, edge.target == edge.far)
    return joined.where(wall(source), own(edge.far) == tenant())


def page(edge: Page, order: Sequence[Sort], where: Sequence[Condition], *, backward: bool = False) -> Statement:
    """One page, nearest to its start (or end) first; behind the parent's key unless it is a root's."""
    source = rows_of(edge)
    if edge.key is not None:
        inner = picked(*columns(source)).where(wall(source), *where)
        return _per_parent(edge.key, source, inner, order, backward=backward)
    statement = picked(source.model).where(wall(source), *where).options(*whole(source, source.model))
    return statement.order_by(*ordering(source.model, order, backward=backward)).limit(_limit())


def _limit() -> Any:
    return bindparam("limit", type_=Integer)


def _per_parent(
    key: Attribute, source: Source, inner: Statement, order: Sequence[Sort], *, backward: bool = False
) -> Statement:
    """At most `limit` rows for each parent. A LATERAL keeps no promised order, so the outer SELECT orders again."""
    parent = _unnested(key)
    first = inner.where(key == parent).order_by(*ordering(source.model, order, backward=backward)).limit(_limit())
    child = aliased(source.model, first.lateral("child"))
    statement = picked(parent, child).join_from(parent.table, child, true()).options(*whole(source, child))
    return statement.order_by(*ordering(child, order, backward=backward))


def _unnested(key: Attribute) -> Any:
    return func.unnest(parents(key)).table_valued("key").render_derived(name="parent").c.key


def count(edge: Page, where: Sequence[Condition]) -> Statement:
    """How many rows a list holds, behind the parent's key unless it is a root's."""
    source = rows_of(edge)
    if edge.key is None:
        return picked(func.count()).select_from(source.model).where(wall(source), *where)
    statement = picked(edge.key, func.count()).where(edge.key == func.any(parents(edge.key)), wall(source), *where)
    return statement.group_by(edge.key)


def any_row(edge: Page, where: Sequence[Condition]) -> Statement:
    """Whether a list holds a row: one Boolean for a root's, else the keys of the parents whose list does."""
    source = rows_of(edge)
    if edge.key is None:
        return picked(exists().select_from(source.model).where(wall(source), *where))
    parent = _unnested(edge.key)
    found = exists().select_from(source.model).where(edge.key == parent, wall(source), *where)
    return picked(parent).where(found)


def beyond(order: Sequence[Sort], position: Position, *, later: bool, inclusive: bool = False) -> Condition:
    """The rows that come later (or earlier) in an order than a position.

    One direction is a row comparison, which an index answers. Mixed directions are spelled out, with the first key's
    bound in front for the index.
    """
    bound = [literal(value, each.column.type) for each, value in zip(order, position, strict=True)]
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
