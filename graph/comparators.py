"""The inputs that compare one column, or what is attached to a row."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import strawberry
from strawberry import UNSET

E = TypeVar("E")


def _operator(text: str, name: str | None = None) -> Any:
    return strawberry.field(default=UNSET, description=text, name=name)


class Comparator:
    """Base of the inputs that compare one column."""


@strawberry.input(description="Compares a text. All operators that are given must hold.")
class TextFilter(Comparator):
    eq: str | None = _operator("Is exactly this text; null: has no value.")
    ne: str | None = _operator("Is not exactly this text, or has no value; null: has a value.")
    in_: list[str] | None = _operator("Is exactly one of these texts (at most 100).", "in")
    not_in: list[str] | None = _operator("Is none of these texts (at most 100), or has no value.")
    contains: str | None = _operator("Holds this text somewhere; accents and case do not count.")
    starts_with: str | None = _operator("Begins with this text; accents and case do not count.")
    ends_with: str | None = _operator("Ends with this text; accents and case do not count.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


@strawberry.input(description="Compares a reference. An id of another type, or an unknown one, matches nothing.")
class IdFilter(Comparator):
    eq: strawberry.ID | None = _operator("Is this one; null: there is none.")
    ne: strawberry.ID | None = _operator("Is not this one, or there is none; null: there is one.")
    in_: list[strawberry.ID] | None = _operator("Is one of these (at most 100).", "in")
    not_in: list[strawberry.ID] | None = _operator("Is none of these (at most 100), or there is none.")
    is_null: bool | None = _operator("True: there is none. False: there is one.")


@strawberry.input(description="Compares a moment. All operators that are given must hold.")
class TimeFilter(Comparator):
    gt: datetime | None = _operator("Is later than this.")
    gte: datetime | None = _operator("Is this or later.")
    lt: datetime | None = _operator("Is earlier than this.")
    lte: datetime | None = _operator("Is this or earlier.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


@strawberry.input(description="Compares a whole number. All operators that are given must hold.")
class NumberFilter(Comparator):
    eq: int | None = _operator("Is this number; null: has no value.")
    ne: int | None = _operator("Is not this number, or has no value; null: has a value.")
    in_: list[int] | None = _operator("Is one of these (at most 100).", "in")
    not_in: list[int] | None = _operator("Is none of these (at most 100), or has no value.")
    gt: int | None = _operator("Is greater than this.")
    gte: int | None = _operator("Is this or greater.")
    lt: int | None = _operator("Is less than this.")
    lte: int | None = _operator("Is this or less.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


@strawberry.input(description="Compares a decimal number. All operators that are given must hold.")
class DecimalFilter(Comparator):
    eq: Decimal | None = _operator("Is this number; null: has no value.")
    ne: Decimal | None = _operator("Is not this number, or has no value; null: has a value.")
    gt: Decimal | None = _operator("Is greater than this.")
    gte: Decimal | None = _operator("Is this or greater.")
    lt: Decimal | None = _operator("Is less than this.")
    lte: Decimal | None = _operator("Is this or less.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


@strawberry.input(description="Compares a yes or no.")
class BooleanFilter(Comparator):
    eq: bool | None = _operator("Is this; null: has no value.")
    ne: bool | None = _operator("Is not this, or has no value; null: has a value.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


@strawberry.input(description="Compares one of a fixed set of values.")
class EnumFilter(Comparator, Generic[E]):
    eq: E | None = _operator("Is this value; null: has none.")
    ne: E | None = _operator("Is not this value, or has none; null: has one.")
    in_: list[E] | None = _operator("Is one of these values.", "in")
    not_in: list[E] | None = _operator("Is none of these values, or has none.")
    is_null: bool | None = _operator("True: has no value. False: has one.")


@strawberry.input(description="Compares what is attached. Ids of another type, and unknown ones, are attached nowhere.")
class LinkFilter:
    any_of: list[strawberry.ID] | None = _operator("At least one of these is attached (at most 100).")
    all_of: list[strawberry.ID] | None = _operator("All of these are attached (at most 100).")
    none_of: list[strawberry.ID] | None = _operator("None of these is attached (at most 100).")
    is_empty: bool | None = _operator("True: nothing is attached. False: something is.")
