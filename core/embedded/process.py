"""One server process: begun so that it cannot outlive us, asked until it answers, and ended within a limit."""

import asyncio
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


class StoreFailed(Exception):
    """An embedded store could not be started, or ended. Says which, and the end of its log."""

    def __init__(self, store: str, reason: str) -> None:
        self.store = store
        super().__init__(f"The embedded {store} failed: {reason}")


class Identity(StrEnum):
    """As whom a server runs."""

    SELF = "self"
    NAMESPACE = "namespace"
    SETUID = "setuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one store is run: its command, its log and lock, and the signal that ends it."""

    store: str
    command: Sequence[str]
    folder: Path
    stop: signal.Signals
    identity: Identity = Identity.SELF

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
    command = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), "15", "namespace", "", "--", "/bin/true"]
    trial = subprocess.run(command, capture_output=True, check=False, timeout=10)  # noqa: S603
    return Identity.NAMESPACE if trial.returncode == 0 else Identity.SETUID


def launcher(plan: Plan, *, holds_lock: bool = True) -> list[str]:
    """Return the command that becomes the server."""
    lock = str(plan.lock) if holds_lock else ""
    mine = [str(os.getpid()), str(int(plan.stop)), plan.identity.value, lock, "--"]
    return [sys.executable, "-I", "-S", str(_LAUNCHER), *mine, *plan.command]


class Process:
    """A running server. Begin it in the main thread: Linux ends it with the thread that began it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._popen: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the server."""
        with self.plan.log.open("ab") as log:
            log.truncate(0)
            self._popen = subprocess.Popen(  # noqa: S603  (the command is ours)
                launcher(self.plan), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, close_fds=True
            )

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
            except Exception as error:
                if time.monotonic() > deadline:
                    raise self.failure(f"it did not answer within {patience:.0f} s") from error
                await asyncio.sleep(_PAUSE)
            else:
                return

    def failure(self, what: str) -> StoreFailed:
        """Describe what happened, with the end of the server's log."""
        words = self.plan.log.read_text(encoding="utf-8", errors="replace")[-_TAIL:] if self.plan.log.exists() else ""
        return StoreFailed(self.plan.store, f"{what}.\n{words.strip()}".strip())

    async def end(self, patience: float = 10.0) -> None:
        """Ask the server to end; kill it when it does not."""
        if self._popen is None or self._popen.poll() is not None:
            return
        self._popen.send_signal(self.plan.stop)
        if not await self._gone(patience):
            self._popen.kill()
            await self._gone(patience)

    async def _gone(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_PAUSE)
        return True
