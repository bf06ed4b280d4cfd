"""Answers that several subscribers share: made once for each moment of a log, by whoever comes first.

The work runs in a task of its own: a subscriber that leaves does not take the answer away from the others. A group
lives as long as somebody is in it, and remembers the latest moments only; a slower reader makes its answers anew.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from typing import Final

from server.engine.request import Answer

Answers = Sequence[Answer]

_REMEMBERED: Final = 64


class Group:
    """Subscribers to the same thing with the same rights."""

    def __init__(self) -> None:
        self.members = 0
        self._made: OrderedDict[int, asyncio.Future[Answers]] = OrderedDict()

    def known(self, seq: int) -> Answers | None:
        """Return the answers to a moment, when they are there already."""
        found = self._made.get(seq)
        return found.result() if found is not None and found.done() and not _failed(found) else None

    async def answers(self, seq: int, make: Callable[[], Awaitable[Answers]]) -> Answers:
        """Return the answers to a moment, making them unless somebody does."""
        found = self._made.get(seq)
        if found is None or (found.done() and _failed(found)):
            found = self._made[seq] = asyncio.ensure_future(make())
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return await asyncio.shield(found)


class Groups:
    """All groups of one process."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Group] = {}

    @contextmanager
    def joined(self, key: Hashable) -> Generator[Group]:
        """Be in a group for a while."""
        group = self._groups.setdefault(key, Group())
        group.members += 1
        try:
            yield group
        finally:
            group.members -= 1
            if not group.members and self._groups.get(key) is group:
                del self._groups[key]


def _failed(future: asyncio.Future[Answers]) -> bool:
    return future.cancelled() or future.exception() is not None
