"""Servers under measurement: started on the first core, fed from the second, and looked at through /proc (Linux)."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PEERS: Final = Path(__file__).parent / "peers"
_READY: Final = 60.0
_END: Final = 20.0
_PAUSE: Final = 0.1
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: seconds of CPU, and resident memory in kB, now and at its largest."""

    cpu: float
    resident: int
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    address: str
    pid: int

    def usage(self) -> Usage:
        """Look what it has used so far."""
        memory = dict(
            line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        )
        kilobytes = {name: int(memory[name].split()[0]) for name in ("VmRSS", "VmHWM")}
        return Usage(cpu=cpu_of(self.pid), resident=kilobytes["VmRSS"], peak=kilobytes["VmHWM"])


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used; 0 when it is gone."""
    try:
        times = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(times[11]) + int(times[12])) / _TICK


@asynccontextmanager
async def serving(command: Sequence[str], ready: str | None, **environ: str) -> AsyncIterator[Served]:
    """Run a server on a free port of this machine until the block ends. `ready` is a path that it answers; without
    one, it is ready when it listens.
    """
    port = _free_port()
    process = subprocess.Popen(  # noqa: ASYNC220, S603  (the command is ours, and this is no server)
        pinned(0, command), env={**os.environ, **environ, "PORT": str(port)}, stdout=subprocess.DEVNULL
    )
    try:
        await _answers(port, ready, process)
        yield Served(address=f"http://127.0.0.1:{port}", pid=process.pid)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, _END)


def product(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return how the product itself is run: all walls, limits and accounts on, with room for many sockets."""
    sockets = {f"SOCKETS_PER_{each}": "20000" for each in ("USER", "ADDRESS", "WORKSPACE")}
    return [sys.executable, "-m", "server"], {"DATA_DIR": str(folder), "LOG_LEVEL": "warning", **sockets}


def has_node() -> bool:
    """Tell whether the peers can run; install their packages when they are missing."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return False
    if not (PEERS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=PEERS, check=True)  # noqa: S607
    return True


async def node(script: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """Run one of the peers' scripts on the second core; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *pinned(1, ["node", str(PEERS / script), json.dumps(order)]), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        message = f"{script} failed"
        raise RuntimeError(message)
    return json.loads(out.splitlines()[0])


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command that runs another on one core, where that can be."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(core), *command] if taskset and (os.cpu_count() or 1) > core else list(command)


async def _answers(port: int, ready: str | None, process: subprocess.Popen[bytes]) -> None:
    for _ in range(int(_READY / _PAUSE)):
        if process.poll() is not None:
            break
        try:
            await asyncio.to_thread(_look, port, ready)
        except OSError:
            await asyncio.sleep(_PAUSE)
        else:
            return
    message = f"{process.args} does not answer"
    raise RuntimeError(message)


def _look(port: int, ready: str | None) -> None:
    if ready is None:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=2):
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
