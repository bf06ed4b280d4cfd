"""Work that is begun beside a question, and ends with it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

T = TypeVar("T")

_END: Final = 2.0


class Beside:
    """What one question has begun. Wait for each where it is needed: what fails before is told there."""

    def __init__(self) -> None:
        self._works: list[asyncio.Task[Any]] = []

    def begin(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Begin with something."""
        task = asyncio.create_task(work, name=name)
        self._works.append(task)
        return task

    async def end(self) -> None:
        """End what nobody waits for any more; what failed meanwhile is nobody's concern then."""
        running = [each for each in self._works if each.cancel()]
        if running:
            await asyncio.wait(running, timeout=_END)
        for each in self._works:
            if each.done() and not each.cancelled():
                each.exception()


@asynccontextmanager
async def working() -> AsyncGenerator[Beside]:
    """Hold around a question that begins work beside itself."""
    beside = Beside()
    try:
        yield beside
    finally:
        await beside.end()
