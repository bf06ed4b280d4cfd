"""Runs one job: counts its starts, limits its time, and decides what a failure means.

A job that keeps killing its worker never reaches an `except`, so each start is written down before the handler runs and
struck out after. A job that was begun and not ended is a suspect: suspects run one at a time, so that the innocent who
shared its process are not parked with it.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NoReturn

import structlog
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.ports.driver import Driver

from core.ground import Ground
from services.jobs import JobUnreadable, parse
from workers.registry import Handler, handlers

_BEGIN: Final = """
    INSERT INTO job_runs (job_id, entrypoint, starts, started_at) VALUES ($1, $2, 1, now())
    ON CONFLICT (job_id) DO NOTHING RETURNING starts
"""
_AGAIN: Final = "UPDATE job_runs SET starts = starts + 1, started_at = now() WHERE job_id = $1 RETURNING starts"
_PARK: Final = "UPDATE job_runs SET parked_at = now() WHERE job_id = $1"
_END: Final = "DELETE FROM job_runs WHERE job_id = $1"

log = structlog.stdlib.get_logger(__name__)


class JobHeld(Exception):
    """A job is kept aside until somebody looks at it. Says what kind of error it was, never its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often a job may kill its worker, and how long a failed one waits (seconds, growing threefold)."""

    crashes: int = 3
    first_delay: float = 5.0
    longest_delay: float = 900.0


class Runner:
    """Runs the jobs that one loop claims."""

    def __init__(self, ground: Ground, driver: Driver, limits: Limits) -> None:
        self._ground = ground
        self._driver = driver
        self._limits = limits
        self._suspects = asyncio.Lock()
        self._running: set[asyncio.Timeout] = set()
        self._is_interrupted = False

    def interrupt(self) -> None:
        """End the handlers that still run; their jobs go back into the queue."""
        self._is_interrupted = True
        now = asyncio.get_running_loop().time()
        for scope in self._running:
            scope.reschedule(now)

    async def run(self, job: QueuedJob) -> None:
        """Run a claimed job. Returns when it is done.

        Raises:
            RetryRequested: put it back into the queue.
            JobHeld: keep it aside.
        """
        fresh = await self._driver.fetch(_BEGIN, job.id, job.entrypoint)
        if fresh:
            await self._attempt(job)
            return
        async with self._suspects:
            again = await self._driver.fetch(_AGAIN, job.id)
            starts = again[0]["starts"] if again else 1
            if isinstance(starts, int) and starts > self._limits.crashes:
                await self._driver.execute(_PARK, job.id)
                log.error("job parked: it ended its worker each time", job_id=job.id, entrypoint=job.entrypoint)
                message = f"begun {self._limits.crashes} times without ending"
                raise JobHeld(message)
            await self._attempt(job)

    async def _attempt(self, job: QueuedJob) -> None:
        handler = handlers()[job.entrypoint]
        scope = asyncio.timeout(0.0 if self._is_interrupted else handler.timeout)
        try:
            work = parse(job.entrypoint, job.payload)
            async with scope:
                self._running.add(scope)
                await handler.call(self._ground, work)
        except asyncio.CancelledError:
            # the loop is torn down: pgqueuer would delete the job as cancelled
            raise RetryRequested(reason="interrupted") from None
        except JobUnreadable as error:
            log.error("job held: it cannot be read", job_id=job.id, entrypoint=job.entrypoint, exc_info=error)  # noqa: TRY400
            raise JobHeld("unreadable") from None
        except Exception as error:  # noqa: BLE001  (whatever a handler raises is a failed try)
            if self._is_interrupted and scope.expired():
                raise RetryRequested(reason="interrupted") from None
            self._failed(job, handler, error)
        finally:
            self._running.discard(scope)
            await self._strike_out(job)

    def _failed(self, job: QueuedJob, handler: Handler, error: Exception) -> NoReturn:
        """Retry or hold. The queue's log keeps the kind of error only: its text may hold personal data."""
        kind = type(error).__name__
        attempt = job.attempts + 1
        if attempt >= handler.tries:
            log.error(
                "job held: it failed too often",
                job_id=job.id,
                entrypoint=job.entrypoint,
                attempt=attempt,
                exc_info=error,
            )
            raise JobHeld(kind) from None
        seconds = min(self._limits.first_delay * 3**job.attempts, self._limits.longest_delay)
        delay = timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  (jitter, not a secret)
        log.warning(
            "job failed; it is tried again", job_id=job.id, entrypoint=job.entrypoint, attempt=attempt, kind=kind
        )
        raise RetryRequested(delay=delay, reason=kind) from None

    async def _strike_out(self, job: QueuedJob) -> None:
        try:
            await self._driver.execute(_END, job.id)
        except Exception as error:  # noqa: BLE001  (the outcome counts; a stray row is swept up at night)
            log.warning("the start of a job stays noted", job_id=job.id, reason=type(error).__name__)
