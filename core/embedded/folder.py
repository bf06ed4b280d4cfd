"""The data folder: for its owner's eyes only, and for one process at a time."""

import asyncio
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_SOCKET_LONGEST: Final = 107
_LONGEST_NAME: Final = "/.s.PGSQL.5432.lock"
_PAUSE: Final = 0.1


class FolderInUse(Exception):
    """Another process works with the data folder."""


class FolderUnusable(Exception):
    """The data folder cannot be used. Says why, and what would help."""


class Folder:
    """A locked data folder, with a place for sockets."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self._lock: int | None = None
        self._sockets: Path | None = None

    @property
    def sockets(self) -> Path:
        """Where sockets are made: inside, or in a private folder elsewhere when their paths would be too long."""
        if self._sockets is None:
            inside = self.path / "sockets"
            is_short = len(os.fsencode(str(inside))) + len(_LONGEST_NAME) <= _SOCKET_LONGEST
            self._sockets = self._private(inside) if is_short else Path(tempfile.mkdtemp(prefix="whatshybrid-"))
        return self._sockets

    async def lock(self, patience: float, progress: Callable[[str], None]) -> None:
        """Take the folder.

        Raises:
            FolderUnusable: it cannot be made, or is somebody else's.
            FolderInUse: another process had it for the whole time that we were willing to wait.
        """
        self._private(self.path)
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline, is_told = time.monotonic() + patience, False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = (
                    os.pread(handle, 500, 0).decode(errors="replace").strip() or "a process that did not say who it is"
                )
                if time.monotonic() > deadline:
                    os.close(handle)
                    message = f"{self.path} is in use by {holder}. Stop it, or set DATA_DIR and PORT to others."
                    raise FolderInUse(message) from None
                if not is_told:
                    progress(f"Waiting for {self.path}, which is in use by {holder} ...")
                    is_told = True
                await asyncio.sleep(_PAUSE)
            else:
                break
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} ({_command()})".encode(), 0)
        self._lock = handle

    def unlock(self) -> None:
        """Give the folder back."""
        if self._sockets is not None and self._sockets.parent != self.path:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def _private(self, path: Path) -> Path:
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = path.stat()
            if found.st_uid != os.geteuid():
                message = f"{path} belongs to another user: set DATA_DIR to a folder of your own."
                raise FolderUnusable(message)
            if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
                path.chmod(stat.S_IRWXU)
        except OSError as error:
            message = f"{path} cannot be used ({error.strerror}): set DATA_DIR to a folder that can be written."
            raise FolderUnusable(message) from error
        return path


def _command() -> str:
    try:
        return Path("/proc/self/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "whatshybrid"
