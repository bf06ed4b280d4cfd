"""Group commit: writes of one workspace that wait at the same time share one transaction (docs/decisions/0022).

Of each verb and workspace one group at most is on its way in a process. Those who come meanwhile wait for the next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from core.database import ConstraintViolated, DatabaseBusy, OutcomeUnknown, Patience, StatementRefused, state_of
from core.endings import ended
from core.errors import DomainError, Unavailable
from core.ground import Ground
from services.access import Actor
from services.transaction import GroupTransaction, begin_group

Asked = TypeVar("Asked")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """How many share a transaction, how many of a workspace may wait for the next one, and for how long; how long a
    transaction may take, and how long those that are on their way at the end of the process. Times are in seconds, and
    limits of last resort: the database has shorter ones.
    """

    together: int = 32
    waiting: int = 1_024
    wait: float = 5.0
    transaction: float = 60.0
    ending: float = 5.0


class VerbSilent(RuntimeError):
    """A verb did nothing for a group of one, and found no fault in it."""


class Member(Generic[Asked, Done]):
    """One who asks for something. The verb sets what was `done` for them, or finds the fault that is theirs alone. When
    it does neither, they are asked for again, alone.
    """

    def __init__(self, actor: Actor, asked: Asked) -> None:
        self.actor = actor
        self.asked = asked
        self.done: Done | None = None
        self.answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._refusal: Exception | None = None

    @contextmanager
    def at_fault(self) -> Generator[None]:
        """Take what is raised inside for the fault of this one; the others go on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (whatever it is: who asked is told)
            self._refusal = error

    def tell(self) -> None:
        """Answer, if it is known what, and somebody waits for it."""
        if self.answer.done():
            return
        if self._refusal is not None:
            self.refuse(self._refusal)
        elif self.done is not None:
            self.answer.set_result(self.done)

    def refuse(self, error: Exception) -> None:
        """Answer with an error, if somebody waits for one."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # who is cancelled at this moment does not look at it


Members: TypeAlias = Sequence[Member[Asked, Done]]
Verb: TypeAlias = Callable[[GroupTransaction, Members[Asked, Done]], Awaitable[None]]
"""What is done for all members of a group, in their order. A group of one it does, or refuses."""

_Verb: TypeAlias = Verb[Any, Any]
_Queue: TypeAlias = Patience[Member[Any, Any]]


class GroupCommit:
    """The groups of one process."""

    def __init__(self, ground: Ground, limits: GroupLimits | None = None) -> None:
        self._ground = ground
        self._limits = limits or GroupLimits()
        self._queues: dict[tuple[_Verb, UUID], _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = True

    async def do(self, verb: Verb[Asked, Done], seat: "Seat", asked: Asked) -> Done:
        """Do something in the next group of a seat's workspace. Who is cancelled while they wait leaves it; a group
        that is on its way goes on.

        Raises:
            DatabaseBusy: too many wait, or it took too long.
            OutcomeUnknown: it may be done, or not.
        """
        member = Member[Asked, Done](seat.actor, asked)
        queue = self._queue(verb, seat.actor.workspace_id)
        queue.begin(member)
        try:
            return await member.answer
        finally:
            seat.is_cut = not queue.end(member) and member.answer.cancelled()

    async def stop(self) -> None:
        """Take nobody any more, and wait some seconds for those who are on their way."""
        self._is_open = False
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._limits.ending)
            await ended(late)

    def _queue(self, verb: _Verb, workspace_id: UUID) -> _Queue:
        """Return where the next group waits. A new one starts with this turn of the loop's end."""
        queue = self._queues.get((verb, workspace_id))
        if not self._is_open or (queue is not None and len(queue) >= self._limits.waiting):
            raise DatabaseBusy
        if queue is None:
            queue = self._queues[verb, workspace_id] = Patience(self._limits.wait, _give_up)
            # it is of nobody's request
            task = asyncio.create_task(self._serve(verb, workspace_id, queue), name="group commit", context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return queue

    async def _serve(self, verb: _Verb, workspace_id: UUID, queue: _Queue) -> None:
        """Take one group after the other, until nobody waits."""
        members: Members[Any, Any] = ()
        try:
            while members := list(islice(iter(queue.next, None), self._limits.together)):
                await self._together(verb, workspace_id, members)
        finally:
            del self._queues[verb, workspace_id]
            for each in members:
                each.refuse(OutcomeUnknown())
            for each in iter(queue.next, None):
                each.refuse(DatabaseBusy())
            queue.stop()

    async def _together(self, verb: _Verb, workspace_id: UUID, members: Members[Any, Any]) -> None:
        """Do something for all at once; then for each alone, once, of whom neither anything is stored nor a fault is
        known. These go side by side, as they would have gone without a group.
        """
        await self._try(verb, workspace_id, members)
        left = [each for each in members if not each.answer.done()]
        await asyncio.gather(*[self._try(verb, workspace_id, [each]) for each in left])

    async def _try(self, verb: _Verb, workspace_id: UUID, members: Members[Any, Any]) -> None:
        try:
            async with asyncio.timeout(self._limits.transaction), begin_group(self._ground, workspace_id) as group:
                await verb(group, members)
        except Exception as error:  # noqa: BLE001  (whatever it is: who asked is told)
            failure: Exception | None = OutcomeUnknown() if isinstance(error, TimeoutError) else error
            for each in members:
                each.done = None
            if len(members) > 1 and _is_refusal(error):
                failure = None
        else:
            failure = VerbSilent() if len(members) == 1 else None
        for each in members:
            each.tell()
            if failure is not None:
                each.refuse(failure)


def _is_refusal(error: Exception) -> bool:
    """Tell whether a group was refused because of somebody in it, by the verb or by the database in words of its own.
    Nothing was stored then.
    """
    if isinstance(error, Unavailable):
        return False
    return isinstance(error, (DomainError, ConstraintViolated, StatementRefused)) or bool(state_of(error))


def _give_up(member: Member[Any, Any]) -> None:
    """Refuse who waited for too long."""
    member.refuse(DatabaseBusy())


@dataclass(slots=True, kw_only=True)
class Seat:
    """A place for an actor in the next group of their workspace. Who was cut off from it while the group was on its way
    may find done what they asked for, or not.
    """

    groups: GroupCommit
    actor: Actor
    is_cut: bool = False

    async def do(self, verb: Verb[Asked, Done], asked: Asked) -> Done:
        """Do something there; raises as `GroupCommit.do`."""
        return await self.groups.do(verb, self, asked)
