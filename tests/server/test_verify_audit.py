"""The audit log's verification: finds every kind of tampering, names the entry, and is not fooled by new entries."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.ground import Ground, open_ground
from core.ids import encode
from server import verify_audit
from services import labels
from services.labels import LabelDraft
from services.transaction import begin
from tests.fixtures import served, stores
from tests.fixtures.scratch import scratch_database
from tests.fixtures.tenants import Tenant, found_tenant

MOST = 400
ENTRIES = 6
FORGET = """WITH gone AS (DELETE FROM audit_entries WHERE workspace_id = $1)
  DELETE FROM workspace_counters WHERE workspace_id = $1"""
NEST = """UPDATE audit_entries SET changes = (repeat('[', ?) || repeat(']', ?))::jsonb
  WHERE workspace_id = $1 AND seq = 3"""
FLIP = "UPDATE audit_entries SET ? = set_byte(?, 5, get_byte(?, 5) # 1) WHERE workspace_id = $1 AND seq = 3"


@asynccontextmanager
async def ground_of_its_own(redis_url: str) -> AsyncIterator[Ground]:
    async with (
        scratch_database() as url,
        open_ground(stores.test_settings(), stores.places(url, redis_url)) as ground,
    ):
        yield ground


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scratch_ground(redis_url: str) -> AsyncIterator[Ground]:
    """The ground on a database whose logs may be broken."""
    async with ground_of_its_own(redis_url) as ground:
        yield ground


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def untouched_ground(redis_url: str) -> AsyncIterator[Ground]:
    """The ground on a database whose logs nobody breaks."""
    async with ground_of_its_own(redis_url) as ground:
        yield ground


async def tenant_with_history(ground: Ground, entries: int = ENTRIES) -> Tenant:
    """Make a workspace whose audit log has so many entries or more."""
    tenant = await found_tenant(ground)
    for number in range(entries):
        await act(ground, tenant, number)
    return tenant


async def act(ground: Ground, tenant: Tenant, number: int) -> None:
    async with begin(ground, tenant.owner) as tx:
        await labels.create(tx, LabelDraft(name=f"Etiqueta {number}", color="#2563EB"))


async def tamper(ground: Ground, tenant: Tenant, statement: str) -> None:
    """Change the log as somebody does who owns the database."""
    connection = await asyncpg.connect(ground.database.url)
    try:
        await connection.execute("SET session_replication_role = replica")
        done = await connection.execute(statement, tenant.workspace_id)
        assert done.split()[-1] != "0"
    finally:
        await connection.close()


def found(out: str, tenant: Tenant) -> list[str]:
    """Return what was said about a workspace."""
    name = encode("workspace", tenant.workspace_id)
    return [line.removeprefix(f"{name}: ") for line in out.splitlines() if line.startswith(name)]


async def test_a_log_that_nobody_touched_holds(untouched_ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    tenant = await tenant_with_history(untouched_ground)

    code = await verify_audit.verify(untouched_ground.database)

    out = capsys.readouterr().out
    assert code == 0
    assert "all hold" in out
    assert found(out, tenant) == []


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE audit_entries SET action = 'x' WHERE workspace_id = $1 AND seq = 3", 3),
        (FLIP.replace("?", "hash"), 3),
        (FLIP.replace("?", "salt"), 3),
        ("UPDATE audit_entries SET changes = changes || '{\"x\": 1}' WHERE workspace_id = $1 AND seq = 4", 4),
        ("UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE workspace_id = $1 AND seq = 1", 1),
        ("UPDATE audit_entries SET actor_id = NULL WHERE workspace_id = $1 AND seq = 5", 5),
        ("UPDATE audit_entries SET at = '200000-01-01' WHERE workspace_id = $1 AND seq = 2", 2),
        ("UPDATE audit_entries SET changes = '{\"a\": 1e400}' WHERE workspace_id = $1 AND seq = 3", 3),
        (NEST.replace("?", "300"), 3),
        (NEST.replace("?", "1500"), 3),
        ("UPDATE audit_entries SET seq = -7 WHERE workspace_id = $1 AND seq = 4", -7),
        ("UPDATE audit_entries SET at = '4000-01-01 BC' WHERE workspace_id = $1 AND seq >= 5", 5),
        ("DELETE FROM audit_entries WHERE workspace_id = $1 AND seq = 1", 1),
        ("DELETE FROM audit_entries WHERE workspace_id = $1 AND seq = 3", 3),
        ("DELETE FROM audit_entries WHERE workspace_id = $1 AND seq > 4", 5),
        ("DELETE FROM audit_entries WHERE workspace_id = $1", 1),
        (FORGET, 1),
    ],
)
async def test_tampering_is_found_and_the_first_bad_entry_named(
    scratch_ground: Ground, capsys: pytest.CaptureFixture[str], statement: str, entry: int
) -> None:
    tenant = await tenant_with_history(scratch_ground)
    await tamper(scratch_ground, tenant, statement)

    code = await verify_audit.verify(scratch_ground.database)

    (line,) = found(capsys.readouterr().out, tenant)
    assert code == 1
    assert line.startswith(f"entry {entry}: ")


async def test_entries_moved_to_another_place_are_found(
    scratch_ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = await tenant_with_history(scratch_ground)
    swap = (
        "UPDATE audit_entries SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE workspace_id = $1 AND seq IN (2, 3)"
    )
    await tamper(scratch_ground, tenant, swap)
    await tamper(scratch_ground, tenant, "UPDATE audit_entries SET seq = -seq WHERE workspace_id = $1 AND seq < 0")

    code = await verify_audit.verify(scratch_ground.database)

    (line,) = found(capsys.readouterr().out, tenant)
    assert code == 1
    assert line.startswith("entry 2: ")


async def test_entries_that_are_written_meanwhile_break_nothing(
    untouched_ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = await tenant_with_history(untouched_ground)
    is_over = asyncio.Event()

    async def go_on() -> int:
        number = ENTRIES
        while not is_over.is_set() and number < MOST:
            await act(untouched_ground, tenant, number)
            number += 1
        return number

    writing = asyncio.create_task(go_on())
    codes = [await verify_audit.verify(untouched_ground.database) for _ in range(15)]
    is_over.set()

    assert await writing > ENTRIES + 5
    assert set(codes) == {0}
    assert found(capsys.readouterr().out, tenant) == []


@pytest.fixture
def verified(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """A function that runs the program; returns its exit code and its words."""

    def run(**environ: str) -> tuple[int, str]:
        ended = served.run("server.verify_audit", tmp_path / "data", **environ)
        return ended.returncode, ended.stdout + ended.stderr

    return run


async def test_the_programs_exit_code_tells(redis_url: str, verified: Callable[..., tuple[int, str]]) -> None:
    async with (
        scratch_database() as url,
        open_ground(stores.test_settings(), stores.places(url, redis_url)) as ground,
    ):
        tenant = await tenant_with_history(ground)
        whole, _ = await asyncio.to_thread(verified, DATABASE_URL=url)
        await tamper(ground, tenant, "DELETE FROM audit_entries WHERE workspace_id = $1 AND seq = 2")
        broken, words = await asyncio.to_thread(verified, DATABASE_URL=url)

    assert (whole, broken) == (0, 1)
    assert found(words, tenant) == ["entry 2: entry 2 is missing"]


def test_where_nothing_is_kept_nothing_is_said_to_hold(verified: Callable[..., tuple[int, str]]) -> None:
    code, words = verified()

    assert code == 2
    assert words.startswith("DATA_DIR: there is no database in ")
