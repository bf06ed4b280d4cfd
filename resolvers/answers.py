"""The answer to a mutation, written down so that it can be given again: rows by their ids, all else as it is.

Both directions follow the types that the payload's class declares, so that a stored answer holds no name of a class.
A field that a later release adds gets its default.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, TypeAlias, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from core.ids import encode
from graph import Row
from services.idempotency import Gone

View: TypeAlias = type[Row[Any]]
Find: TypeAlias = Callable[[View, str], Awaitable[Any]]


def written(kind: Any, value: Any) -> Any:
    """Write a value of a declared type as JSON. Rows have their ids by now."""
    kind = _bare(kind)
    if value is None:
        return None
    if get_origin(kind) is list:
        return [written(get_args(kind)[0], each) for each in value]
    if _is_view(kind):
        return encode(kind.prefix, value.id)
    if is_dataclass(kind):
        return {name: written(inner, getattr(value, name)) for name, inner in _parts(kind)}
    return _leaf(value)


async def read(kind: Any, stored: Any, find: Find) -> Any:
    """Read a value of a declared type again. A row that is gone is null, and left out of a list."""
    kind = _bare(kind)
    if stored is None:
        return None
    if get_origin(kind) is list:
        return await _all(get_args(kind)[0], stored, find)
    if _is_view(kind):
        return await find(kind, stored)
    if is_dataclass(kind):
        return await _whole(kind, stored, find)
    return _value(kind, stored)


async def given_again(payload: Any, stored: Mapping[str, Any], find: Find) -> Any:
    """Read a whole answer.

    Raises:
        Gone: what it names is not there any more.
    """
    answer = await read(payload, stored, find)
    if any(each is not None and getattr(answer, name) is None for name, each in stored.items()):
        raise Gone
    return answer


async def _all(kind: Any, stored: list[Any], find: Find) -> list[Any]:
    found = await asyncio.gather(*(read(kind, each, find) for each in stored))
    return [each for each in found if each is not None]


async def _whole(kind: Any, stored: dict[str, Any], find: Find) -> Any:
    known = [(name, inner) for name, inner in _parts(kind) if name in stored]
    values = await asyncio.gather(*(read(inner, stored[name], find) for name, inner in known))
    return kind(**{name: value for (name, _), value in zip(known, values, strict=True)})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _parts(kind: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a payload is made from: its fields but those that have a resolver."""
    yield from ((each.name, _hints(kind)[each.name]) for each in fields(kind) if each.init)


def _bare(kind: Any) -> Any:
    """Return what a type is when it is not null."""
    others = [each for each in get_args(kind) if each is not NoneType]
    return others[0] if NoneType in get_args(kind) and len(others) == 1 else kind


def _is_view(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Row)


def _leaf(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case StrEnum():
            return value.value
        case _:
            return value


def _value(kind: Any, stored: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(cast("str", stored))
    is_made = isinstance(kind, type) and issubclass(kind, UUID | StrEnum)
    return kind(stored) if is_made else stored
