"""Pages of a list: the connection types, the window that a client asks for, and cursors.

A cursor holds the values of the order's columns at one row, at the database's full precision, and a check sum over them
and over the list it was made for (table, order, filter, search). It hides nothing and grants nothing: whoever forges
one names a position in rows they may read anyway.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast
from uuid import UUID

import strawberry

from core.errors import Invalid
from graph.facts import Sort

T = TypeVar("T")

DEFAULT: Final = 20
MOST: Final = 100
_SUM: Final = 9
_LONGEST: Final = 16_384
_LISTS: Final = 512

Position: TypeAlias = tuple[Any, ...]


class BadCursor(Invalid):
    """This cursor does not belong to this list: pass a cursor that the same list gave, with the same order, filter \
and search."""

    code = "BAD_CURSOR"


class BadPageSize(Invalid):
    """Ask for 1 to 100 items, with either `first` or `last`."""

    code = "BAD_PAGE_SIZE"


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether items follow this page: ask for them with `after: endCursor`."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether items come before this page: ask for them with `last` and `before: startCursor`."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null when the page is empty."
    )
    end_cursor: str | None = strawberry.field(description="The cursor of the last item; null when the page is empty.")


@strawberry.type(description="One item, and where it stands in its list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        description="The item's place, for `after` and `before`. Opaque; good for this order, filter and search."
    )
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of the page, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The items of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    total_count: int = strawberry.field(
        description="How many items the whole list holds, with its filter and search. It is counted only when selected."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The paging arguments as they arrived."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of an ordered list that is asked for: `size` items from its start, or (backward) from its end."""

    size: int
    backward: bool
    after: Position | None
    before: Position | None


def read_window(asked: Asked, order: Sequence[Sort], scope: Hashable) -> Window:
    """Check paging arguments and read their cursors.

    Raises:
        BadPageSize: not 1 to 100, or both `first` and `last`.
        BadCursor: the cursor is not one that `write_cursor` made for the same order and scope.
    """
    if asked.first is not None and asked.last is not None:
        raise BadPageSize(field=("last",))
    size = asked.first if asked.first is not None else asked.last
    backward = asked.last is not None
    if size is not None and not 1 <= size <= MOST:
        raise BadPageSize(field=("last" if backward else "first",))
    return Window(
        size=DEFAULT if size is None else size,
        backward=backward,
        after=None if asked.after is None else read_cursor(asked.after, order, scope, "after"),
        before=None if asked.before is None else read_cursor(asked.before, order, scope, "before"),
    )


def write_cursor(position: Sequence[Any], order: Sequence[Sort], scope: Hashable) -> str:
    """Name the place of a row, by its values of an order's columns."""
    values = [_plain(each) for each in position]
    body = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return _written(_sum(body, order, scope) + body)


def read_cursor(text: str, order: Sequence[Sort], scope: Hashable, argument: str = "after") -> Position:
    """Read the place that a cursor names.

    Raises:
        BadCursor: it was changed, or made for another order or scope.
    """
    try:
        values = cast("list[Any]", json.loads(_opened(text, order, scope)))
        return tuple([read(value) for read, value in zip(_readers(tuple(order)), values, strict=True)])
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise BadCursor(field=(argument,)) from None


def _opened(text: str, order: Sequence[Sort], scope: Hashable) -> str:
    """Return what a cursor holds; ValueError when its check sum does not fit."""
    if len(text) > _LONGEST or not text.isascii():
        raise ValueError
    sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    body = sealed[_SUM:]
    if _written(sealed) != text or sealed[:_SUM] != _sum(body, order, scope):
        raise ValueError
    return body.decode("utf-8", "surrogatepass")


def _written(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _sum(body: bytes, order: Sequence[Sort], scope: Hashable) -> bytes:
    return blake2b(body + _list_named(tuple(order), scope), digest_size=_SUM, person=b"cursor").digest()


@lru_cache(_LISTS)
def _list_named(order: tuple[Sort, ...], scope: Hashable) -> bytes:
    """Name a list that cursors are made for."""
    keys = [(str(sort.column), sort.descending) for sort in order]
    return repr((keys, scope)).encode("utf-8", "surrogatepass")


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case UUID():
            return value.hex
        case _:
            return value


@lru_cache(_LISTS)
def _readers(order: tuple[Sort, ...]) -> tuple[Callable[[Any], Any], ...]:
    """Return what makes the values of an order's columns of those in a cursor."""
    return tuple(_reader(sort.column.type.python_type) for sort in order)


def _reader(kind: type[Any]) -> Callable[[Any], Any]:
    if issubclass(kind, (datetime, date)):
        return kind.fromisoformat
    if kind is UUID:
        return UUID
    return kind if issubclass(kind, (Enum, Decimal)) else partial(_same, kind)


def _same(kind: type[Any], value: Any) -> Any:
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise TypeError
    return value
