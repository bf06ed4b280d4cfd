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

    def check(self) -> None:
        """Refuse what would leave `node` in doubt.

        Raises:
            DeclarationRefused: two views have one prefix, or `node` finds the rows of one table as two types.
        """
        named = [view for view in self.rows() if view.prefix is not None]
        for number, view in enumerate(named):
            for other in named[:number]:
                if view.prefix == other.prefix and view.model is not other.model:
                    message = f"{view.__name__} and {other.__name__} have the same prefix"
                    raise DeclarationRefused(message)
                if view.model is other.model and view.permission is not None and other.permission is not None:
                    message = f"{view.__name__} and {other.__name__} show the same table: let `node` find one of them"
                    raise DeclarationRefused(message)

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
