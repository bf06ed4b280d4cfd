"""The filter language of all lists: comparators, `and`, `or`, `not`, and the walk that turns a value into a condition.

One rule of absence: a comparator that is null is not given; inside a comparator `eq: null` means "has no value". A row
without a value counts as different from every value. `not` is the plain opposite: SQL's "unknown" counts as false.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Final, cast

import strawberry
from sqlalchemy import and_, false, or_, true
from strawberry import UNSET
from strawberry.types.field import StrawberryField

from core.errors import about
from graph.comparators import (
    BooleanFilter,
    DecimalFilter,
    EnumFilter,
    IdFilter,
    LinkFilter,
    NumberFilter,
    TextFilter,
    TimeFilter,
)
from graph.comparing import BadFilter, Compare, Condition, Linked, Where, check_operand, operands_of, spelled
from graph.context import Context
from graph.facts import Attribute
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
MARK: Final = "graph"


def where(
    column: Attribute,
    *,
    folded: Attribute | None = None,
    prefix: str | tuple[str, ...] = (),
    require: str | None = None,
    forms: Callable[[str], Sequence[str]] | None = None,
) -> Any:
    """Compare a column. `folded` is a stored `fold(column)`, for an index; `prefix` names the type of an id's row where
    no foreign key does. `require` is the permission to compare it: what is masked must not be guessed by filters.
    `forms` gives all texts that mean the same as one, for comparisons of whole values.
    """
    prefixes = (prefix,) if isinstance(prefix, str) else prefix
    asked = None if require is None else str(require)
    fact = Where(column=column, folded=folded, prefixes=prefixes, require=asked, forms=forms)
    return strawberry.field(default=UNSET, metadata={MARK: fact})


def through_filter(near: Attribute, far: Attribute) -> Any:
    """Ask which rows are attached over a join table: a field of type `LinkFilter | None`."""
    return strawberry.field(default=UNSET, metadata={MARK: Linked(near=near, far=far)})


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

    `permissions` are those that its comparators ask for, and `reads` the columns and attachments that decide whether a
    row matches; None when the words cannot say.
    """

    condition: Condition | None = field(compare=False)
    signature: Hashable
    permissions: frozenset[str] = field(default=frozenset(), compare=False)
    reads: frozenset[str] | None = field(default=None, compare=False)


def read_filter(value: Filter | None, *, of: type[Filter] | None = None) -> Reading:
    """Turn a filter value into a condition over its model's columns. `of` a list's filter type, also into what that
    holds unless the value names it.

    Raises:
        BadFilter: too deep, too long, or null where a value is needed.
    """
    given = None if value is None or value is UNSET else value
    if given is None:
        return _unfiltered(of)
    with about("filter"):
        found = [_walk(given, Compare(), 1)]
    named = frozenset(_named(given))
    if of is not None:
        found.extend(of.unless_named(named))
    permissions = {
        fact.require for name, fact in type(given).columns.items() if name in named and isinstance(fact, Where)
    }
    return Reading(
        condition=and_(*found),
        signature=_signature(given),
        permissions=frozenset(each for each in permissions if each),
        reads=_read_by(type(given), named),
    )


@cache
def _unfiltered(of: type[Filter] | None) -> Reading:
    """What holds of a list without a filter."""
    found = [] if of is None else list(of.unless_named(frozenset()))
    return Reading(condition=and_(*found) if found else None, signature=None)


def _read_by(kind: type[Filter], named: AbstractSet[str]) -> frozenset[str] | None:
    facts = {name: kind.columns.get(name) for name in named}
    if any(fact is None for fact in facts.values()):
        return None
    return frozenset(fact.column.key if isinstance(fact, Where) else name for name, fact in facts.items())


def read_text(words: str | None) -> str | None:
    """Check the words of a search; None when there are none.

    Raises:
        BadFilter: longer than 1,000 characters, or not text.
    """
    if words is None or words is UNSET or not words.strip():
        return None
    with about("search"):
        check_operand(words)
    return words.strip()


def _walk(value: Filter, compare: Compare, depth: int) -> Condition:
    if depth > DEPTH:
        message = f"A filter has at most {DEPTH} levels."
        raise BadFilter(message)
    parts: list[Condition] = []
    for name, operand in operands_of(value):
        if operand is None:
            continue
        with about(spelled(name)):
            parts.append(_part(type(value).columns.get(name), name, operand, compare, depth))
    parts.extend(value.conditions(compare))
    return and_(true(), *parts)


def _part(fact: Where | Linked | None, name: str, operand: Any, compare: Compare, depth: int) -> Condition:
    match fact:
        case Where() as where:
            return compare(where.column, operand, where)
        case Linked() as link:
            return compare.attached(link, operand)
        case None if name not in COMBINED:
            compare.spend()
            return true()
        case None:
            check_operand(operand)
            return _combined(name, [_place(at, each, compare, depth + 1) for at, each in enumerate(operand)])


def _place(at: int, value: Filter, compare: Compare, depth: int) -> Condition:
    with about(str(at)):
        return _walk(value, compare, depth)


def _named(value: Filter) -> Iterable[str]:
    """The comparators that a filter names, in all its parts. Its depth was checked."""
    for name, operand in operands_of(value):
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


def _signature(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple(_signature(each) for each in cast("list[Any]", value))
    if isinstance(value, dict):
        return tuple((key, _signature(each)) for key, each in sorted(cast("dict[str, Any]", value).items()))
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return tuple((name, _signature(operand)) for name, operand in operands_of(value))
    return value
