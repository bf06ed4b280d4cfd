"""The filter language of all lists: comparators, `and`, `or`, `not`, and the walk that turns a value into a condition.

One rule of absence: a comparator that is null is not given; inside a comparator `eq: null` means "has no value". A row
without a value counts as different from every value. `not` is the plain opposite: SQL's "unknown" counts as false.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, ClassVar, Final, TypeAlias, cast
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, and_, false, func, or_, true
from strawberry import UNSET
from strawberry.types.field import StrawberryField

from core.errors import Invalid
from graph import ids
from graph.comparators import (
    BooleanFilter,
    Comparator,
    DecimalFilter,
    EnumFilter,
    IdFilter,
    LinkFilter,
    NumberFilter,
    TextFilter,
    TimeFilter,
)
from graph.context import Context
from graph.facts import Attribute, DeclarationRefused
from graph.statements import Attached, has_all, has_any
from graph.texts import attribute_docstrings, class_docstring

__all__ = [
    "BadFilter",
    "BooleanFilter",
    "DecimalFilter",
    "EnumFilter",
    "Filter",
    "IdFilter",
    "LinkFilter",
    "NumberFilter",
    "TextFilter",
    "TimeFilter",
    "through_filter",
    "where",
]

DEPTH: Final = 5
CONDITIONS: Final = 50
LISTED: Final = 100
LONGEST: Final = 1_000
MARK: Final = "graph"

Condition: TypeAlias = ColumnElement[bool]
Expression: TypeAlias = ColumnElement[Any] | Attribute


class BadFilter(Invalid):
    """This filter is not acceptable: at most 5 levels, 50 conditions, 100 values in a list, 1,000 characters a text."""

    code = "BAD_FILTER"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Where:
    """A comparator's column. For references, `prefixes` are those of the ids that may name it. `require` is the
    permission that comparing asks for.
    """

    column: Attribute
    folded: Attribute | None = None
    prefixes: tuple[str, ...] = ()
    require: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linked:
    """A comparator over a join table: `near` names the filtered row, `far` the attached one."""

    near: Attribute
    far: Attribute
    local: Attribute | None = None
    prefixes: tuple[str, ...] = ()


def where(
    column: Attribute,
    *,
    folded: Attribute | None = None,
    prefix: str | tuple[str, ...] = (),
    require: str | None = None,
) -> Any:
    """Compare a column. `folded` is a stored `fold(column)`, for an index; `prefix` names the type of an id's row where
    no foreign key does. `require` is the permission to compare it: what is masked must not be guessed by filters.
    """
    prefixes = (prefix,) if isinstance(prefix, str) else prefix
    fact = Where(column=column, folded=folded, prefixes=prefixes, require=None if require is None else str(require))
    return strawberry.field(default=UNSET, metadata={MARK: fact})


def through_filter(near: Attribute, far: Attribute) -> Any:
    """Ask which rows are attached over a join table: a field of type `LinkFilter | None`."""
    return strawberry.field(default=UNSET, metadata={MARK: Linked(near=near, far=far)})


class Compare:
    """Given to `Filter.conditions`: applies a comparator to any expression over the filtered table."""

    def __init__(self) -> None:
        self.left = CONDITIONS

    def spend(self) -> None:
        """Count one condition."""
        self.left -= 1
        if self.left < 0:
            raise BadFilter

    def __call__(self, expression: Expression, comparator: Comparator, where: Where | None = None) -> Condition:
        """Return the condition that all given operators hold."""
        parts: list[Condition] = []
        for name, operand in _given(comparator):
            self.spend()
            check_operand(operand)
            parts.append(_compared(expression, name, operand, comparator, where))
        return and_(true(), *parts)

    def attached(self, link: Linked, asked: LinkFilter) -> Condition:
        """Return the condition that all given operators hold for what is attached."""
        parts: list[Condition] = []
        for name, operand in _given(asked):
            self.spend()
            check_operand(operand)
            parts.append(_attached(link, name, operand))
        return and_(true(), *parts)


class Filter:
    """Base of a filter input: its fields compare columns, and `and`, `or`, `not` combine whole filters.

    A subclass is decorated with `@strawberry.input`. Text under a field is its description. Fields without `where` or
    `through_filter` are the business of `conditions`; those in `looked_up` are given to `preparing` first.
    """

    columns: ClassVar[Mapping[str, Where | Linked]]
    summary: ClassVar[str | None]
    all: ClassVar["list[type[Filter]]"] = []
    looked_up: ClassVar[AbstractSet[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        cls.summary = class_docstring(cls)
        texts = attribute_docstrings(cls)
        for name in cls.__annotations__:
            value = cls.__dict__.get(name)
            if isinstance(value, StrawberryField):
                value.description = value.description or texts.get(name)
        for name, text in COMBINED.items():
            cls.__annotations__[name] = "list[str] | None"
            setattr(cls, name, strawberry.field(default=UNSET, name=name.rstrip("_"), description=text))
        Filter.all.append(cls)

    def conditions(self, compare: Compare) -> Iterable[Condition]:
        """Return what the words cannot say, as conditions over the filtered table's columns; nothing by default."""
        del compare
        return ()

    @classmethod
    def unless_named(cls, named: AbstractSet[str]) -> Iterable[Condition]:
        """Return what holds of a list unless its filter names certain comparators, at whatever depth: nothing by
        default.
        """
        del named
        return ()

    @classmethod
    async def preparing(cls, parts: Sequence[Any], context: Context) -> Callable[[Any], Any]:
        """Look up what the comparators in `looked_up` need, and return what turns their operands into stored values."""
        del parts, context
        return lambda part: part


