"""All declared views, found by name, by table and by prefix."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from graph.facts import DeclarationRefused

if TYPE_CHECKING:
    from graph.declare import Row, View


class Registry:
    """The views of one schema."""

    def __init__(self) -> None:
        self.views: dict[str, type[View]] = {}
        self.linked: set[type[View]] = set()

    def add(self, view: "type[View]") -> None:
        """Take in a view.

        Raises:
            DeclarationRefused: another view has its name.
        """
        if view.__name__ in self.views:
            message = f"there are two views named {view.__name__}"
            raise DeclarationRefused(message)
        self.views[view.__name__] = view

    def rows(self) -> "list[type[Row[Any]]]":
        """Return the views over tables."""
        from graph.declare import Row

        return [cast("type[Row[Any]]", view) for view in self.views.values() if issubclass(view, Row)]

    def prefixes_of(self, model: type[Any]) -> tuple[str, ...]:
        """Return the prefixes of the ids that name a table's rows."""
        return tuple(view.prefix for view in self.rows() if view.model is model and view.prefix is not None)


_current = [Registry()]


def current() -> Registry:
    """Return the registry that declarations go into."""
    return _current[-1]


@contextmanager
def isolated() -> Generator[Registry]:
    """Let declarations go into a registry of their own: for a schema beside the main one."""
    _current.append(Registry())
    try:
        yield _current[-1]
    finally:
        _current.pop()
