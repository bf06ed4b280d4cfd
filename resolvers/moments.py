"""A moment of a workspace's log, as a subscription hands it to the engine: what happened, not yet made into an answer.

Subscribers with the same operation, variables and permissions get the same answers to a moment. The engine makes them
once, and sends each the same text; so what a moment shows must not depend on who listens.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One place in the log. `show` makes its events, at once when it can, with None for what is not told; this
    subscriber has seen the first `seen`.
    """

    seq: int
    show: Callable[[], Sequence[object | None] | Awaitable[Sequence[object | None]]]
    seen: int = 0
