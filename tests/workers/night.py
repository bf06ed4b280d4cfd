"""Jobs that behave badly on purpose, and the ground they stand on."""

import asyncio
import os
import signal
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core.database import Database
from core.ground import Ground
from services.jobs import Job
from workers.pace import Pace
from workers.registry import handles
from workers.runner import Limits

MARKS = "CREATE TABLE marks (id bigserial PRIMARY KEY, marker uuid, word text, pid int)"
QUICK = Pace(
    heartbeat=1.5,
    dequeue=1.0,
    watch=0.1,
    retry_most=0.5,
    last_wait=2.0,
    limits=Limits(first_delay=0.05, longest_delay=0.1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveMark(Job):
    """Write down that it ran."""

    marker: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class KillWorker(Job):
    """Take the whole process along."""

    marker: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FailAlways(Job):
    """Raise an error with a secret in it."""

    marker: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LingerOnce(Job):
    """Run for a minute in a process that is told to, and no time elsewhere."""

    marker: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAWhile(Job):
    """Run for so many milliseconds."""

    marker: UUID
    milliseconds: int


async def mark(ground: Ground, marker: UUID, word: str) -> None:
    statement = text("INSERT INTO marks (marker, word, pid) VALUES (:marker, :word, :pid)")
    async with ground.database.system() as session:
        await session.execute(statement, {"marker": marker, "word": word, "pid": os.getpid()})


@handles(LeaveMark)
async def leave_mark(ground: Ground, job: LeaveMark) -> None:
    await mark(ground, job.marker, "ran")


@handles(KillWorker)
async def kill_worker(ground: Ground, job: KillWorker) -> None:
    await mark(ground, job.marker, "began")
    os.kill(os.getpid(), signal.SIGKILL)


@handles(FailAlways, tries=3)
async def fail_always(ground: Ground, job: FailAlways) -> None:
    await mark(ground, job.marker, "began")
    message = "the phone number is +5511999990000"
    raise ValueError(message)


@handles(LingerOnce)
async def linger_once(ground: Ground, job: LingerOnce) -> None:
    await mark(ground, job.marker, "began")
    if "NIGHT_LINGERS" in os.environ:
        await asyncio.sleep(50)
    await mark(ground, job.marker, "ended")


@handles(WorkAWhile, timeout=1.0, tries=2)
async def work_a_while(ground: Ground, job: WorkAWhile) -> None:
    await mark(ground, job.marker, "began")
    await asyncio.sleep(job.milliseconds / 1000)
    await mark(ground, job.marker, "ended")


@dataclass(frozen=True)
class Yard:
    """The part of the ground that these jobs stand on."""

    database: Database
