"""One measurement: load for some seconds, and the CPU that the server and its stores spent on it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.stage import Stage
from benchmarks.processes import Served, Usage, cpu_of, pinned

STORES_CORE: Final = 1
_REDIS: Final = ("valkey", "redis")
_ANSWER: Final = 120.0
_LINE: Final = 16 * 1024 * 1024
_BACKENDS: Final = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one measurement found. Times are milliseconds; CPU is that of one answer; `size` is in bytes."""

    answers: int
    per_second: float
    p50: float
    p95: float
    p99: float
    server: float
    database: float
    redis: float
    size: float
    faults: int
    machine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How to load a server."""

    bodies: Sequence[str]
    connections: int
    seconds: float


class Load:
    """The process that loads."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._number = 10_000_000

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncGenerator["Load"]:
        """Start it on the second core; it ends with the block."""
        command = pinned(STORES_CORE, [sys.executable, "-m", "benchmarks.peers.load"])
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=_LINE
        )
        try:
            yield cls(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()

    async def put(self, served: Served, order: Order, tokens: Sequence[str]) -> dict[str, Any]:
        """Load a server once."""
        given = {
            "port": int(served.address.rpartition(":")[2]),
            "bodies": order.bodies,
            "tokens": tokens,
            "connections": order.connections,
            "seconds": order.seconds,
            "number": self._number,
        }
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            message = "the load has no pipes"
            raise RuntimeError(message)
        into.write(json.dumps(given).encode() + b"\n")
        await into.drain()
        async with asyncio.timeout(_ANSWER):
            answer = json.loads(await out.readline())
        self._number = answer["number"]
        return answer

    async def measure(self, served: Served, stage: Stage, order: Order, tokens: Sequence[str]) -> Reading:
        """Load a server, and look what it cost. The figures of CPU hold all answers, those after the end as well."""
        backends = await _backends(stage)
        before = _spent(served, backends)
        found = await self.put(served, order, tokens)
        after = _spent(served, backends)
        if found["faults"]:
            sys.stderr.write(f"  {found['faults']} faults, such as: {found['example']}\n")
        answers = max(1, found["answers"])
        server, database, redis = ((new - old) * 1e3 / answers for new, old in zip(after, before, strict=True))
        return Reading(
            answers=found["answers"],
            per_second=found["perSecond"],
            p50=found["p50"],
            p95=found["p95"],
            p99=found["p99"],
            server=server,
            database=database,
            redis=redis,
            size=found["size"],
            faults=found["faults"],
            machine=os.getloadavg()[0],
        )


def usage_of(served: Served) -> Usage:
    """Look what a server and its children have used."""
    own = served.usage()
    return Usage(cpu=_cpu(tree(served.pid)), resident=own.resident, peak=own.peak)


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text(encoding="ascii").split():
                yield from tree(int(child))


def keep_to_stores_core() -> None:
    """Move this process, and what it starts from now on, to the second core."""
    if (os.cpu_count() or 1) > STORES_CORE:
        os.sched_setaffinity(0, {STORES_CORE})


async def _backends(stage: Stage) -> list[int]:
    """Return the database's processes that serve this run, moved to the second core where that is allowed."""
    found = [row["pid"] for row in await stage.ask(_BACKENDS)]
    if (os.cpu_count() or 1) > STORES_CORE:
        for pid in found:
            with suppress(PermissionError, ProcessLookupError):
                os.sched_setaffinity(pid, {STORES_CORE})
    return found


def _spent(served: Served, backends: Iterable[int]) -> tuple[float, float, float]:
    """Return the seconds of CPU of the server, of the database's processes, and of Redis."""
    redis = [pid for pid in tree(os.getpid()) if _command(pid).startswith(_REDIS)]
    return _cpu(tree(served.pid)), _cpu(backends), _cpu(redis)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")
    except OSError:
        return ""


def _cpu(pids: Iterable[int]) -> float:
    return sum(cpu_of(each) for each in pids)
