"""Answers that several subscribers share: made once for each moment of a log, by whoever comes first.

The work runs in a task of its own: a subscriber that leaves does not take the answer away from the others. A group
lives as long as somebody is in it, and remembers the latest moments only; a slower reader makes its answers anew.
"""

import asyncio
import inspect
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from typing import Final

from server.engine.request import Answer

Answers = Sequence[Answer | None]
"""The answers to one moment, with None for what is not told."""

_REMEMBERED: Final = 64


class _Making:
    """The answers to one moment, while they are made and after."""

    def __init__(self, begun: Answers | Awaitable[Answers]) -> None:
        self.answers: Answers | None = None
        self.error: Exception | None = None
        self.ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        if inspect.isawaitable(begun):
            self._task = asyncio.create_task(self._finish(begun), name="shared answers")
        else:
            self.answers = begun

    async def _finish(self, begun: Awaitable[Answers]) -> None:
        try:
            self.answers = await begun
        except Exception as error:  # noqa: BLE001  (raised again for each who waits)
            self.error = error
        finally:
            self.ready.set()


class Group:
    """Subscribers to the same thing with the same rights."""

    def __init__(self) -> None:
        self.members = 0
        self._made: OrderedDict[int, _Making] = OrderedDict()

    async def answers(self, seq: int, begin: Callable[[], Answers | Awaitable[Answers]]) -> Answers:
        """Return the answers to a moment, making them unless somebody did or does."""
        found = self._made.get(seq)
        if found is None or found.error is not None:
            found = self._made[seq] = _Making(begin())
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        if found.answers is None and found.error is None:
            await found.ready.wait()
        if found.error is not None:
            raise found.error
        return found.answers or ()


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
