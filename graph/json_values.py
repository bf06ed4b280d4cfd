"""Compares one value of a JSON object that a row keeps: the filter of fields that are defined at run time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, cast

import strawberry
from sqlalchemy import ColumnElement, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB
from strawberry.scalars import JSON

from graph.facts import Attribute
from graph.filters import LISTED, BadFilter, Compare, TextFilter

KEY_LONGEST: Final = 50
_OPERATORS: Final = ("eq", "ne", "in_", "contains", "gt", "gte", "lt", "lte", "is_null")


def _operator(text: str, name: str | None = None) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=text, name=name)


@strawberry.input(description="Compares one custom field's value. All operators that are given must hold.")
class JsonFilter:
    key: str = strawberry.field(description="The field's key.")
    eq: JSON | None = _operator("Is this value; null: has none.")
    ne: JSON | None = _operator("Is another value, or has none; null: has one.")
    in_: list[JSON] | None = _operator("Is one of these values (at most 100).", "in")
    contains: str | None = _operator("A text that holds this, accents and case aside; or a list that has this option.")
    gt: JSON | None = _operator("Is greater: a number; or later: a day or a moment.")
    gte: JSON | None = _operator("Is this, or greater, or later.")
    lt: JSON | None = _operator("Is less, or earlier.")
    lte: JSON | None = _operator("Is this, or less, or earlier.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


def conditions(column: Attribute, asked: JsonFilter, compare: Compare) -> Iterable[ColumnElement[bool]]:
    """Yield a condition for each operator that was given.

    Raises:
        BadFilter: a key or a value is of no use.
    """
    if len(asked.key) > KEY_LONGEST or not asked.key.isascii():
        raise BadFilter
    for name in _OPERATORS:
        operand = getattr(asked, name)
        if operand is strawberry.UNSET or (operand is None and name not in ("eq", "ne")):
            continue
        compare.spend()
        yield _condition(cast("Any", column), asked.key, name, operand, compare)


def _condition(column: Any, key: str, name: str, operand: Any, compare: Compare) -> ColumnElement[bool]:
    value = column[key]
    match name:
        case "eq":
            return ~column.has_key(key) if operand is None else column.contains({key: operand})
        case "ne":
            return column.has_key(key) if operand is None else ~column.contains({key: operand})
        case "in_":
            if len(operand) > LISTED:
                raise BadFilter
            return or_(*(column.contains({key: each}) for each in operand)) if operand else literal(False)
        case "contains":
            return or_(column.contains({key: [operand]}), compare(value.astext, TextFilter(contains=operand)))
        case "is_null":
            return ~column.has_key(key) if operand else column.has_key(key)
        case _:
            return _ordered(value, name, operand)


def _ordered(value: Any, name: str, operand: Any) -> ColumnElement[bool]:
    """Compare as jsonb: numbers by value, texts by their characters, and never one with the other."""
    if isinstance(operand, bool) or not isinstance(operand, int | float | str):
        raise BadFilter
    kind = "string" if isinstance(operand, str) else "number"
    right = literal(_plain(operand), JSONB)
    compared = {"gt": value > right, "gte": value >= right, "lt": value < right, "lte": value <= right}[name]
    return func.coalesce((func.jsonb_typeof(value) == kind) & compared, literal(False))


def _plain(operand: float | str) -> float | str:
    """Write a moment as it is kept: in UTC."""
    if not isinstance(operand, str):
        return operand
    try:
        moment = datetime.fromisoformat(operand)
    except ValueError:
        return operand
    is_moment = moment.tzinfo is not None and "T" in operand
    return moment.astimezone(UTC).isoformat() if is_moment else operand
