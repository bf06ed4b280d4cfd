"""Prepares a filter value: what its conditions need is looked up first, once for all its parts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

from graph.context import Context
from graph.filters import COMBINED, Filter, read_filter

F = TypeVar("F", bound=Filter)


async def prepared(value: F | None, context: Context) -> F | None:
    """Return a filter value with its operands as rows keep them. Nothing is looked up for a value that names none of
    the comparators in `Filter.looked_up`.

    Raises:
        BadFilter: an operand is not acceptable, or there are too many.
    """
    if not value:
        return None
    parts = list(_parts(value))
    if not any(getattr(part, name) for part in parts for name in value.looked_up):
        return value
    read_filter(value)
    return _rebuilt(value, await value.preparing(parts, context))


def _parts(value: F) -> Iterable[F]:
    yield value
    for name in COMBINED:
        for each in getattr(value, name) or ():
            yield from _parts(each)


def _rebuilt(value: F, change: Callable[[F], F]) -> F:
    given = {name: getattr(value, name) for name in COMBINED}
    combined = {name: [_rebuilt(each, change) for each in parts] for name, parts in given.items() if parts}
    return replace(cast("Any", change(value)), **combined)
