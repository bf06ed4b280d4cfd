"""The embedded stores: real servers in a folder of one owner and one process. Killed, they lose nothing."""
# ruff: noqa: ASYNC220, ASYNC240  (nothing else runs on the loop meanwhile)

import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio as redis
from pymongo import AsyncMongoClient

from core.embedded import Addresses, EmbeddedStores, FolderInUse, StoreFailed, database_of
from core.embedded.folder import FolderUnusable
from core.embedded.process import Plan, Process
from tests.fixtures.processes import all_gone, working_on
from tests.fixtures.waiting import until, until_holds

ROOT = Path(__file__).parents[2]
REDIS = frozenset({"redis"})
SERVERS = frozenset({"postgres", "redis", "mongo"})
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a short path; nothing works on it at the end."""
    with tempfile.TemporaryDirectory(prefix="stores-", ignore_cleanup_errors=True) as parent:
        yield Path(parent).resolve() / "data"


@asynccontextmanager
async def started(
    folder: Path, only: frozenset[str] = REDIS, *, wait: float = 5.0
) -> AsyncIterator[tuple[EmbeddedStores, Addresses]]:
    stores = EmbeddedStores(folder, only=only)
    addresses = await stores.start(wait=wait)
    try:
        yield stores, addresses
    finally:
        await stores.stop()


async def answers(url: str) -> bool:
    async with redis.Redis.from_url(url) as client:
        with suppress(redis.RedisError, OSError):
            return bool(await client.ping())
    return False


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds to a processor")
async def test_a_first_start_on_one_processor_makes_its_documents_user(folder: Path) -> None:
    """Most signals that are sent to the whole process are lost there: a server in Python heeds them in one thread."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(own)})
    try:
        for attempt in range(5):
            async with started(folder.with_name(f"data{attempt}"), frozenset({"mongo"})) as (_, addresses):
                assert addresses.mongo_url is not None
    finally:
        os.sched_setaffinity(0, own)


async def test_the_folder_is_for_its_owner_only(folder: Path) -> None:
    async with started(folder):
        modes = {each: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.rglob("*"))}

    assert modes[folder] == 0o700
    assert {each for each, mode in modes.items() if mode & 0o077} == set()


async def test_a_folder_that_was_open_to_others_is_closed(folder: Path) -> None:
    folder.mkdir(mode=0o755)

    async with started(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_second_start_is_told_who_has_the_folder(folder: Path) -> None:
    async with started(folder):
        with pytest.raises(FolderInUse, match=rf"in use by process {os.getpid()} \(.*\).*DATA_DIR and PORT"):
            await EmbeddedStores(folder, only=REDIS).start(wait=0.1)

        assert len(working_on(folder)) == 1


async def test_a_second_start_waits_for_the_first_to_end(folder: Path) -> None:
    said: list[str] = []
    second = EmbeddedStores(folder, only=REDIS, progress=said.append)
    async with started(folder):
        starting = asyncio.create_task(second.start(wait=10))
        await until(lambda: any(line.startswith(f"Waiting for {folder}") for line in said))

    addresses = await starting
    assert await answers(str(addresses.redis_url))
    await second.stop()
    assert all_gone(folder)


async def test_stores_may_be_stopped_twice_and_started_again(folder: Path) -> None:
    stores = EmbeddedStores(folder, only=REDIS)
    for _ in range(2):
        addresses = await stores.start()
        assert await answers(str(addresses.redis_url))
        await stores.stop()
        await stores.stop()

    assert all_gone(folder, 0.5)


async def test_what_was_not_asked_for_has_no_address(folder: Path) -> None:
    async with started(folder) as (_, addresses):
        assert addresses.redis_url is not None
        assert (addresses.database_url, addresses.mongo_url, addresses.qdrant_path) == (None, None, None)


async def test_sockets_of_a_deep_folder_are_made_elsewhere_and_removed(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)

    async with started(deep) as (_, addresses):
        socket = Path(str(addresses.redis_url).removeprefix("unix://").split("?")[0])
        assert await answers(str(addresses.redis_url))
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert not socket.is_relative_to(deep)

    assert not socket.parent.exists()


async def test_a_file_in_the_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.write_text("")

    with pytest.raises(FolderUnusable, match="set DATA_DIR to a folder of its own"):
        await EmbeddedStores(folder, only=REDIS).start()


async def test_a_folder_that_is_used_for_other_things_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o1777)

    with pytest.raises(FolderUnusable, match="used for other things"):
        await EmbeddedStores(folder, only=REDIS).start()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777


