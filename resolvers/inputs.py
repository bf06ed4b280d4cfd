"""From what GraphQL hands over to what services take."""

from typing import Any, TypeVar, cast

import strawberry

from core.unset import UNSET, UnsetType

T = TypeVar("T")


def given(value: T) -> T | UnsetType:
    """Return a field's value, or `core.unset.UNSET` when the caller left it out."""
    return UNSET if cast("Any", value) is strawberry.UNSET else value


def filled(value: T | None) -> T | UnsetType:
    """Return a field's value, or `core.unset.UNSET` when the caller left it out or wrote null."""
    found = given(value)
    return UNSET if found is None else found


def present(value: T | None) -> T | None:
    """Return a field's value, or None when the caller left it out."""
    return None if cast("Any", value) is strawberry.UNSET else value
