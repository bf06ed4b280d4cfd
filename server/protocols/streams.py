"""Streams of answers over HTTP: server-sent events (graphql-sse, distinct connections) and multipart (Apollo).

Both keep a quiet line alive, and end their generator when the client hangs up.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Send

from server.engine import Answer
from server.protocols import asgi
from server.protocols.negotiation import Form

_BOUNDARY: Final = "graphql"
_HEADERS: Final = [(b"cache-control", b"no-cache, no-transform"), (b"x-accel-buffering", b"no")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """After how many quiet seconds a sign of life is sent, and how many a frame may wait for a client to read."""

    quiet: float = 12.0
    patience: float = 30.0


class _Events:
    """Frames of `text/event-stream`. Lines end with LF: clients split frames at an empty line of that kind."""

    kind = f"{Form.EVENTS.value}; charset=utf-8"
    start = b""
    quiet = b":\n\n"
    end = b"event: complete\ndata:\n\n"

    @staticmethod
    def frame(answer: Answer) -> bytes:
        cursor = b"" if answer.cursor is None else b"id: " + answer.cursor.encode() + b"\n"
        return b"event: next\n" + cursor + b"data: " + asgi.encoded(answer.body) + b"\n\n"


class _Parts:
    """Parts of `multipart/mixed`, in Apollo's protocol for subscriptions (version 1.0).

    Each ends with its boundary: a client that has not seen that waits for the rest of the part.
    """

    kind = f'{Form.MULTIPART.value}; boundary="{_BOUNDARY}"; subscriptionSpec="1.0"'
    _head = b"\r\ncontent-type: application/json\r\n\r\n"
    start = f"\r\n--{_BOUNDARY}".encode()
    quiet = _head + b"{}" + start
    end = b"--\r\n"

    @classmethod
    def frame(cls, answer: Answer) -> bytes:
        return cls._head + asgi.encoded({"payload": answer.body}) + cls.start


_FRAMES: Final = {Form.EVENTS: _Events, Form.MULTIPART: _Parts}


async def send_one(form: Form, answer: Answer, send: Send) -> None:
    """Send a stream of one answer."""
    frames = _FRAMES[form]
    await _begin(form, send)
    await send({"type": "http.response.body", "body": frames.start + frames.frame(answer) + frames.end})


async def send_all(form: Form, answers: AsyncGenerator[Answer], receive: Receive, send: Send, pace: Pace) -> None:
    """Send answers as they come, until there are no more or the client hangs up."""
    frames = _FRAMES[form]
    await _begin(form, send)
    if frames.start:
        await send({"type": "http.response.body", "body": frames.start, "more_body": True})
    async with aclosing(answers):
        writing = asyncio.create_task(_write(frames, answers, send, pace), name="stream")
        leaving = asyncio.create_task(_gone(receive), name="stream's client")
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (writing, leaving):
                each.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)


async def _begin(form: Form, send: Send) -> None:
    headers = [(b"content-type", _FRAMES[form].kind.encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _write(frames: type[_Events] | type[_Parts], answers: AsyncGenerator[Answer], send: Send, pace: Pace) -> None:
    """Write each answer when it is there, and a sign of life when it is quiet. A client that does not read is left."""
    coming: asyncio.Task[Answer | None] | None = None
    try:
        while True:
            coming = coming or asyncio.create_task(_next(answers), name="next of a stream")
            await asyncio.wait({coming}, timeout=pace.quiet)
            frame = frames.quiet
            if coming.done():
                answer, coming = coming.result(), None
                if answer is None:
                    break
                frame = frames.frame(answer)
            async with asyncio.timeout(pace.patience):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
    await send({"type": "http.response.body", "body": frames.end})


async def _next(answers: AsyncGenerator[Answer]) -> Answer | None:
    return await anext(answers, None)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
