"""The port, and connections that nobody reads from."""

import asyncio
import socket
import sys
import time

import pytest

from server.listening import held_port
from server.protocols.sockets import SocketLimits, Sockets, SocketsEnding


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_the_kernel_gives_up_a_connection_that_nobody_reads_from() -> None:
    with held_port("127.0.0.1", 0, unread=0.5) as held, socket.socket() as deaf:
        held.listen()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(held.getsockname())
        served, _ = held.accept()
        with served:
            served.setblocking(False)
            deadline = time.monotonic() + 20
            with pytest.raises(OSError, match=r"timed out|reset|Broken pipe"):  # noqa: PT012
                while time.monotonic() < deadline:
                    try:
                        served.send(b"x" * 65_536)
                    except BlockingIOError:
                        time.sleep(0.05)


async def test_a_stream_that_nobody_reads_ends_with_the_process_and_without_a_fault() -> None:
    sockets = Sockets(SocketLimits())

    async def stuck() -> str:
        with sockets.streaming("127.0.0.1", None):
            await asyncio.Event().wait()
        return "ended"

    stream = asyncio.create_task(stuck())
    await asyncio.sleep(0)
    await sockets.stop()
    await sockets.end_streams()

    assert stream.done()
    assert stream.result() == "ended"


async def test_a_body_that_does_not_arrive_ends_with_the_process_and_without_a_fault() -> None:
    sockets = Sockets(SocketLimits())

    async def waiting() -> str:
        try:
            with sockets.arriving():
                await asyncio.Event().wait()
        except SocketsEnding:
            return "ended"
        return "went on"

    request = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    await sockets.stop()
    await sockets.end_streams()

    assert await request == "ended"
