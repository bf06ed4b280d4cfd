"""A model provider for load, in a process of its own on loopback: chat completions, as it is told.

It is told in its address (`http://127.0.0.1:PORT/status=500`) or anywhere in the question: `pieces=600 rate=60` is an
answer of 600 pieces, 60 a second. What is not said is ordinary: 20 pieces, as fast as they are read. Each piece is a
word, in an event and a chunk of HTTP of its own, as providers send them. With a rate every fourth piece holds when it
was written: microseconds of this machine's monotonic clock. With a response format the answer is a mood in its shape.
"""

import asyncio
import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
import uvloop

_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_TALK: Final = "Olá! Temos sim, e a entrega é feita amanhã cedo , no mesmo endereço de antes ."
_WORDS: Final = _TALK.split()
_MOOD: Final = '{"label":"positive","score":0.9,"confidence":0.8,"emotions":[]}'
_COUNTS: Final = {"prompt_tokens": 120, "completion_tokens": 20, "total_tokens": 140}
_AT_ONCE: Final = 200
_STAMPED: Final = 4
_ORDER: Final = re.compile(r"\b(pieces|rate|status)=(\d+)")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

_MOMENT: Final = re.compile(r"⌁(\d+)")


def moments(text: str) -> list[int]:
    """Return when the pieces of a text were written, in microseconds of `time.monotonic_ns`."""
    return [int(each) for each in _MOMENT.findall(text)]


def _chunk(data: bytes) -> bytes:
    event = b"data: %s\n\n" % data
    return b"%x\r\n%s\r\n" % (len(event), event)


def _said(model: str, delta: Mapping[str, Any], finish: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    return _chunk(orjson.dumps({**head, "choices": choices, **more}))


class _Talk(asyncio.Protocol):
    """One connection: a request at a time."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._received = b""
        self._task: asyncio.Task[None] | None = None
        self._can_write = asyncio.Event()
        self._can_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._can_write.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._can_write.clear()

    def resume_writing(self) -> None:
        self._can_write.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if not end or len(rest) < size:
            return
        self._received = rest[size:]
        asked: dict[str, Any] = orjson.loads(rest[:size]) if size else {}
        said = head.partition(b"\r\n")[0] + rest[:size]
        order = dict(_ORDER.findall(said.decode()))
        status = int(order.get("status", 200))
        if not asked or status != 200:
            self._answer(status, {"error": {"message": "no", "code": None}})
        elif not asked.get("stream"):
            self._answer(200, _whole(asked, order))
        else:
            self._task = asyncio.create_task(self._stream(asked, order))

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        payload = orjson.dumps(body)
        head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
        self._transport.write(head.encode() + payload)

    async def _stream(self, asked: Mapping[str, Any], order: Mapping[str, str]) -> None:
        model, rate = asked["model"], float(order.get("rate", 0))
        loop = asyncio.get_running_loop()
        due = loop.time()
        self._transport.write(_HEAD + _said(model, {"role": "assistant", "content": ""}))
        for place, piece in enumerate(_pieces(asked, order)):
            if rate:
                due += 1 / rate
                await asyncio.sleep(due - loop.time())
            elif place % _AT_ONCE == 0:
                await self._can_write.wait()
            self._transport.write(_said(model, {"content": piece}))
        usage = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": []}
        last = _said(model, {}, "stop") + _chunk(orjson.dumps({**usage, "usage": _COUNTS})) + _chunk(b"[DONE]")
        self._transport.write(last + b"0\r\n\r\n")


def _pieces(asked: Mapping[str, Any], order: Mapping[str, str]) -> Iterator[str]:
    if "response_format" in asked:
        yield from re.findall(".{1,4}", _MOOD)
        return
    for place in range(int(order.get("pieces", 20))):
        word = _WORDS[place % len(_WORDS)]
        stamp = f"⌁{time.monotonic_ns() // 1_000}" if "rate" in order and place % _STAMPED == 0 else ""
        yield f" {word}{stamp}" if place else word + stamp


def _whole(asked: Mapping[str, Any], order: Mapping[str, str]) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(_pieces(asked, order)), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"]}
    return {**head, "choices": [choice], "usage": _COUNTS}


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Talk, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
