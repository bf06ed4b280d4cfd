"""What keeps the tables from growing for ever: old events, ended sessions, spent keys, the queue's own log.

Each verb works in short transactions over bounded batches; what one night does not finish, the next one does.
"""

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, delete, or_, select, text

from core import clock
from core.database import Database
from models import IdempotencyKey, OneTimeToken, PersonalIdempotencyKey, RefreshToken, Session
from services import feed_log
from services.jobs import Job

EVENTS_KEPT: Final = timedelta(days=30)
SESSIONS_KEPT: Final = timedelta(days=30)
TOKENS_KEPT: Final = timedelta(days=7)
STRAY_AFTER: Final = timedelta(hours=1)
JOB_LOG_KEPT: Final = timedelta(days=7)
STATISTICS_KEPT: Final = timedelta(days=90)

_BATCH: Final = 2_000
_ROUNDS: Final = 500

_OLD_LOG = text("""
    DELETE FROM pgqueuer_log WHERE id IN (
        SELECT id FROM pgqueuer_log WHERE created < :before ORDER BY created LIMIT :batch) RETURNING 1
""")
_OLD_STATISTICS = text("""
    DELETE FROM pgqueuer_statistics WHERE id IN (
        SELECT id FROM pgqueuer_statistics WHERE created < :before LIMIT :batch) RETURNING 1
""")
_STRAY_RUNS = text("""
    DELETE FROM job_runs WHERE job_id IN (
        SELECT job_id FROM job_runs r WHERE started_at < :before
        AND NOT EXISTS (SELECT 1 FROM pgqueuer q WHERE q.id = r.job_id) LIMIT :batch) RETURNING 1
""")


_STRAY_JOBS = text("""
    WITH stray AS (
        UPDATE pgqueuer SET status = 'failed', updated = now() WHERE id IN (
            SELECT id FROM pgqueuer WHERE status = 'queued' AND entrypoint <> ALL(:known)
            AND execute_after < :before ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)
        RETURNING id, entrypoint, priority
    ), noted AS (
        INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
        SELECT id, 'failed', entrypoint, priority FROM stray
    )
    SELECT entrypoint FROM stray
""")

log = structlog.stdlib.get_logger(__name__)


class HoldStrayJobs(Job):
    """Keep jobs aside that nobody does: those of an older release."""


class PruneEvents(Job):
    """Delete the events that no cursor can still need."""


class ExpireSessions(Job):
    """Delete sessions and tokens that ended long ago."""


class ExpireIdempotencyKeys(Job):
    """Delete the keys that have run out."""


class PruneJobLog(Job):
    """Delete what the queue remembers of old jobs."""


async def prune_events(database: Database) -> int:
    """Delete events older than `EVENTS_KEPT`; return how many went. Older cursors are answered with a resync."""
    return await feed_log.prune(database, clock.now() - EVENTS_KEPT)


async def expire_sessions(database: Database) -> int:
    """Delete what ended long ago; return how many rows went.

    Spent refresh tokens are kept as long as sessions: the reuse of one is the sign of a theft.
    """
    now = clock.now()
    ended = now - SESSIONS_KEPT
    return (
        await _delete(database, RefreshToken, RefreshToken.used_at < ended)
        + await _delete(database, Session, or_(Session.expires_at < ended, Session.revoked_at < ended))
        + await _delete(database, OneTimeToken, OneTimeToken.expires_at < now - TOKENS_KEPT)
    )


async def expire_idempotency_keys(database: Database) -> int:
    """Delete the keys that have run out, which are good for new things already; return how many."""
    now = clock.now()
    return await _delete(database, IdempotencyKey, IdempotencyKey.expires_at < now) + await _delete(
        database, PersonalIdempotencyKey, PersonalIdempotencyKey.expires_at < now
    )


async def hold_stray_jobs(database: Database, known: Collection[str]) -> int:
    """Keep jobs aside whose entrypoint is none of those that are `known`, an hour after they were due: workers of a
    newer release would have done them by then. It is logged once, because a job that is held is no longer queued.
    Return how many they were.
    """
    given = {"known": sorted(known), "before": clock.now() - STRAY_AFTER, "batch": _BATCH}
    async with database.system() as session:
        found = Counter((await session.scalars(_STRAY_JOBS, given)).all())
    for entrypoint, count in found.items():
        log.error("jobs held: no handler of this release does them", entrypoint=entrypoint, count=count)
    return found.total()


async def prune_job_log(database: Database) -> int:
    """Delete the queue's old log, its old statistics, and the starts of jobs that are gone; return how many rows."""
    now = clock.now()
    gone = 0
    for statement, kept in ((_OLD_LOG, JOB_LOG_KEPT), (_OLD_STATISTICS, STATISTICS_KEPT), (_STRAY_RUNS, JOB_LOG_KEPT)):
        for _ in range(_ROUNDS):
            async with database.system() as session:
                rows = (await session.execute(statement, {"before": now - kept, "batch": _BATCH})).all()
            gone += len(rows)
            if len(rows) < _BATCH:
                break
    return gone


async def _delete(
    database: Database,
    table: type[IdempotencyKey | OneTimeToken | PersonalIdempotencyKey | RefreshToken | Session],
    condition: ColumnElement[bool],
) -> int:
    gone = 0
    for _ in range(_ROUNDS):
        batch = select(table.id).where(condition).limit(_BATCH).scalar_subquery()
        statement = delete(table).where(table.id.in_(batch)).returning(table.id)
        async with database.system() as session:
            rows = (await session.execute(statement.execution_options(synchronize_session=False))).all()
        gone += len(rows)
        if len(rows) < _BATCH:
            break
    return gone
