"""One server process: begun so that it cannot outlive us, asked until it answers, and ended within a limit.

Not a supervisor: what is begun again, and how often, is decided in `core.embedded.stores`.
"""

import asyncio
import ctypes
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from core.embedded import launch

_LAUNCHER: Final = Path(launch.__file__)
_TAIL: Final = 1_500
_PROBE: Final = 3.0
_PAUSE: Final = 0.03
_PATIENCE: Final = 8.0
_TRIAL: Final = 10.0
# Linux ends a server with us, and it needs a moment for that; elsewhere only we can
_LINGER: Final = 8.0 if sys.platform == "linux" else 0.0
_KEPT: Final = frozenset(
    {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV"}
)
_CAUSES: Final = (
    ("No space left on device", "the disk is full"),
    ("Read-only file system", "its folder is read-only"),
    ("cannot be run here", "its program does not run on this machine"),
)


class StoreFailed(Exception):
    """An embedded store could not be started, or ended. `tail` is the end of its log."""

    def __init__(self, store: str, reason: str, tail: str = "") -> None:
        self.store = store
        self.tail = tail
        super().__init__(f"The embedded {store} failed: {reason}" + (f"\n{tail}" if tail else ""))


class Identity(StrEnum):
    """As whom a server runs."""

    SELF = "self"
    NAMESPACE = "namespace"
    SETUID = "setuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one store is run: command, log and lock, and the signals that end it, mildest first; SIGKILL follows.

    `stale` are files of a server that was killed; `nudge` makes a server notice that it was asked to end.
    """

    store: str
    command: Sequence[str]
    folder: Path
    signals: tuple[signal.Signals, ...]
    identity: Identity = Identity.SELF
    stale: tuple[Path, ...] = ()
    nudge: Callable[[], Awaitable[None]] | None = None

    @property
    def log(self) -> Path:
        """The file with the server's own words."""
        return self.folder / f"{self.store}.log"

    @property
    def lock(self) -> Path:
        """The file that the server holds locked while it lives."""
        return self.folder / f"{self.store}.lock"


@cache
def unprivileged() -> Identity:
    """Say how a server that refuses to be root can run: as ourselves, in a user namespace, or by setuid."""
    if os.geteuid() != 0:
        return Identity.SELF
    trial = subprocess.run(  # noqa: S603
        _launcher(["/bin/true"], signal.SIGKILL, Identity.NAMESPACE), capture_output=True, check=False, timeout=_TRIAL
    )
    return Identity.NAMESPACE if trial.returncode == 0 else Identity.SETUID


def package(module: str, store: str, variable: str) -> Path:
    """Find a package without importing it: its own launchers make users and open folders.

    Raises:
        StoreFailed: it is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise StoreFailed(store, f"its package is not installed: install the extra `embedded` or set {variable}.")
    return Path(spec.origin).parent


def program(file: Path | None, store: str, variable: str) -> str:
    """Return a program's path.

    Raises:
        StoreFailed: the package came without it.
    """
    if file is None or not file.is_file():
        raise StoreFailed(store, f"its package has no program for this machine: set {variable}.")
    return str(file)


def _launcher(command: Sequence[str], number: int, identity: Identity, plan: Plan | None = None) -> list[str]:
    order: launch.Order = {
        "parent": os.getpid(),
        "signal": int(number),
        "identity": identity.value,
        "lock": str(plan.lock) if plan else "",
        "linger": _LINGER,
        "stale": [str(file) for file in plan.stale] if plan else [],
        "command": list(command),
    }
    return [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(order)]


class Process:
    """A server of ours. Begin it in the main thread or one that lives as long: Linux ends it with that thread."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._popen: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the server, away from the terminal's signals and from our environment's secrets."""
        if self.plan.log.exists():
            self.plan.log.replace(self.plan.log.with_suffix(".log.1"))
        log = os.open(self.plan.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._popen = subprocess.Popen(  # noqa: S603  (the command is ours)
                _launcher(self.plan.command, self.plan.signals[0], self.plan.identity, self.plan),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if name in _KEPT},
                start_new_session=True,
            )
        finally:
            os.close(log)

    @property
    def pid(self) -> int | None:
        """The number of the process, once begun."""
        return self._popen.pid if self._popen is not None else None

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._popen is not None and self._popen.poll() is None

    async def answers(self, probe: Callable[[], Awaitable[object]], patience: float) -> None:
        """Ask until there is an answer.

        Raises:
            StoreFailed: the process ended, or did not answer within so many seconds.
        """
        deadline = time.monotonic() + patience
        while True:
            if not self.is_running:
                raise self.failure("it ended")
            try:
                async with asyncio.timeout(_PROBE):
                    await probe()
            except StoreFailed:
                raise
            except Exception as error:  # each driver has its own words for "not yet"; the last is told
                if time.monotonic() > deadline:
                    raise self.failure(f"it did not answer within {patience:.0f} s") from error
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def finishes(self, patience: float) -> None:
        """Wait for a program that ends by itself.

        Raises:
            StoreFailed: it ended with an error, or not within so many seconds.
        """
        try:
            if not await self._gone(patience):
                raise self.failure(f"it did not finish within {patience:.0f} s")
        finally:
            await self.end()
        if self._popen is not None and self._popen.returncode != 0:
            raise self.failure("it could not be prepared")

    def failure(self, what: str) -> StoreFailed:
        """Describe what happened, with the end of the server's log."""
        words = self.plan.log.read_text(encoding="utf-8", errors="replace") if self.plan.log.exists() else ""
        tail = words[-_TAIL:].strip()
        cause = next((known for sign, known in _CAUSES if sign in tail), what)
        return StoreFailed(self.plan.store, f"{cause}. Its log is {self.plan.log}.", tail)

    async def end(self) -> signal.Signals | None:
        """Ask the server to end, ever more firmly; return the signal that did it, None when it had ended before."""
        if self._popen is None or self._popen.poll() is not None:
            return None
        for number in (*self.plan.signals, signal.SIGKILL):
            self._signal(number)
            if await self._gone(_PATIENCE, self.plan.nudge):
                return number
        raise self.failure("it cannot be ended")

    def _signal(self, number: signal.Signals) -> None:
        """Signal the main thread: Python heeds signals there alone, and Linux may give a process's to any thread."""
        if self._popen is None or self._popen.poll() is not None:
            return
        to_thread = getattr(ctypes.CDLL(None), "tgkill", None)
        if to_thread is None:
            self._popen.send_signal(number)
        else:
            to_thread(self._popen.pid, self._popen.pid, number.value)

    async def _gone(self, patience: float, nudge: Callable[[], Awaitable[None]] | None = None) -> bool:
        deadline = time.monotonic() + patience
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            if nudge is not None:
                await nudge()
            await asyncio.sleep(_PAUSE)
        return True
