"""Statements over the event log: reading it in order, knowing where it ends, and cutting off its oldest part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update

from core.database import Database
from models import Event, EventType, WorkspaceCounter

_PRUNE_BATCH: Final = 2_000
_PRUNE_ROUNDS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that happened, as subscribers hear of it."""

    seq: int
    type: EventType
    subject_ids: tuple[UUID, ...]
    payload: Mapping[str, object]
    actor_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Which part of a workspace's log exists: above `floor`, up to `head`."""

    floor: int
    head: int


async def read(database: Database, workspace_id: UUID, after: int, limit: int) -> Sequence[Notice]:
    """Return the next events after a place, in order."""
    statement = (
        select(Event.seq, Event.type, Event.subject_ids, Event.payload, Event.actor_id, Event.at)
        .where(Event.workspace_id == workspace_id, Event.seq > after)
        .order_by(Event.seq)
        .limit(limit)
    )
    async with database.read(workspace_id) as session:
        rows = (await session.execute(statement)).all()
    return [
        Notice(
            seq=row.seq,
            type=row.type,
            subject_ids=tuple(row.subject_ids),
            payload=MappingProxyType(row.payload),
            actor_id=row.actor_id,
            at=row.at,
        )
        for row in rows
    ]


async def extent(database: Database, workspace_id: UUID) -> Extent:
    """Return which part of a workspace's log exists. All events up to `head` are committed."""
    statement = select(WorkspaceCounter.event_floor, WorkspaceCounter.event_seq).where(
        WorkspaceCounter.workspace_id == workspace_id
    )
    async with database.read(workspace_id) as session:
        row = (await session.execute(statement)).one_or_none()
    return Extent(floor=row.event_floor, head=row.event_seq) if row is not None else Extent(floor=0, head=0)


async def heads(database: Database, workspace_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return where the logs of several workspaces end: numbers only, so one look as the system serves them all."""
    statement = select(WorkspaceCounter.workspace_id, WorkspaceCounter.event_seq).where(
        WorkspaceCounter.workspace_id.in_(workspace_ids)
    )
    async with database.system() as session:
        rows = (await session.execute(statement)).all()
    return {row.workspace_id: row.event_seq for row in rows}


async def prune(database: Database, before: datetime) -> int:
    """Delete the events that are older than a moment, and move each log's floor; return how many went.

    Works in short transactions, each of which leaves floor and log in agreement. What a night does not finish, the next
    one does.
    """
    gone = 0
    for _ in range(_PRUNE_ROUNDS):
        batch = await _prune_batch(database, before)
        if batch == 0:
            break
        gone += batch
    return gone


async def _prune_batch(database: Database, before: datetime) -> int:
    oldest = select(Event.workspace_id, Event.seq).where(Event.at < before).order_by(Event.at).limit(_PRUNE_BATCH)
    part = oldest.subquery()
    # in the order of ids, so that two of these, or a transaction over several workspaces, cannot deadlock
    floors = (
        select(part.c.workspace_id, func.max(part.c.seq)).group_by(part.c.workspace_id).order_by(part.c.workspace_id)
    )
    gone = 0
    async with database.system() as session:
        for workspace_id, floor in (await session.execute(floors)).all():
            await session.execute(
                update(WorkspaceCounter)
                .where(WorkspaceCounter.workspace_id == workspace_id, WorkspaceCounter.event_floor < floor)
                .values(event_floor=floor)
            )
            removed = await session.execute(
                delete(Event)
                .where(Event.workspace_id == workspace_id, Event.seq <= floor)
                .returning(Event.seq)
                .execution_options(synchronize_session=False)
            )
            gone += len(removed.all())
    return gone
