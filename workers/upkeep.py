"""The upkeep of tables: each kind of job, and the verb that does it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from core.database import Database
from core.ground import Ground
from services import counts, upkeep
from services.counts import FoldCounts, RecountLists
from services.jobs import Job
from services.upkeep import ExpireIdempotencyKeys, ExpireSessions, HoldStrayJobs, PruneEvents, PruneJobLog
from workers.registry import handlers, handles

_LONG: Final = 600.0

_VERBS: Final[Mapping[type[Job], Callable[[Database], Awaitable[object]]]] = {
    PruneEvents: upkeep.prune_events,
    ExpireSessions: upkeep.expire_sessions,
    ExpireIdempotencyKeys: upkeep.expire_idempotency_keys,
    PruneJobLog: upkeep.prune_job_log,
    FoldCounts: counts.fold,
    RecountLists: counts.recount,
}


def _done_by(verb: Callable[[Database], Awaitable[object]]) -> Callable[[Ground, Job], Awaitable[None]]:
    async def handle(ground: Ground, job: Job) -> None:
        del job
        await verb(ground.database)

    return handle


for _kind, _verb in _VERBS.items():
    handles(_kind, timeout=_LONG)(_done_by(_verb))


@handles(HoldStrayJobs)
async def hold_stray_jobs(ground: Ground, job: HoldStrayJobs) -> None:
    """Keep jobs aside that no handler of this release does."""
    del job
    await upkeep.hold_stray_jobs(ground.database, handlers().keys())
