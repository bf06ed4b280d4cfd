"""What the wall between workspaces costs: one contact by its id, by several mechanisms, at 1 and 16 readers.

`python -m benchmarks.tenant_walls postgresql://postgres@127.0.0.1/postgres` makes a database and drops it. Rounds are
interleaved and the median is shown. On a machine that does other work, trust the CPU column and the ratios alone.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import uvloop
from sqlalchemy import select, text

from core.database import Database, PoolLimits, walls
from migrations import run
from models import Contact

_WORKSPACES: Final = 20
_CONTACTS: Final = 1_000
_LIMITS: Final = PoolLimits(app=16, writers=16, system=16)
_BY_ID: Final = "SELECT id, name, phone, email, created_at FROM contacts WHERE id = $1"
_HERE: Final = "SELECT id, name, phone, email, created_at FROM contacts WHERE workspace_id = $2 AND id = $1"
_CHANCE: Final = random.Random()  # noqa: S311
_STATEMENT: Final = select(Contact.id, Contact.name, Contact.phone, Contact.email, Contact.created_at)

Row = tuple[UUID, UUID]
Mechanism = Callable[[Database, UUID, UUID], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One mechanism's share of a round."""

    per_second: float
    python: float
    p50: float
    p99: float


async def predicate_only(database: Database, workspace_id: UUID, contact_id: UUID) -> int:
    """No wall: a role that sees every workspace, and a condition."""
    async with database._system.connect() as connection:  # noqa: SLF001  (the product has no such way in)
        return len(await (await driver_of(connection)).fetch(_HERE, contact_id, workspace_id))


async def transaction(database: Database, workspace_id: UUID, contact_id: UUID) -> int:
    """BEGIN and SET LOCAL in one string, the statement, ROLLBACK: three round trips."""
    async with database.engine.connect() as connection:
        driver = await driver_of(connection)
        await driver.execute(f"BEGIN READ ONLY; SET LOCAL {walls.SETTING} = '{workspace_id}'")
        rows = await driver.fetch(_BY_ID, contact_id)
        await driver.execute("ROLLBACK")
        return len(rows)


async def pipelined(database: Database, workspace_id: UUID, contact_id: UUID) -> int:
    """The setting in the statement's own write: one round trip."""
    async with database.engine.connect() as connection:
        driver = await driver_of(connection)
        driver.bind(workspace_id)
        rows = await driver.fetch(_BY_ID, contact_id)
        driver.unbind()
        return len(rows)


async def pipelined_and_predicate(database: Database, workspace_id: UUID, contact_id: UUID) -> int:
    """What is in use, at the driver: the setting in the statement's own write, and the condition."""
    async with database.engine.connect() as connection:
        driver = await driver_of(connection)
        driver.bind(workspace_id)
        rows = await driver.fetch(_HERE, contact_id, workspace_id)
        driver.unbind()
        return len(rows)


async def session(database: Database, workspace_id: UUID, contact_id: UUID) -> int:
    """What is in use, as loaders use it: `Database.read`."""
    statement = _STATEMENT.where(Contact.workspace_id == workspace_id, Contact.id == contact_id)
    async with database.read(workspace_id) as reading:
        return len((await reading.execute(statement)).all())


async def written_session(database: Database, workspace_id: UUID, contact_id: UUID) -> int:
    """The same statement in `Database.write`: BEGIN and its settings, the statement, COMMIT."""
    statement = _STATEMENT.where(Contact.workspace_id == workspace_id, Contact.id == contact_id)
    async with database.write(workspace_id) as writing:
        return len((await writing.execute(statement)).all())


MECHANISMS: Final[Sequence[Mechanism]] = (
    predicate_only,
    transaction,
    pipelined,
    pipelined_and_predicate,
    session,
    written_session,
)


async def driver_of(connection: Any) -> Any:
    """Return asyncpg's connection."""
    return (await connection.get_raw_connection()).driver_connection


async def measure(mechanism: Mechanism, database: Database, rows: Sequence[Row], readers: int) -> Round:
    """Run one mechanism for a while."""
    taken: list[float] = []
    end = time.perf_counter() + 0.8

    async def read() -> None:
        while (began := time.perf_counter()) < end:
            found = await mechanism(database, *_CHANCE.choice(rows))
            taken.append(time.perf_counter() - began)
            if found != 1:
                message = f"{mechanism.__name__} found {found} rows"
                raise RuntimeError(message)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(read() for _ in range(readers)))
    elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu
    cuts = statistics.quantiles(taken, n=100)
    return Round(per_second=len(taken) / elapsed, python=cpu / len(taken) * 1e6, p50=cuts[49] * 1e3, p99=cuts[98] * 1e3)


@asynccontextmanager
async def furnished(admin: str) -> AsyncIterator[tuple[Database, list[Row]]]:
    """Make a database with contacts in several workspaces."""
    name = f"bench_{uuid.uuid4().hex[:10]}"
    base, _, query = admin.partition("?")
    url = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    connection = await asyncpg.connect(admin)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        await run.upgrade(url)
        database = Database(url, pool=_LIMITS)
        yield database, await fill(database)
        await database.close()
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


async def fill(database: Database) -> list[Row]:
    """Make the workspaces and their contacts; return the keys of all contacts."""
    async with database.system() as writing:
        await writing.execute(
            text(
                "INSERT INTO workspaces (id, name, slug) SELECT gen_random_uuid(), n, n FROM generate_series(1, :n) n"
            ),
            {"n": _WORKSPACES},
        )
        made = await writing.execute(
            text(
                "INSERT INTO contacts (workspace_id, id, name) SELECT w.id, gen_random_uuid(), 'Ana ' || n"
                " FROM workspaces w, generate_series(1, :n) n RETURNING workspace_id, id"
            ),
            {"n": _CONTACTS},
        )
        rows = [(row[0], row[1]) for row in made]
        await writing.execute(text("SET LOCAL ROLE NONE"))
        await writing.execute(text("ANALYZE contacts"))
    return rows


async def main(admin: str, rounds: int) -> None:
    """Measure, and print one line a mechanism."""
    async with furnished(admin) as (database, rows):
        for readers in (1, 16):
            found: dict[str, list[Round]] = {each.__name__: [] for each in MECHANISMS}
            for number in range(rounds + 1):
                for each in MECHANISMS:
                    result = await measure(each, database, rows, readers)
                    if number:
                        found[each.__name__].append(result)
            report(readers, found)


def report(readers: int, found: dict[str, list[Round]]) -> None:
    """Print the medians of the rounds."""
    first = statistics.median(each.per_second for each in next(iter(found.values())))
    sys.stdout.write(f"\n{readers} reader(s)            reads/s     x   Python us   p50 ms   p99 ms\n")
    for name, rounds in found.items():
        rate, python, p50, p99 = (
            statistics.median(getattr(each, figure) for each in rounds)
            for figure in ("per_second", "python", "p50", "p99")
        )
        sys.stdout.write(f"{name:24}{rate:8.0f}{rate / first:6.2f}{python:12.0f}{p50:9.2f}{p99:9.2f}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("admin", help="address of a database whose login may create others")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(options.admin, options.rounds))
