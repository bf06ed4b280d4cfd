"""What happens by the clock (UTC). A tick only puts a job into the queue, where it is timed and retried like any other.

The clock is pgqueuer's own: one row a schedule, claimed with SKIP LOCKED, with its next moment stored in it. Two
processes therefore tick once, and a moment missed while all were down is caught up. A job that still waits or runs is
not queued a second time.
"""

from dataclasses import dataclass
from typing import Final

from pgqueuer import PgQueuer
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Schedule as Tick

from services.counts import FoldCounts, RecountLists
from services.crediting import ReleaseHolds, RightHolds
from services.jobs import Job, payload_of
from services.knowledge.indexing import TidyKnowledge
from services.traces import ExpireTraces
from services.upkeep import ExpireIdempotencyKeys, ExpireSessions, HoldStrayJobs, PruneEvents, PruneJobLog
from services.uploads import ExpireUploads
from services.workspaces.changing import PurgeWorkspaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job and when it is due, as a cron expression in UTC."""

    cron: str
    job: Job


SCHEDULES: Final = (
    Schedule(cron="17 3 * * *", job=PruneEvents()),
    Schedule(cron="37 3 * * *", job=ExpireSessions()),
    Schedule(cron="57 3 * * *", job=PruneJobLog()),
    Schedule(cron="17 4 * * *", job=RecountLists()),
    Schedule(cron="7 4 * * *", job=PurgeWorkspaces()),
    Schedule(cron="37 4 * * *", job=TidyKnowledge()),
    Schedule(cron="47 4 * * *", job=RightHolds()),
    Schedule(cron="27 * * * *", job=ExpireIdempotencyKeys()),
    Schedule(cron="7 * * * *", job=HoldStrayJobs()),
    Schedule(cron="47 * * * *", job=ExpireUploads()),
    Schedule(cron="57 * * * *", job=ExpireTraces()),
    Schedule(cron="* * * * *", job=ReleaseHolds()),
    Schedule(cron="* * * * *", job=FoldCounts()),
)


def register(pgq: PgQueuer, queries: Queries, schedules: tuple[Schedule, ...] = SCHEDULES) -> None:
    """Have a loop keep the schedules."""
    for schedule in schedules:
        _register(pgq, queries, schedule)


def _register(pgq: PgQueuer, queries: Queries, schedule: Schedule) -> None:
    job = schedule.job

    async def tick(_: Tick) -> None:
        await queries.enqueue(
            job.entrypoint, payload_of(job), dedupe_key=f"schedule:{job.entrypoint}", on_conflict="skip"
        )

    pgq.schedule(job.entrypoint, schedule.cron, accepts_context=False)(tick)
