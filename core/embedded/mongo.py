"""A server that speaks MongoDB's protocol, from a wheel, in a process of its own.

It has no socket but a port of this machine, which any local user can reach: it asks for a password that only the data
folder's owner can read. It is talked to over its protocol only, never imported.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions

from core.embedded.folder import Folder
from core.embedded.place import NAME, Durability
from core.embedded.process import Plan, Process, StoreFailed, package

_OP_MSG: Final = 2013
_HEADER: Final = struct.Struct("<iiii")
_SECTION: Final = struct.Struct("<IB")
_LARGEST_REPLY: Final = 1 << 20
_READY: Final = 60.0
_ASK: Final = 5.0
_NUDGE: Final = 0.5
_USER_EXISTS: Final = 51003
_HOST: Final = "127.0.0.1"
_CODEC: Final[CodecOptions[dict[str, Any]]] = CodecOptions(document_class=dict)


class Mongo:
    """The document server. Durable, it answers a write when it is on the disk."""

    name: str = "mongo"
    restarts: int = 3

    def __init__(self, folder: Folder, durability: Durability) -> None:
        package("secantus", self.name, "MONGO_URL")
        self._folder = folder
        self._is_durable = durability == "durable"
        self._secret = folder.path / "mongo.password"
        self._port = _reserve(folder)

    @property
    def url(self) -> str:
        """The address, with the password."""
        password = self._secret.read_text(encoding="ascii")
        return f"mongodb://{NAME}:{password}@{_HOST}:{self._port}/?directConnection=true&authSource=admin"

    async def prepare(self) -> None:
        """Make the data folder, and in it the user: the server can only make one while it asks for no password.

        Raises:
            StoreFailed: the user could not be made, or was not the only one.
        """
        (self._folder.path / "mongo").mkdir(mode=0o700, exist_ok=True)
        # an empty file keeps it from reading one of the working directory or of the home
        self._settings.touch(mode=0o600)
        if self._secret.exists():
            return
        process = Process(self._plan())
        process.begin()
        password = secrets.token_urlsafe(32)
        try:
            await process.answers(self.probe, _READY)
            await self._make_user(password)
        except (OSError, EOFError) as error:
            raise process.failure("its user could not be made") from error
        finally:
            ended_by = await process.end()
        if ended_by is not signal.SIGTERM:
            raise process.failure("it ended before its user was kept")
        _keep(self._secret, password)

    def plan(self) -> Plan:
        """Return how to run it."""
        return self._plan("--auth")

    async def probe(self) -> None:
        """Ask for a sign of life with one message: a client would leave its monitors behind when it fails."""
        await self._ask({"ping": 1})

    @property
    def _settings(self) -> Path:
        return self._folder.path / "mongo.toml"

    def _plan(self, *more: str) -> Plan:
        command = [sys.executable, "-P", "-m", "secantus", "--config", str(self._settings), "--log-level", "WARNING"]
        command += ["--host", _HOST, "--port", str(self._port), "--storage-path", str(self._folder.path / "mongo")]
        command += ["--cache-size", "256M", *more]
        if self._is_durable:
            command.append("--sync-on-commit")
        return Plan(
            store=self.name,
            command=command,
            folder=self._folder.path,
            signals=(signal.SIGTERM,),
            nudge=self._nudge,
        )

    async def _make_user(self, password: str) -> None:
        rights = {"pwd": password, "roles": ["root"], "mechanisms": ["SCRAM-SHA-256"]}
        reply = await self._ask({"createUser": NAME, **rights})
        if reply.get("code") == _USER_EXISTS:
            reply = await self._ask({"updateUser": NAME, **rights})
        everybody = await self._ask({"find": "system.users", "projection": {"_id": 1}})
        users = [user["_id"] for user in everybody.get("cursor", {}).get("firstBatch", ())]
        if not reply.get("ok") or users != [f"admin.{NAME}"]:
            raise StoreFailed(self.name, "its user could not be made.")

    async def _ask(self, command: Mapping[str, object]) -> Mapping[str, Any]:
        body = _SECTION.pack(0, 0) + bson.encode({**command, "$db": "admin"})
        async with asyncio.timeout(_ASK):
            reader, writer = await asyncio.open_connection(_HOST, self._port)
            try:
                writer.write(_HEADER.pack(_HEADER.size + len(body), 1, 0, _OP_MSG) + body)
                length: int = _HEADER.unpack(await reader.readexactly(_HEADER.size))[0]
                if not _HEADER.size + _SECTION.size < length < _LARGEST_REPLY:
                    raise ConnectionError("this is not our server")
                reply = await reader.readexactly(length - _HEADER.size)
            finally:
                writer.close()
                await writer.wait_closed()
        return bson.BSON(reply[_SECTION.size :]).decode(_CODEC)

    async def _nudge(self) -> None:
        """Connect once: asked to end, it waits two seconds for a thread that only a new connection wakes."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_NUDGE):
                _, writer = await asyncio.open_connection(_HOST, self._port)
                writer.close()
                await writer.wait_closed()


def _reserve(folder: Folder) -> int:
    """Find a free port, and keep others from being given it; a server that reuses addresses can still listen on it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((_HOST, 0))
    port: int = held.getsockname()[1]
    if sys.platform == "linux":
        folder.held.callback(held.close)
    else:
        held.close()
    return port


def _keep(file: Path, text: str) -> None:
    """Write a file for the owner's eyes, whole or not at all."""
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
