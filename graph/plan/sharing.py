"""What runs of one process load at the same time, loaded by one statement for all of them.

Nobody waits for company: a load begins within the same turn of the loop as long as few of its kind are under way. Those
that come while these are wait for the first that ends, and then go together. A load begins after everybody joined it,
so that each sees what was committed before it asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Generator, Hashable, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any, Final, NamedTuple

from graphql import Undefined

from core.database.patience import Patience
from core.errors import Unavailable
from graph.plan.run import Run, Unit, in_parts

AT_ONCE: Final = 4
"""How many loads of a kind are under way before others wait."""


class _Apart(Exception):
    """What was loaded for several failed, for whatever reason: each tries alone."""


class _Join(NamedTuple):
    run: Run
    keys: Sequence[Any]
    done: asyncio.Future[Any]
    context: Context


class _Place:
    """The loads of one kind, of so many keys at `most`: how many are under way, and who waits."""

    __slots__ = ("busy", "is_called", "most", "waiting")

    def __init__(self, most: int) -> None:
        self.most = most
        self.busy = 0
        self.is_called = False
        self.waiting: deque[_Join] = deque()


class Sharing:
    """Loads units for the runs of one event loop. A load is waited for for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._patience = Patience[asyncio.Future[Any]](seconds, _late)
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
        return in_parts(unit, run, keys) if self._running == 1 else self._shared(unit, run, keys)

    async def _shared(self, unit: Unit, run: Run, keys: list[Any]) -> Any:
        name = kind_of(unit, run)
        try:
            place = self._places.get(name)
        except TypeError:  # lists and objects among the variables name nothing
            return await in_parts(unit, run, keys)
        if place is None:
            place = self._places[name] = _Place(unit.most(run.variables))
        loop = asyncio.get_running_loop()
        join = _Join(run, keys, loop.create_future(), copy_context())
        place.waiting.append(join)
        self._patience.begin(join.done)
        if place.busy < AT_ONCE and not place.is_called:
            place.is_called = True
            loop.call_soon(self._begin, unit, name, place)
        try:
            return await join.done
        except _Apart:
            return await in_parts(unit, run, keys)
        finally:
            self._patience.end(join.done)

    def _begin(self, unit: Unit, name: Hashable, place: _Place) -> None:
        """Begin as many loads as may be under way."""
        place.is_called = False
        while place.waiting and place.busy < AT_ONCE:
            joins = _company(place.waiting, place.most)
            if joins:
                place.busy += 1
                load = asyncio.create_task(self._load(unit, name, place, joins), context=joins[0].context)
                self._loads.add(load)
                load.add_done_callback(self._loads.discard)
        if not place.busy and self._places.get(name) is place:
            del self._places[name]

    async def _load(self, unit: Unit, name: Hashable, place: _Place, joins: Sequence[_Join]) -> None:
        try:
            keys = list(dict.fromkeys([key for each in joins for key in each.keys]))
            run = joins[0].run.apart(max(each.run.until for each in joins))
            found = await in_parts(unit, run, keys)
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
    given = [run.variables.coerced.get(each, Undefined) for each in unit.variables]
    # 1, 1.0 and true are equal in Python
    return unit, run.tenant, *given, *map(type, given)


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


def _late(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_exception(TimeoutError())


def _fail(joins: Sequence[_Join], error: Exception) -> None:
    for each in joins:
        if not each.done.done():
            each.done.set_exception(error)
