"""The data folder: for its owner's eyes only, and for one process at a time. Knows nothing of what is kept in it."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from core.embedded.launch import NOBODY
from core.embedded.process import StoreFailed

# sun_path has 108 bytes on Linux (unix(7)), 104 on macOS, the last one being zero
_SOCKET_LONGEST: Final = 107 if sys.platform == "linux" else 103
_LONGEST_NAME: Final = "/.s.PGSQL.5432"
_PAUSE: Final = 0.1
_TOLD_OF_HOLDER: Final = 300


class FolderInUse(Exception):
    """Another process works with the data folder. Names it."""


class FolderUnusable(StoreFailed):
    """The data folder cannot be used. Says why, and what would help."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__("stores", f"{path} {why}: set DATA_DIR to a folder of its own that can be written.")


class Folder:
    """A locked data folder, with a place for sockets. `held` is given back together with the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.held = ExitStack()
        self._sockets: Path | None = None

    @property
    def sockets(self) -> Path:
        """Where sockets are made: inside, or in a private folder elsewhere when their paths would be too long."""
        if self._sockets is None:
            inside = self.path / "sockets"
            self._sockets = self._private(inside) if _fits(inside) else self._outside()
        return self._sockets

    async def lock(self, patience: float, progress: Callable[[str], None]) -> None:
        """Take the folder; wait up to `patience` seconds for who has it.

        Raises:
            FolderUnusable: it cannot be made or written, or is somebody else's.
            FolderInUse: another process had it for the whole time.
        """
        self._private(self.path)
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            self.held.callback(os.close, handle)
            await self._wait(handle, patience, progress)
            os.ftruncate(handle, 0)
            command = " ".join(sys.orig_argv)[:_TOLD_OF_HOLDER]
            os.pwrite(handle, f"process {os.getpid()} ({command})".encode(errors="replace"), 0)
            self.held.callback(os.ftruncate, handle, 0)
        except OSError as error:
            self.unlock()
            raise FolderUnusable(self.path, f"cannot be used ({error.strerror})") from error
        except BaseException:
            self.unlock()
            raise

    def unlock(self) -> None:
        """Give the folder back, with all that was held for it."""
        self._sockets = None
        self.held.close()

    def open_to_nobody(self) -> None:
        """Let the user nobody pass to its own part, and make sockets: for a server that runs as nobody by setuid."""
        os.chown(self.path, -1, NOBODY)
        self.path.chmod(0o710)
        os.chown(self.sockets, -1, NOBODY)
        self.sockets.chmod(0o770)

    async def _wait(self, handle: int, patience: float, progress: Callable[[str], None]) -> None:
        deadline, is_told = time.monotonic() + patience, False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                said = os.pread(handle, 2 * _TOLD_OF_HOLDER, 0).decode(errors="replace").strip()
                holder = said or "a process that did not say who it is"
                if time.monotonic() >= deadline:
                    message = f"{self.path} is in use by {holder}. Stop it, or set DATA_DIR and PORT to others."
                    raise FolderInUse(message) from None
                if not is_told:
                    progress(f"Waiting for {self.path}, which is in use by {holder} ...")
                    is_told = True
                await asyncio.sleep(_PAUSE)
            else:
                return

    def _private(self, path: Path) -> Path:
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = path.stat()
            if found.st_uid != os.geteuid():
                raise FolderUnusable(path, "belongs to another user")
            if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
                if found.st_mode & stat.S_ISVTX or any(path in (at, *at.parents) for at in _shared()):
                    raise FolderUnusable(path, "is used for other things too, and would be closed to others")
                path.chmod(stat.S_IRWXU)
        except OSError as error:
            raise FolderUnusable(path, f"cannot be used ({error.strerror})") from error
        return path

    def _outside(self) -> Path:
        """Make a private folder with a short path; its name is always the same, so that none is left behind."""
        name = f"whatshybrid-{os.geteuid()}-{hashlib.sha256(os.fsencode(str(self.path))).hexdigest()[:12]}"
        for parent in _runtime_folders():
            path = parent / name
            if not _fits(path):
                continue
            path.mkdir(mode=0o700, exist_ok=True)
            # the name can be guessed, and others may write here: it must be a folder of ours, and no link
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise FolderUnusable(self.path, f"has a long path, and {path} belongs to another user")
            path.chmod(0o700)
            self.held.callback(shutil.rmtree, path, ignore_errors=True)
            return path
        raise FolderUnusable(self.path, "has a path too long for sockets")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(str(folder))) + len(_LONGEST_NAME) <= _SOCKET_LONGEST


def _shared() -> Iterator[Path]:
    for folder in (os.environ.get("HOME", "/"), ".", tempfile.gettempdir(), sys.prefix):
        yield Path(folder).resolve()


def _runtime_folders() -> Iterator[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir() and Path(runtime).stat().st_uid == os.geteuid():
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108  (a private folder in it, checked)
