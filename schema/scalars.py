"""Scalars of our own, and the API's reading of the built-in ones."""

from datetime import UTC, date, datetime
from typing import cast

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

__all__ = ["JSON", "SCALARS"]


def _read_moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = 'write a moment with its offset: "2026-11-23T14:30:00-03:00"'
    raise GraphQLError(message)


def _read_day(text: object) -> date:
    try:
        if isinstance(text, str) and len(text) == len("2026-11-23"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    message = 'write a day: "2026-11-23"'
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
