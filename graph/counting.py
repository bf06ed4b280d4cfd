"""Which part of a counted table a list holds, when its filter says no more than that."""

from collections.abc import Hashable
from typing import cast

from graph.facts import Counted


def parts_of(counted: Counted | None, signature: Hashable) -> tuple[bool, ...] | None:
    """Return the values of the counted column that a filter lets through, by the value that names the filter.

    None when it compares anything else, or no count is kept: then the rows have to be counted.
    """
    if counted is None:
        return None
    if not signature:
        return counted.usual
    named = cast("tuple[tuple[str, object], ...]", signature)
    if len(named) != 1 or named[0][0] != counted.comparator or not isinstance(named[0][1], tuple):
        return None
    operators = cast("tuple[tuple[str, object], ...]", named[0][1])
    return tuple(value for value in (False, True) if all(_holds(value, *each) for each in operators))


def _holds(value: object, operator: str, operand: object) -> bool:
    """Compare as SQL does with a column that always has a value."""
    if operator == "eq":
        return value is operand
    if operator == "ne":
        return value is not operand
    return not operand
