"""The upkeep of tables."""

from core.ground import Ground
from services import counts, upkeep
from services.counts import FoldCounts, RecountLists
from services.upkeep import ExpireIdempotencyKeys, ExpireSessions, HoldStrayJobs, PruneEvents, PruneJobLog
from workers.registry import handlers, handles

_LONG = 600.0


@handles(PruneEvents, timeout=_LONG)
async def prune_events(ground: Ground, job: PruneEvents) -> None:
    """Delete events that no cursor can still need."""
    del job
    await upkeep.prune_events(ground.database)


@handles(ExpireSessions, timeout=_LONG)
async def expire_sessions(ground: Ground, job: ExpireSessions) -> None:
    """Delete sessions and tokens that ended long ago."""
    del job
    await upkeep.expire_sessions(ground.database)


@handles(ExpireIdempotencyKeys, timeout=_LONG)
async def expire_idempotency_keys(ground: Ground, job: ExpireIdempotencyKeys) -> None:
    """Delete the keys that have run out."""
    del job
    await upkeep.expire_idempotency_keys(ground.database)


@handles(PruneJobLog, timeout=_LONG)
async def prune_job_log(ground: Ground, job: PruneJobLog) -> None:
    """Delete what the queue remembers of old jobs."""
    del job
    await upkeep.prune_job_log(ground.database)


@handles(HoldStrayJobs)
async def hold_stray_jobs(ground: Ground, job: HoldStrayJobs) -> None:
    """Keep jobs aside that no handler of this release does."""
    del job
    await upkeep.hold_stray_jobs(ground.database, handlers().keys())


@handles(FoldCounts)
async def fold_counts(ground: Ground, job: FoldCounts) -> None:
    """Fold the changes of counts together."""
    del job
    await counts.fold(ground.database)


@handles(RecountLists, timeout=_LONG)
async def recount_lists(ground: Ground, job: RecountLists) -> None:
    """Make good what kept counts lack."""
    del job
    await counts.recount(ground.database)
