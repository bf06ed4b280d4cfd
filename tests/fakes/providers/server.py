"""A model provider on loopback: a real server that answers in a provider's format, and misbehaves as it is told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.fakes.providers.wire import Answer, Json, Wire

_CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MODERATED = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
"""The categories that OpenAI moderates by."""


class Mood(StrEnum):
    """How the server behaves."""

    ANSWERS = "answers"
    FAILS = "fails"
    """It says `status`, with `retry_after` when there is one."""
    HANGS = "hangs"
    """It takes the request, and says nothing."""
    STALLS = "stalls"
    """It falls silent after the first pieces."""
    CUTS = "cuts"
    """It drops the connection after the first pieces."""
    DROPS = "drops"
    """It drops the connection before the first piece."""
    STOPS_SHORT = "stops short"
    """It ends the response cleanly after the first pieces, without the format's last word."""
    GARBAGE = "garbage"
    """It sends text that is no JSON."""
    GARBAGE_LATER = "garbage later"
    """It sends text that is no JSON after the first pieces."""
    SAYS_SO_LATER = "says so later"
    """It says in the stream, after the first pieces, that it failed."""
    PAGE = "page"
    """It says 200, and sends a web page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What to do with a request: the mood, and seconds before the first frame and before each one."""

    mood: Mood = Mood.ANSWERS
    status: int = 500
    retry_after: str | None = None
    answer: Answer = field(default_factory=Answer)
    delay: float = 0.0
    between: float = 0.0
    torn: bool = False
    """Whether each byte is sent by itself."""
    as_asked: bool = False
    """Whether the answer is given as a tool's arguments when the question has tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the server says to OpenAI's question for a moderation: flagged categories with their scores."""

    flags: Mapping[str, float] = field(default_factory=dict[str, float])
    status: int = 200
    delay: float = 0.0
    body: Json | None = None
    """What it says instead, where it is not what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: Json
    at: float


class ProviderServer:
    """One server. `behaviours` are used in order, and the last one from then on."""

    def __init__(self, wire: Wire, behaviours: Sequence[Behaviour] = ()) -> None:
        self.wire = wire
        self.received: list[Received] = []
        self.judgement = Judgement()
        self.judged: list[Received] = []
        """Requests for a moderation, which are no questions to a model."""
        self.streaming = 0
        self.abandoned = 0
        """How many streams the client closed before their end."""
        self.abandoned_at = 0.0
        self.port = 0
        self.connections = 0
        self._behaviours = list(behaviours) or [Behaviour()]
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def behave(self, *behaviours: Behaviour) -> None:
        """Be like this from now on."""
        self._behaviours = list(behaviours)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ProviderServer"]:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await self.leave()

    async def leave(self) -> None:
        """Be gone: nothing listens any more. May be repeated."""
        if self._server is not None:
            self._server.close()
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._serve(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; return whether the connection may be used again."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
        request = Received(path=path, headers=headers, body=body, at=time.perf_counter())
        if path.endswith("/v1/moderations"):
            self.judged.append(request)
            return await self._judge(writer)
        self.received.append(request)
        if method == "GET":
            return await _send(writer, 200, {"object": "list", "data": [{"id": "llama3.2:latest"}, {"id": "qwen3:4b"}]})
        if self.wire.path not in path:
            return await _send(writer, 404, self.wire.error(404))
        behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        gone = asyncio.create_task(reader.read(1))
        acting = asyncio.create_task(self._act(behaviour, body, writer))
        self.streaming += 1
        try:
            await asyncio.wait({gone, acting}, return_when=asyncio.FIRST_COMPLETED)
            if not acting.done():
                self.abandoned += 1
                self.abandoned_at = time.perf_counter()
                return False
            return acting.result() and not gone.done()
        finally:
            self.streaming -= 1
            for each in (gone, acting):
                each.cancel()
            await asyncio.gather(gone, acting, return_exceptions=True)

    async def _judge(self, writer: asyncio.StreamWriter) -> bool:
        asked = self.judgement
        await asyncio.sleep(asked.delay)
        if self.wire.name != "openai" or asked.status != 200:
            return await _send(writer, max(asked.status, 400), self.wire.error(asked.status))
        scores = {name: asked.flags.get(name, 0.0001) for name in MODERATED}
        result = {
            "flagged": bool(asked.flags),
            "categories": {name: name in asked.flags for name in MODERATED},
            "category_scores": scores,
            "category_applied_input_types": {name: ["text"] for name in MODERATED},
        }
        return await _send(writer, 200, asked.body or {"id": "modr-1", "model": "omni", "results": [result]})

    async def _act(self, behaviour: Behaviour, body: Json, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(behaviour.delay)
        match behaviour.mood:
            case Mood.HANGS:
                await asyncio.sleep(3600)
            case Mood.FAILS:
                after = behaviour.retry_after
                error = self.wire.error(behaviour.status)
                return await _send(writer, behaviour.status, error, {"retry-after": after} if after else {})
            case Mood.PAGE:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>")
                await writer.drain()
                return True
            case _:
                return await self._stream(behaviour, body, writer)
        return False

    def _frames(self, behaviour: Behaviour, body: Json) -> list[bytes]:
        by_tool = behaviour.answer.is_tool_call or (behaviour.as_asked and bool(body.get("tools")))
        frames = self.wire.frames(replace(behaviour.answer, is_tool_call=by_tool), body)
        garbage = b"data: {this is no json\n\n"
        match behaviour.mood:
            case Mood.ANSWERS:
                return frames
            case Mood.GARBAGE:
                return [garbage]
            case Mood.GARBAGE_LATER:
                return [*frames[:4], garbage]
            case Mood.SAYS_SO_LATER:
                return [*frames[:4], self.wire.late_error]
            case _:
                return frames[:4]

    async def _stream(self, behaviour: Behaviour, body: Json, writer: asyncio.StreamWriter) -> bool:
        frames = self._frames(behaviour, body)
        writer.write(_CHUNKED)
        if behaviour.mood is Mood.DROPS:
            await writer.drain()
            return False
        for frame in frames:
            await asyncio.sleep(behaviour.between)
            for part in [frame[i : i + 1] for i in range(len(frame))] if behaviour.torn else [frame]:
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                if behaviour.torn:
                    await writer.drain()
                    await asyncio.sleep(0)
        await writer.drain()
        if behaviour.mood is Mood.STALLS:
            await asyncio.sleep(3600)
        if behaviour.mood is Mood.CUTS:
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def _send(writer: asyncio.StreamWriter, status: int, body: Json, headers: dict[str, str] | None = None) -> bool:
    payload = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} -", "content-type: application/json", f"content-length: {len(payload)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
    await writer.drain()
    return True
