"""The client of the document store leaves nothing behind."""

import asyncio
import gc
import socket
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from core.documents import Documents


@contextmanager
def unanswered() -> Generator[socket.socket]:
    """A listener whose queue is full: whoever connects hears nothing."""
    with ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(deaf.getsockname())
        yield deaf


async def close_while_connecting(*, refused: bool) -> None:
    """Close a client whose connection is not answered, or is refused after a while."""
    with unanswered() as deaf:
        documents = Documents(f"mongodb://127.0.0.1:{deaf.getsockname()[1]}/?directConnection=true")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await documents.ping()
        closing = asyncio.create_task(documents.close())
        await asyncio.sleep(0)
        if refused:
            deaf.close()
        await closing


def left_open() -> list[str]:
    """Collect garbage; return what was not closed before it was thrown away."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        gc.collect()
    return [str(each.message) for each in said]


async def test_one_that_is_closed_while_it_connects_leaves_no_socket_open() -> None:
    left_open()

    await close_while_connecting(refused=True)

    assert left_open() == []


async def test_one_that_hears_nothing_at_all_is_closed_in_time() -> None:
    async with asyncio.timeout(4):
        await close_while_connecting(refused=False)

    left_open()
