"""Comparisons: what a comparator's operators become as conditions over a column, and what they refuse."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, true
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from core.errors import Invalid, about
from core.text import NO_CHARACTER
from graph import ids
from graph.comparators import Comparator, IdFilter, LinkFilter
from graph.facts import Attribute, DeclarationRefused
from graph.statements import Attached, has_all, has_any

CONDITIONS: Final = 50
LISTED: Final = 100
LONGEST: Final = 1_000

Condition: TypeAlias = ColumnElement[bool]
Expression: TypeAlias = ColumnElement[Any] | Attribute


class BadFilter(Invalid):
    """This filter is not acceptable."""

    code = "BAD_FILTER"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Where:
    """A comparator's column. For references, `prefixes` are those of the ids that may name it. `require` is the
    permission that comparing asks for. `forms` are all texts that mean the same as one.
    """

    column: Attribute
    folded: Attribute | None = None
    prefixes: tuple[str, ...] = ()
    require: str | None = None
    forms: Callable[[str], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linked:
    """A comparator over a join table: `near` names the filtered row, `far` the attached one."""

    near: Attribute
    far: Attribute
    local: Attribute | None = None
    prefixes: tuple[str, ...] = ()


class Compare:
    """Given to `Filter.conditions`: applies a comparator to any expression over the filtered table."""

    def __init__(self) -> None:
        self.left = CONDITIONS

    def spend(self) -> None:
        """Count one condition."""
        self.left -= 1
        if self.left < 0:
            message = f"A filter has at most {CONDITIONS} conditions."
            raise BadFilter(message)

    def __call__(self, expression: Expression, comparator: Comparator, where: Where | None = None) -> Condition:
        """Return the condition that all given operators hold."""
        parts: list[Condition] = []
        for name, operand in operands_of(comparator):
            with about(spelled(name)):
                self.spend()
                check_operand(operand)
                parts.append(_compared(expression, name, operand, comparator, where))
        return and_(true(), *parts)

    def attached(self, link: Linked, asked: LinkFilter) -> Condition:
        """Return the condition that all given operators hold for what is attached."""
        parts: list[Condition] = []
        for name, operand in operands_of(asked):
            with about(spelled(name)):
                self.spend()
                check_operand(operand)
                parts.append(_attached(link, name, operand))
        return and_(true(), *parts)


def spelled(name: str) -> str:
    """Spell a name as the API does."""
    return to_camel_case(name.rstrip("_"))


def operands_of(value: object) -> Iterable[tuple[str, Any]]:
    """Yield the names and values that an input was given."""
    for each in fields(cast("Any", value)):
        operand = getattr(value, each.name)
        if operand is not UNSET:
            yield each.name, operand


def check_operand(operand: object) -> None:
    """Raise `BadFilter` when a list or a text is longer than it may be, or a text could not be stored."""
    if isinstance(operand, list):
        listed = cast("list[object]", operand)
        if len(listed) > LISTED:
            message = f"A list to compare with has at most {LISTED} values."
            raise BadFilter(message)
        for each in listed:
            check_operand(each)
    if isinstance(operand, str) and not isinstance(operand, Enum):
        if len(operand) > LONGEST:
            message = f"A text to compare with has at most {LONGEST:,} characters."
            raise BadFilter(message)
        if "\0" in operand or NO_CHARACTER in operand or any("\ud800" <= each <= "\udfff" for each in operand):
            message = "A text to compare with holds no NUL and no half of a character."
            raise BadFilter(message)


def _compared(left: Expression, name: str, operand: Any, comparator: Comparator, where: Where | None) -> Condition:
    if operand is None:
        if name not in {"eq", "ne"}:
            message = "Only `eq` (has no value) and `ne` (has a value) accept null: leave other operators out."
            raise BadFilter(message)
        return left.is_(None) if name == "eq" else left.is_not(None)
    if isinstance(comparator, IdFilter) and name != "is_null":
        operand = _decoded(where.prefixes if where else (), operand)
    if where is not None and where.forms is not None and name in _WHOLE:
        texts = cast("list[str]", operand if isinstance(operand, list) else [operand])
        name, operand = _WHOLE[name], [form for text in texts for form in where.forms(text)]
    if name in TEXTUAL:
        folded = where.folded if where is not None and where.folded is not None else func.fold(left)
        return TEXTUAL[name](folded, operand)
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
        message = "Give a value, or leave the operator out: null is none."
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


TEXTUAL: Final[Mapping[str, Callable[[Expression, str], Condition]]] = {
    "contains": lambda left, text: _like(left, before="%", text=text, after="%"),
    "starts_with": lambda left, text: _like(left, before="", text=text, after="%"),
    "ends_with": lambda left, text: _like(left, before="%", text=text, after=""),
}

# the operators over whole values, and those that do the same with several
_WHOLE: Final = {"eq": "in_", "in_": "in_", "ne": "not_in", "not_in": "not_in"}

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
