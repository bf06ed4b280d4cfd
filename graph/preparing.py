"""Prepares a filter value: what its conditions need is looked up first, once for all its parts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

from core.errors import about
from graph.comparing import spelled
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
    change = await value.preparing(parts, context)
    with about("filter"):
        return _rebuilt(value, change)


def _parts(value: F) -> Iterable[F]:
    yield value
    for name in COMBINED:
        for each in getattr(value, name) or ():
            yield from _parts(each)


def _rebuilt(value: F, change: Callable[[F], F]) -> F:
    combined: dict[str, list[F]] = {}
    for name in COMBINED:
        with about(spelled(name)):
            combined[name] = [_placed(at, part, change) for at, part in enumerate(getattr(value, name) or ())]
    given = {name: parts for name, parts in combined.items() if parts}
    return replace(cast("Any", change(value)), **given)


def _placed(at: int, part: F, change: Callable[[F], F]) -> F:
    with about(str(at)):
        return _rebuilt(part, change)
