"""The only commit. A verb does all its writing through a `Transaction`: rows, audit, events and jobs together.

Nothing else commits, and no call to the outside world happens between `begin` and its end.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from core.database import WriteSession
from core.ground import Ground
from models import Base, EventType, Permission
from services import audit, jobs, journal
from services.access import Actor
from services.jobs import Job
from services.journal import Notice


class TransactionOver(RuntimeError):
    """Something was to be logged, told or queued after the transaction's last statement: it would have been lost."""


class Transaction:
    """One unit of work of one actor in one workspace."""

    def __init__(self, session: WriteSession, actor: Actor, ground: Ground) -> None:
        self.session = session
        self.actor = actor
        self.ground = ground
        self.part = journal.Part(actor=actor)
        self.jobs: list[Job] = []

    @property
    def workspace_id(self) -> UUID:
        """The workspace of the actor: every row that a verb writes carries it."""
        return self.actor.workspace_id

    def require(self, permission: Permission) -> None:
        """Raise `PermissionMissing` unless the actor may do a thing."""
        self.actor.require(permission)

    def audit(self, action: str, row: Base, *, changes: Mapping[str, object] | None = None) -> None:
        """Log an act on a row. Without `changes`, the row's unsaved ones are taken: call it before a flush."""
        act = audit.Act(
            action=action,
            subject=type(row).__name__,
            subject_id=getattr(row, "id", None),
            changes=audit.changed(row) if changes is None else changes,
        )
        self.part.acts.append(act)
        self._must_go_on()

    def audit_document(self, action: str, subject: str, id: UUID, *, changes: Mapping[str, object]) -> None:
        """Log an act on something that is no row of this database: a document."""
        self.part.acts.append(audit.Act(action=action, subject=subject, subject_id=id, changes=changes))
        self._must_go_on()

    def publish(self, event: EventType, *subject_ids: UUID, **payload: object) -> None:
        """Add an event to the workspace's log. One event may carry many ids: writers of many rows publish once."""
        self.part.notices.append(Notice(type=event, subject_ids=subject_ids, payload=payload))
        self._must_go_on()

    def enqueue(self, job: Job) -> None:
        """Put a job into the queue when this commits; nothing is queued when it does not."""
        self.jobs.append(job)
        self._must_go_on()

    async def settle(self) -> bool:
        """Write what was gathered; return whether subscribers should be told. The workspace's counter row is locked
        from here to the commit, so this is the last thing that a transaction does.
        """
        return await _settle(self.session, self.workspace_id, [self])

    def _must_go_on(self) -> None:
        if self.session.is_over:
            raise TransactionOver


async def _settle(session: WriteSession, workspace_id: UUID, parts: Sequence[Transaction]) -> bool:
    await session.flush_waiting()
    waiting = [job for each in parts for job in each.jobs]
    if waiting:
        await jobs.enqueue(session, waiting)
    told = [each.part for each in parts if each.part.acts or each.part.notices]
    if told:
        await journal.write(session, workspace_id, told)
    return any(each.notices for each in told)


@asynccontextmanager
async def begin(ground: Ground, actor: Actor) -> AsyncGenerator[Transaction]:
    """Open a transaction of an actor; commit on a clean end, roll back otherwise."""
    async with ground.database.write(actor.workspace_id) as session:
        tx = Transaction(session, actor, ground)
        yield tx
        told = await tx.settle()
    if told:
        ground.hints.send(actor.workspace_id)


class GroupTransaction:
    """One unit of work of several actors in one workspace: each has a part in it, and all are stored, or none."""

    def __init__(self, session: WriteSession, workspace_id: UUID, ground: Ground) -> None:
        self.session = session
        self.workspace_id = workspace_id
        self.ground = ground
        self._parts: list[Transaction] = []
        self._is_told = False

    def within(self, actor: Actor) -> Transaction:
        """Begin the next actor's part. What they all did goes into the books in the order of the parts."""
        part = Transaction(self.session, actor, self.ground)
        self._parts.append(part)
        return part

    async def conclude(self, statement: str, *arguments: object) -> Sequence[Any]:
        """Run the last statement of the transaction, and return its rows. What was logged, told and queued before goes
        into the books and is committed in the same write.

        Raises:
            ConstraintViolated, StatementRefused: the database refuses the rows, and whatever might follow.
            OutcomeUnknown: the answer was lost: it may be done, or not.
        """
        await self.settle()
        return await self.session.conclude(statement, *arguments)

    async def settle(self) -> bool:
        """Write what was gathered, unless that is done; return whether subscribers should be told."""
        if not self.session.is_over:
            self._is_told = await _settle(self.session, self.workspace_id, self._parts)
        return self._is_told


@asynccontextmanager
async def begin_group(ground: Ground, workspace_id: UUID) -> AsyncGenerator[GroupTransaction]:
    """Open a transaction that actors of a workspace share; commit on a clean end, roll back otherwise."""
    async with ground.database.write(workspace_id) as session:
        group = GroupTransaction(session, workspace_id, ground)
        yield group
        told = await group.settle()
    if told:
        ground.hints.send(workspace_id)


class SystemTransaction:
    """One unit of work that belongs to no workspace, or to several: accounts, schedules. It sees every workspace."""

    def __init__(self, session: WriteSession, ground: Ground) -> None:
        self.session = session
        self.ground = ground
        self._inner: dict[tuple[UUID, UUID | None], Transaction] = {}
        self._jobs: list[Job] = []

    def within(self, actor: Actor) -> Transaction:
        """The part of this work that somebody does in one workspace, for its audit log and its events."""
        key = actor.workspace_id, actor.user_id
        return self._inner.setdefault(key, Transaction(self.session, actor, self.ground))

    def enqueue(self, job: Job) -> None:
        """Put a job into the queue when this commits."""
        self._jobs.append(job)

    async def settle(self) -> list[UUID]:
        """Write what was gathered, in the order of the workspaces' ids so that two of these cannot deadlock; return
        the workspaces whose subscribers should be told.
        """
        await self.session.flush_waiting()
        if self._jobs:
            await jobs.enqueue(self.session, self._jobs)
        parts = sorted(self._inner.values(), key=lambda each: each.workspace_id)
        return list(dict.fromkeys([each.workspace_id for each in parts if await each.settle()]))


@asynccontextmanager
async def begin_system(ground: Ground) -> AsyncGenerator[SystemTransaction]:
    """Open a transaction of the product itself; commit on a clean end, roll back otherwise."""
    async with ground.database.system() as session:
        tx = SystemTransaction(session, ground)
        yield tx
        moved = await tx.settle()
    for workspace_id in moved:
        ground.hints.send(workspace_id)
