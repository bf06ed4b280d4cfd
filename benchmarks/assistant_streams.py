"""Streams: how many pieces of an answer a core carries, and how much later the first one comes, beside bare clients.

The provider is another process that writes as fast as it is read, each piece in an event and a chunk of HTTP of its
own. What is counted is this process's CPU between the first piece and the last. Kinds take turns in each round.
"""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import uuid4

import httpx
import openai
import orjson

from ai.conversations import Speaker, Turn
from ai.messages import Delta, Message, Request, Role
from ai.outcomes import Delta as Said
from benchmarks.assistants import Bench, Figures, percentile, say
from models import Feature
from services.assistant import terms
from services.assistant.calls import Call
from services.assistant.copilot import events
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.wording import Reader
from services.assistant.copilot.writing import write
from services.assistant.preferences import Preferences

ROUNDS: Final = 5
PIECES: Final = 4_000
FIRSTS: Final = 60
_FEW: Final = 5
_LEAST: Final = 5_000
_MOST_LATER: Final = 5.0
_MODEL: Final = "gpt-4o-mini"
_ASKED: Final = "Vocês entregam amanhã cedo no mesmo endereço?"

Stream = Callable[[int], AsyncGenerator[str]]
"""Makes the texts of an answer in so many pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """One answer: milliseconds to its first piece, and CPU seconds from there to its end."""

    first_ms: float
    cpu: float


class Paths:
    """The ways from a provider to whoever reads."""

    def __init__(self, bench: Bench, call: Call, raw: httpx.AsyncClient, client: openai.AsyncOpenAI) -> None:
        self._bench = bench
        self._call = call
        self._raw = raw
        self._openai = client
        self._provider = call.providers["openai"]

    def kinds(self) -> Mapping[str, Stream]:
        """Return what is measured, by name."""
        return {
            "httpx, lines read and parsed": self.httpx,
            "openai's client": self.openai,
            "our driver": self.driver,
            "driver, failover and reader": self.read,
            "the copilot, to who follows": self.followed,
        }

    async def httpx(self, pieces: int) -> AsyncGenerator[str]:
        """Read events by hand."""
        asked = {"model": _MODEL, "stream": True, "messages": _said(pieces)}
        url = f"{self._bench.models}/v1/chat/completions"
        async with self._raw.stream("POST", url, json=asked) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    choices = orjson.loads(line[6:])["choices"]
                    if choices and (text := choices[0]["delta"].get("content")):
                        yield text

    async def openai(self, pieces: int) -> AsyncGenerator[str]:
        """Read with openai's client."""
        stream = await self._openai.chat.completions.create(model=_MODEL, messages=_said(pieces), stream=True)
        async for each in stream:
            if each.choices and (text := each.choices[0].delta.content):
                yield text

    async def driver(self, pieces: int) -> AsyncGenerator[str]:
        """Read with our driver alone."""
        async with aclosing(self._provider.stream(self._request(pieces))) as stream:
            async for each in stream:
                if isinstance(each, Delta):
                    yield each.text

    async def read(self, pieces: int) -> AsyncGenerator[str]:
        """Read down a ranking, and as it may be shown: unmasked, without markers, looked at for safety."""
        request = self._request(pieces)
        ranking = self._call.route(request.messages, request.max_tokens)
        reader = Reader(self._call, ())
        run = self._bench.assistant.fleet.failover.run(request, ranking, self._call.providers)
        async with aclosing(run.events()) as happened:
            async for each in happened:
                if isinstance(each, Said) and (text := reader.feed(each.text)):
                    yield text
        yield reader.flush()

    async def followed(self, pieces: int) -> AsyncGenerator[str]:
        """Follow a suggestion as a socket does, from the question to the books."""
        bench = self._bench
        turns = (Turn(speaker=Speaker.CUSTOMER, text=_question(pieces)),)
        asked = Asked(turns=turns, client_request_id=uuid4().hex, preferences=Preferences(fresh=True))
        writing = partial(write, bench.assistant, bench.actor, asked)
        stream = bench.assistant.streams.follow(bench.actor, asked, writing, after=0, is_dropped=lambda: False)
        async with aclosing(stream) as happened:
            async for each in happened:
                if isinstance(each.event, events.Delta):
                    yield each.event.text

    def _request(self, pieces: int) -> Request:
        messages = (Message(role=Role.USER, text=_question(pieces)),)
        return Request(messages=messages, model=self._bench.assistant.fleet.catalogue.get(_MODEL))


