"""Code that is written for a plan: an expression for each field, and one function that makes objects of rows.

What stands in the code is made here of numbers and of the names in an answer, which GraphQL's grammar keeps to letters,
digits and underscores; all else is handed over by reference.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

Make = Callable[..., list[dict[str, Any]]]

ROW: Final = "r"


class Code:
    """The objects that expressions refer to."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {"fragment": orjson.Fragment, "none": []}

    def refer(self, value: object) -> str:
        """Return a name for an object."""
        name = f"x{len(self._known)}"
        self._known[name] = value
        return name

    def maker(self, parts: Sequence[tuple[str, str]], edges: int) -> Make:
        """Make the function of rows, and of what was found for `edges`, that returns an object for each row."""
        given = ", ".join(["rows", *(edge(number) for number in range(edges))])
        members = ", ".join(f"{name!r}: {expression}" for name, expression in parts)
        source = f"def make({given}): return [{{{members}}} for {ROW} in rows]"
        space = dict(self._known)
        exec(compile(source, "<plan>", "exec"), space)  # noqa: S102  (what is in the source: see above)
        # taken out: a function that its own names hold goes only with the rare search for rings of garbage
        return space.pop("make")


def edge(number: int) -> str:
    """The name of what was found for an edge."""
    return f"e{number}"
