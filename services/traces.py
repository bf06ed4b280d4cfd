"""What is kept of requests to models in the document store: read by one workspace, and deleted when its time is over.

They are written by `services.assistant.tracing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from core import clock
from core.ground import Ground
from models import Permission
from models.documents import Trace
from services.access import Actor
from services.documents import asking, opened
from services.jobs import Job

_LONG: Final = 60.0
_TAKEN: Final = 11_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireTraces(Job):
    """Delete the traces whose time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetTraces(Job):
    """Delete all traces of a workspace."""

    workspace_id: UUID


async def find(ground: Ground, actor: Actor, request_id: UUID) -> Trace | None:
    """Return the trace of a request of the actor's workspace; None when it is not kept, or not any more.

    Raises:
        DocumentsAway: the store does not answer.
    """
    actor.require(Permission.AI_MANAGE)
    await opened(ground)
    async with asking():
        return await Trace.find_one(_here(actor.workspace_id, _id=request_id, expires_at={"$gt": clock.now()}))


async def keep(ground: Ground, traces: Sequence[Trace]) -> None:
    """Write traces; those that were written before stay as they are, so that it may be tried again.

    Raises:
        DocumentsAway: the store does not answer.
    """
    if not traces:
        return
    await opened(ground)
    async with asking():
        try:
            await Trace.insert_many(list(traces), ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != _TAKEN for each in error.details["writeErrors"]):
                raise


async def expire(ground: Ground) -> int:
    """Delete what is older than it may get: by the setting of when it was written, and by today's; return how many.

    The store does the first by itself too, where it is one that can. Raises as `find`.
    """
    await opened(ground)
    now = clock.now()
    oldest = now - timedelta(days=ground.settings.ai.ai_trace_days)
    async with asking(_LONG):
        over = await _table().delete_many({"expires_at": {"$lte": now}})
        old = await _table().delete_many({"at": {"$lte": oldest}})
    return over.deleted_count + old.deleted_count


async def forget(ground: Ground, job: ForgetTraces) -> None:
    """Delete all traces of a workspace; raises as `find`."""
    await opened(ground)
    async with asking(_LONG):
        await _table().delete_many(_here(job.workspace_id))


def _here(workspace_id: UUID, **more: object) -> dict[str, Any]:
    return {**more, "workspace_id": workspace_id}


def _table() -> AsyncCollection[dict[str, Any]]:
    return Trace.get_pymongo_collection()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
