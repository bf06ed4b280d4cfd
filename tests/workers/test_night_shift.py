"""The night shift: what is done, done again, given up and handed over, and that nothing stops it for good."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text
from structlog.testing import capture_logs

from core.database import Database
from core.ground import Ground
from services import jobs
from services.jobs import Job
from services.upkeep import HoldStrayJobs
from tests.fixtures.scratch import scratch_database
from tests.fixtures.waiting import until, until_holds
from tests.workers.night import (
    MARKS,
    QUICK,
    FailAlways,
    KillWorker,
    LeaveMark,
    LingerOnce,
    WorkAWhile,
    Yard,
)
from workers import schedule
from workers.pace import Pace
from workers.schedule import Schedule
from workers.supervisor import Workers


@pytest_asyncio.fixture(scope="session")
async def night_url() -> AsyncIterator[str]:
    """A database of these tests' own: they take every job that is queued in it."""
    async with scratch_database() as url:
        connection = await asyncpg.connect(url)
        await connection.execute(MARKS)
        await connection.execute("GRANT ALL ON marks, marks_id_seq TO whatshybrid_system")
        await connection.close()
        yield url


@pytest_asyncio.fixture
async def yard(night_url: str) -> AsyncIterator[Ground]:
    database = Database(night_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    yield cast("Ground", Yard(database))
    async with database.system() as session:
        await session.execute(text("DELETE FROM pgqueuer"))
        await session.execute(text("DELETE FROM job_runs"))
        await session.execute(text("DELETE FROM pgqueuer_schedules"))
    await database.close()


@asynccontextmanager
async def working(ground: Ground, url: str, pace: Pace = QUICK) -> AsyncIterator[Workers]:
    workers = Workers(ground, url, pace=pace)
    await workers.start()
    try:
        yield workers
    finally:
        await workers.stop(grace=2)


@contextmanager
def another_process(url: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workers.night_process", url],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(5)


async def enqueue(ground: Ground, *work: Job) -> None:
    async with ground.database.system() as session:
        await jobs.enqueue(session, work)


async def words(ground: Ground, marker: UUID) -> list[str]:
    async with ground.database.system() as session:
        rows = await session.scalars(
            text("SELECT word FROM marks WHERE marker = :marker ORDER BY id"), {"marker": marker}
        )
        return [str(word) for word in rows.all()]


async def statuses(ground: Ground) -> dict[str, str]:
    async with ground.database.system() as session:
        rows = (await session.execute(text("SELECT entrypoint, status::text FROM pgqueuer"))).all()
    return {row.entrypoint: row.status for row in rows}


async def ran(ground: Ground, marker: UUID, word: str = "ran", seconds: float = 10.0) -> None:
    async def done() -> bool:
        return word in await words(ground, marker)

    await until_holds(done, seconds)


async def held(ground: Ground, entrypoint: str, seconds: float = 10.0) -> None:
    async def is_held() -> bool:
        return (await statuses(ground)).get(entrypoint) == "failed"

    await until_holds(is_held, seconds)


async def as_owner(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_queued_job_is_done_once_and_leaves_the_queue(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url) as workers:
        await enqueue(yard, LeaveMark(marker=marker))

        await ran(yard, marker)
        await until_holds(lambda: nothing_left(yard))
        stats = await workers.stats()

    assert await words(yard, marker) == ["ran"]
    assert stats.running
    assert (stats.queued, stats.held) == (0, 0)
    assert stats.last_dequeue_age is not None
    assert stats.last_dequeue_age < 3


async def nothing_left(ground: Ground) -> bool:
    async with ground.database.system() as session:
        left = await session.scalar(text("SELECT (SELECT count(*) FROM pgqueuer) + (SELECT count(*) FROM job_runs)"))
    return left == 0


async def test_jobs_run_side_by_side(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url):
        began = time.monotonic()
        await enqueue(yard, *[WorkAWhile(marker=marker, milliseconds=500)] * 8)

        await until_holds(lambda: nothing_left(yard))

    assert time.monotonic() - began < 3.5
    assert (await words(yard, marker)).count("ended") == 8


async def test_a_lost_notify_costs_two_seconds_at_most(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url, Pace()) as workers:
        await until_holds(lambda: is_running(workers))
        await as_owner(night_url, "ALTER TABLE pgqueuer DISABLE TRIGGER tg_pgqueuer_changed")
        try:
            began = time.monotonic()
            await enqueue(yard, LeaveMark(marker=marker))
            await ran(yard, marker)
            took = time.monotonic() - began
        finally:
            await as_owner(night_url, "ALTER TABLE pgqueuer ENABLE TRIGGER tg_pgqueuer_changed")

    assert took < 3


async def is_running(workers: Workers) -> bool:
    return (await workers.stats()).running


async def test_a_job_of_a_killed_process_is_done_by_another_within_ten_seconds(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    with another_process(night_url, NIGHT_LINGERS="yes") as process:
        await enqueue(yard, LingerOnce(marker=marker))
        await ran(yard, marker, "began")
        os.kill(process.pid, signal.SIGKILL)
        began = time.monotonic()

        async with working(yard, night_url, Pace()):
            await ran(yard, marker, "ended", 12)

    assert time.monotonic() - began < 10
    assert await words(yard, marker) == ["began", "began", "ended"]


async def test_a_job_that_kills_its_worker_is_parked_after_three_deaths(yard: Ground, night_url: str) -> None:
    marker, neighbour = uuid4(), uuid4()
    await enqueue(yard, KillWorker(marker=marker), *[LeaveMark(marker=neighbour)] * 5)
    deaths = 0
    for _ in range(5):
        with another_process(night_url) as process:
            if await survived(yard, process):
                break
            deaths += 1

    async with yard.database.system() as session:
        parked = await session.scalar(
            text("SELECT parked_at IS NOT NULL FROM job_runs WHERE entrypoint = 'kill_worker'")
        )
    assert deaths == 3
    assert await words(yard, marker) == ["began"] * 3
    assert parked
    assert await statuses(yard) == {"kill_worker": "failed"}
    assert len(await words(yard, neighbour)) >= 5


async def survived(ground: Ground, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until a process is dead, or has parked the job that kills and done the rest."""
    async with asyncio.timeout(20):
        while process.poll() is None:
            if await statuses(ground) == {"kill_worker": "failed"}:
                return True
            await asyncio.sleep(0.05)
    return False


async def test_a_failing_job_is_tried_again_and_then_held_without_its_words(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url) as workers:
        await enqueue(yard, FailAlways(marker=marker))

        await held(yard, "fail_always")
        stats = await workers.stats()

    async with yard.database.system() as session:
        log = (
            await session.scalars(text("SELECT traceback::text FROM pgqueuer_log WHERE entrypoint = 'fail_always'"))
        ).all()
    assert await words(yard, marker) == ["began"] * 3
    assert stats.held == 1
    assert any("ValueError" in (each or "") for each in log)
    assert not any("+55" in (each or "") for each in log)


async def test_a_job_that_takes_too_long_is_ended_and_tried_again(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url):
        await enqueue(yard, WorkAWhile(marker=marker, milliseconds=30_000))

        await held(yard, "work_a_while")

    assert await words(yard, marker) == ["began"] * 2


async def test_a_job_that_cannot_be_read_is_held_at_once(yard: Ground, night_url: str) -> None:
    async with yard.database.system() as session:
        await session.execute(
            text("INSERT INTO pgqueuer (priority, status, entrypoint, payload) VALUES (0, 'queued', 'leave_mark', 'x')")
        )

    async with working(yard, night_url):
        await held(yard, "leave_mark")


async def test_jobs_that_no_handler_does_are_held_and_told_of_once_an_hour_after_they_were_due(
    yard: Ground, night_url: str
) -> None:
    async with yard.database.system() as session:
        await session.execute(
            text(
                "INSERT INTO pgqueuer (priority, status, entrypoint, payload, execute_after) VALUES"
                " (0, 'queued', 'score_leads', '{}', now() - interval '2 hours'),"
                " (0, 'queued', 'score_leads', '{}', now() - interval '2 hours'),"
                " (0, 'queued', 'of_a_newer_release', '{}', now() - interval '1 minute')"
            )
        )

    async with working(yard, night_url) as workers:
        with capture_logs() as first:
            await enqueue(yard, HoldStrayJobs())
            await held(yard, "score_leads")
        with capture_logs() as second:
            await enqueue(yard, HoldStrayJobs())
            await until_holds(lambda: nothing_waits(yard, "hold_stray_jobs"))
        stats = await workers.stats()

    assert [(each["entrypoint"], each["count"]) for each in first if "no handler" in each["event"]] == [
        ("score_leads", 2)
    ]
    assert not [each for each in second if "no handler" in each["event"]]
    assert stats.held == 2
    assert await statuses(yard) == {"score_leads": "failed", "of_a_newer_release": "queued"}


async def nothing_waits(ground: Ground, entrypoint: str) -> bool:
    return entrypoint not in await statuses(ground)


async def test_stopping_waits_for_jobs_that_run_and_claims_no_more(yard: Ground, night_url: str) -> None:
    first, second = uuid4(), uuid4()
    async with working(yard, night_url) as workers:
        await enqueue(yard, WorkAWhile(marker=first, milliseconds=700))
        await ran(yard, first, "began")
        stopping = asyncio.create_task(workers.stop(grace=5))
        await asyncio.sleep(0.1)
        await enqueue(yard, LeaveMark(marker=second))

        await stopping

    assert await words(yard, first) == ["began", "ended"]
    assert await statuses(yard) == {"leave_mark": "queued"}


async def test_a_job_that_outlasts_the_grace_goes_back_into_the_queue(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url) as workers:
        await enqueue(yard, WorkAWhile(marker=marker, milliseconds=900))
        await ran(yard, marker, "began")
        began = time.monotonic()

        await workers.stop(grace=0.2)

    assert time.monotonic() - began < 3
    assert await words(yard, marker) == ["began"]
    assert await statuses(yard) == {"work_a_while": "queued"}


async def test_workers_return_after_their_connection_is_cut(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    async with working(yard, night_url) as workers:
        await until_holds(lambda: is_running(workers))
        await as_owner(
            night_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'workers'",
        )
        await enqueue(yard, LeaveMark(marker=marker))

        await ran(yard, marker)


async def test_workers_begin_without_a_database_and_say_so(yard: Ground) -> None:
    async with working(yard, "postgresql://nobody@127.0.0.1:1/nothing") as workers:
        await asyncio.sleep(0.5)

        assert not await is_running(workers)


async def test_a_loop_that_hangs_is_reported_and_begun_anew(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    pace = Pace(hang=1.0, watch=0.1, dequeue=0.3, last_wait=1.0, retry_most=0.3)
    reports: list[float] = []
    workers = Workers(yard, night_url, pace=pace, on_hang=lambda: reports.append(time.monotonic()))
    await workers.start()
    try:
        await until_holds(lambda: is_running(workers))
        async with locked(night_url):
            await until(lambda: len(reports) >= 1)
        await enqueue(yard, LeaveMark(marker=marker))

        await ran(yard, marker)
    finally:
        await workers.stop(grace=1)


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Keep everybody from the queue's table, as a database does that hangs."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE pgqueuer IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_two_processes_keep_a_schedule_once(yard: Ground, night_url: str) -> None:
    marker = uuid4()
    every_second = (Schedule(cron="* * * * * *", job=LeaveMark(marker=marker)),)
    connections = [await asyncpg.connect(night_url) for _ in range(2)]
    queues: list[PgQueuer] = []
    for connection in connections:
        queries = Queries(AsyncpgDriver(connection))
        queues.append(PgQueuer(queries.driver, queries=queries))
        schedule.register(queues[-1], queries, every_second)

    async def twice() -> bool:
        return len(await words(yard, marker)) >= 2

    began = time.monotonic()
    async with working(yard, night_url):
        clocks = [asyncio.create_task(each.sm.run()) for each in queues]
        await until_holds(twice, 20)
        for each in queues:
            each.shutdown.set()
        await asyncio.gather(*clocks)
        await until_holds(lambda: nothing_left(yard))
    for connection in connections:
        await connection.close()

    assert 2 <= len(await words(yard, marker)) <= time.monotonic() - began + 1


async def test_a_scheduled_job_that_still_waits_is_not_queued_again(yard: Ground, night_url: str) -> None:
    connection = await asyncpg.connect(night_url)
    queries = Queries(AsyncpgDriver(connection))
    pgq = PgQueuer(queries.driver, queries=queries)
    schedule.register(pgq, queries, (Schedule(cron="* * * * * *", job=FailAlways(marker=uuid4())),))

    clock = asyncio.create_task(pgq.sm.run())
    await asyncio.sleep(3)
    pgq.shutdown.set()
    await clock
    await connection.close()

    async with yard.database.system() as session:
        queued = await session.scalar(text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'fail_always'"))
    assert queued == 1