async def measure(bench: Bench) -> None:
    """Measure, and print tables."""
    async with _paths(bench) as paths:
        kinds = paths.kinds()
        for stream in kinds.values():
            await _taken(stream, _FEW)
        await _carry(kinds)
        await _wait(kinds)


@asynccontextmanager
async def _paths(bench: Bench) -> AsyncGenerator[Paths]:
    decided = await terms.read(bench.assistant, bench.actor, Feature.COPILOT)
    call = Call(bench.assistant, bench.actor, Feature.COPILOT, decided)
    call.mask("Aqui é o Carlos Müller, CPF 529.982.247-25")
    client = openai.AsyncOpenAI(api_key="sk-bench", base_url=f"{bench.models}/v1", max_retries=0)
    async with httpx.AsyncClient() as raw:
        try:
            yield Paths(bench, call, raw, client)
        finally:
            await client.close()


async def _carry(kinds: Mapping[str, Stream]) -> None:
    """Measure pieces a second of CPU."""
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, stream in kinds.items():
            taken = await _taken(stream, PIECES)
            found.setdefault(name, []).append(taken.cpu / PIECES * 1_000_000)
    figures = {name: Figures(rounds) for name, rounds in found.items()}
    beside = figures["openai's client"]
    say(f"\nstreams: answers of {PIECES:,} pieces, {ROUNDS} interleaved rounds; CPU microseconds a piece")
    say(f"{'':32}{'least':>8}{'median':>8}{'pieces/s, best':>16}{'median':>8}{'times openai':>14}")
    for name, each in figures.items():
        rates = f"{1e6 / each.least:>16,.0f}{1e6 / each.middle:>8,.0f}"
        say(f"{name:32}{each.least:>8.1f}{each.middle:>8.1f}{rates}{beside.middle / each.middle:>14.2f}")
    ours = 1e6 / figures["the copilot, to who follows"].middle
    say(f"the target of {_LEAST:,} a second through the copilot {'holds' if ours >= _LEAST else 'is missed'}")


async def _wait(kinds: Mapping[str, Stream]) -> None:
    """Measure how long the first piece takes."""
    found: dict[str, list[float]] = {}
    for _ in range(FIRSTS):
        for name, stream in kinds.items():
            found.setdefault(name, []).append((await _taken(stream, _FEW)).first_ms)
    bare = found["our driver"]
    say(f"\nthe first piece, ms of the clock, {FIRSTS} interleaved answers")
    say(f"{'':32}{'p50':>8}{'p95':>8}{'p50 over driver':>17}{'p95 over driver':>17}")
    for name, each in found.items():
        later = [percentile(each, share) - percentile(bare, share) for share in (0.5, 0.95)]
        say(f"{name:32}{percentile(each, 0.5):>8.2f}{percentile(each, 0.95):>8.2f}{later[0]:>17.2f}{later[1]:>17.2f}")
    added = percentile(found["driver, failover and reader"], 0.95) - percentile(bare, 0.95)
    say(f"the target of {_MOST_LATER:.0f} ms at p95 {'holds' if added <= _MOST_LATER else 'is missed'}")


async def _taken(stream: Stream, pieces: int) -> _Taken:
    began, first_ms, cpu, came = time.perf_counter(), 0.0, 0.0, 0
    async with aclosing(stream(pieces)) as texts:
        async for text in texts:
            if not cpu:
                first_ms, cpu = (time.perf_counter() - began) * 1_000, time.process_time()
            came += text.count(" ")
    # all but the first piece begin with a space
    if came != pieces - 1:
        raise RuntimeError(f"{came + 1} pieces of {pieces} came")
    return _Taken(first_ms=first_ms, cpu=time.process_time() - cpu)


def _question(pieces: int) -> str:
    return f"{_ASKED} pieces={pieces}"


def _said(pieces: int) -> list[Any]:
    return [{"role": "user", "content": _question(pieces)}]
