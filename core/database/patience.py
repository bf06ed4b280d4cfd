"""How long many things may take that each have the same time: one timer watches over all of them.

A timer for each costs as much as what it guards, when that is a small statement.
"""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Each = TypeVar("Each", bound=Hashable)


class Patience(Generic[Each]):
    """Calls `late` with each thing that has begun and not ended within some seconds, and forgets it."""

    def __init__(self, seconds: float, late: Callable[[Each], None]) -> None:
        self._seconds = seconds
        self._late = late
        self._ends: dict[Each, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many things are watched over."""
        return len(self._ends)

    def begin(self, each: Each) -> None:
        """Begin to watch over a thing that is not watched over."""
        loop = asyncio.get_running_loop()
        self._ends[each] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look, loop)

    def end(self, each: Each) -> bool:
        """Watch over a thing no more; return whether it was watched over."""
        return self._ends.pop(each, None) is not None

    def next(self) -> Each | None:
        """Return the thing that began first, which is watched over no more; None when there is none."""
        each = next(iter(self._ends), None)
        if each is not None:
            del self._ends[each]
        return each

    def stop(self) -> None:
        """Watch over nothing any more."""
        self._ends.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell of what is late. What has begun first ends first."""
        now = loop.time()
        late = [each for each, end in self._ends.items() if end <= now]
        for each in late:
            del self._ends[each]
        soonest = next(iter(self._ends.values()), None)
        self._timer = None if soonest is None else loop.call_at(soonest, self._look, loop)
        for each in late:
            self._late(each)
