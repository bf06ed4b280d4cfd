"""Compares one value of a JSON object that a row keeps: the filter of fields that are defined at run time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

import strawberry
from sqlalchemy import and_, false, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB
from strawberry.scalars import JSON

from core.errors import about
from graph.comparators import TextFilter
from graph.comparing import BadFilter, Compare, Condition, check_operand, spelled
from graph.facts import Attribute

KEY_LONGEST: Final = 50
_BIGGEST: Final = 10**18
_NULL: Final = ("eq", "ne")
OPERATORS: Final = ("eq", "ne", "in_", "contains", "gt", "gte", "lt", "lte", "is_null")


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


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Stands in a prepared filter for one value that rows may keep in several forms."""

    forms: tuple[object, ...]


def conditions(column: Attribute, asked: JsonFilter, compare: Compare) -> Iterable[Condition]:
    """Yield a condition for each operator that was given. A value is compared as it stands: give it as rows keep it.

    Raises:
        BadFilter: a key or a value is of no use.
    """
    if not 1 <= len(asked.key) <= KEY_LONGEST or not (asked.key.isascii() and asked.key.isprintable()):
        message = f"The key of a custom field has 1 to {KEY_LONGEST} letters, digits and _."
        raise BadFilter(message, field=("key",))
    given = {name: getattr(asked, name) for name in OPERATORS}
    unsaid = (strawberry.UNSET, None)
    named = [name for name, each in given.items() if each not in unsaid or (each is None and name in _NULL)]
    if not named:
        compare.spend()
    for name in named:
        with about(spelled(name)):
            compare.spend()
            _check(given[name])
            yield _condition(cast("Any", column), asked.key, name, given[name], compare)


def _check(operand: object) -> None:
    """Refuse what no field holds: objects, lists of lists, and numbers that JSON cannot write."""
    for each in cast("list[object]", operand) if isinstance(operand, list) else [operand]:
        if isinstance(each, list):
            _check(cast("object", each))
        elif isinstance(each, dict) or (isinstance(each, int | float) and not abs(each) <= _BIGGEST):
            message = "Compare a custom field with a text, true or false, a list of texts, or a number below 10^18."
            raise BadFilter(message)
    check_operand(cast("object", operand))


def _condition(column: Any, key: str, name: str, operand: Any, compare: Compare) -> Condition:
    match name:
        case "eq":
            return ~column.has_key(key) if operand is None else _same(column, key, operand)
        case "ne":
            return column.has_key(key) if operand is None else ~_same(column, key, operand)
        case "in_":
            return or_(false(), *(_same(column, key, each) for each in operand))
        case "contains":
            return or_(false(), *(_held(column, key, each, compare) for each in _forms(operand)))
        case "is_null":
            return ~column.has_key(key) if operand else column.has_key(key)
        case _:
            return _ordered(column[key], key, name, operand)


def _forms(operand: Any) -> tuple[Any, ...]:
    return operand.forms if isinstance(operand, AnyOf) else (operand,)


def _held(column: Any, key: str, part: str, compare: Compare) -> Condition:
    value = column[key]
    held = and_(func.jsonb_typeof(value) == "string", compare(value.astext, TextFilter(contains=part)))
    return or_(column.contains({key: [part]}), func.coalesce(held, false()))


def _same(column: Any, key: str, operand: Any) -> Condition:
    """Containment, which an index answers. A list contains its parts, so it is compared as a whole besides."""
    if isinstance(operand, list):
        return and_(column.contains({key: operand}), column[key] == literal(operand, JSONB))
    return or_(*(column.contains({key: each}) for each in _forms(operand)))


def _ordered(value: Any, key: str, name: str, operand: Any) -> Condition:
    """Compare as jsonb: numbers by value, texts by their characters, and never one with the other."""
    if isinstance(operand, bool) or not isinstance(operand, int | float | str):
        message = f'Order the custom field "{key}" by a number, or by a day or a moment.'
        raise BadFilter(message)
    kind = "string" if isinstance(operand, str) else "number"
    right = literal(operand, JSONB)
    compared = {"gt": value > right, "gte": value >= right, "lt": value < right, "lte": value <= right}[name]
    return func.coalesce((func.jsonb_typeof(value) == kind) & compared, false())
