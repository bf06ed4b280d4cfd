"""Global ids of views: a view's prefix and the row's UUID. The form itself is `core.ids`."""

from typing import Any, Protocol
from uuid import UUID

from core import ids


class Named(Protocol):
    """A view whose rows have global ids."""

    prefix: str


def read(view: Named | type[Any], text: str) -> UUID | None:
    """Read the id of a view's row; None for an id of another type and for anything that is not an id."""
    return ids.decode(view.prefix, text)


def any_of(prefixes: tuple[str, ...], text: str) -> UUID | None:
    """Read an id that has one of these prefixes; None for anything else."""
    for prefix in prefixes:
        found = ids.decode(prefix, text)
        if found is not None:
            return found
    return None
