"""The connection under the endpoint: what HTTP/1.1 promises holds for the shorter way too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from server.protocols.connection import Connection, _line
from tests.fixtures.waiting import until

BODY = b'{"data":null}'
POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n"
WAIT = 10.0


async def whole(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was sent."""
    del scope
    message = await receive()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(message["body"]))]}
    )
    await send({"type": "http.response.body", "body": message["body"]})


def parts(*bodies: bytes, length: int | None = len(BODY), start: bool = True) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        headers = [] if length is None else [(b"Content-Length", b"%d" % length)]
        if start:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        for place, body in enumerate(bodies):
            await send({"type": "http.response.body", "body": body, "more_body": place + 1 < len(bodies)})

    return answer


@asynccontextmanager
async def talking(app: ASGIApp, idle: int = 5) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Serve an application; yield both ends of a connection to it."""
    config = uvicorn.Config(
        app,
        port=0,
        http=Connection,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=idle,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve(), name="server")
    await until(lambda: server.started)
    reader, writer = await asyncio.open_connection(*server.servers[0].sockets[0].getsockname())
    try:
        async with asyncio.timeout(WAIT):
            yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await asyncio.wait_for(serving, WAIT)


async def answered(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read an answer that tells its length: its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(each.split(b":")[1]) for each in head.split(b"\r\n") if each.startswith(b"content-length"))
    return head, await reader.readexactly(length)


async def test_requests_that_do_not_wait_are_answered_in_their_order() -> None:
    async with talking(whole) as (reader, writer):
        writer.write(b"".join(POST + b"\r\n%02d" % number for number in range(20)))

        bodies = [(await answered(reader))[1] for _ in range(20)]

    assert bodies == [b"%02d" % number for number in range(20)]


async def test_a_connection_goes_on_until_its_client_says_that_it_ends() -> None:
    async with talking(whole) as (reader, writer):
        for _ in range(3):
            writer.write(POST + b"\r\n{}")
            assert b"connection" not in (await answered(reader))[0]

        writer.write(POST + b"connection: close\r\n\r\n{}")
        head, body = await answered(reader)

        assert b"connection: close" in head
        assert body == b"{}"
        assert await reader.read() == b""


async def test_an_older_client_is_answered_and_left() -> None:
    async with talking(whole) as (reader, writer):
        writer.write(POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n{}")

        assert b"connection: close" in (await answered(reader))[0]
        assert await reader.read() == b""


async def test_a_connection_on_which_nothing_comes_is_closed() -> None:
    async with talking(whole, idle=1) as (reader, writer):
        for _ in range(2):
            writer.write(POST + b"\r\n{}")
            await answered(reader)

        assert await reader.read() == b""


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on() -> None:
    async with talking(whole) as (reader, writer):
        writer.write(POST + b"expect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")

        assert (await answered(reader))[1] == b"{}"


async def test_a_body_that_comes_in_parts_is_the_same_answer() -> None:
    async with talking(parts(BODY[:3], BODY[3:], b"")) as (reader, writer):
        writer.write(POST + b"\r\n{}")
        assert (await answered(reader))[1] == BODY


async def test_a_body_without_a_length_comes_in_chunks() -> None:
    async with talking(parts(BODY, length=None)) as (reader, writer):
        writer.write(POST + b"\r\n{}")

        head = await reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        assert await reader.readuntil(b"0\r\n\r\n") == b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize("app", [parts(BODY, length=3), parts(BODY, length=99), parts(length=3)])
async def test_an_answer_that_is_not_as_long_as_it_says_ends_the_connection(app: ASGIApp) -> None:
    async with talking(app) as (reader, writer):
        writer.write(POST + b"\r\n{}")

        assert BODY + b"HTTP" not in await reader.read()


async def test_an_application_that_does_not_answer_is_a_failure() -> None:
    async with talking(parts(start=False)) as (reader, writer):
        writer.write(POST + b"\r\n{}")

        assert (await reader.readline()).startswith(b"HTTP/1.1 500")


@pytest.mark.parametrize("header", [(b"x-a", b"b\r\nset-cookie: c"), (b"x-a: b\r\nx", b"c"), (b"x a", b"b")])
def test_no_header_holds_another(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(RuntimeError):
        _line(header)