def given_away(folder: Path) -> Path:
    """Return a folder of another user."""
    if os.geteuid() != 0:
        return Path("/usr")
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    return folder


async def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    with pytest.raises(FolderUnusable, match="belongs to another user"):
        await EmbeddedStores(given_away(folder), only=REDIS).start()


async def test_data_of_another_version_is_refused_and_the_others_are_stopped(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    folder.chmod(0o700)
    (folder / "postgres" / "PG_VERSION").write_text("12\n")

    with pytest.raises(
        StoreFailed, match=r"PostgreSQL 12, the installed program is 1\d: move it with pg_dumpall"
    ) as failed:
        await EmbeddedStores(folder, only=frozenset({"postgres", "redis"})).start()

    assert failed.value.store == "postgres"
    assert all_gone(folder, 0.5)
    async with started(folder, wait=0):
        pass


async def test_a_program_that_does_not_run_here_is_told(folder: Path) -> None:
    folder.mkdir()
    plan = Plan(store="redis", command=[str(folder / "no-program")], folder=folder, signals=(signal.SIGTERM,))
    process = Process(plan)
    process.begin()

    async def never() -> None:
        raise ConnectionRefusedError

    with pytest.raises(StoreFailed, match="its program does not run on this machine") as failed:
        await process.answers(never, 5)

    assert failed.value.store == "redis"
    assert str(plan.log) in str(failed.value)


async def test_a_killed_redis_is_begun_again_with_what_it_knew(folder: Path) -> None:
    async with started(folder) as (stores, addresses):
        url = str(addresses.redis_url)
        async with redis.Redis.from_url(url) as client:
            await client.set("kept", "yes")
        watching = asyncio.create_task(stores.watch())
        (_, process) = stores._running[0]
        assert process.pid is not None

        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: not process.is_running)
        await until_holds(lambda: answers(url), 10)

        async with redis.Redis.from_url(url, decode_responses=True) as client:
            assert await client.get("kept") == "yes"
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


_CHILD = """
import asyncio, sys
from pathlib import Path
import asyncpg, redis.asyncio as redis
from pymongo import AsyncMongoClient
from core.embedded import EmbeddedStores
async def main():
    stores = EmbeddedStores(Path(sys.argv[1]), only=frozenset({"postgres", "redis", "mongo"}))
    at = await stores.start()
    database = await asyncpg.connect(at.database_url)
    await database.execute("CREATE TABLE kept (word text)")
    await database.execute("INSERT INTO kept VALUES ('yes')")
    await redis.Redis.from_url(at.redis_url).set("kept", "yes")
    await AsyncMongoClient(at.mongo_url).db.kept.insert_one({"_id": "yes"})
    print("written", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_a_parent_that_is_killed_leaves_no_process_and_loses_no_write(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert await asyncio.to_thread(child.stdout.readline) == "written\n"
    assert len(working_on(folder)) >= len(SERVERS)

    child.kill()
    child.wait()
    child.stdout.close()

    assert await asyncio.to_thread(all_gone, folder)
    assert database_of(folder) is not None
    async with started(folder, SERVERS) as (stores, addresses):
        database = await asyncpg.connect(addresses.database_url)
        assert await database.fetchval("SELECT word FROM kept") == "yes"
        await database.close()
        async with redis.Redis.from_url(str(addresses.redis_url), decode_responses=True) as client:
            assert await client.get("kept") == "yes"
        async with AsyncMongoClient[dict[str, str]](addresses.mongo_url) as documents:
            assert await documents.db.kept.find_one() == {"_id": "yes"}
        await _database_lost(stores)
    assert await asyncio.to_thread(all_gone, folder)


async def _database_lost(stores: EmbeddedStores) -> None:
    """A database that ends is lost for good, and says so."""
    process = next(process for server, process in stores._running if server.name == "postgres")
    assert process.pid is not None

    os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(StoreFailed, match="ended while it was in use") as lost:
        await asyncio.wait_for(stores.watch(), 10)
    assert lost.value.store == "postgres"


def test_a_folder_without_a_database_has_no_address(folder: Path) -> None:
    assert database_of(folder) is None
