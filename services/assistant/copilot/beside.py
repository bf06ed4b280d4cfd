"""Work that is begun beside a question, and ends with it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

T = TypeVar("T")

_END: Final = 1.0


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
        """Wait for what nobody waits for any more, within a second, and cancel it then. What asks a store is not cut
        off at once: the store's client would leave a connection that it opens meanwhile unclosed. What failed is
        nobody's concern.
        """
        running = {each for each in self._works if not each.done()}
        if running:
            _, late = await asyncio.wait(running, timeout=_END)
            for each in late:
                each.cancel()
            if late:
                await asyncio.wait(late, timeout=_END)
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
