"""Reading a foreign file in a process of its own: what hangs, grows or crashes there does so there alone."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from core.errors import DomainError
from services.knowledge.reading import values
from services.knowledge.reading.values import Fault, FileKind, FileTooComplex, FileUnreadable, Part, Read, ReadingBusy

_ROOT: Final = Path(__file__).resolve().parents[3]
_CHILD: Final = "services.knowledge.reading.child"
_ANSWER_MOST: Final = 16 * 1024 * 1024
_AT_ONCE: Final = 2
_END: Final = 5.0
_ERRORS: Final[dict[str, type[DomainError]]] = {
    each.__name__: each
    for each in vars(values).values()
    if isinstance(each, type) and issubclass(each, DomainError) and each.__module__ == values.__name__
}
_places = asyncio.Semaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may take: seconds, seconds of waiting for its turn, and bytes of memory."""

    seconds: float = 30.0
    waiting: float = 60.0
    memory: int = 1024 * 1024 * 1024


async def read(kind: FileKind, body: bytes, content_type: str | None, limits: Limits) -> Read:
    """Read a file within limits; at most two are read at once.

    Raises:
        ReadingBusy: its turn did not come in time.
        Invalid: it cannot be read; a leaf says why.
    """
    try:
        async with asyncio.timeout(limits.waiting):
            await _places.acquire()
    except TimeoutError:
        raise ReadingBusy from None
    try:
        return _understood(await _answered(kind, body, content_type, limits))
    finally:
        _places.release()


async def _answered(kind: FileKind, body: bytes, content_type: str | None, limits: Limits) -> bytes:
    head = {
        "kind": kind,
        "content_type": content_type,
        "memory": limits.memory,
        "seconds": max(1, round(limits.seconds)),
    }
    child = await _started()
    try:
        async with asyncio.timeout(limits.seconds):
            answer = await _exchanged(child, orjson.dumps(head) + b"\n" + body)
            code = await child.wait()
    except TimeoutError:
        raise FileTooComplex from None
    finally:
        await _ended(child)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        raise FileTooComplex
    if code != 0 or answer is None:
        raise FileUnreadable
    return answer


async def _started() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", **_needed()},
        start_new_session=True,
    )


def _needed() -> dict[str, str]:
    """Return what Python itself may need of the environment in order to start."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}


async def _exchanged(child: asyncio.subprocess.Process, given: bytes) -> bytes | None:
    """Hand the file over and read the answer; None when that is longer than any good one."""
    handing = asyncio.create_task(_handed(child, given))
    try:
        return await _limited(child)
    finally:
        handing.cancel()
        await asyncio.gather(handing, return_exceptions=True)


async def _handed(child: asyncio.subprocess.Process, given: bytes) -> None:
    if child.stdin is None:
        return
    try:
        child.stdin.write(given)
        await child.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # it has ended by itself, and its exit code says why
    finally:
        child.stdin.close()


async def _limited(child: asyncio.subprocess.Process) -> bytes | None:
    found = bytearray()
    while child.stdout is not None and (part := await child.stdout.read(65_536)):
        found += part
        if len(found) > _ANSWER_MOST:
            return None
    return bytes(found)


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, and wait until it is gone."""
    if child.returncode is None:
        try:
            child.kill()
        except ProcessLookupError:
            return
        async with asyncio.timeout(_END):
            await child.wait()


def _understood(answer: bytes) -> Read:
    given: Any = orjson.loads(answer)
    if "error" in given:
        raise _ERRORS.get(given["error"], FileUnreadable)(given["message"])
    found = given["read"]
    return Read(
        title=found["title"],
        text=found["text"],
        parts=None if found["parts"] is None else tuple(Part(**each) for each in found["parts"]),
        faults=tuple(Fault(**each) for each in found["faults"]),
        fault_count=found["fault_count"],
    )
