"""Scalars of our own, and the API's reading of the built-in ones."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, cast

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

__all__ = ["ACCEPTED", "JSON", "SCALARS"]

ACCEPTED: Final[Mapping[str, str]] = {
    "Int": "a whole number from -2147483648 to 2147483647",
    "Float": "a number",
    "String": "a text",
    "Boolean": "true or false",
    "ID": "an id, as a text",
    "JSON": "any JSON value",
    "DateTime": 'a moment with its offset, such as "2026-11-23T14:30:00-03:00"',
    "Date": 'a day, such as "2026-11-23"',
}
"""What each scalar accepts, to be said of values that it does not."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _read_moment(text: object) -> datetime:
    try:
        if isinstance(text, str) and _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"Give {ACCEPTED['DateTime']}."
    raise GraphQLError(message)


def _read_day(text: object) -> date:
    try:
        if isinstance(text, str) and _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    message = f"Give {ACCEPTED['Date']}."
    raise GraphQLError(message)


def _write_moment(moment: object) -> str:
    return cast("datetime", moment).astimezone(UTC).isoformat()


def _write_day(day: object) -> str:
    return cast("date", day).isoformat()


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description='A moment, always with its offset from UTC: "2026-11-23T17:30:00+00:00". Answers are in UTC.',
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=_write_moment,
        parse_value=_read_moment,
    ),
    date: strawberry.scalar(
        name="Date", description='A day: "2026-11-23".', serialize=_write_day, parse_value=_read_day
    ),
}
