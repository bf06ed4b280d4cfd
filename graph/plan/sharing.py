"""What runs of one process load at the same time, loaded by one statement for all of them.

Nobody waits for company: a load begins within the same turn of the loop as long as few of its kind are under way. Those
that come while these are wait for the first that ends, and then go together. A load begins after everybody joined it,
so that each sees what was committed before it asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Generator, Hashable, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from graphql import Undefined

from core.errors import Unavailable
from graph.plan.run import Run, Unit

AT_ONCE: Final = 4
"""How many loads of a kind are under way before others wait."""


class _Apart(Exception):
    """What was loaded for several failed, for whatever reason: each tries alone."""


class _Join(NamedTuple):
    run: Run
    keys: Sequence[Any]
    done: asyncio.Future[Any]


class _Place:
    """The loads of one kind: how many are under way, and who waits."""

    __slots__ = ("busy", "is_called", "waiting")

    def __init__(self) -> None:
        self.busy = 0
        self.is_called = False
        self.waiting: deque[_Join] = deque()


class Sharing:
    """Loads units for the runs of one event loop."""

    def __init__(self) -> None:
        self._running = 0
        self._places: dict[Hashable, _Place] = {}
        self._loads: set[asyncio.Task[None]] = set()

    @contextmanager
    def running(self) -> Generator[None]:
        """Count a run: one that is alone shares with nobody."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def find(self, unit: Unit, run: Run, keys: list[Any]) -> Awaitable[Any]:
        """Load what belongs to some keys of a run, and perhaps to those of others."""
        return unit.find(run, keys) if self._running == 1 else self._shared(unit, run, keys)

    async def _shared(self, unit: Unit, run: Run, keys: list[Any]) -> Any:
        name = kind_of(unit, run)
        try:
            place = self._places.get(name)
        except TypeError:  # lists and objects among the variables name nothing
            return await unit.find(run, keys)
        if place is None:
            place = self._places[name] = _Place()
        loop = asyncio.get_running_loop()
        join = _Join(run, keys, loop.create_future())
        place.waiting.append(join)
        if place.busy < AT_ONCE and not place.is_called:
            place.is_called = True
            loop.call_soon(self._begin, unit, name, place)
        try:
            return await join.done
        except _Apart:
            return await unit.find(run, keys)

    def _begin(self, unit: Unit, name: Hashable, place: _Place) -> None:
        """Begin as many loads as may be under way."""
        place.is_called = False
        while place.waiting and place.busy < AT_ONCE:
            joins = _company(place.waiting, unit.most)
            if joins:
                place.busy += 1
                load = asyncio.create_task(self._load(unit, name, place, joins))
                self._loads.add(load)
                load.add_done_callback(self._loads.discard)
        if not place.busy:
            self._places.pop(name, None)

    async def _load(self, unit: Unit, name: Hashable, place: _Place, joins: Sequence[_Join]) -> None:
        try:
            keys = list(dict.fromkeys([key for each in joins for key in each.keys]))
            found = await unit.find(joins[0].run.apart(), keys)
        except (Unavailable, TimeoutError) as error:
            _fail(joins, error)
        except Exception as error:  # noqa: BLE001  (whoever asked meets it again, and tells where it belongs)
            _fail(joins, error if len(joins) == 1 else _Apart())
        except BaseException:
            _fail(joins, _Apart())
            raise
        else:
            for each in joins:
                if not each.done.done():
                    each.done.set_result(found)
        finally:
            place.busy -= 1
            self._begin(unit, name, place)


def kind_of(unit: Unit, run: Run) -> tuple[object, ...]:
    """Name the loads that are of one kind: whoever has the same rights has the same unit."""
    coerced = run.variables.coerced
    return unit, run.tenant, *[coerced.get(each, Undefined) for each in unit.variables]


def _company(waiting: deque[_Join], most: int) -> list[_Join]:
    """Take those who go together out of the row: all who still wait, up to a number of keys; one in any case."""
    joins: list[_Join] = []
    keys = 0
    while waiting and (not joins or keys + len(waiting[0].keys) <= most):
        each = waiting.popleft()
        if not each.done.done():
            joins.append(each)
            keys += len(each.keys)
    return joins


def _fail(joins: Sequence[_Join], error: Exception) -> None:
    for each in joins:
        if not each.done.done():
            each.done.set_exception(error)
