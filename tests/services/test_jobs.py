"""The port to the queue: typed jobs, and none without its transaction."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.database import Database, WriteSession
from services import jobs
from services.jobs import Job, JobMisdeclared, JobUnreadable
from tests.fixtures.scratch import fresh_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPort(Job):
    """A job of every kind of field."""

    marker: UUID
    name: str = ""
    count: int = 0
    urgent: bool = False
    due: datetime | None = None


async def queued(database: Database, marker: UUID) -> list[jobs.Job]:
    statement = text(
        "SELECT entrypoint, payload FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :marker ORDER BY id"
    )
    async with database.system() as session:
        rows = (await session.execute(statement, {"marker": f"%{marker}%"})).all()
    return [jobs.parse(row.entrypoint, row.payload) for row in rows]


async def enqueue_and_fail(transaction: AbstractAsyncContextManager[WriteSession], marker: UUID) -> None:
    async with transaction as session:
        await jobs.enqueue(session, [TryPort(marker=marker)])
        raise ZeroDivisionError


async def test_a_job_is_queued_by_the_commit_and_reads_back_as_it_was(database: Database) -> None:
    workspace_id, marker = await fresh_workspace(database), uuid4()
    job = TryPort(
        marker=marker, name="olá \x00 \U0001f600", count=-(2**53), urgent=True, due=datetime(2026, 2, 28, tzinfo=UTC)
    )

    async with database.write(workspace_id) as session:
        await jobs.enqueue(session, [job])

    assert await queued(database, marker) == [job]


async def test_enqueueing_as_the_first_statement_leaves_nothing_after_a_rollback(database: Database) -> None:
    workspace_id, marker = await fresh_workspace(database), uuid4()

    with pytest.raises(ZeroDivisionError):
        await enqueue_and_fail(database.write(workspace_id), marker)
    with pytest.raises(ZeroDivisionError):
        await enqueue_and_fail(database.system(), marker)

    assert await queued(database, marker) == []


async def test_many_jobs_keep_their_order(database: Database) -> None:
    marker = uuid4()

    async with database.system() as session:
        await jobs.enqueue(session, [TryPort(marker=marker, count=n) for n in range(2_500)])

    assert [job.count for job in await queued(database, marker) if isinstance(job, TryPort)] == list(range(2_500))


async def test_a_delayed_job_is_due_later(database: Database) -> None:
    marker = uuid4()

    async with database.system() as session:
        await jobs.enqueue(session, [TryPort(marker=marker)], after=timedelta(hours=1))

    async with database.system() as session:
        wait = await session.scalar(
            text("SELECT execute_after - now() FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :marker"),
            {"marker": f"%{marker}%"},
        )
    assert timedelta(minutes=59) < wait < timedelta(minutes=61)


@pytest.mark.parametrize(
    "statement", ["SELECT payload FROM pgqueuer", "DELETE FROM pgqueuer", "UPDATE pgqueuer SET priority = 9"]
)
async def test_the_application_role_can_put_jobs_in_but_not_read_or_change_them(
    database: Database, statement: str
) -> None:
    workspace_id = await fresh_workspace(database)

    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.write(workspace_id) as session:
            await session.execute(text(statement))


async def test_the_backlog_counts_what_waits(database: Database) -> None:
    async with database.system() as session:
        before = await jobs.backlog(session)
        await jobs.enqueue(session, [TryPort(marker=uuid4())] * 3)

        after = await jobs.backlog(session)

    assert after.queued - before.queued == 3


def test_an_entrypoint_is_the_name_of_its_class() -> None:
    assert TryPort.entrypoint == "try_port"


def test_two_classes_cannot_have_one_entrypoint() -> None:
    with pytest.raises(JobMisdeclared, match="try_port"):
        type("TryPort", (Job,), {"__module__": "elsewhere"})


def test_a_field_that_is_not_a_plain_value_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class CarryBag(Job):
        bag: dict[str, str]

    with pytest.raises(JobMisdeclared, match="bag"):
        jobs.payload_of(CarryBag(bag={}))


@pytest.mark.parametrize(
    ("entrypoint", "payload"),
    [
        ("no_such_job", b"{}"),
        ("try_port", b"not json"),
        ("try_port", b"[]"),
        ("try_port", None),
        ("try_port", b'{"marker": "nonsense"}'),
        ("try_port", b'{"marker": 7}'),
        ("try_port", b'{"marker": "5c975ba96c8e4dae9c6158a74f99449a", "count": true}'),
        ("try_port", b'{"marker": "5c975ba96c8e4dae9c6158a74f99449a", "name": null}'),
    ],
)
def test_a_payload_that_does_not_fit_is_unreadable(entrypoint: str, payload: bytes | None) -> None:
    with pytest.raises(JobUnreadable):
        jobs.parse(entrypoint, payload)


def test_fields_of_a_newer_release_are_ignored_and_missing_ones_take_their_defaults() -> None:
    marker = uuid4()

    job = jobs.parse("try_port", b'{"marker": "%s", "colour": "blue"}' % marker.hex.encode())

    assert job == TryPort(marker=marker)
