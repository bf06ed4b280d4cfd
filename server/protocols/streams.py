"""Streams of answers over HTTP: server-sent events (graphql-sse, distinct connections) and multipart (Apollo).

Both keep a quiet line alive, and end their generator when the client hangs up.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Send

from core.errors import DomainError
from server.engine import Answer
from server.engine.errors import shown
from server.protocols import asgi
from server.protocols.negotiation import Form

_BOUNDARY: Final = "graphql"
_HEADERS: Final = [(b"cache-control", b"no-cache, no-transform"), (b"x-accel-buffering", b"no")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """After how many quiet seconds a sign of life is sent, and how many a frame may wait for a client to read."""

    quiet: float = 12.0
    patience: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The answers of a subscription. `unwelcome` waits until its client may not listen any more, and says why."""

    answers: AsyncGenerator[Answer]
    unwelcome: Callable[[], Coroutine[Any, Any, DomainError]]


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


async def send_all(form: Form, followed: Followed, receive: Receive, send: Send, pace: Pace) -> None:
    """Send answers as they come, until there are no more, the client hangs up, or is not welcome any more."""
    frames = _FRAMES[form]
    await _begin(form, send)
    if frames.start:
        await send({"type": "http.response.body", "body": frames.start, "more_body": True})
    async with aclosing(followed.answers):
        writing = asyncio.create_task(_write(frames, followed, send, pace), name="stream")
        leaving = asyncio.create_task(asgi.hung_up(receive), name="stream's client")
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(writing, leaving)
        error = None if writing.cancelled() else writing.exception()
        if error is not None and not isinstance(error, TimeoutError | OSError):
            raise error


async def _begin(form: Form, send: Send) -> None:
    headers = [(b"content-type", _FRAMES[form].kind.encode()), *_HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _write(frames: type[_Events] | type[_Parts], followed: Followed, send: Send, pace: Pace) -> None:
    """Write each answer when it is there, and a sign of life when it is quiet. A client that does not read is left."""
    watching = asyncio.create_task(followed.unwelcome(), name="stream's watch")
    coming: asyncio.Task[Answer | None] | None = None
    try:
        while True:
            coming = coming or asyncio.create_task(_next(followed.answers), name="next of a stream")
            await asyncio.wait({coming, watching}, timeout=pace.quiet, return_when=asyncio.FIRST_COMPLETED)
            frame = frames.quiet
            if watching.done():
                frame = frames.frame(Answer(errors=[shown(watching.result())], is_refusal=True))
            elif coming.done():
                answer, coming = coming.result(), None
                if answer is None:
                    break
                frame = frames.frame(answer)
            async with asyncio.timeout(pace.patience):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            if watching.done():
                break
    finally:
        await _ended(watching, *([] if coming is None else [coming]))
    await send({"type": "http.response.body", "body": frames.end})


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _next(answers: AsyncGenerator[Answer]) -> Answer | None:
    return await anext(answers, None)