COMBINED: Final = {
    "and_": "All of these hold (at most 100; an empty list always holds).",
    "or_": "At least one of these holds (at most 100; an empty list never does).",
    "not_": "None of these holds (at most 100).",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A filter value, understood: its condition, and a stable value that names it in cursors and loaders.

    `permissions` are those that its comparators ask for.
    """

    condition: Condition | None = field(compare=False)
    signature: Hashable
    permissions: frozenset[str] = field(default=frozenset(), compare=False)


def read_filter(value: Filter | None, *, of: type[Filter] | None = None) -> Reading:
    """Turn a filter value into a condition over its model's columns. `of` a list's filter type, also into what that
    holds unless the value names it.

    Raises:
        BadFilter: too deep, too long, or null where a value is needed.
    """
    given = None if value is None or value is UNSET else value
    if given is None:
        found = [] if of is None else list(of.unless_named(frozenset()))
        return Reading(condition=and_(*found) if found else None, signature=None)
    found = [_walk(given, Compare(), 1)]
    named = frozenset(_named(given))
    if of is not None:
        found.extend(of.unless_named(named))
    permissions = {
        fact.require for name, fact in type(given).columns.items() if name in named and isinstance(fact, Where)
    }
    return Reading(
        condition=and_(*found), signature=_signature(given), permissions=frozenset(each for each in permissions if each)
    )


def read_text(words: str | None) -> str | None:
    """Check the words of a search; None when there are none.

    Raises:
        BadFilter: longer than 1,000 characters, or not text.
    """
    if words is None or words is UNSET or not words.strip():
        return None
    check_operand(words)
    return words.strip()


def _walk(value: Filter, compare: Compare, depth: int) -> Condition:
    if depth > DEPTH:
        raise BadFilter
    parts: list[Condition] = []
    for name, operand in _given(value):
        if operand is None:
            continue
        if name in COMBINED:
            check_operand(operand)
            parts.append(_combined(name, [_walk(each, compare, depth + 1) for each in operand]))
            continue
        match type(value).columns.get(name):
            case Where() as where:
                parts.append(compare(where.column, operand, where))
            case Linked() as link:
                parts.append(compare.attached(link, operand))
            case None:
                compare.spend()
    parts.extend(value.conditions(compare))
    return and_(true(), *parts)


def _named(value: Filter) -> Iterable[str]:
    """The comparators that a filter names, in all its parts. Its depth was checked."""
    for name, operand in _given(value):
        if operand is not None and name not in COMBINED:
            yield name
        for each in operand or () if name in COMBINED else ():
            yield from _named(each)


def _combined(name: str, parts: list[Condition]) -> Condition:
    if name == "and_":
        return and_(true(), *parts)
    if name == "or_":
        return or_(false(), *parts)
    return or_(false(), *parts).is_not(true())


def _given(value: object) -> Iterable[tuple[str, Any]]:
    for each in fields(cast("Any", value)):
        operand = getattr(value, each.name)
        if operand is not UNSET:
            yield each.name, operand


def check_operand(operand: object) -> None:
    """Raise `BadFilter` when a list or a text is longer than it may be, or a text could not be stored."""
    if isinstance(operand, list):
        listed = cast("list[object]", operand)
        if len(listed) > LISTED:
            raise BadFilter
        for each in listed:
            check_operand(each)
    if isinstance(operand, str) and not isinstance(operand, Enum):
        if len(operand) > LONGEST:
            raise BadFilter
        if "\0" in operand or any("\ud800" <= each <= "\udfff" for each in operand):
            message = "a text to compare with holds no NUL and no lone surrogate"
            raise BadFilter(message)


def _compared(left: Expression, name: str, operand: Any, comparator: Comparator, where: Where | None) -> Condition:
    if operand is None:
        if name not in {"eq", "ne"}:
            message = "null is accepted by `eq` (has no value) and `ne` (has a value): leave other operators out"
            raise BadFilter(message)
        return left.is_(None) if name == "eq" else left.is_not(None)
    if isinstance(comparator, IdFilter) and name != "is_null":
        operand = _decoded(where.prefixes if where else (), operand)
    if name in _TEXTUAL:
        folded = where.folded if where is not None and where.folded is not None else func.fold(left)
        return _TEXTUAL[name](folded, operand)
    return _OPERATORS[name](left, operand)


def _decoded(prefixes: tuple[str, ...], operand: Any) -> Any:
    if isinstance(operand, list):
        found = [ids.any_of(prefixes, each) for each in cast("list[str]", operand)]
        return [each for each in found if each is not None]
    return ids.any_of(prefixes, operand) or NOWHERE


_UNLINKED: Final = "call graph.link() before filters are read, and use the filter in a page"

NOWHERE: Final = UUID(int=0)
"""Stands for an id that names no row of its type."""


def _attached(link: Linked, name: str, operand: Any) -> Condition:
    if operand is None:
        message = "null is not a list: leave the operator out"
        raise BadFilter(message)
    if link.local is None:
        raise DeclarationRefused(_UNLINKED)
    attached = Attached(near=link.near, far=link.far, local=link.local)
    if name == "is_empty":
        return ~has_any(attached, None) if operand else has_any(attached, None)
    known: list[UUID] = list(dict.fromkeys(_decoded(link.prefixes, operand)))
    if name == "any_of":
        return has_any(attached, known)
    if name == "none_of":
        return ~has_any(attached, known)
    return has_all(attached, known) if len(known) == len(dict.fromkeys(operand)) else false()


def _pattern(text: str) -> ColumnElement[str]:
    """Escape LIKE's wildcards after folding: fold() makes plain wildcards of full-width ones."""
    folded: ColumnElement[str] = func.fold(text)
    for special in ("\\", "%", "_"):
        folded = func.replace(folded, special, "\\" + special)
    return folded


def _like(left: Expression, *, before: str, text: str, after: str) -> Condition:
    pattern = _pattern(text)
    if before:
        pattern = func.concat(before, pattern)
    if after:
        pattern = func.concat(pattern, after)
    return left.like(pattern, escape="\\")


_TEXTUAL: Final[Mapping[str, Callable[[Expression, str], Condition]]] = {
    "contains": lambda left, text: _like(left, before="%", text=text, after="%"),
    "starts_with": lambda left, text: _like(left, before="", text=text, after="%"),
    "ends_with": lambda left, text: _like(left, before="%", text=text, after=""),
}

_OPERATORS: Final[Mapping[str, Callable[[Expression, Any], Condition]]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left.is_distinct_from(right),
    "in_": lambda left, right: left.in_(right),
    "not_in": lambda left, right: or_(left.is_(None), left.not_in(right)),
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "is_null": lambda left, right: left.is_(None) if right else left.is_not(None),
}


def _signature(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple(_signature(each) for each in cast("list[Any]", value))
    if isinstance(value, dict):
        return tuple((key, _signature(each)) for key, each in sorted(cast("dict[str, Any]", value).items()))
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return tuple((name, _signature(operand)) for name, operand in _given(value))
    return value
